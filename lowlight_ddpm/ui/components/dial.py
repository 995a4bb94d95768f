"""A slider that hands over whatever was typed into its field: the core says what is wrong with it."""

import gradio as gr


class Dial(gr.Slider):
    """gr.Slider without an error of its own for a number beyond its ends, which its field takes at first."""

    def preprocess(self, payload: float | None) -> float | None:
        """The number as it is, None for an empty field."""
        return payload

    def get_block_name(self) -> str:
        """The browser draws it with gr.Slider's own code."""
        return "slider"
