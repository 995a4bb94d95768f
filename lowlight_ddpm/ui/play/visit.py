"""What a visitor does in the tab Watch: from the session and what was pressed to what is shown."""

import random
import time
from collections.abc import Iterator
from urllib.parse import urlencode

import gradio as gr

from lowlight_ddpm.diffusion.settings import RunSettings, run_settings
from lowlight_ddpm.images.gallery import drawn_gallery
from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.ui.components import run_view
from lowlight_ddpm.ui.components.controls import MODES, fresh_seed, opening, settings_of, values_of
from lowlight_ddpm.ui.components.copy_link import link_to
from lowlight_ddpm.ui.links import own, parse, query_of
from lowlight_ddpm.ui.messages import refusals_shown
from lowlight_ddpm.ui.play import picking
from lowlight_ddpm.ui.play.dimming_view import side_by_side
from lowlight_ddpm.ui.play.results_view import UNCHANGED, results
from lowlight_ddpm.ui.session import Run, Session, paced
from lowlight_ddpm.ui.worker.waiting import waiting
from lowlight_ddpm.variants import find_variant

FRAME_SECONDS = 0.2  # between two looks at a run; oftener would slow it; every step is kept all the same
EXPOSURES = {"as the model sees it": False, "brightened": True}
READY = "Ready."
SURPRISING_STARTS = (100, 600)  # between hardly changed and another butterfly
OTHER_FILE = "This is another file than the link was made with, so its run does not start."

Wanted = tuple[int, str]
"""A link's query that is to be opened, and a number by which the same query is new every time."""


def want(query: str) -> Wanted:
    """Ask for the run of a link."""
    return time.monotonic_ns(), query


def arrive(session: Session, request: gr.Request) -> tuple:
    """(gallery, source, wanted) when the page opens; a link's run is wanted."""
    settings = own(dict(request.query_params))
    return *picking.refresh(session), want(urlencode(settings)) if settings else gr.skip()


def follow(event: gr.EventData) -> Wanted:
    """The run is wanted whose query the pressed button holds."""
    return want(event.value)


def surprise(session: Session) -> Wanted:
    """Some run that is worth looking at is wanted."""
    mode = random.choices(list(MODES), (3, 1))[0]
    settings = opening(random.choice(checkpoints.available()), mode, fresh_seed())
    if mode == "generate":
        return want(query_of(settings))
    settings = settings.model_copy(update={"start": random.randint(*SURPRISING_STARTS)})
    row = find_variant(settings.variant)
    offered = drawn_gallery(kind=row.subject) if row.source else session.gallery
    return want(query_of(settings, random.choice(offered.names)))


def resume(session: Session, wanted: Wanted) -> Wanted:
    """The run of a link is wanted again once the file that it is for has been uploaded."""
    if not session.awaits or not session.own:
        return gr.skip()
    if session.own.key == session.awaits:
        return want(wanted[1])
    gr.Warning(OTHER_FILE)
    return gr.skip()


def reopen(session: Session, wanted: Wanted) -> tuple:
    """(controls, gallery, upload, then as `begin` without the seed, tabs) for the run of a link."""
    with refusals_shown():
        settings, key = parse(wanted[1])
        uploaded = session.own
        picking.find(session, key)
        begun = _begin(session, settings)
    upload = gr.skip() if session.own is uploaded else None
    chosen = gr.Gallery(selected_index=picking.selected(session))
    return *values_of(settings), chosen, upload, *begun, gr.Tabs(selected="watch")


def preview(
    session: Session, variant: str, mode: str, brightness: float, light: str, whole: bool, seed: int
) -> tuple:
    """(stage, lights): the chosen picture, dimmed, on the stage, and small in every light.

    A run under way, and one that already shows the picture, keep the stage.
    """
    with refusals_shown():
        settings = run_settings(
            variant=variant, mode=mode, brightness=brightness, light=light, whole=whole, seed=seed
        )
        run = Run(settings, session.picked)
        lights = "" if run.generates else side_by_side(session.picked.image, settings)
        if session.running or run.scene == session.staged.scene:
            return gr.skip(), lights
        session.staged = run
        return run_view.stage(run, session.brightened, run_view.idle(READY)), lights


def begin(session: Session, locked: bool, *values) -> tuple:
    """(seed, run, stop, stage, link): check the settings, and make ready before the network is free."""
    with refusals_shown():
        settings = settings_of(values)
        if not locked:
            settings = settings.model_copy(update={"seed": fresh_seed()})
        return settings.seed, *_begin(session, settings)


def stream(session: Session) -> Iterator[str]:
    """Run the network and show how far it is, now and then."""
    run = session.staged
    with refusals_shown():
        for _ in paced(run.walk(), FRAME_SECONDS):
            yield run_view.stage(run, session.brightened, run_view.progress(run))


def halt(session: Session) -> None:
    """End the run after the step under way, or give up its place in the queue; what is done is kept."""
    session.staged.stopped = True


def conclude(session: Session) -> tuple:
    """(run, stop, stage, results) of a run that ended, was stopped or failed; one under way goes on."""
    run = session.staged
    if not session.running or not run.ended:
        return (gr.skip(),) * 3 + UNCHANGED
    session.running = False
    if not run.steps:
        return *buttons(running=False), still(session), *UNCHANGED
    session.finished = run
    return *buttons(running=False), still(session), *results(session)


def expose(session: Session, exposure: str) -> tuple:
    """(stage, results) of the same tensors at another exposure; no network is called."""
    session.brightened = EXPOSURES[exposure]
    shown = results(session) if session.finished else UNCHANGED
    return gr.skip() if session.running else still(session), *shown


def buttons(running: bool) -> tuple[gr.Button, gr.Button]:
    """(run, stop)."""
    return gr.Button(interactive=not running), gr.Button(interactive=running)


def _begin(session: Session, settings: RunSettings) -> tuple:
    checkpoints.load(settings.variant)
    run = Run(settings, session.picked)
    stage = run_view.stage(run, session.brightened, run_view.idle(waiting()))
    if session.running:  # a link was followed meanwhile
        session.staged.stopped = True
    session.staged, session.running = run, True
    return *buttons(running=True), stage, link_to(run)


def still(session: Session) -> str:
    """The stage while nothing moves."""
    run = session.staged
    return run_view.stage(
        run, session.brightened, run_view.outcome(run) if run.steps else run_view.idle(READY)
    )
