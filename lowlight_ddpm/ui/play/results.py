"""Below the stage of Play: what a finished run has come to, seen in several ways, and taken home."""

import hashlib
from html import escape
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import gradio as gr
from gradio.components import Component
from gradio.processing_utils import save_bytes_to_cache
from gradio.utils import get_upload_folder
from torch import Tensor

from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.images.photometry import prepare
from lowlight_ddpm.images.writing import save_png
from lowlight_ddpm.metrics.image import Measures, mean_colour
from lowlight_ddpm.runs.export import write_run
from lowlight_ddpm.runs.run import Run
from lowlight_ddpm.ui.components.run_view import exposure_of, which
from lowlight_ddpm.ui.components.widgets import Player, film
from lowlight_ddpm.ui.html.charts import histograms
from lowlight_ddpm.ui.html.images import WIPE_SCRIPT, data_uri, errors, proportions, wiped
from lowlight_ddpm.ui.messages import at_once, queued, refusals_shown, skip
from lowlight_ddpm.ui.session import OPENING_PAIR, Picked, Session, Watched

# The file is made when it is asked for, and the browser saves what the hidden button then holds.
SAVE = "() => document.querySelector('#export-file').click()"
REPORT = "run.json"
CONTENTS = (
    "One zip: the result, a contact sheet and an animation as the model sees them, your picture as it came, "
    f"and {REPORT}, from which the command line makes the very result again."
)
UNCHANGED = (skip(),) * 7  # what `results` gives, while there is nothing new
_SOURCES = [("Original", "original"), ("Dimmed input", "start")]
# (label, what it means, how it is written) of each figure shown after a restoration.
_FIGURES = (
    ("ΔR", "red against the input, of 255", lambda m: f"{m.shift_r:+.1f}"),
    ("ΔG", "green against the input, of 255", lambda m: f"{m.shift_g:+.1f}"),
    ("ΔB", "blue against the input, of 255", lambda m: f"{m.shift_b:+.1f}"),
    ("ΔE", "distance of the mean colours, 1 is just visible", lambda m: f"{m.delta_e:.1f}"),
    ("SSIM", "structural similarity, 1 is equal", lambda m: _number(m.ssim, ".3f")),
    ("PSNR", "dB, higher is closer", lambda m: _number(m.psnr, ".1f")),
    ("MSE", "mean squared error", lambda m: f"{m.mse:.4f}"),
    ("MSE from shift", "share of the MSE that is colour shift", lambda m: _share(m)),
)


class Results:
    """Layout and wiring, in the current column; `session` is the page's at first, `player` is elsewhere."""

    def __init__(self, session: Session, player: Player) -> None:
        watched, self.player = session.finished, player
        run = watched.run if watched else None
        self.findings = gr.HTML(findings(watched) if watched else "", elem_id="findings", padding=False)
        with gr.Row(elem_classes="results"):
            with gr.Column(min_width=240, scale=2):
                gr.HTML("<h2>Before and after</h2>", padding=False)
                with gr.Row(elem_classes="pair-of"):
                    self.before, self.after = self._pair(session)
                self.wipe = gr.HTML(
                    wipe(session), js_on_load=WIPE_SCRIPT, elem_id="before-after", padding=False
                )
            with gr.Column(min_width=280, scale=3):
                gr.HTML("<h2>Error map</h2>", padding=False)
                self.errors = gr.HTML(errors(run), elem_id="errors", padding=False)
                gr.HTML("<h2>Pixel values</h2>", padding=False)
                self.histograms = gr.HTML(histograms(run), elem_id="histograms", padding=False)
        with gr.Row(elem_classes="take"):
            self.export = gr.Button("Download all", size="md", elem_id="export", scale=0, min_width=140)
            gr.HTML(f'<p class="legend">{CONTENTS}</p>', padding=False)
            self.file = gr.DownloadButton(visible="hidden", elem_id="export-file")

    @property
    def components(self) -> list[Component]:
        """What `results` gives values for."""
        return [
            self.player,
            self.findings,
            self.before,
            self.after,
            self.wipe,
            self.errors,
            self.histograms,
        ]

    def wire(self, session: gr.State) -> None:
        """Have the pair and the export work on the user's `session`."""
        at_once(
            [self.before.input, self.after.input],
            choose,
            [session, self.before, self.after],
            self.wipe,
            trigger_mode="always_last",
        )
        made = queued(self.export.click, pack, session, self.file, message_at=self.export)
        at_once(made.success, None, js=SAVE)

    def _pair(self, session: Session) -> list[gr.Dropdown]:
        offered = choices(session.finished.run) if session.finished else []
        return [
            gr.Dropdown(
                offered,
                value=key if offered else None,
                label=label,
                interactive=True,
                min_width=100,
                elem_id=label.lower(),
            )
            for label, key in zip(("Before", "After"), session.pair, strict=True)
        ]


def results(session: Session) -> tuple[Any, ...]:
    """(player, findings, before, after, wipe, errors, histograms) of the finished run."""
    watched = session.finished
    assert watched is not None, "only a finished run has results"
    run = watched.run
    offered = choices(run)
    if not set(session.pair) <= {key for _, key in offered}:
        session.pair = OPENING_PAIR
    before, after = (gr.Dropdown(choices=offered, value=key) for key in session.pair)
    played = film(run.steps, exposure_of(watched, session.brightened))
    return played, findings(watched), before, after, wipe(session), errors(run), histograms(run)


def choices(run: Run) -> list[tuple[str, str]]:
    """(name, key) of all images of a run that can be laid over each other."""
    sources = [("First noise", "start")] if run.generates else _SOURCES
    steps = [(f"x0 at step {step.index + 1}", str(step.index + 1)) for step in run.steps]
    return [*sources, *steps, ("Result", "result")]


def wipe(session: Session) -> str:
    """The two chosen pictures of the finished run on top of each other, at one exposure, as HTML."""
    if session.finished is None:
        return wiped(("", ""), ("", ""), "After a run, two of its pictures are laid over each other here.")
    run = session.finished.run
    (before, first), (after, second) = (
        _exposed(session.finished, key, session.brightened) for key in session.pair
    )
    return wiped((after, before), (second, first), style=proportions(run.x0))


def choose(session: Session, before: str, after: str) -> str:
    """The wipe after another picture has been chosen; what the run does not have leaves it as it is."""
    watched = session.finished
    if watched is None or not {before, after} <= {key for _, key in choices(watched.run)}:
        return skip()
    session.pair = before, after
    return wipe(session)


def _exposed(watched: Watched, key: str, brightened: bool) -> tuple[str, str]:
    """(name, data-URI) of one picture; the original is shown as bright as all the others are."""
    run, exposure = watched.run, exposure_of(watched, brightened)
    name = {known: name for name, known in choices(run)}[key]
    if key == "original" and exposure is None:
        name += f", shown at brightness {run.settings.brightness:g}"
    return name, data_uri(_image(run, key), exposure)


def _image(run: Run, key: str) -> Tensor:
    """One of the run's images (3, H, W) in model range; the original is as dark as all the others."""
    if key == "original" and run.pixels is not None:
        return prepare(run.pixels, run.settings.brightness)
    if key == "start":
        return run.steps[0].x_t[0] if run.dim is None else run.dim[0]
    if key == "result":
        return run.x0[0]
    return next(step.x0[0] for step in run.steps if step.index + 1 == int(key))


def findings(watched: Watched) -> str:
    """Verdict, figures, and which run they are of."""
    run = watched.run
    verdict, figures = _generated(run) if run.generates else _restored(run)
    said = escape(which(run, watched.picked.name))
    return f'<p class="verdict">{escape(verdict)}</p>{figures}<p class="which">{said}</p>'


def _restored(run: Run) -> tuple[str, str]:
    shift = run.colour_shift
    figures = [(label, meaning, write(shift.measures)) for label, meaning, write in _FIGURES]
    return shift.in_words, _figures(figures)


def _generated(run: Run) -> tuple[str, str]:
    verdict = "There is no original to compare with, so here is its mean colour beside the training set's."
    target = run.known_target
    aims = ["not known"] * 3 if target is None else [f"{aim:.1f}" for aim in target]
    columns = zip(("red", "green", "blue"), mean_colour(run.x0), aims, strict=True)
    figures = [
        (f"{name}, training set {aim}", "mean over the picture, of 255", f"{value:.1f}")
        for name, value, aim in columns
    ]
    return verdict, _figures(figures)


def _figures(figures: list[tuple[str, str, str]]) -> str:
    cells = (
        f'<div title="{escape(meaning)}"><dt>{escape(label)}</dt><dd>{escape(value)}</dd></div>'
        for label, meaning, value in figures
    )
    return f'<dl class="figures">{"".join(cells)}</dl>'


def _number(value: float | None, form: str) -> str:
    return "n/a" if value is None else format(value, form)


def _share(measures: Measures) -> str:
    return f"{measures.mse_shift / measures.mse:.0%}" if measures.mse else "n/a"


def pack(session: Session) -> str:
    """The path of the finished run's zip, in the cache that Gradio clears."""
    with refusals_shown():
        if session.finished is None:
            raise Refusal("There is nothing to download yet: press Run first.")
        settings = session.finished.run.settings
        name = f"{settings.variant}-{settings.seed}.zip"
        return save_bytes_to_cache(packed(session.finished), name, get_upload_folder())


def packed(watched: Watched) -> bytes:
    """The zip of a run that made at least one step; the same run gives the same bytes."""
    file = BytesIO()
    with TemporaryDirectory() as folder:
        *pictures, report = write_run(Path(folder), report_of(watched), watched.run.steps)
        contents = [(path.name, path.read_bytes()) for path in pictures] + [(REPORT, report.read_bytes())]
    if not watched.run.generates:
        contents.append(input_of(watched.picked))
    with ZipFile(file, "w") as zipped:
        for name, content in contents:
            zipped.writestr(ZipInfo(name), content, ZIP_DEFLATED)  # of no date, lest the bytes depend on it
    return file.getvalue()


def report_of(watched: Watched) -> dict[str, Any]:
    """What run.json holds: what Run.report says, and the image as it is in the zip."""
    run, picture = watched.run, watched.run.provenance["picture"]
    if not run.generates:
        name, content = input_of(watched.picked)
        digest = hashlib.sha256(content).hexdigest()
        picture |= {"name": watched.picked.name, "file": name, "sha256": digest}
    return run.report(picture=picture)


def input_of(picked: Picked) -> tuple[str, bytes]:
    """(name in the zip, content): an upload as it came while it is there, any other picture as a PNG."""
    if picked.file and picked.file.exists():
        return f"input{picked.file.suffix.lower()}", picked.file.read_bytes()
    content = BytesIO()
    save_png(picked.image, content)
    return "input.png", content.getvalue()
