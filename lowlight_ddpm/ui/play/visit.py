"""What a user does in the tab Play: from the session and what was pressed to what is shown."""

import random
import time
from collections.abc import Iterator
from html import escape
from typing import Any
from urllib.parse import urlencode

import gradio as gr
from PIL import Image
from torch import Tensor

from lowlight_ddpm.diffusion.settings import RunSettings, run_settings
from lowlight_ddpm.images import square
from lowlight_ddpm.images.gallery import drawn_gallery
from lowlight_ddpm.images.photometry import LIGHTS
from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.ui.components import run_view
from lowlight_ddpm.ui.components.controls import MODES, fresh_seed, opening, settings_of, values_of
from lowlight_ddpm.ui.components.widgets import link_to
from lowlight_ddpm.ui.html.images import data_uri
from lowlight_ddpm.ui.messages import refusals_shown, skip
from lowlight_ddpm.ui.play import picking
from lowlight_ddpm.ui.play.results import UNCHANGED, results
from lowlight_ddpm.ui.session import Session, Watched, own, parse, query_of
from lowlight_ddpm.ui.worker.queue import Pace, waiting

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


def arrive(session: Session, request: gr.Request) -> tuple[Any, ...]:
    """(gallery, source, wanted) when the page opens; a link's run is wanted."""
    settings = own(dict(request.query_params))
    return *picking.refresh(session), want(urlencode(settings)) if settings else skip()


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
    row = settings.row
    offered = drawn_gallery(kind=row.subject) if row.source else session.gallery
    return want(query_of(settings, random.choice(offered.names)))


def resume(session: Session, wanted: Wanted) -> Wanted:
    """The run of a link is wanted again once the file that it is for has been uploaded."""
    if not session.awaits or not session.own:
        return skip()
    if session.own.key == session.awaits:
        return want(wanted[1])
    gr.Warning(OTHER_FILE)
    return skip()


def reopen(session: Session, wanted: Wanted) -> tuple[Any, ...]:
    """(controls, gallery, upload, then as `begin` without the seed, tabs) for the run of a link."""
    with refusals_shown():
        settings, key = parse(wanted[1])
        uploaded = session.own
        picking.find(session, key)
        begun = _begin(session, settings)
    upload = skip() if session.own is uploaded else None
    chosen = gr.Gallery(selected_index=picking.selected(session))
    return *values_of(settings), chosen, upload, *begun, gr.Tabs(selected="play")


def preview(
    session: Session, variant: str, mode: str, brightness: float, light: str, whole: bool, seed: int
) -> tuple[Any, ...]:
    """(stage, lights): the chosen picture, dimmed, on the stage, and small in every light.

    A run under way, and one that already shows the picture, keep the stage.
    """
    with refusals_shown():
        settings = run_settings(
            variant=variant, mode=mode, brightness=brightness, light=light, whole=whole, seed=seed
        )
        watched = Watched(settings, session.picked)
        lights = "" if watched.run.generates else side_by_side(session.picked.image, settings)
        if session.running or watched.scene == session.staged.scene:
            return skip(), lights
        session.staged = watched
        return run_view.stage(watched, session.brightened, run_view.idle(READY)), lights


def begin(session: Session, locked: bool, *values) -> tuple[Any, ...]:
    """(seed, run, stop, stage, link): check the settings, and make ready before the network is free."""
    with refusals_shown():
        settings = settings_of(values)
        if not locked:
            settings = settings.model_copy(update={"seed": fresh_seed()})
        return settings.seed, *_begin(session, settings)


def stream(session: Session) -> Iterator[str]:
    """Run the network and show how far it is, now and then."""
    watched, pace = session.staged, Pace(FRAME_SECONDS)
    with refusals_shown():
        for step in watched.walk():
            if pace.due(step.is_last):
                yield run_view.stage(watched, session.brightened, run_view.progress(watched))


def halt(session: Session) -> None:
    """End the run after the step under way, or give up its place in the queue; what is done is kept."""
    session.staged.stopped = True


def conclude(session: Session) -> tuple[Any, ...]:
    """(run, stop, stage, results) of a run that ended, was stopped or failed; one under way goes on."""
    watched = session.staged
    if not session.running or not watched.ended:
        return (skip(),) * 3 + UNCHANGED
    session.running = False
    if not watched.run.history.done:
        return *buttons(running=False), still(session), *UNCHANGED
    session.finished = watched
    return *buttons(running=False), still(session), *results(session)


def expose(session: Session, exposure: str) -> tuple[Any, ...]:
    """(stage, results) of the same tensors at another exposure; no network is called."""
    session.brightened = EXPOSURES[exposure]
    shown = results(session) if session.finished else UNCHANGED
    return skip() if session.running else still(session), *shown


def buttons(running: bool) -> tuple[gr.Button, gr.Button]:
    """(run, stop)."""
    return gr.Button(interactive=not running), gr.Button(interactive=running)


def _begin(session: Session, settings: RunSettings) -> tuple[Any, ...]:
    checkpoints.load(settings.variant)
    watched = Watched(settings, session.picked)
    stage = run_view.stage(watched, session.brightened, run_view.idle(waiting()))
    if session.running:  # a link was followed meanwhile
        session.staged.stopped = True
    session.staged, session.running = watched, True
    return *buttons(running=True), stage, link_to(watched)


def still(session: Session) -> str:
    """The stage while nothing moves."""
    watched = session.staged
    counter = run_view.outcome(watched) if watched.run.history.done else run_view.idle(READY)
    return run_view.stage(watched, session.brightened, counter)


def side_by_side(picture: Image.Image, settings: RunSettings) -> str:
    """A small picture for each light, brightened, the chosen one marked, as HTML."""
    pixels = square(picture, settings.size)[None]
    shown = "".join(_figure(name, pixels, settings) for name in LIGHTS)
    note = f"The picture dimmed to {settings.brightness:g} in either light, and brightened again."
    return f'<div class="lights">{shown}</div><p class="note">{note}</p>'


def _figure(name: str, pixels: Tensor, settings: RunSettings) -> str:
    row, x = LIGHTS[name], settings.model_copy(update={"light": name}).dim(pixels)[0]
    chosen = ' class="chosen"' if name == settings.light else ""
    source = data_uri(x, 1 / settings.brightness)
    return (
        f'<figure{chosen}><img alt="The picture, {escape(row.title.lower())}, brightened" src="{source}">'
        f"<figcaption>{escape(row.title)}</figcaption></figure>"
    )
