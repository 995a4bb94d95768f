"""What a user does in the tab Play: from the session and what was pressed to what is shown."""

import random
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import gradio as gr

from lowlight_ddpm.diffusion.settings import RunSettings
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.images.gallery import drawn_gallery
from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.ui.components import run_view
from lowlight_ddpm.ui.components.choices import named, opening, set_with_it, with_task
from lowlight_ddpm.ui.components.controls import fresh_seed, line, settings_of, shown
from lowlight_ddpm.ui.components.widgets import link_to
from lowlight_ddpm.ui.components.words import MODES
from lowlight_ddpm.ui.messages import refusals_shown, skip
from lowlight_ddpm.ui.play import picking
from lowlight_ddpm.ui.play.following import still
from lowlight_ddpm.ui.play.results import UNCHANGED, results
from lowlight_ddpm.ui.session import Session, Watched, own, parse, query_of, trained_anew
from lowlight_ddpm.ui.worker.queue import Pace, waiting
from lowlight_ddpm.variants.study import STUDY

FRAME_SECONDS = 0.2  # between two looks at a run; oftener would slow it; every step is kept all the same
EXPOSURES = {"brightened": True, "as the model sees it": False}
DARK_ALREADY = "This photograph is dark already: it is not dimmed again, and shown brightened."
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
    if told := trained_anew(settings):
        gr.Warning(told, duration=None)
    return *picking.refresh(session), want(urlencode(settings)) if settings else skip()


def follow(event: gr.EventData) -> Wanted:
    """The run is wanted whose query the pressed button holds."""
    return want(event.value)


def mark() -> int:
    """A number that is new every time, by which the page knows that something was picked."""
    return time.monotonic_ns() // 1000


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


def picked(session: Session, *values) -> list[Any]:
    """(what was set, then `controls.shown`) after an image was chosen: it is noised, and not noise alone.

    A photograph that is dark already is not dimmed again, and small at first.
    """
    before = after = named(values)
    if before["mode"] == "generate":
        after = with_task(after, "restore")
    if session.picked.exposure > 1:
        after = after | {"brightness": 1.0, "light": "pixels", "whole": False}
    told = set_with_it(before, after)
    if session.picked.exposure > 1:
        told = f"{DARK_ALREADY} {told}"
    return [line(told), *shown(after, before)]


def offer(session: Session) -> gr.Button:
    """The button that brightens, there for a dark photograph of the user's own."""
    own = session.own
    return gr.Button(visible=own is not None and own.file is not None and own.exposure > 1)


def reopen(session: Session, wanted: Wanted | None) -> tuple[Any, ...]:
    """(`controls.shown`, gallery, upload, then as `begin` without the seed, tabs) for the run of a link."""
    if wanted is None:  # Gradio tells of a state in a tab that is not open as if it had changed
        return skip()
    with refusals_shown():
        settings, key = parse(wanted[1])
        if settings.variant in STUDY and settings.variant not in checkpoints.available():
            raise Refusal(
                f"The network “{settings.row.title}” is being trained anew: its links work again then."
            )
        uploaded = session.own
        picking.find(session, key)
        begun = _begin(session, settings)
    upload = skip() if session.own is uploaded else None
    chosen = gr.Gallery(selected_index=picking.selected(session))
    return *shown(settings.model_dump()), chosen, upload, *begun, gr.Tabs(selected="play")


def begin(session: Session, locked: bool, *values) -> tuple[Any, ...]:
    """(seed, run, stop, stage, player, link): check the settings; make ready before the network is free."""
    with refusals_shown():
        settings = settings_of(values)
        if not locked:
            settings = settings.model_copy(update={"seed": fresh_seed()})
        return settings.seed, *_begin(session, settings)


def begin_by_itself(session: Session, *values) -> tuple[Any, ...]:
    """As `begin`, for a run that nobody asked for; it ends an earlier one of its kind.

    Nothing happens where one was asked for meanwhile, it is that of the stage, or it cannot be.
    """
    try:
        watched = Watched(settings_of(values), session.picked)
        begun = session.staged.begun or session.running
        if (session.running and not session.automatic) or (begun and watched.repeats(session.staged)):
            return (skip(),) * 6
        return watched.run.settings.seed, *_begin(session, watched.run.settings, automatic=True)
    except Refusal:
        return (skip(),) * 6


def stream(session: Session) -> Iterator[str]:
    """Run the network and show how far it is, now and then."""
    watched, pace = session.staged, Pace(FRAME_SECONDS)
    if not session.running:  # what has begun it has changed its mind
        return
    with refusals_shown():
        for step in watched.walk():
            # Of a run that another has taken the place of, nothing is shown any more.
            if session.staged is watched and not watched.stopped and pace.due(step.is_last):
                counter = run_view.progress(watched)
                yield run_view.stage(watched, session.brightened, counter, session.previous)


def halt(session: Session) -> str:
    """The stage: end the run after the call under way, or give up its place; what is done is kept."""
    watched = session.staged
    watched.stopped = True
    if not session.running or watched.ended:
        return skip()
    return run_view.stage(watched, session.brightened, run_view.stopping(watched), session.previous)


def conclude(session: Session) -> tuple[Any, ...]:
    """(run, stop, stage, results) of a run that ended, was stopped or failed; one under way goes on."""
    watched = session.staged
    if not session.running or not watched.ended:
        return (skip(),) * 3 + UNCHANGED
    session.running = False
    if not watched.run.history.done:
        return *buttons(running=False), still(session), *UNCHANGED
    if not watched.repeats(session.finished):  # the same run again stays beside the one before it
        session.former = session.finished
    session.finished = watched
    return *buttons(running=False), still(session), *results(session)


def expose(session: Session, exposure: str) -> tuple[Any, ...]:
    """(stage, results) of the same tensors at another exposure; no network is called."""
    session.brightened = EXPOSURES[exposure]
    shown = results(session) if session.finished else UNCHANGED
    return skip() if session.running else still(session), *shown


def buttons(running: bool, automatic: bool = False) -> tuple[gr.Button, gr.Button]:
    """(run, stop); a run that goes by itself may be begun anew."""
    return gr.Button(interactive=automatic or not running), gr.Button(interactive=running)


def _begin(session: Session, settings: RunSettings, automatic: bool = False) -> tuple[Any, ...]:
    """(run, stop, stage, player, link)."""
    checkpoints.load(settings.variant)
    watched = Watched(settings, session.picked)
    noised = watched.noised
    if session.running:  # a link was followed meanwhile, or something was changed
        session.staged.stopped = True
    session.staged, session.running, session.automatic = watched, True, automatic
    counter = run_view.idle(waiting())
    stage = run_view.stage(watched, session.brightened, counter, session.previous, noised)
    link = link_to(watched, scrolls=not automatic)
    return *buttons(running=True, automatic=automatic), stage, None, link
