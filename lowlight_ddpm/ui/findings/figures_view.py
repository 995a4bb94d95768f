"""The committed figures and the loss curves as HTML.

Figures are static files, which the browser fetches when they come into view.
"""

import math
import re
from functools import partial
from html import escape
from pathlib import Path

from PIL import Image

from lowlight_ddpm import paths
from lowlight_ddpm.diffusion.settings import RunSettings, run_settings
from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.study.protocol import STEPS
from lowlight_ddpm.study.results import LossCurve
from lowlight_ddpm.ui.html.charts import Axis, plot, points, polyline
from lowlight_ddpm.ui.session import query_of
from lowlight_ddpm.variants import VARIANTS

FOLDER = paths.FIGURES
ELSEWHERE = ("loss",)  # `losses` draws these curves on the page


def figures(names: list[str], folder: Path = FOLDER) -> str:
    """Every figure in `folder`, with its caption and buttons that run what it shows.

    A run can be opened with the images called `names`.
    """
    # Imported when first shown: the figures need matplotlib, and the page can start without it.
    from lowlight_ddpm.figures.table import FIGURES

    shown = [figure for figure in FIGURES.values() if figure.name not in ELSEWHERE]
    there = [figure for figure in shown if (folder / figure.file).is_file()]
    if not there:
        return '<p class="how">No figures have been made yet.</p>'
    missing = len(shown) - len(there)
    note = f'<p class="how">{missing} more need networks that are not measured yet.</p>' if missing else ""
    return f'<div class="plates">{"".join(_figure(figure, names, folder) for figure in there)}</div>{note}'


def _figure(figure, names: list[str], folder: Path) -> str:
    width, height = _size(folder / figure.file)
    buttons = "".join(_button(*run) for run in _runs(figure, names))
    # A relative URL is right whatever path the page is served at.
    return (
        f'<figure id="figure-{escape(figure.name)}"><img loading="lazy" width="{width}" height="{height}" '
        f'src="gradio_api/file={escape(str(folder / figure.file))}" alt="{escape(figure.alt)}"/>'
        f'<figcaption>{escape(figure.title)}</figcaption><div class="runs">{buttons}</div></figure>'
    )


def _runs(figure, names: list[str]) -> list[tuple[RunSettings, str | None]]:
    """(settings, name of its image or None) of each run that a figure shows and that can be opened here."""
    from lowlight_ddpm.figures.images import PICTURE, SMALL, draw_grids, draw_samples, draw_trajectory

    if not isinstance(figure.draw, partial):
        return []
    options, trained = figure.draw.keywords, checkpoints.available()
    if figure.draw.func in (draw_grids, draw_samples):
        kind = SMALL if figure.draw.func is draw_samples else None
        shown = dict(options.get("panels", ())) or [options["variant"]]
        settings = {"mode": "generate", "steps": STEPS, "variance_type": kind}
        return [(run_settings(variant=name, **settings), None) for name in shown if name in trained]
    picture = f"drawn_{PICTURE:04d}"
    if figure.draw.func is draw_trajectory and options["variant"] in trained and picture in names:
        return [(run_settings(**options, steps=STEPS), picture)]
    return []


def _button(settings: RunSettings, picture: str | None) -> str:
    title = VARIANTS[settings.variant].title
    what = f"Watch “{title}” denoise it" if picture else f"Watch “{title}” generate its first sample"
    return f'<button type="button" data-value="{escape(query_of(settings, picture))}">{escape(what)}</button>'


def _size(path: Path) -> tuple[int, int]:
    """Width and height in pixels, so that nothing moves when the image is loaded."""
    if path.suffix != ".svg":
        with Image.open(path, formats=["PNG"]) as image:
            return image.size
    found = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', path.read_text(encoding="utf-8")[:2000])
    return (round(float(found[1])), round(float(found[2]))) if found else (1600, 900)


def losses(curves: dict[str, LossCurve]) -> str:
    """HTML of one plot for each training, with the curves of all others in grey, on one logarithmic scale."""
    if not curves:
        return '<p class="how">No training has recorded its losses yet.</p>'
    last = max(curve.epochs[-1] for curve in curves.values())
    x = Axis(0, last, (0, last), lambda epoch: f"{math.ceil(epoch)}")
    low = min(curve.losses.min() for curve in curves.values())
    high = max(curve.losses.max() for curve in curves.values())
    y = Axis.vertical(low, high, logarithmic=True)
    drawn = {name: points(x, y, zip(*curve, strict=True)) for name, curve in curves.items()}
    return f'<div class="losses">{"".join(_loss(name, curves[name], drawn, x, y) for name in curves)}</div>'


def _loss(name: str, curve: LossCurve, drawn: dict[str, str], x: Axis, y: Axis) -> str:
    marks = "".join(polyline("pale", other) for key, other in drawn.items() if key != name)
    title, (first, *_, last) = VARIANTS[name].title, curve.losses
    summary = f"Loss of {title}: {first:.2g} at first, {last:.2g} at the end."
    return (
        f'<figure class="chart"><figcaption><b>{escape(title)}</b> {last:.2g} at the end</figcaption>'
        f"{plot(summary, x, y, marks + polyline('own', drawn[name]))}</figure>"
    )
