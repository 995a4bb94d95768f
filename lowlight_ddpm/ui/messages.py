"""Refusals as the page shows them: the one sentence, never a traceback."""

from collections.abc import Iterator
from contextlib import contextmanager
from html import escape

import gradio as gr

from lowlight_ddpm.errors import Refusal

# How the page's own events are wired. Gradio shows the message of a queued event only, so whatever may
# refuse is queued, beside the runs and not behind them; whatever cannot refuse answers at once.
_OWN = {"show_progress": "hidden", "api_visibility": "private"}
SILENT = _OWN | {"queue": False}
SPOKEN = _OWN | {"concurrency_limit": None}


@contextmanager
def refusals_shown() -> Iterator[None]:
    """Turn a Refusal raised inside into gradio's message box."""
    try:
        yield
    except Refusal as refusal:
        raise gr.Error(as_text(str(refusal)), print_exception=False) from None


def as_text(sentence: str) -> str:
    """A sentence for one of gradio's messages, which are HTML: what a link or a file is called stays text."""
    return escape(sentence, quote=False)


def duration(seconds: float) -> str:
    """A time a person would say: "under 1 s", "4 s", "2 min"."""
    if seconds < 1:
        return "under 1 s"
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def about(seconds: float) -> str:
    """`duration` of an estimate."""
    said = duration(seconds)
    return said if said.startswith("under") else f"about {said}"
