"""The tab Experiments: what was measured, against what the post says."""

import gradio as gr

from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.images.gallery import drawn_gallery
from lowlight_ddpm.images.sources import is_drawn
from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.study.loss_curves import loss_curves
from lowlight_ddpm.ui.components.choices import Choices
from lowlight_ddpm.ui.findings import claims_view, figures_view
from lowlight_ddpm.ui.findings.dark_view import darkness
from lowlight_ddpm.ui.findings.loss_view import losses
from lowlight_ddpm.ui.findings.measured import measured
from lowlight_ddpm.ui.findings.results_table import (
    ALL,
    OWN,
    PICTURES,
    TASKS,
    VARIANCE_TYPES,
    ResultsTable,
    table,
)
from lowlight_ddpm.ui.messages import SILENT
from lowlight_ddpm.ui.session import Session
from lowlight_ddpm.variants import VARIANTS

READING = '<p class="verdict">Reading the results.</p>'
OPENING = (ALL, TASKS[0], PICTURES[0], OWN)  # what the table shows first


class Experiments:
    """Layout and wiring of the tab; `session` is the visitor's, shared with Watch."""

    def __init__(self, tab: gr.Tab, session: gr.State) -> None:
        gr.set_static_paths([figures_view.FOLDER])
        with gr.Column(elem_classes="canvas experiments"):
            gr.HTML("<h2>What the post says, and what we measured</h2>", padding=False)
            self.claims = gr.HTML(READING, elem_id="claims", padding=False)
            gr.HTML(
                "<h2>Every measurement</h2>"
                '<p class="how">One row for each network and way of sampling. A heading sorts; Watch opens a '
                "run of the very settings, where the picture is at hand.</p>",
                padding=False,
            )
            self._filters()
            self.table = ResultsTable(elem_id="cells", padding=False)
            gr.HTML(
                "<h2>Photographs taken in the dark</h2>"
                '<p class="how">Each has a well-lit partner. A network gets the dark one as it is; what it '
                "gives is brightened by one gain and held against the lit one, as is what plain filters make "
                "of it. The networks have learned nothing but butterflies on white.</p>",
                padding=False,
            )
            self.dark = gr.HTML(elem_id="dark", padding=False)
            gr.HTML("<h2>Figures</h2>", padding=False)
            self.figures = Choices(elem_id="figures", padding=False)
            gr.HTML(
                "<h2>How the networks learned</h2>"
                '<p class="how">Mean squared error of what each network predicts, over the epochs, on a '
                "logarithmic scale; all others pale behind. A network that predicts v, or meets offset "
                "noise, has another task, so that its losses are not on the others’ scale.</p>",
                padding=False,
            )
            self.losses = gr.HTML(elem_id="losses", padding=False)
        self._wire(tab, session)

    @property
    def opens(self) -> list[gr.HTML]:
        """The components whose buttons hold the query of a run."""
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
            self.pictures = gr.Radio(PICTURES, value=pictures, label="Pictures", min_width=300, scale=3)
            self.variance = gr.Radio(
                list(VARIANCE_TYPES), value=variance, label="Variance type", min_width=270, scale=3
            )

    def _wire(self, tab: gr.Tab, session: gr.State) -> None:
        filters = [self.variant, self.task, self.pictures, self.variance]
        shown = [self.claims, self.table, self.dark, self.figures, self.losses]
        tab.select(show, [session, *filters], shown, **SILENT)
        gr.on(
            [control.input for control in filters],
            choose,
            [session, *filters],
            self.table,
            trigger_mode="always_last",
            **SILENT,
        )


def show(session: Session, *filters) -> tuple[str, str, str, str, str]:
    """(claims, table, dark, figures, losses) as HTML."""
    claims, drawn = claims_view.claims(measured()), figures_view.figures(_at_hand(session))
    return claims, choose(session, *filters), darkness(measured().dark), drawn, _losses()


def choose(session: Session, variant: str, task: str, pictures: str, variance: str) -> str:
    """The table of the cells that are asked for, as HTML."""
    return table(measured(), variant, task, pictures, variance, _at_hand(session))


def _at_hand(session: Session) -> list[str]:
    """The pictures that a run can be opened with: Watch finds drawn ones even where it offers others."""
    measured_on = measured().rows["picture"].dropna().unique()
    return [*session.gallery.names, *drawn_gallery().names, *filter(is_drawn, measured_on)]


def _losses() -> str:
    try:
        return losses(dict(loss_curves()))
    except Refusal as refusal:  # a training record that cannot be read
        return f'<p class="how">{refusal}</p>'
