"""The committed figures as HTML: static files that the browser fetches when they come into sight."""

import re
from functools import partial
from html import escape
from pathlib import Path

from PIL import Image

from lowlight_ddpm import paths
from lowlight_ddpm.diffusion.settings import RunSettings, run_settings
from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.study.protocol import STEPS
from lowlight_ddpm.ui.links import query_of
from lowlight_ddpm.variants import VARIANTS

FOLDER = paths.FIGURES
ELSEWHERE = ("loss",)  # the tab draws the curves itself


def figures(names: list[str], folder: Path = FOLDER) -> str:
    """Every figure that is there, with its caption and buttons that run what it shows.

    `names` are the pictures at hand, of which a run can be opened.
    """
    # Imported when first shown: what draws the figures is matplotlib, and no page needs it to start.
    from lowlight_ddpm.figures.table import FIGURES

    shown = [figure for figure in FIGURES.values() if figure.name not in ELSEWHERE]
    there = [figure for figure in shown if (folder / figure.file).is_file()]
    if not there:
        return '<p class="how">No figures have been drawn yet.</p>'
    missing = len(shown) - len(there)
    note = (
        f'<p class="how">{missing} more wait for networks that are not measured yet.</p>' if missing else ""
    )
    return f'<div class="plates">{"".join(_figure(figure, names, folder) for figure in there)}</div>{note}'


def _figure(figure, names: list[str], folder: Path) -> str:
    width, height = _size(folder / figure.file)
    buttons = "".join(_button(*run) for run in _runs(figure, names))
    # Relative, so that it is right below any path that the page is served at.
    return (
        f'<figure id="figure-{escape(figure.name)}"><img loading="lazy" width="{width}" height="{height}" '
        f'src="gradio_api/file={escape(str(folder / figure.file))}" alt="{escape(figure.alt)}"/>'
        f'<figcaption>{escape(figure.title)}</figcaption><div class="runs">{buttons}</div></figure>'
    )


def _runs(figure, names: list[str]) -> list[tuple[RunSettings, str | None]]:
    """(settings, picture) of each run whose pictures a figure shows, as far as they are at hand."""
    from lowlight_ddpm.figures.grids import SMALL, draw_grids, draw_samples
    from lowlight_ddpm.figures.walk import PICTURE, draw_walk

    if not isinstance(figure.draw, partial):
        return []
    options, trained = figure.draw.keywords, checkpoints.available()
    if figure.draw.func in (draw_grids, draw_samples):
        kind = SMALL if figure.draw.func is draw_samples else None
        shown = dict(options.get("panels", ())) or [options["variant"]]
        settings = {"mode": "generate", "steps": STEPS, "variance_type": kind}
        return [(run_settings(variant=name, **settings), None) for name in shown if name in trained]
    picture = f"drawn_{PICTURE:04d}"
    if figure.draw.func is draw_walk and options["variant"] in trained and picture in names:
        return [(run_settings(**options, steps=STEPS), picture)]
    return []


def _button(settings: RunSettings, picture: str | None) -> str:
    title = VARIANTS[settings.variant].title
    what = f"Watch “{title}” restore it" if picture else f"Watch “{title}” draw its first"
    return f'<button type="button" data-value="{escape(query_of(settings, picture))}">{escape(what)}</button>'


def _size(path: Path) -> tuple[int, int]:
    """Width and height, so that nothing moves when the picture arrives."""
    if path.suffix != ".svg":
        with Image.open(path) as image:
            return image.size
    found = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', path.read_text()[:2000])
    return (round(float(found[1])), round(float(found[2]))) if found else (1600, 900)
