"""An upload that hands over the file as it came: our reader decodes it, and says what is wrong with it."""

import gradio as gr
from gradio.data_classes import ImageData


class PictureInput(gr.Image):
    """gr.Image whose value is the path of the untouched file, whatever that is."""

    def preprocess(self, payload: ImageData | None) -> str | None:
        """The path on the server; Gradio has checked that it is an upload."""
        return payload.path if payload else None

    def get_block_name(self) -> str:
        """The browser draws it with gr.Image's own code."""
        return "image"
