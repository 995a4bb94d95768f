"""RunSettings as components: the label and description of each control, and conversion in both directions."""

import random
from collections.abc import Callable
from functools import partial
from html import escape
from typing import Any, get_args

import gradio as gr
from gradio.blocks import Block

from lowlight_ddpm.diffusion.backends import TITLES
from lowlight_ddpm.diffusion.samplers import SAMPLERS
from lowlight_ddpm.diffusion.settings import (
    LAST_TIMESTEP,
    TRAIN_TIMESTEPS,
    RunSettings,
    VarianceType,
    run_settings,
)
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.images.photometry import LIGHTS
from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.ui.components import choices
from lowlight_ddpm.ui.components.choices import (
    Values,
    essentials,
    has_variance,
    named,
    opening,
    set_with_it,
)
from lowlight_ddpm.ui.components.essentials import Essentials
from lowlight_ddpm.ui.components.plan import description
from lowlight_ddpm.ui.components.widgets import Input, Slider
from lowlight_ddpm.ui.components.words import FIELDS, MEAN_CORRECTIONS, MODES, VARIANCES
from lowlight_ddpm.ui.messages import at_once, skip
from lowlight_ddpm.variants import VARIANTS

PRESETS_NOTE = (
    "The post sets “noise_timesteps” to 50, and does not say of what. Three readings: your image noised "
    "to timestep 50; pure noise in all 1000 steps; your image noised to timestep 999, then 50 steps."
)


class Controls:
    """The components of one RunSettings: the four on top, and `lay` puts the rest into the current column."""

    def __init__(self, mode: str = "generate") -> None:
        self._names = checkpoints.available() or list(VARIANTS)
        self.proposed = opening("dim" if "dim" in self._names else self._names[0], mode)
        self.essentials = Essentials(self._names, self.proposed)
        self.seed = self.essentials.seed
        self.said = gr.HTML(elem_id="said", padding=False, render=False)

    def lay(self) -> None:
        """Lay out all but the four controls, and have every choice do what `choices` says."""
        proposed = self.proposed
        self._networks(proposed)
        self._images(proposed)
        self._reverse_process(proposed)
        self._schedule(proposed)
        self._corrections(proposed)
        self._seed_and_presets(proposed)
        self._wire()

    @property
    def fields(self) -> list[Input]:
        """The components in the order of RunSettings' fields."""
        return [getattr(self, name) for name in FIELDS]

    @property
    def all(self) -> list[Block]:
        """Everything that `shown` gives values for."""
        return [*self.fields, *self.essentials.views, self.variance]

    def _networks(self, proposed: RunSettings) -> None:
        self.variant = gr.Dropdown(
            [(VARIANTS[name].title, name) for name in self._names],
            value=proposed.variant,
            label="Network",
            info="Each was trained for one experiment: the line below says which.",
            filterable=False,  # a telephone would cover the names with its keyboard
        )
        gr.HTML(not_offered(), visible=bool(not_offered()), padding=False)
        self.description = gr.HTML(description(proposed.variant), padding=False)
        self.mode = gr.Radio(
            [(title, mode) for mode, title in MODES.items()],
            value=proposed.mode,
            label="Task",
            info="Denoise: your image is noised, then denoised. Unconditional: an image from pure noise.",
        )

    def _images(self, proposed: RunSettings) -> None:
        with gr.Row(elem_classes="reset-of", equal_height=False):
            self.brightness = Slider(
                0.05,
                1,
                proposed.brightness,
                step=0.05,
                label="Brightness",
                info="The value of white in your image before noise is added.",
            )
            self.own_brightness = gr.Button(
                "↺ the network's own", size="sm", scale=0, elem_id="own-brightness"
            )
        self.light = gr.Radio(
            [(row.title, name) for name, row in LIGHTS.items()],
            value=proposed.light,
            label="Dimming",
            info=" ".join(f"{row.title}: {row.sentence}" for row in LIGHTS.values()),
        )
        self.lights = gr.HTML(padding=False, elem_id="lights")
        self.whole = gr.Checkbox(
            proposed.whole,
            label="Whole image",
            info="At its own size, in overlapping tiles. Off: the central square, at the network's size.",
            elem_id="whole",
        )

    def _reverse_process(self, proposed: RunSettings) -> None:
        self.start = Slider(
            0,
            LAST_TIMESTEP,
            proposed.start,
            step=1,
            label="Start timestep",
            info="How much noise is added first: hardly any at 0; at 999 little of the image is left.",
        )
        self.steps = Slider(
            1,
            TRAIN_TIMESTEPS,
            proposed.steps,
            step=1,
            label="Steps",
            info="Number of denoising steps. More take longer and give finer results.",
        )
        self.sampler = gr.Dropdown(
            [(row.title, name) for name, row in SAMPLERS.items()],
            value=proposed.sampler,
            label="Sampler",
            info="How a step is computed. Only DDPM, the post's, adds fresh noise; others need fewer steps.",
            filterable=False,
        )
        with gr.Column(visible=has_variance(proposed.model_dump())) as self.variance:
            self.variance_type = gr.Radio(
                [(VARIANCES[name], name) for name in get_args(VarianceType)],
                value=proposed.variance_type,
                label="Variance type",
                info="How much noise DDPM adds at each step. The post first tried “large”.",
            )
        self.backend = gr.Radio(
            [(title, name) for name, title in TITLES.items()],
            value=proposed.backend,
            label="Backend",
            info="What runs the network. On a CPU, ONNX Runtime is faster; the colours are the same.",
        )

    def _schedule(self, proposed: RunSettings) -> None:
        gr.HTML("<h2>Noise schedule</h2>", padding=False)
        with gr.Row():
            self.beta_start = _beta("Beta start", "Noise added at the first timestep.", proposed.beta_start)
            self.beta_end = _beta("Beta end", "Noise added at the last timestep.", proposed.beta_end)
        self.clip = gr.Checkbox(
            proposed.clip,
            label="Clip x0",
            info="Clip every estimate of the clean image to the range of pixel values.",
        )

    def _corrections(self, proposed: RunSettings) -> None:
        gr.HTML("<h2>Corrections at sampling</h2>", padding=False)
        self.mean_correction = gr.Radio(
            [(title, name) for name, title in MEAN_CORRECTIONS.items()],
            value=proposed.mean_correction,
            label="Mean correction",
            info="Sets x0's mean colour to what x_t's tells of it; networks that predict noise hardly look.",
        )
        self.anchor = gr.Checkbox(
            proposed.anchor,
            label="Anchor",
            info="Denoising: hold x0's mean colour to that estimated from the noisy image.",
        )
        self.leak_start = gr.Checkbox(
            proposed.leak_start,
            label="Signal-leak initialisation",
            info="Unconditional: start with a trace of a training colour, as in training at timestep 999.",
        )
        self.clip_to_data = gr.Checkbox(
            proposed.clip_to_data,
            label="Clip x0 to the data",
            info="Clip every estimate to the range of images at this brightness.",
        )
        self.epsilon_scale = Slider(
            0.95,
            1.05,
            proposed.epsilon_scale,
            step=0.001,
            label="Epsilon scale",
            info="Divides the predicted noise; Ning et al. (2024) choose values just above 1.",
        )

    def _seed_and_presets(self, proposed: RunSettings) -> None:
        self.lock = gr.Checkbox(True, label="Lock the seed", info="Off: every run uses a new one.")
        self.reset = gr.Button("Training defaults", size="md", elem_id="training-defaults")
        gr.HTML(f'<p class="note">{PRESETS_NOTE}</p>', padding=False)
        with gr.Row(elem_classes="presets"):
            self.presets = {name: gr.Button(name, size="sm", min_width=80) for name in choices.PRESETS}
        self.surprise = gr.Button("Surprise me", size="md", elem_id="surprise")

    def _wire(self) -> None:
        top, everything = self.essentials, [self.said, *self.all]
        # A choice leaves its own control alone: an answer on its way would move a slider under the finger.
        for control, choice, own in (
            (top.learned, choices.with_network, ""),
            (top.correction, choices.with_correction, "mean_correction"),
            (top.noise, choices.with_noise, "start"),
            (self.variant, choices.with_network, "variant"),
            (self.mode, choices.with_task, "mode"),
        ):
            answered = partial(answer, choice, own, everything.index(control))
            outputs = [one for one in everything if one is not control]
            inputs = [control, *self.fields]
            at_once(control.input, answered, inputs, outputs, trigger_mode="always_last")
        finer = ("brightness", "start", "beta_start", "beta_end", "mean_correction", "sampler")
        finer = [getattr(self, name).input for name in finer]
        at_once(finer, views, self.fields, [self.said, *top.views, self.variance], trigger_mode="always_last")
        wholesale = {button: partial(choices.preset, name) for name, button in self.presets.items()}
        wholesale |= {self.reset: choices.training_defaults, self.own_brightness: choices.own_brightness}
        for button, choice in wholesale.items():
            at_once(button.click, partial(pressed, choice), self.fields, everything)
        at_once(self.variant.change, description, self.variant, self.description)
        at_once(top.dice.click, fresh_seed, None, self.seed)


def not_offered() -> str:
    """HTML that names the networks without a checkpoint; empty if all have one, or none has."""
    there = checkpoints.available() or list(VARIANTS)
    titles = ", ".join(row.title for name, row in VARIANTS.items() if name not in there)
    said = f"Not available, as there is no checkpoint here: {titles}. The command train creates one."
    return f'<p class="note">{said}</p>' if titles else ""


def settings_of(values: tuple[Any, ...]) -> RunSettings:
    """The settings for the components' values. Raises Refusal if they contradict each other."""
    return run_settings(**named(values))


def values_of(settings: RunSettings) -> list[Any]:
    """The components' values for `settings`, in the order of `Controls.fields`."""
    return [getattr(settings, name) for name in FIELDS]


def shown(values: Values, before: Values | None = None) -> list[Any]:
    """What `Controls.all` shows of the values of all settings.

    A control whose value is that of `before` is left alone: the user may have changed it meanwhile.
    """
    fields = [skip() if before and before[name] == values[name] else values[name] for name in FIELDS]
    return [*fields, *essentials(values), gr.Column(visible=has_variance(values))]


def fresh_seed() -> int:
    """A random seed, short enough to write down."""
    return random.randrange(1_000_000)


def answer(choice: Callable[[Values, Any], Values], own: str, skipped: int, value: Any, *fields) -> list[Any]:
    """(what else was set, then `shown`), without the output `skipped`, after `value` was chosen.

    `own` is the setting that the control stands for; where it is the very field, `fields` has it already.
    """
    before = named(fields)
    if before.get(own) == value:
        before[own] = None
    try:
        after = choice(before, value)
    except Refusal:  # of other settings, which the plan tells
        return [skip()] * (len(fields) + 4)
    answered = [line(set_with_it(before, after, own)), *shown(after, before)]
    return answered[:skipped] + answered[skipped + 1 :]


def views(*fields) -> list[Any]:
    """(nothing said, the four controls, whether variance types are offered) after a finer control."""
    return ["", *shown(named(fields))[len(fields) :]]


def pressed(choice: Callable[[Values], Values], *fields) -> list[Any]:
    """(what was set, then `shown`) after a button that sets several settings."""
    before = named(fields)
    after = choice(before)
    return [line(set_with_it(before, after)), *shown(after, before)]


def line(text: str) -> str:
    """What the page says of a choice, as HTML."""
    return f'<p class="note" role="status">{escape(text)}</p>' if text else ""


def _beta(label: str, info: str, value: float) -> gr.Number:
    return gr.Number(value, label=label, info=info, step=1e-4, min_width=130, precision=None)
