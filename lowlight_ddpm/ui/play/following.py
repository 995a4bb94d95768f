"""What follows a change of the controls before anything is asked for: plan, noised image, and a quick run."""

import time
from html import escape
from threading import Lock
from typing import Any

from PIL import Image
from torch import Tensor

from lowlight_ddpm.diffusion.settings import RunSettings
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.images import square
from lowlight_ddpm.images.photometry import LIGHTS
from lowlight_ddpm.ui.components import run_view
from lowlight_ddpm.ui.components.choices import named
from lowlight_ddpm.ui.components.controls import settings_of
from lowlight_ddpm.ui.components.plan import plan, seconds
from lowlight_ddpm.ui.components.widgets import film
from lowlight_ddpm.ui.html.images import data_uri
from lowlight_ddpm.ui.messages import skip
from lowlight_ddpm.ui.session import Session, Watched
from lowlight_ddpm.ui.worker.queue import ahead

AT_ONCE = 2.0  # seconds; a run that takes less follows a change by itself
READY = "Ready."
PRESS = (
    f"Press Run: by itself a run follows a change only where it takes under {AT_ONCE:.0f} s and nobody waits."
)
_ONE_AT_A_TIME = Lock()  # the first plan for a network times it, which needs the processor to itself


def follow(session: Session, by_itself: bool, *values) -> tuple[Any, ...]:
    """(signal, plan, stage, player, lights, ask) for the controls' values and the user's image.

    Without a network call: the noised image comes at once. `ask`, a number that is new every time, asks for
    the run once the user has stopped changing anything; 0 takes that back.
    """
    with _ONE_AT_A_TIME:
        said = plan(named(values), session.picked.image)
        try:
            watched = Watched(settings_of(values), session.picked)
            lights = "" if watched.run.generates else side_by_side(watched.picked.image, watched.run.settings)
            if watched.repeats(session.staged):
                empty = not session.running and not session.staged.run.history.done
                return *said, still(session) if empty else skip(), skip(), lights, skip()
            asked = by_itself and quick(session, watched)
            ready = READY if asked or not by_itself else PRESS
            return *said, *_staged(session, watched, ready), lights, time.monotonic_ns() if asked else 0
        except Refusal:  # the plan tells why
            return *said, skip(), skip(), "", 0


def quick(session: Session, watched: Watched) -> bool:
    """Whether a run may follow a change by itself: it is quick, nobody waits, and no run was asked for."""
    if session.running and not session.automatic:
        return False
    own = session.running and session.staged.begun and not session.staged.over
    if ahead() > own:
        return False
    return seconds(watched.run.settings, watched.picked.image) < AT_ONCE


def _staged(session: Session, watched: Watched, ready: str) -> tuple[Any, ...]:
    """(stage, player) before a run of these settings; one under way keeps them, an equal one comes back."""
    if session.running:
        return skip(), skip()
    if session.finished and watched.repeats(session.finished):
        session.staged = session.finished
        return still(session), film(
            session.staged.run.steps, run_view.exposure_of(watched, session.brightened)
        )
    session.staged = watched
    return still(session, ready), None


def still(session: Session, ready: str = READY) -> str:
    """The stage while nothing moves; `ready` is said of a run that has not begun."""
    watched = session.staged
    if watched.run.history.done:
        return run_view.stage(watched, session.brightened, run_view.outcome(watched), session.previous)
    counter = run_view.idle(ready)
    return run_view.stage(watched, session.brightened, counter, session.previous, watched.noised)


def empty(session: Session) -> str:
    """The stage before anything was loaded or run."""
    return run_view.stage(session.staged, session.brightened, run_view.idle(READY))


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
