"""The four controls of a run that everyone needs; all others set the same settings more finely."""

import gradio as gr
from gradio.components import Component

from lowlight_ddpm.diffusion.settings import RunSettings
from lowlight_ddpm.ui.components.choices import ALL_NOISE, LEARNED, essentials
from lowlight_ddpm.ui.components.widgets import Slider


class Essentials:
    """Learned from, Correction, Noise and Seed, side by side in the current row."""

    def __init__(self, names: list[str], proposed: RunSettings) -> None:
        learned, correction, noise = essentials(proposed.model_dump())
        with gr.Column(min_width=280, scale=3, elem_classes="essential"):
            self.learned = gr.Radio(
                [(title, name) for name, title in LEARNED.items() if name in names],
                value=learned if learned in names else None,
                label="Learned from",
                elem_id="learned",
            )
            gr.HTML('<p class="hint">images at full, half or quarter light</p>', padding=False)
        with gr.Column(min_width=150, scale=2, elem_classes="essential"):
            self.correction = gr.Radio(
                ["off", "on"], value=correction, label="Correction", elem_id="correction"
            )
            gr.HTML('<p class="hint">of colours; no new training</p>', padding=False)
        with gr.Column(min_width=200, scale=4, elem_classes="essential"):
            self.noise = Slider(1, ALL_NOISE, noise, step=1, label="Noise", elem_id="noise")
            self.signal = gr.HTML(padding=False, elem_id="signal")
        with gr.Column(min_width=160, scale=2, elem_classes="essential"):
            with gr.Row(elem_classes="seed", equal_height=False):
                self.seed = gr.Number(
                    proposed.seed,
                    precision=0,
                    minimum=0,
                    maximum=2**32 - 1,
                    step=1,
                    label="Seed",
                    min_width=80,
                    scale=3,
                    elem_id="seed",
                )
                self.dice = gr.Button("Roll", size="md", min_width=60, scale=0, elem_id="roll")
            gr.HTML('<p class="hint">the same seed, the same noise</p>', padding=False)

    @property
    def views(self) -> list[Component]:
        """What `choices.essentials` gives values for."""
        return [self.learned, self.correction, self.noise]
