"""The queue for the network: work that waits there and is timed, and a sentence for who finds it full.

Gradio refuses with a bare HTTP 503, which its page and its client put into words of their own that tell no
time. A run too many is let in here all the same, but as an event that waits for nothing and answers with our
sentence, so that the page, gradio_client and HTTP show it like any refusal. This is the one place that
reaches into Gradio's queue, which has no public hook for it: tests/ui/worker/test_queue.py fails if
it changes.
"""

import time
from collections import deque
from collections.abc import Iterator
from statistics import median
from typing import Any

import gradio as gr
from gradio.context import LocalContext

from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.ui.messages import about, queued, refusals_shown

QUEUE = "model"  # concurrency_id of every event that calls a network
PHOTOGRAPHS = "photographs"  # of every event that brightens a whole photograph: one at a time, beside those
LATEST: deque[float] = deque(maxlen=20)  # seconds of the latest pieces of work, of all users


class Work:
    """Anything that calls a network for a while: done once, stopped between two calls, timed.

    `stopped` may be set at any moment; subclasses say in `calls` what is done.
    """

    begun: bool = False
    stopped: bool = False
    over: bool = False
    seconds: float = 0.0

    @property
    def ended(self) -> bool:
        """Whether nothing more will come."""
        return self.over or (self.stopped and not self.begun)

    def walk(self) -> Iterator[Any]:
        """Do the work, once, and pass on what `calls` yields.

        `stopped` ends it after the call under way, or before the first.
        """
        if self.begun:
            return
        self.begun, since = True, time.monotonic()
        try:
            for made in () if self.stopped else self.calls():
                self.seconds = time.monotonic() - since
                yield made
                if self.stopped:
                    return
        finally:
            self.close()
            self.over = True
            if self.seconds:  # else it was stopped before its first call, and says nothing of the others
                LATEST.append(self.seconds)

    def calls(self) -> Iterator[Any]:
        """The work itself: yields once for every network call."""
        raise NotImplementedError

    def close(self) -> None:
        """Free what the work has kept, however it ended."""


class Pace:
    """How often something that goes on is shown: at most once every `seconds`."""

    def __init__(self, seconds: float) -> None:
        self.seconds, self._shown = seconds, float("-inf")

    def due(self, at_once: bool = False) -> bool:
        """Whether it is time to show it again, as it is at first, and whenever it must be `at_once`."""
        now = time.monotonic()
        if not at_once and now - self._shown < self.seconds:
            return False
        self._shown = now
        return True


def bound(page: gr.Blocks, most: int) -> None:
    """Let `most` runs wait in the queue of `page`, whose context must be open, and refuse the next ones."""
    queue = page._queue
    push, refusing = queue.push, queued(gr.Button(visible=False).click, refuse)

    async def push_or_refuse(body, **how) -> tuple[Any, ...]:
        wanted = page.fns.get(body.fn_index)
        if wanted and wanted.concurrency_id == QUEUE and len(queue) >= most:
            body.fn_index = refusing["id"]
        return await push(body=body, **how)

    queue.push = push_or_refuse  # pyright: ignore[reportAttributeAccessIssue]


def knows(page: gr.Blocks, event: str) -> bool:
    """Whether something waits or is under way under this id, or has ended and not been fetched."""
    return any(event in events for events in page._queue.pending_event_ids_session.values())


def refuse() -> None:
    """Tell a user that the queue is full, and for how long."""
    with refusals_shown():
        raise Refusal(f"The queue is full{_crowd(ahead())}: please try again later.")


def waiting() -> str:
    """What someone is told whose run has to wait, as one sentence."""
    return f"Waiting for the network{_crowd(ahead())}."


def ahead() -> int:
    """How many runs are under way, or wait for other users than the one whose callback calls this.

    A place that the user has given up by Stop stays in the line, and the next run of that user takes it.
    """
    page, request = LocalContext.blocks.get(None), LocalContext.request.get(None)
    line = page and page._queue.event_queue_per_concurrency_id.get(QUEUE)
    if not line:
        return 0
    asking = request and request.session_hash
    return line.current_concurrency + sum(event.session_hash != asking for event in line.queue)


def _crowd(runs: int) -> str:
    """So many runs and how long they take, going by the latest ones; empty for none."""
    if not runs:
        return ""
    time_taken = f", {about(runs * median(LATEST))} in all" if LATEST else ""
    return f", {runs} {'run' if runs == 1 else 'runs'} before yours{time_taken}"
