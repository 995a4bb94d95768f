"""The tab Dark photograph: level and white balance act in the browser, denoising in a loupe, then on all."""

from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.paths import STATIC
from lowlight_ddpm.photographs.brighten import NONE
from lowlight_ddpm.photographs.denoising import DENOISERS
from lowlight_ddpm.photographs.tone import LEVELS
from lowlight_ddpm.ui.components.run_view import idle
from lowlight_ddpm.ui.messages import Listen, at_once, queued, refusals_shown, skip
from lowlight_ddpm.ui.photographs import views, whole
from lowlight_ddpm.ui.photographs.shots import Settings, Shot, needed
from lowlight_ddpm.ui.session import HOUR, Session
from lowlight_ddpm.ui.worker.queue import PHOTOGRAPHS
from lowlight_ddpm.ui.worker.source import LIMITS

READING = "looks at photographs"  # concurrency_id
MOST_READERS = 2  # photographs that are read, or looked at in a loupe, at the same time
ID = "photograph"  # of the tab
SIDE = 256  # pixels of the loupe
_READING: Any = {"concurrency_limit": MOST_READERS, "concurrency_id": READING}
FILTERS = [("None", NONE), *((row.title.capitalize(), name) for name, row in DENOISERS.items())]
LEFT = {"Before": "before", "Brightened": "brightened"}
_SETTLE = (STATIC / "photograph" / "settle.js").read_text(encoding="utf-8")
# A level's name means what the slider's own least value means where the photograph is brighter already.
_TICK = "() => Math.max({}, Number(document.querySelector('#level input[type=range]').min))"


class DarkPhotograph:
    """Layout and wiring of the tab that it is built in."""

    def __init__(self, tab: gr.Tab) -> None:
        with gr.Row(equal_height=False, elem_classes="desk photograph"):
            with gr.Column(scale=4, min_width=280, elem_classes="side"):
                self._controls()
            with gr.Column(scale=7, min_width=280, elem_classes="canvas"):
                self.drop = views.Drop(
                    LIMITS.upload.upper().replace("MB", " MB"), elem_id="photo-drop", padding=False
                )
                self.darkroom = views.Darkroom(elem_id="darkroom", padding=False)
                self.left = gr.Radio(
                    list(LEFT.items()), value="before", label="Left of the border", elem_id="photo-left"
                )
        self.shot = gr.State(time_to_live=HOUR)
        self.order = gr.State(time_to_live=HOUR)
        self._wire(tab)

    def opens(self, listen: Listen, session: gr.State, tabs: gr.Tabs) -> None:
        """Have an event open the user's own picture of the session here: the tab has the id “photograph”."""
        taken = queued(listen, take, session, [*self._opened, tabs], **_READING)
        self._look_and_tell(taken.success)

    def _controls(self) -> None:
        self.level = gr.Slider(
            0.01,
            views.LAST / 100,
            LEVELS["day"],
            step=0.01,
            label="Level",
            info="Mean brightness of the result, of 1; nothing is darkened.",
            elem_id="level",
        )
        with gr.Row(elem_classes="presets"):
            self.ticks = {name: gr.Button(name.capitalize(), size="sm", min_width=60) for name in LEVELS}
        self.balance = gr.Checkbox(
            label="White balance", info="Evens out the mean light of red, green and blue."
        )
        self.denoise = gr.Radio(
            FILTERS, value=NONE, label="Noise", info="Tap the photograph to see it in the loupe."
        )
        self.loupe = views.Loupe(elem_id="loupe", padding=False)
        self.strength = gr.Slider(
            0,
            1,
            1,
            step=0.05,
            label="Strength",
            info="The denoised photograph's share in the result; the rest is the noisy one.",
            visible=False,
            elem_id="strength",
        )
        self.kind = gr.Radio(list(whole.KINDS), value="JPEG", label="File")
        with gr.Row(elem_classes="actions"):
            self.make = gr.Button(whole.MAKE, variant="primary", min_width=200, elem_id="photo-make")
            self.stop = gr.Button("Stop", interactive=False, min_width=96, scale=0, elem_id="photo-stop")
        self.status = gr.HTML(idle(whole.READY), elem_id="photo-status", padding=False)
        self.download = gr.DownloadButton(visible=False, variant="primary", elem_id="photo-download")
        self.made = views.Made(padding=False)

    @property
    def _settings(self) -> list[Any]:
        return [self.level, self.balance, self.denoise]

    @property
    def _opened(self) -> list[Any]:
        return [self.shot, self.darkroom, self.level, self.loupe, self.made, self.download]

    def _wire(self, tab: gr.Tab) -> None:
        seen = [*self._settings, self.strength, self.left]
        at_once([tab.select, *(one.change for one in seen)], None, seen, js=_SETTLE)
        for name, button in self.ticks.items():
            at_once(button.click, None, None, self.level, js=_TICK.format(LEVELS[name]))

        at_once(
            self.denoise.change, lambda name: gr.Slider(visible=name != NONE), self.denoise, self.strength
        )

        brought = queued(self.drop.upload, bring, self.drop, self._opened, **_READING)
        at_once(brought.failure, lambda: None, None, self.drop)
        self._look_and_tell(brought.success)
        asked = [self.shot, *self._settings]
        queued(self.darkroom.select, place, asked, self.loupe, trigger_mode="always_last", **_READING)
        changes = [one.change for one in self._settings]
        queued(partial(gr.on, changes), look, asked, self.loupe, trigger_mode="always_last", **_READING)
        self._look_and_tell(partial(gr.on, [self.denoise.change, self.kind.change]))

        ordered = [self.shot, self.kind, *self._settings, self.strength]
        begins = [self.order, self.make, self.stop, self.status, self.download]
        begun = queued(self.make.click, whole.begin, ordered, begins)
        made = queued(
            begun.success,
            whole.stream,
            self.order,
            self.status,
            concurrency_limit=1,
            concurrency_id=PHOTOGRAPHS,
            trigger_mode="multiple",
        )
        stopped = at_once(self.stop.click, whole.halt, self.order)
        failed = at_once(made.failure, whole.halt, self.order)
        ends = [self.make, self.stop, self.status, self.download, self.made]
        for ended in (made, stopped, failed):
            at_once(ended.then, whole.conclude, self.order, ends)

    def _look_and_tell(self, listen: Listen) -> None:
        """After an event, put how long the whole photograph takes on the button."""
        asked = [self.shot, self.kind, *self._settings, self.strength]
        queued(listen, whole.told, asked, self.make, trigger_mode="always_last", **_READING)


def bring(file: tuple[str, str] | None) -> tuple[Any, ...]:
    """What DarkPhotograph shows of a photograph that was uploaded."""
    with refusals_shown():
        if file is None:
            raise Refusal("No photograph has arrived: choose one again.")
        return _opening(Shot(Path(file[0]), file[1]))


def take(session: Session) -> tuple[Any, ...]:
    """As `bring`, of the user's own picture on the page; and the tab."""
    with refusals_shown():
        own = session.own
        if own is None or own.file is None:
            raise Refusal("There is no photograph of your own: choose one in the tab Dark photograph.")
        return *_opening(Shot(own.file, own.name)), gr.Tabs(selected=ID)


def place(shot: Shot | None, level: float, balance: bool, denoise: str, event: gr.EventData) -> Any:
    """The loupe where it was put."""
    with refusals_shown():
        needed(shot).place = event.x, event.y
        return look(shot, level, balance, denoise)


def look(shot: Shot | None, *values) -> Any:
    """The loupe where it lies, for the settings as they are now."""
    if shot is None or shot.place is None:
        return skip()
    with refusals_shown():
        return views.layers(shot.brightening(Settings(*values)).part(*shot.place, SIDE))


def _opening(shot: Shot) -> tuple[Any, ...]:
    """(shot, darkroom, level, loupe, made, download)."""
    photograph = shot.photograph
    shown: dict[str, Any] = views.development(photograph, shot.name) | {"key": shot.key}
    least = shown["first"] / 100
    level = gr.Slider(minimum=least, value=max(least, LEVELS["day"]))
    return shot, shown, level, None, None, gr.DownloadButton(visible=False)
