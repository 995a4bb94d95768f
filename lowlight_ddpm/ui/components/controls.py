"""RunSettings as components: the label and description of each control, and conversion in both directions."""

import random
from functools import partial
from threading import Lock
from typing import Any, get_args

import gradio as gr

from lowlight_ddpm.diffusion.backends import TITLES
from lowlight_ddpm.diffusion.samplers import SAMPLERS
from lowlight_ddpm.diffusion.settings import (
    LAST_TIMESTEP,
    TRAIN_TIMESTEPS,
    RunSettings,
    SamplerName,
    VarianceType,
    run_settings,
)
from lowlight_ddpm.images.photometry import LIGHTS
from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.ui.components.plan import description, plan
from lowlight_ddpm.ui.components.widgets import Input, Slider
from lowlight_ddpm.ui.messages import Listen, at_once
from lowlight_ddpm.ui.session import Session
from lowlight_ddpm.variants import VARIANTS

# Where the page starts to denoise: the image still shows through there (63 % signal). From the package's own
# default, 600, the network generates a different butterfly.
START = 300
# The fewest steps from there that reach the colours and the high-frequency detail of DDPM's 250:
# `step_counts.fewest`.
SAMPLER, STEPS = "dpm++", 20
FIELDS = tuple(RunSettings.model_fields)
# The post's “noise_timesteps 50” can be read in three ways.
PRESETS = {
    "Noised to t = 50": {"start": 50, "steps": 50},
    "Pure noise, 1000 steps": {"mode": "generate", "steps": TRAIN_TIMESTEPS},
    "Noised to t = 999, 50 steps": {"start": LAST_TIMESTEP, "steps": 50},
}
PRESETS_NOTE = (
    "The post sets “noise_timesteps” to 50, and does not say of what. Three readings: your image noised "
    "to timestep 50; pure noise in all 1000 steps; your image noised to timestep 999, then 50 steps."
)
MODES = {"restore": "Denoise an image", "generate": "Unconditional sampling"}
VARIANCES = {
    "fixed_small": "small",
    "fixed_small_log": "small, log",
    "fixed_large": "large",
    "fixed_large_log": "large, log",
}
MEAN_CORRECTIONS = {
    "off": "off",
    "training": "training colours",
    "wide": "any colour",
    "drawn": "training colours, drawn",
}
_ONE_AT_A_TIME = Lock()  # the first plan for a network times it, which needs the processor to itself


class Controls:
    """The components of one RunSettings, laid out in the current column."""

    def __init__(self) -> None:
        names = checkpoints.available() or list(VARIANTS)
        first = "dim" if "dim" in names else names[0]
        proposed = opening(first)
        self._networks(names, proposed)
        self._reverse_process(proposed)
        with gr.Accordion("Noise schedule", open=False, elem_classes="more"):
            self._schedule(proposed)
        with gr.Accordion("Corrections at sampling", open=False, elem_classes="more"):
            self._corrections(proposed)
        self._seed(proposed)
        self.reset = gr.Button("Training defaults", size="md", elem_id="training-defaults")
        self._presets()
        self._wire()

    @property
    def fields(self) -> list[Input]:
        """The components in the order of RunSettings' fields."""
        return [getattr(self, name) for name in FIELDS]

    def _networks(self, names: list[str], proposed: RunSettings) -> None:
        self.variant = gr.Dropdown(
            [(VARIANTS[name].title, name) for name in names],
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

    def _reverse_process(self, proposed: RunSettings) -> None:
        self.brightness = Slider(
            0.05,
            1,
            proposed.brightness,
            step=0.05,
            label="Brightness",
            info="The value of white in your image before noise is added.",
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
        self.start = Slider(
            0,
            LAST_TIMESTEP,
            proposed.start,
            step=1,
            label="Start timestep",
            info="How much noise is added first: hardly any at 0; at 999 little of the image is left.",
        )
        self.signal = gr.HTML(padding=False)
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
        self.variance_type = gr.Radio(
            [(VARIANCES[name], name) for name in get_args(VarianceType)],
            value=proposed.variance_type,
            label="Variance type",
            info="What DDPM adds at each step; choosing one selects DDPM. The post first tried “large”.",
        )

        self.backend = gr.Radio(
            [(title, name) for name, title in TITLES.items()],
            value=proposed.backend,
            label="Backend",
            info="What runs the network. On a CPU, ONNX Runtime is faster; the colours are the same.",
        )

    def _schedule(self, proposed: RunSettings) -> None:
        with gr.Row():
            self.beta_start = _beta("Beta start", "Noise added at the first timestep.", proposed.beta_start)
            self.beta_end = _beta("Beta end", "Noise added at the last timestep.", proposed.beta_end)
        self.clip = gr.Checkbox(
            proposed.clip,
            label="Clip x0",
            info="Clip every estimate of the clean image to the range of pixel values.",
        )

    def _corrections(self, proposed: RunSettings) -> None:
        self.anchor = gr.Checkbox(
            proposed.anchor,
            label="Anchor",
            info="Denoising: hold x0's mean colour to that estimated from the noisy image.",
        )
        self.mean_correction = gr.Radio(
            [(title, name) for name, title in MEAN_CORRECTIONS.items()],
            value=proposed.mean_correction,
            label="Mean correction",
            info="Sets x0's mean colour to what x_t's tells of it; networks that predict noise hardly look.",
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

    def _seed(self, proposed: RunSettings) -> None:
        with gr.Row(elem_classes="seed", equal_height=False):
            self.seed = gr.Number(
                proposed.seed,
                precision=0,
                minimum=0,
                maximum=2**32 - 1,
                step=1,
                label="Seed",
                info="The same seed gives the same noise.",
                min_width=120,
                scale=3,
            )
            self.dice = gr.Button("Roll", size="md", min_width=72, scale=0, elem_id="roll")
        self.lock = gr.Checkbox(True, label="Lock the seed", info="Off: every run uses a new one.")

    def _presets(self) -> None:
        gr.HTML(f'<p class="note">{PRESETS_NOTE}</p>', padding=False)
        with gr.Row(elem_classes="presets"):
            self.presets = {name: gr.Button(name, size="sm", min_width=80) for name in PRESETS}
        self.surprise = gr.Button("Surprise me", size="md", elem_id="surprise")

    def _wire(self) -> None:
        for name, button in self.presets.items():
            at_once(button.click, partial(preset, name), [self.variant, self.seed], self.fields)
        at_once(
            [self.variant.input, self.mode.input, self.reset.click],
            training_defaults,
            [self.variant, self.mode, self.seed],
            self.fields,
        )
        at_once(self.variant.change, description, self.variant, self.description)
        at_once(self.variance_type.input, stochastic, self.sampler, self.sampler)
        at_once(self.dice.click, fresh_seed, None, self.seed)

    def announce(self, session: gr.State, where: gr.HTML, load: Listen) -> None:
        """Update the signal below the start slider and the plan in `where` whenever a control changes.

        It is one event, of which the browser has at most one under way: of several, the answer for older
        values could arrive last. And it is not queued: an event that joins the queue while Gradio closes the
        stream of answers is answered no sooner than the next one. `lights` shows the image, so that it
        changes whenever that does.
        """
        changes = [load, self.lights.change, *(field.change for field in self.fields)]
        inputs, outputs = [session, *self.fields], [self.signal, where]
        at_once(changes, describe, inputs, outputs, trigger_mode="always_last")


def not_offered() -> str:
    """HTML that names the networks without a checkpoint; empty if all have one, or none has."""
    there = checkpoints.available() or list(VARIANTS)
    titles = ", ".join(row.title for name, row in VARIANTS.items() if name not in there)
    said = f"Not available, as there is no checkpoint here: {titles}. The command train creates one."
    return f'<p class="note">{said}</p>' if titles else ""


def opening(variant: str, mode: str = "restore", seed: int = 0) -> RunSettings:
    """What the page proposes for a variant: its training defaults; to denoise, START and a fast sampler.

    In unconditional sampling no sampler is as good in fewer steps, so there the post's own is proposed.
    """
    quickly = {"start": START, "sampler": SAMPLER, "steps": STEPS} if mode == "restore" else {}
    return run_settings(variant=variant, mode=mode, seed=seed, **quickly)


def steps_in_words(run) -> str:
    """The sampler of a run (settings, or a row of results) and, if it adds noise, the variance type."""
    sampler = SAMPLERS[run.sampler]
    return f"{sampler.title}, {VARIANCES[run.variance_type]}" if sampler.stochastic else sampler.title


def settings_of(values: tuple[Any, ...]) -> RunSettings:
    """The settings for the components' values. Raises Refusal if they contradict each other."""
    return run_settings(**dict(zip(FIELDS, values, strict=True)))


def values_of(settings: RunSettings) -> list[Any]:
    """The components' values for `settings`, in the order of `Controls.fields`."""
    return [getattr(settings, name) for name in FIELDS]


def training_defaults(variant: str, mode: str, seed: int) -> list[Any]:
    """The components' values for a variant's training defaults; the seed stays."""
    return values_of(opening(variant, mode, seed))


def stochastic(sampler: SamplerName) -> SamplerName:
    """The sampler if it adds noise, so that a variance type applies to it, else DDPM."""
    return sampler if SAMPLERS[sampler].stochastic else "ddpm"


def preset(name: str, variant: str, seed: int) -> list[Any]:
    """The components' values for one of PRESETS; network and seed stay."""
    return values_of(run_settings(variant=variant, seed=seed, **PRESETS[name]))


def describe(session: Session, *values) -> tuple[str, str]:
    """(signal, plan) as HTML for the components' values and the user's image."""
    with _ONE_AT_A_TIME:
        return plan(dict(zip(FIELDS, values, strict=True)), session.picked.image)


def fresh_seed() -> int:
    """A random seed, short enough to write down."""
    return random.randrange(1_000_000)


def _beta(label: str, info: str, value: float) -> gr.Number:
    return gr.Number(value, label=label, info=info, step=1e-4, min_width=130, precision=None)
