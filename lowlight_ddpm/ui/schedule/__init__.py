"""The tab Schedule: what a noise schedule is, and what other betas do to an image."""

import gradio as gr

from lowlight_ddpm.diffusion.schedule import Curves
from lowlight_ddpm.diffusion.settings import LAST_TIMESTEP
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.ui.components.run_view import refused
from lowlight_ddpm.ui.components.widgets import ButtonsHTML, Slider
from lowlight_ddpm.ui.messages import at_once
from lowlight_ddpm.ui.schedule.view import SchedulePair, scene, table
from lowlight_ddpm.ui.session import Session
from lowlight_ddpm.variants import VARIANTS, find_variant

OPENING = "dim-deep-low"  # the custom schedule at first: the post's own second attempt
START = 100  # where the image is still visible under both schedules, and one is noisier


class Schedule:
    """Layout and wiring of the tab that it is built in; `session` is the user's, shared with Play."""

    def __init__(self, tab: gr.Tab, session: gr.State) -> None:
        names = checkpoints.available() or list(VARIANTS)
        first = "dim" if "dim" in names else names[0]
        with gr.Row(equal_height=False, elem_classes="desk"):
            with gr.Column(scale=4, min_width=280, elem_classes="side"):
                self._controls(names, first)
            with gr.Column(scale=7, min_width=280, elem_classes="canvas"):
                self.scene = gr.HTML(
                    draw(session.value, first, *schedule_of(OPENING), START),
                    elem_id="schedule",
                    padding=False,
                )
        self._wire(tab, session)

    def _controls(self, names: list[str], first: str) -> None:
        beta_start, beta_end, zero_snr = schedule_of(OPENING)
        self.variant = gr.Dropdown(
            [(VARIANTS[name].title, name) for name in names],
            value=first,
            label="Network",
            info="Its training schedule is compared with the custom one below.",
            filterable=False,
        )
        self.table = ButtonsHTML(_table(first), elem_id="schedules", padding=False)
        self.beta_start = Slider(
            1e-4,
            0.01,
            beta_start,
            step=1e-4,
            label="Beta start",
            info="Variance of the noise added at the first timestep.",
        )
        self.beta_end = Slider(
            0.001,
            0.2,
            beta_end,
            step=0.001,
            label="Beta end",
            info="Variance of the noise added at the last timestep; betas rise linearly in between.",
        )
        self.zero_snr = gr.Checkbox(
            zero_snr,
            label="Zero terminal SNR",
            info="Rescale the betas so that nothing of the image is left at the last timestep.",
        )
        self.at = Slider(
            0,
            LAST_TIMESTEP,
            START,
            step=1,
            label="Start timestep",
            info="How much noise is added to the image. It is the same noise at every timestep.",
        )
        self.reset = gr.Button("Training defaults", size="md")

    def _wire(self, tab: gr.Tab, session: gr.State) -> None:
        betas = [self.beta_start, self.beta_end, self.zero_snr]
        at_once(self.reset.click, schedule_of, self.variant, betas)
        at_once(self.table.click, pressed, None, betas)
        # A typed number beyond a slider's end, which the browser then corrects, raises change events alone.
        changed = [control.change for control in (self.variant, *betas, self.at)]
        at_once(
            [tab.select, *changed],
            draw,
            [session, self.variant, *betas, self.at],
            self.scene,
            trigger_mode="always_last",
        )
        at_once(self.variant.input, _table, self.variant, self.table)


def schedule_of(variant: str) -> tuple[float, float, bool]:
    """(beta start, beta end, zero terminal SNR) that a variant is trained with."""
    curves = Curves.trained(find_variant(variant))
    return curves.beta_start, curves.beta_end, curves.zero_terminal_snr


def pressed(event: gr.EventData) -> tuple[float, float, bool]:
    """(beta start, beta end, zero terminal SNR) of the table's row whose button was pressed."""
    return schedule_of(event.value)


def draw(
    session: Session, variant: str, beta_start: float, beta_end: float, zero_snr: bool, start: int
) -> str:
    """The scene for the controls' values as HTML, or the refusal in its place."""
    try:
        return scene(SchedulePair.of(session, variant, beta_start, beta_end, zero_snr, start))
    except Refusal as refusal:
        return refused(str(refusal), _placeholder(session, variant))


def _placeholder(session: Session, variant: str) -> str:
    """A scene of the usual size, empty if the variant's record cannot be read."""
    try:
        return scene(SchedulePair.of(session, variant, *schedule_of(variant), START))
    except Refusal:
        return ""


def _table(variant: str) -> str:
    try:
        return table(variant)
    except Refusal as refusal:
        return refused(str(refusal), "")
