"""A part of the tab Compare: all sixteen pictures restored by two networks, side by side."""

import gradio as gr

from lowlight_ddpm.diffusion.settings import run_settings
from lowlight_ddpm.ui.compare import sheet
from lowlight_ddpm.ui.components.jobs import Course, Launcher
from lowlight_ddpm.ui.session import Session
from lowlight_ddpm.variants import VARIANTS

READY = "Ready. Sixteen pictures take a network about sixteen times as long as one."
PROPOSED = ("dim", "bright")


class Sixteen:
    """Layout and wiring, built in the current column."""

    def __init__(self, names: list[str]) -> None:
        left, right = (name if name in names else names[0] for name in PROPOSED)
        with gr.Row(elem_classes="abreast"):
            self.networks = [
                gr.Dropdown(
                    [(VARIANTS[name].title, name) for name in names],
                    value=value,
                    label=label,
                    filterable=False,
                    min_width=130,
                )
                for label, value in (("Left sheet", left), ("Right sheet", right))
            ]
        self.launcher = Launcher("All sixteen", "sheet", READY)
        self.scene = gr.HTML(elem_id="sheets", padding=False)

    def wire(self, tab: gr.Tab, session: gr.State, shared: list) -> None:
        """`shared` are start, steps, seed and brightness."""
        inputs = [*self.networks, *shared]
        changes = [tab.select, *(control.change for control in inputs)]
        self.launcher.wire(Course(make, draw), session, inputs, self.scene, changes)


def make(
    session: Session, left: str, right: str, start: int, steps: int, seed: int, brightness: float
) -> sheet.Sheet:
    """The work that the controls ask for. Raises Refusal where they contradict each other."""
    both = (
        run_settings(variant=name, start=start, steps=steps, seed=seed, brightness=brightness or None)
        for name in (left, right)
    )
    return sheet.Sheet(session.gallery.pictures, tuple(both))


def draw(session: Session, work: sheet.Sheet) -> str:
    """Both sheets as they stand."""
    return sheet.scene(work, session.brightened)
