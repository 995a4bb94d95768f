"""The tab Watch: one run, seen step by step while it happens, then looked at again."""

from collections.abc import Iterator

import gradio as gr

from lowlight_ddpm import checkpoints
from lowlight_ddpm.settings import run_settings
from lowlight_ddpm.ui import picking, view
from lowlight_ddpm.ui.controls import Controls, fresh_seed, settings_of
from lowlight_ddpm.ui.filmstrip import Filmstrip
from lowlight_ddpm.ui.messages import SILENT, SPOKEN, refusals_shown
from lowlight_ddpm.ui.model import QUEUE
from lowlight_ddpm.ui.picking import Picker
from lowlight_ddpm.ui.run import HOUR, Run, Session, paced

FRAME_SECONDS = 0.1  # between two looks at a run; every step is kept all the same
EXPOSURES = {"as the model sees it": False, "brightened": True}
READY, WAITING = "Ready.", "Waiting for the network."
# On a telephone Run stays at the bottom of the screen, and the stage may be far from it.
TO_THE_STAGE = """() => {
  if (matchMedia("(max-width: 640px)").matches) document.querySelector(".canvas").scrollIntoView();
}"""
_UNCHANGED = (gr.skip(),) * 3  # filmstrip, before and after, findings


class Watch:
    """Layout and wiring of the tab; `page` is the Blocks that it is built in."""

    def __init__(self, page: gr.Blocks) -> None:
        session = Session(picking.offered())
        with gr.Row(equal_height=False, elem_classes="desk"):
            with gr.Column(scale=4, min_width=280, elem_classes="side"):
                self.picker = Picker(session.gallery)
                self.controls = Controls()
            session.staged = Run(run_settings(variant=self.controls.variant.value), session.picked)
            with gr.Column(scale=7, min_width=280, elem_classes="canvas"):
                self._stage(session.staged)
                self._results()
        self.session = gr.State(session, time_to_live=HOUR)
        self._wire(page)

    def _stage(self, run: Run) -> None:
        with gr.Row(elem_classes="actions"):
            with gr.Row(elem_classes="go"):
                self.run = gr.Button("Run", variant="primary", elem_id="run", min_width=96, scale=0)
                self.stop = gr.Button("Stop", interactive=False, elem_id="stop", min_width=96, scale=0)
            self.exposure = gr.Radio(
                list(EXPOSURES),
                value=next(iter(EXPOSURES)),
                label="Exposure",
                show_label=False,
                container=False,
                elem_id="exposure",
            )
        self.plan = gr.HTML(elem_id="plan", padding=False)
        self.stage = gr.HTML(view.stage(run, False, view.idle(READY)), elem_id="stage", padding=False)

    def _results(self) -> None:
        self.findings = gr.HTML(elem_id="findings", padding=False)
        with gr.Row(elem_classes="results"):
            with gr.Column(min_width=280, scale=3):
                gr.HTML("<h3>Every step</h3>", padding=False)
                self.filmstrip = Filmstrip(elem_id="filmstrip", padding=False)
            with gr.Column(min_width=240, scale=2):
                gr.HTML("<h3>Before and after</h3>", padding=False)
                self.slider = gr.ImageSlider(
                    format="png",
                    type="pil",
                    show_label=False,
                    interactive=False,
                    buttons=[],
                    elem_id="before-after",
                )

    def _wire(self, page: gr.Blocks) -> None:
        # A refusal must not cover the panels with an error each; a button has no place to show one.
        spoken = SPOKEN | {"show_progress_on": self.run}
        results = [self.filmstrip, self.slider, self.findings]
        scene = [self.session, self.controls.variant, self.controls.mode, self.controls.brightness]

        opened = page.load(picking.refresh, self.session, [self.picker.gallery, self.picker.source], **SILENT)
        chosen = self.picker.gallery.select(picking.choose, self.session, self.picker.upload, **SILENT)
        brought = self.picker.upload.input(
            picking.bring, [self.session, self.picker.upload], self.picker.upload, **spoken
        )
        changed = [self.controls.mode.change, self.controls.brightness.change]
        for listen in (opened.then, chosen.then, brought.then, *changed):
            listen(preview, scene, self.stage, **spoken)
        self.controls.announce(self.plan, page.load)

        self.run.click(None, js=TO_THE_STAGE, **SILENT)
        begun = self.run.click(
            begin,
            [self.session, self.controls.lock, *self.controls.fields],
            [self.controls.seed, self.run, self.stop, self.stage],
            **spoken,
        )
        # "multiple": who stops while waiting may run again before the place in the queue has come up.
        place = spoken | {"concurrency_limit": 1, "concurrency_id": QUEUE, "trigger_mode": "multiple"}
        streamed = begun.success(stream, self.session, self.stage, **place)
        # Stop does not cancel the event: frames still on their way would arrive after the last word.
        stopped = self.stop.click(halt, self.session, None, **SILENT)
        refused = streamed.failure(halt, self.session, None, **SILENT)
        for ended in (streamed, stopped, refused):
            ended.then(conclude, self.session, [self.run, self.stop, self.stage, *results], **SILENT)
        self.exposure.input(expose, [self.session, self.exposure], [self.stage, *results], **SILENT)


def preview(session: Session, variant: str, mode: str, brightness: float) -> str:
    """Put the chosen picture on the stage, dimmed; a run under way keeps the stage."""
    if session.running:
        return gr.skip()
    with refusals_shown():
        settings = run_settings(variant=variant, mode=mode, brightness=brightness)
        session.staged = Run(settings, session.picked)
        return view.stage(session.staged, session.brightened, view.idle(READY))


def begin(session: Session, locked: bool, *values) -> tuple:
    """Check the settings, and make everything ready for the run before it waits for the network."""
    with refusals_shown():
        settings = settings_of(values)
        if not locked:
            settings = settings.model_copy(update={"seed": fresh_seed()})
        checkpoints.load(settings.variant)
        run = Run(settings, session.picked)
        stage = view.stage(run, session.brightened, view.idle(WAITING))
    session.staged, session.running = run, True
    return settings.seed, *_buttons(running=True), stage


def stream(session: Session) -> Iterator[str]:
    """Run the network and show how far it is, now and then."""
    run = session.staged
    with refusals_shown():
        for _ in paced(run.walk(), FRAME_SECONDS):
            yield view.stage(run, session.brightened, view.progress(run))


def halt(session: Session) -> None:
    """End the run after the step under way, or give up its place in the queue; what is done is kept."""
    session.staged.stopped = True


def conclude(session: Session) -> tuple:
    """Show what a run has come to, whether it ended, was stopped or failed; one under way goes on."""
    run = session.staged
    if not run.ended:
        return (gr.skip(),) * 3 + _UNCHANGED
    session.running = False
    if not run.steps:
        return *_buttons(running=False), _still(session), *_UNCHANGED
    session.finished = run
    return *_buttons(running=False), _still(session), *view.results(run, session.brightened)


def expose(session: Session, exposure: str) -> tuple:
    """Show the same tensors at another exposure; no network is called."""
    session.brightened = EXPOSURES[exposure]
    results = view.results(session.finished, session.brightened) if session.finished else _UNCHANGED
    return gr.skip() if session.running else _still(session), *results


def _still(session: Session) -> str:
    """The stage while nothing moves."""
    run = session.staged
    return view.stage(run, session.brightened, view.outcome(run) if run.steps else view.idle(READY))


def _buttons(running: bool) -> tuple[gr.Button, gr.Button]:
    return gr.Button(interactive=not running), gr.Button(interactive=running)
