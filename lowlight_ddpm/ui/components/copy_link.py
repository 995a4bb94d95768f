"""The button that copies a link to the run on the page, and keeps the browser's address true to it."""

import time

import gradio as gr

from lowlight_ddpm.paths import STATIC
from lowlight_ddpm.ui.session import Run


class CopyLink(gr.HTML):
    """Its value is what `link_to` gives; an address that is open changes only where a run has begun."""

    def __init__(self, value: dict | None = None, **kwargs) -> None:
        html, js = ((STATIC / f"copy_link.{kind}").read_text() for kind in ("html", "js"))
        super().__init__(value, html_template=html, js_on_load=js, apply_default_css=False, **kwargs)

    def get_block_name(self) -> str:
        """The browser draws it with gr.HTML's own code."""
        return "html"


def link_to(run: Run, begun: bool = True) -> dict:
    """What a CopyLink holds of a run; two runs with the same settings are told apart."""
    return {"query": run.query, "begun": time.monotonic_ns() if begun else 0}
