"""The tab Schedule: what a noise schedule is, and what dialling its betas does to a picture."""

import gradio as gr

from lowlight_ddpm.diffusion.curves import Curves
from lowlight_ddpm.diffusion.settings import LAST_TIMESTEP
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.ui.components.choices import Choices
from lowlight_ddpm.ui.components.dial import Dial
from lowlight_ddpm.ui.components.run_view import refused
from lowlight_ddpm.ui.messages import SILENT
from lowlight_ddpm.ui.schedule.curves_view import Dialled, scene
from lowlight_ddpm.ui.schedule.table import schedule, table
from lowlight_ddpm.ui.session import Session
from lowlight_ddpm.variants import VARIANTS, find_variant

OPENING = "dim-deep-low"  # dialled in at first: the post's own second try, beside what was trained
START = 100  # where both pictures can still be made out, and one is noisier


class Schedule:
    """Layout and wiring of the tab that it is built in; `session` is the visitor's, shared with Watch."""

    def __init__(self, tab: gr.Tab, session: gr.State) -> None:
        names = checkpoints.available() or list(VARIANTS)
        first = "dim" if "dim" in names else names[0]
        with gr.Row(equal_height=False, elem_classes="desk"):
            with gr.Column(scale=4, min_width=280, elem_classes="side"):
                self._controls(names, first)
            with gr.Column(scale=7, min_width=280, elem_classes="canvas"):
                self.scene = gr.HTML(
                    draw(session.value, first, *dials(OPENING), START), elem_id="schedule", padding=False
                )
        self._wire(tab, session)

    def _controls(self, names: list[str], first: str) -> None:
        beta_start, beta_end, zero_snr = dials(OPENING)
        self.variant = gr.Dropdown(
            [(VARIANTS[name].title, name) for name in names],
            value=first,
            label="Network",
            info="The schedule it was trained with is the one to compare with.",
            filterable=False,
        )
        self.table = Choices(_table(first), elem_id="schedules", padding=False)
        self.beta_start = Dial(
            1e-4,
            0.01,
            beta_start,
            step=1e-4,
            label="Beta start",
            info="Variance of the noise that the first timestep adds.",
        )
        self.beta_end = Dial(
            0.001,
            0.2,
            beta_end,
            step=0.001,
            label="Beta end",
            info="Variance of the noise that the last timestep adds; between them lies a straight line.",
        )
        self.zero_snr = gr.Checkbox(
            zero_snr,
            label="Zero terminal SNR",
            info="Rescale the betas so that nothing of the picture is left at the last timestep.",
        )
        self.at = Dial(
            0,
            LAST_TIMESTEP,
            START,
            step=1,
            label="Start timestep",
            info="How deep in noise the picture is. Drag: it is the same noise all the way.",
        )
        self.reset = gr.Button("As trained", size="md")

    def _wire(self, tab: gr.Tab, session: gr.State) -> None:
        betas = [self.beta_start, self.beta_end, self.zero_snr]
        self.reset.click(dials, self.variant, betas, **SILENT)
        self.table.click(dial, None, betas, **SILENT)
        # Changes alone tell of a number beyond a slider's end, which is typed, then corrected by the browser.
        changed = [control.change for control in (self.variant, *betas, self.at)]
        gr.on(
            [tab.select, *changed],
            draw,
            [session, self.variant, *betas, self.at],
            self.scene,
            trigger_mode="always_last",
            **SILENT,
        )
        self.variant.input(_table, self.variant, self.table, **SILENT)


def dials(variant: str) -> tuple[float, float, bool]:
    """(beta start, beta end, zero terminal SNR) that a variant is trained with."""
    return _dials(Curves.trained(find_variant(variant)))


def dial(event: gr.EventData) -> tuple[float, float, bool]:
    """(beta start, beta end, zero terminal SNR) of the row whose button was pressed."""
    return _dials(schedule(event.value))


def draw(
    session: Session, variant: str, beta_start: float, beta_end: float, zero_snr: bool, start: int
) -> str:
    """The scene for the controls' values; what cannot be drawn is answered in its place."""
    try:
        return scene(Dialled.of(session, variant, beta_start, beta_end, zero_snr, start))
    except Refusal as refusal:
        return refused(str(refusal), _as_trained(session, variant))


def _as_trained(session: Session, variant: str) -> str:
    """A scene as large as any, or nothing where the variant's own record cannot be read."""
    try:
        return scene(Dialled.of(session, variant, *dials(variant), START))
    except Refusal:
        return ""


def _table(variant: str) -> str:
    try:
        return table(variant)
    except Refusal as refusal:
        return refused(str(refusal), "")


def _dials(curves: Curves) -> tuple[float, float, bool]:
    return curves.beta_start, curves.beta_end, curves.zero_terminal_snr
