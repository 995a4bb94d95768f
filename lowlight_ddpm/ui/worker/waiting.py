"""Who waits for the network, for how long, and a sentence for those who find the queue full.

Gradio refuses with a bare HTTP 503, which its page and its client put into words of their own that tell no
time. A run too many is let in here all the same, but as an event that waits for nothing and answers with our
sentence, so that the page, gradio_client and HTTP show it like any refusal. This is the one place that
reaches into Gradio's queue, which has no public hook for it: tests/ui/worker/test_waiting.py fails if
it changes.
"""

from statistics import median

import gradio as gr
from gradio.context import LocalContext

from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.ui.messages import SPOKEN, about, refusals_shown
from lowlight_ddpm.ui.worker.model import QUEUE
from lowlight_ddpm.ui.worker.work import LATEST


def bound(page: gr.Blocks, most: int) -> None:
    """Let `most` runs wait in the queue of `page`, whose context must be open, and refuse the next ones."""
    queue = page._queue
    push, refusing = queue.push, gr.Button(visible=False).click(refuse, **SPOKEN)

    async def push_or_refuse(body, **how) -> tuple:
        wanted = page.fns.get(body.fn_index)
        if wanted and wanted.concurrency_id == QUEUE and len(queue) >= most:
            body.fn_index = refusing["id"]
        return await push(body=body, **how)

    queue.push = push_or_refuse


def refuse() -> None:
    """Tell a visitor that the queue is full, and for how long."""
    with refusals_shown():
        raise Refusal(f"The queue is full{_crowd(ahead())}: please try again later.")


def waiting() -> str:
    """What someone is told whose run has to wait, as one sentence."""
    return f"Waiting for the network{_crowd(ahead())}."


def ahead() -> int:
    """How many runs are under way, or wait for other visitors than the one whose callback calls this.

    A place that the visitor has given up by Stop stays in the line, and his next run takes it.
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
    time = f", {about(runs * median(LATEST))} in all" if LATEST else ""
    return f", {runs} {'run' if runs == 1 else 'runs'} before yours{time}"
