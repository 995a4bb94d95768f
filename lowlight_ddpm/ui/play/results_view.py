"""A finished run as the components below the stage show it."""

import gradio as gr

from lowlight_ddpm.ui.components.filmstrip import film
from lowlight_ddpm.ui.components.run_view import gain
from lowlight_ddpm.ui.html.error_view import errors
from lowlight_ddpm.ui.html.histogram_view import histograms
from lowlight_ddpm.ui.html.png import data_uri, proportions
from lowlight_ddpm.ui.html.wipe import wiped
from lowlight_ddpm.ui.play.measures_view import findings
from lowlight_ddpm.ui.session import OPENING_PAIR, Run, Session

UNCHANGED = (gr.skip(),) * 7  # what `results` gives, while there is nothing new


def results(session: Session) -> tuple:
    """(filmstrip, findings, before, after, wipe, errors, histograms) of the finished run."""
    run = session.finished
    offered = choices(run)
    if not set(session.pair) <= {key for _, key in offered}:
        session.pair = OPENING_PAIR
    before, after = (gr.Dropdown(choices=offered, value=key) for key in session.pair)
    strip = film(run.steps, gain(run.settings, session.brightened))
    return strip, findings(run), before, after, wipe(session), errors(run), histograms(run)


def choices(run: Run) -> list[tuple[str, str]]:
    """(name, key in Run.shown) of all pictures of a run that can be laid over each other."""
    sources = [("First noise", "start")] if run.generates else _SOURCES
    steps = [(f"x0 at step {step.index + 1}", str(step.index + 1)) for step in run.steps]
    return [*sources, *steps, ("Result", "result")]


def wipe(session: Session) -> str:
    """The two chosen pictures of the finished run on top of each other, at one exposure, as HTML."""
    run = session.finished
    if run is None:
        return wiped(("", ""), ("", ""), "After a run, two of its pictures are laid over each other here.")
    (before, first), (after, second) = (_exposed(run, key, session.brightened) for key in session.pair)
    return wiped((after, before), (second, first), style=proportions(run.result))


def choose(session: Session, before: str, after: str) -> str:
    """The wipe after another picture has been chosen; what the run does not have leaves it as it is."""
    run = session.finished
    if run is None or not {before, after} <= {key for _, key in choices(run)}:
        return gr.skip()
    session.pair = before, after
    return wipe(session)


_SOURCES = [("Original", "original"), ("Dimmed input", "start")]


def _exposed(run: Run, key: str, brightened: bool) -> tuple[str, str]:
    """(name, data-URI) of one picture; the original is shown as bright as all the others are."""
    exposure, name = gain(run.settings, brightened), {known: name for name, known in choices(run)}[key]
    if key == "original":
        exposure *= run.settings.brightness
        name += "" if exposure == 1 else f", shown at brightness {exposure:g}"
    return name, data_uri(run.shown(key), exposure)
