"""The tab Start: layout and wiring."""

import gradio as gr

from lowlight_ddpm.paths import STATIC
from lowlight_ddpm.ui.findings.claims_view import measured
from lowlight_ddpm.ui.messages import at_once
from lowlight_ddpm.ui.start import view


class _Scripted(gr.HTML):
    """gr.HTML with a style and a script of its own, named by `kind`; its click event has a run's query."""

    kind = ""

    def __init__(self, value: str, **kwargs) -> None:
        css, js = ((STATIC / f"{self.kind}.{of}").read_text(encoding="utf-8") for of in ("css", "js"))
        super().__init__(
            value, css_template=css, js_on_load=js, padding=False, apply_default_css=False, **kwargs
        )

    def get_block_name(self) -> str:
        """The name of the component whose browser code draws this one."""
        return "html"


class Sheets(_Scripted):
    """Three sheets that grow out of the same noise; its value is `view.sheets`."""

    kind = "sheets"


class Stops(_Scripted):
    """The stops of the post, one at a time; its value is `view.stops`."""

    kind = "stops"


class Start:
    """Layout and wiring of the tab; `page` is the Blocks that it is built in."""

    def __init__(self, page: gr.Blocks) -> None:
        with gr.Column(elem_classes="canvas start"):
            self.sheets = Sheets(view.sheets(), elem_id="start-sheets")
            self.stops = Stops(view.stops(), elem_id="stops")
        at_once(page.load, told, None, self.stops)

    @property
    def opens(self) -> list[gr.HTML]:
        """The components whose buttons have the query of a run as their data-value."""
        return [self.sheets, self.stops]


def told() -> str:
    """The stops with their verdicts, and the times of their runs."""
    return view.stops(measured())
