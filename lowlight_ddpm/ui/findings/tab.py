"""The tab Experiments: the measurements, compared with the claims of the post."""

from typing import Any

import gradio as gr

from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.images.gallery import drawn_gallery
from lowlight_ddpm.images.sources import is_drawn
from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.study.growth import milestones
from lowlight_ddpm.study.results import loss_curves
from lowlight_ddpm.ui.components.widgets import ButtonsHTML
from lowlight_ddpm.ui.findings import claims_view, figures_view
from lowlight_ddpm.ui.findings.claims_view import measured
from lowlight_ddpm.ui.findings.figures_view import figures, losses
from lowlight_ddpm.ui.findings.growth import Growth, grown
from lowlight_ddpm.ui.findings.tables_view import (
    ALL,
    OWN,
    PICTURES,
    TASKS,
    VARIANCE_TYPES,
    ResultsTable,
    darkness,
    table,
)
from lowlight_ddpm.ui.messages import at_once
from lowlight_ddpm.ui.session import Session
from lowlight_ddpm.variants import VARIANTS

LOADING = '<p class="verdict">Loading the results.</p>'
OPENING = (ALL, TASKS[0], PICTURES[0], OWN)  # what the table shows first


class Experiments:
    """Layout and wiring of the tab; `session` is the user's, shared with Play."""

    def __init__(self, tab: gr.Tab, session: gr.State) -> None:
        gr.set_static_paths([figures_view.FOLDER, *checkpoints.ROOT.glob("*/milestones")])
        with gr.Column(elem_classes="canvas experiments"):
            gr.HTML("<h2>What the post says, and what we measured</h2>", padding=False)
            self.claims = gr.HTML(LOADING, elem_id="claims", padding=False)
            gr.HTML(
                "<h2>Every measurement</h2>"
                '<p class="how">One row for each network and condition. Headings sort the table; Play opens '
                "a run with the same settings, if its image is available here.</p>",
                padding=False,
            )
            self._filters()
            self.table = ResultsTable(elem_id="cells", padding=False)
            gr.HTML(
                "<h2>Photographs taken in the dark</h2>"
                '<p class="how">Each has a well-lit counterpart. A network gets the dark one unchanged; its '
                "result is brightened by one factor and compared with the lit one, as are those of plain "
                "filters. The networks are trained on butterflies on a white background only.</p>",
                padding=False,
            )
            self.dark = gr.HTML(elem_id="dark", padding=False)
            gr.HTML(
                "<h2>How networks grow</h2>"
                '<p class="how">What each generated from the same sixteen noises while it was trained, shown '
                "brightened: wings appear, tints come and go.</p>",
                padding=False,
            )
            self.growth = Growth(elem_id="growth", padding=False)
            gr.HTML("<h2>Figures</h2>", padding=False)
            self.figures = ButtonsHTML(elem_id="figures", padding=False)
            gr.HTML(
                "<h2>Training losses</h2>"
                '<p class="how">Mean squared error of each network’s prediction over the epochs, on a '
                "logarithmic scale, with all other networks in grey. A network that predicts v, or is "
                "trained with offset noise, has a different task, so its losses are on another scale.</p>",
                padding=False,
            )
            self.losses = gr.HTML(elem_id="losses", padding=False)
        self._wire(tab, session)

    @property
    def opens(self) -> list[gr.HTML]:
        """The components whose buttons have the query of a run as their data-value."""
        return [self.table, self.figures]

    def _filters(self) -> None:
        names = checkpoints.available() or list(VARIANTS)
        variant, task, pictures, variance = OPENING
        offered = [("All networks", ALL), *((VARIANTS[name].title, name) for name in names)]
        with gr.Row(elem_classes="filters"):
            self.variant = gr.Dropdown(
                offered, value=variant, label="Network", filterable=False, min_width=190, scale=2
            )
            self.task = gr.Dropdown(
                TASKS, value=task, label="Task, by start timestep", filterable=False, min_width=190, scale=2
            )
            self.pictures = gr.Radio(PICTURES, value=pictures, label="Images", min_width=300, scale=3)
            self.variance = gr.Radio(
                list(VARIANCE_TYPES), value=variance, label="Variance type", min_width=270, scale=3
            )

    def _wire(self, tab: gr.Tab, session: gr.State) -> None:
        filters = [self.variant, self.task, self.pictures, self.variance]
        shown = [self.claims, self.table, self.dark, self.growth, self.figures, self.losses]
        at_once(tab.select, show, [session, *filters], shown)
        at_once(
            [control.input for control in filters],
            choose,
            [session, *filters],
            self.table,
            trigger_mode="always_last",
        )


def show(session: Session, *filters) -> tuple[str, str, str, dict[str, Any], str, str]:
    """(claims, table, dark, growth, figures, losses): the growth as data, the rest as HTML."""
    claims, drawn = claims_view.claims(measured()), figures(_available(session))
    dark = darkness(measured().dark)
    return claims, choose(session, *filters), dark, _growth(), drawn, _losses()


def choose(session: Session, variant: str, task: str, pictures: str, variance: str) -> str:
    """The table of the chosen conditions, as HTML."""
    return table(measured(), variant, task, pictures, variance, _available(session))


def _available(session: Session) -> list[str]:
    """Names of the images that Play can open: all synthetic ones, whatever it offers in its gallery."""
    measured_on = measured().rows["picture"].dropna().unique()
    return [*session.gallery.names, *drawn_gallery().names, *filter(is_drawn, measured_on)]


def _growth() -> dict[str, Any]:
    try:
        return grown(dict(milestones()))
    except Refusal:  # a training record that cannot be read: `_losses` says so
        return grown({})


def _losses() -> str:
    try:
        return losses(dict(loss_curves()))
    except Refusal as refusal:  # a training record that cannot be read
        return f'<p class="how">{refusal}</p>'
