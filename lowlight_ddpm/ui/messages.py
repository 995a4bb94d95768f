"""How the page answers: the wiring of its events, refusals as one sentence, and times in words."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from html import escape
from typing import Any, Literal

import gradio as gr
from gradio.blocks import Block
from gradio.events import Dependency

from lowlight_ddpm.errors import Refusal

log = logging.getLogger("lowlight_ddpm.ui")
UNFORESEEN = (
    "This failed in a way that was not foreseen ({kind}): try again, or with other settings; the server's "
    "log says more."
)

Listen = Callable[..., Dependency]
"""What registers a callback: an event of a component, or what follows another event, such as its `then`."""
Blocks = Block | Sequence[Block] | None
TriggerMode = Literal["once", "multiple", "always_last"] | None


def at_once(
    events: Listen | Sequence[Listen],
    callback: Callable[..., Any] | None,
    inputs: Blocks = None,
    outputs: Blocks = None,
    *,
    js: str | None = None,
    trigger_mode: TriggerMode = None,
) -> Dependency:
    """Have `callback`, which cannot refuse, answer one event or several outside the queue."""
    return _listen(events)(
        callback,
        inputs,
        outputs,
        queue=False,
        js=js,
        trigger_mode=trigger_mode,
        show_progress="hidden",
        api_visibility="private",
    )


def queued(
    event: Listen,
    callback: Callable[..., Any],
    inputs: Blocks = None,
    outputs: Blocks = None,
    *,
    message_at: Block | None = None,
    concurrency_limit: int | None = None,
    concurrency_id: str | None = None,
    trigger_mode: TriggerMode = None,
) -> Dependency:
    """Have `callback`, which may refuse, answer an event: Gradio shows messages for queued events only.

    Without a `concurrency_limit` it is answered in parallel with the runs, not behind them. The message is
    shown at the component `message_at`, by default at all outputs.
    """
    return event(
        callback,
        inputs,
        outputs,
        show_progress_on=message_at,
        concurrency_limit=concurrency_limit,
        concurrency_id=concurrency_id,
        trigger_mode=trigger_mode,
        show_progress="hidden",
        api_visibility="private",
    )


def skip() -> Any:
    """The value that leaves an output as it is; `gr.skip` is typed as a dict, whatever the output is."""
    return gr.skip()


@contextmanager
def refusals_shown() -> Iterator[None]:
    """Turn a Refusal that is raised inside into Gradio's message box, without a traceback.

    Anything else that goes wrong is logged, and said in a sentence too.
    """
    try:
        yield
    except Refusal as refusal:
        raise gr.Error(as_text(str(refusal)), print_exception=False) from None
    except gr.Error:
        raise
    except Exception as error:
        log.exception("Something unforeseen failed.")
        raise gr.Error(UNFORESEEN.format(kind=type(error).__name__), print_exception=False) from error


def as_text(sentence: str) -> str:
    """A sentence for one of Gradio's messages, which are HTML: names in links and of files stay text."""
    return escape(sentence, quote=False)


def _listen(events: Listen | Sequence[Listen]) -> Listen:
    return events if callable(events) else partial(gr.on, events)


def duration(seconds: float) -> str:
    """A duration in words: "under 1 s", "4 s", "2 min"."""
    if seconds < 1:
        return "under 1 s"
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def about(seconds: float) -> str:
    """`duration` of an estimate."""
    words = duration(seconds)
    return words if words.startswith("under") else f"about {words}"
