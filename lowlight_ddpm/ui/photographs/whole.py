"""The whole photograph: brightened and denoised at its full size, with progress, and as a file to take."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.processing_utils import save_bytes_to_cache
from gradio.utils import get_upload_folder

from lowlight_ddpm.photographs.brighten import WRITERS
from lowlight_ddpm.photographs.photograph import Photograph
from lowlight_ddpm.ui.components.run_view import bar, idle
from lowlight_ddpm.ui.messages import about, duration, refusals_shown
from lowlight_ddpm.ui.photographs.shots import Settings, Shot, needed
from lowlight_ddpm.ui.photographs.views import LONGEST, served

KINDS = {"JPEG": ".jpg", "PNG": ".png"}
MAKE = "Make the whole photograph"
READY = "What you see is a small copy: the whole photograph is made when you ask for it."
_PARTS = 100  # of the bar


@dataclass
class Whole:
    """One user's order; `file` and `copy` are there once it is done, and no pixels stay in memory."""

    shot: Shot
    settings: Settings
    kind: str
    begun: bool = False
    stopped: bool = False
    over: bool = False
    seconds: float = 0.0
    words: str = ""
    file: str | None = None
    copy: dict[str, Any] | None = None

    def steps(self) -> Iterator[float]:
        """Do the work: yields how much is done, in 0..1, until it is `stopped`. Raises Refusal."""
        self.begun, since = True, time.monotonic()
        try:
            work = self.shot.brightening(self.settings)
            for share in work.steps():
                self.seconds = time.monotonic() - since
                yield share
                if self.stopped:
                    return
            made, suffix, content = work.made, KINDS[self.kind], BytesIO()
            WRITERS[suffix](made.image, content)
            name = f"{Path(self.shot.name).stem}-brightened{suffix}"
            if self.stopped:  # while it was written
                return
            self.copy = served(Photograph(made.image, []).small(LONGEST))
            self.words, self.seconds = made.in_words, time.monotonic() - since
            self.file = save_bytes_to_cache(content.getvalue(), name, get_upload_folder())
        finally:
            self.over = True


def begin(shot: Shot | None, kind: str, *values) -> tuple[Any, ...]:
    """(order, make, stop, status, download) while it waits for its turn."""
    with refusals_shown():
        order = Whole(needed(shot), Settings(*values), kind)
        waits = idle("Waiting for another photograph.")
        return order, *_buttons(running=True), waits, gr.DownloadButton(visible=False)


def stream(order: Whole) -> Iterator[str]:
    """The status, while it is made."""
    with refusals_shown():
        for share in () if order.stopped else order.steps():
            yield _progress(share, order.seconds)


def halt(order: Whole | None) -> None:
    """Have it end soon; what is under way is given up."""
    if order:
        order.stopped = True


def conclude(order: Whole | None) -> tuple[Any, ...]:
    """(make, stop, status, download, made) once it has ended."""
    download, shown = gr.DownloadButton(visible=False), None
    if order is None:
        status = idle(READY)
    elif order.file:
        size = Path(order.file).stat().st_size / 1e6
        status = bar(1, 1, f"Done, {duration(order.seconds)}: {order.words}")
        label = f"Download the {order.kind}, {size:.1f} MB"
        download = gr.DownloadButton(label, value=order.file, visible=True)
        shown = {"copy": order.copy, "key": order.shot.key} | vars(order.settings)
    else:
        status = idle("Stopped." if order.stopped else READY)
    return *_buttons(running=False), status, download, shown


def told(shot: Shot | None, kind: str, *values) -> gr.Button:
    """The button, with how long the whole photograph takes on it."""
    if shot is None:
        return gr.Button(MAKE)
    with refusals_shown():
        seconds = shot.brightening(Settings(*values)).seconds(KINDS[kind])
        return gr.Button(f"{MAKE}: {about(seconds)}")


def _progress(share: float, seconds: float) -> str:
    if share == 1:
        return bar(_PARTS, _PARTS, "100% done: the file is written now", "Share done")
    left = f", {about(seconds / share * (1 - share))} left" if share else ""
    return bar(round(share * _PARTS), _PARTS, f"{share:.0%} done{left}", "Share done")


def _buttons(running: bool) -> tuple[gr.Button, gr.Button]:
    return gr.Button(interactive=not running), gr.Button(interactive=running)
