"""The page's address: its tabs, stops and claims are queries, and Back and Forward work within the page."""

import gradio as gr

from lowlight_ddpm.paths import STATIC

_SCRIPT = STATIC / "address.js"


class Address(gr.HTML):
    """Shows nothing; its script alone calls history.pushState and listens to popstate.

    Its value are the tabs as (id, label), the first being that of an empty query. Its click event has, as its
    `value`, the query of a run that Back or Forward has returned to.
    """

    def __init__(self, tabs: tuple[tuple[str, str], ...], **kwargs) -> None:
        script = _SCRIPT.read_text(encoding="utf-8")
        template = '<span hidden class="address"></span>'
        super().__init__(list(tabs), html_template=template, js_on_load=script, padding=False, **kwargs)

    def get_block_name(self) -> str:
        """The name of the component whose browser code draws this one."""
        return "html"
