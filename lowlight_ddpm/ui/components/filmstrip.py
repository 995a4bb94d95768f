"""The filmstrip: every step of a run, scrubbed in the browser without asking the server."""

import gradio as gr

from lowlight_ddpm.diffusion.trajectory import Step
from lowlight_ddpm.paths import STATIC
from lowlight_ddpm.runs.export import spread
from lowlight_ddpm.ui.html.png import data_uri

LONGEST = 100
SIDE = 160  # pixels of the longest side of a picture in it


class Filmstrip(gr.HTML):
    """A range input over pairs of pictures; its value is what `film` gives, None while there is no run."""

    def __init__(self, value: dict | None = None, **kwargs) -> None:
        html, css, js = ((STATIC / f"filmstrip.{kind}").read_text() for kind in ("html", "css", "js"))
        super().__init__(
            value, html_template=html, css_template=css, js_on_load=js, apply_default_css=False, **kwargs
        )

    def get_block_name(self) -> str:
        """The browser draws it with gr.HTML's own code."""
        return "html"


def film(steps: list[Step], gain: float = 1.0) -> dict:
    """What a Filmstrip shows: both pictures of every step as PNG data-URIs, and the words below them.

    Of a run longer than LONGEST steps, so many, evenly spread: a thousand would be 20 MB.
    """
    steps = spread(steps, LONGEST)
    return {
        "x_t": [data_uri(step.x_t[0], gain, SIDE) for step in steps],
        "x0": [data_uri(step.x0[0], gain, SIDE) for step in steps],
        "captions": [f"step {step.index + 1} of {step.total}, timestep {step.timestep}" for step in steps],
    }
