"""HTML of our own whose buttons the server hears of."""

import gradio as gr

from lowlight_ddpm.paths import STATIC

SCRIPT = STATIC / "choices.js"


class Choices(gr.HTML):
    """gr.HTML that tells, as `value` of its click event, the data-value of the button that was pressed."""

    def __init__(self, value: str = "", **kwargs) -> None:
        super().__init__(value=value, js_on_load=SCRIPT.read_text(), **kwargs)

    def get_block_name(self) -> str:
        """The browser draws it with gr.HTML's own code."""
        return "html"
