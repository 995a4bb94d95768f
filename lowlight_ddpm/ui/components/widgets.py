"""Gradio components of our own: each is drawn in the browser by the code of the one that it extends."""

import time
from typing import Any

import gradio as gr
from gradio.data_classes import ImageData

from lowlight_ddpm.diffusion.sampling import Step
from lowlight_ddpm.paths import STATIC
from lowlight_ddpm.runs.export import spread
from lowlight_ddpm.ui.components.scripted import Scripted
from lowlight_ddpm.ui.html.images import data_uri
from lowlight_ddpm.ui.session import Watched

BUTTONS_SCRIPT = STATIC / "buttons.js"
Input = gr.Checkbox | gr.CheckboxGroup | gr.Dropdown | gr.Number | gr.Radio | gr.Slider
MOST_FRAMES = 100
SIDE = 160  # pixels of the longest side of an image that is played


class Slider(gr.Slider):
    """gr.Slider that passes on any typed number: RunSettings refuses those out of range, with a reason."""

    def preprocess(self, payload: float | None) -> float | None:
        """The number unchanged, None for an empty field."""
        return payload

    def get_block_name(self) -> str:
        """The name of the component whose browser code draws this one."""
        return "slider"


class ImageUpload(gr.Image):
    """gr.Image whose value is the path of the untouched file, so that `images.reading` decodes it."""

    def preprocess(self, payload: ImageData | None) -> str | None:
        """The path on the server; Gradio has checked that it is an upload."""
        return payload.path if payload else None

    def get_block_name(self) -> str:
        """The name of the component whose browser code draws this one."""
        return "image"


class ButtonsHTML(gr.HTML):
    """gr.HTML whose click event has, as its `value`, the data-value of the button that was pressed."""

    def __init__(self, value: str = "", **kwargs) -> None:
        super().__init__(value=value, js_on_load=BUTTONS_SCRIPT.read_text(encoding="utf-8"), **kwargs)

    def get_block_name(self) -> str:
        """The name of the component whose browser code draws this one."""
        return "html"


class CopyLink(Scripted):
    """The button that copies a link to the run on the page; its value is what `link_to` gives.

    It also keeps the browser's address equal to the link, once a run has begun.
    """

    drawn_by = "copy_link"


def link_to(watched: Watched, begun: bool = True, scrolls: bool = True) -> dict[str, Any]:
    """The value of a CopyLink; two runs with the same settings have different values.

    One that `scrolls` brings the run into sight where it is not.
    """
    begun_at = time.monotonic_ns() if begun else 0
    return {"query": watched.query, "python": watched.python, "begun": begun_at, "scrolls": scrolls}


class Debounced(Scripted):
    """Nothing to see: a click event comes WAIT milliseconds after its value was last set, unless to 0."""

    WAIT = 300
    drawn_by = "debounced"

    def __init__(self, **kwargs) -> None:
        super().__init__(0, html_template=f'<i data-wait="{self.WAIT}"></i>', **kwargs)


class Player(Scripted):
    """Plays and scrubs the steps of the run on the stage, in its panels, without a request to the server.

    Its value is what `film` gives, None while there is no run, or one is under way.
    """

    drawn_by = "player"


def film(steps: list[Step], gain: float | None = None) -> dict[str, Any]:
    """The value of a Player: x_t and x0 of every step as PNG data URIs, and their captions.

    Of a run with more than MOST_FRAMES steps, it has that many, evenly spread: a thousand would be 20 MB.
    """
    steps = spread(steps, MOST_FRAMES)
    return {
        "x_t": [data_uri(step.x_t[0], gain, SIDE) for step in steps],
        "x0": [data_uri(step.x0[0], gain, SIDE) for step in steps],
        "captions": [f"step {step.index + 1} of {step.total}, timestep {step.timestep}" for step in steps],
    }
