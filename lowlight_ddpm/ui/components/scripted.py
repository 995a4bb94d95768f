"""A component drawn by the files of one name in static/: NAME.html, .css and .js, those that are there."""

from typing import Any

import gradio as gr

from lowlight_ddpm.paths import STATIC

_FILES = {"html_template": "html", "css_template": "css", "js_on_load": "js"}


class Scripted(gr.HTML):
    """gr.HTML drawn by the files that are called `drawn_by`, unless an option is given instead."""

    drawn_by = ""

    def __init__(self, value: Any = None, **kwargs) -> None:
        for option, kind in _FILES.items():
            path = STATIC / f"{self.drawn_by}.{kind}"
            if option not in kwargs and path.is_file():
                kwargs[option] = path.read_text(encoding="utf-8")
        kwargs.setdefault("apply_default_css", False)
        super().__init__(value, **kwargs)

    def get_block_name(self) -> str:
        """The name of the component whose browser code draws this one."""
        return "html"
