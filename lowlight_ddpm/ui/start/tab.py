"""The tab Start: layout and wiring."""

import gradio as gr

from lowlight_ddpm.ui.components.scripted import Scripted
from lowlight_ddpm.ui.findings.claims_view import measured
from lowlight_ddpm.ui.messages import at_once
from lowlight_ddpm.ui.start import view


class Sheets(Scripted):
    """Three sheets that grow out of the same noise: `view.sheets`; its click has a run's query."""

    drawn_by = "sheets"


class Stops(Scripted):
    """The stops of the post, one at a time: `view.stops`; its click has a run's query."""

    drawn_by = "stops"


class Start:
    """Layout and wiring of the tab; `page` is the Blocks that it is built in."""

    def __init__(self, page: gr.Blocks) -> None:
        with gr.Column(elem_classes="canvas start"):
            self.sheets = Sheets(view.sheets(), elem_id="start-sheets", padding=False)
            self.stops = Stops(view.stops(), elem_id="stops", padding=False)
        at_once(page.load, told, None, self.stops)

    @property
    def opens(self) -> list[gr.HTML]:
        """The components whose buttons have the query of a run as their data-value."""
        return [self.sheets, self.stops]


def told() -> str:
    """The stops with their verdicts, and the times of their runs."""
    return view.stops(measured())
