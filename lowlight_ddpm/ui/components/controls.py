"""RunSettings as components: what each control is called, what it means, and the way there and back."""

import random
from functools import partial
from typing import get_args

import gradio as gr

from lowlight_ddpm.diffusion.backends import TITLES
from lowlight_ddpm.diffusion.samplers import SAMPLERS
from lowlight_ddpm.diffusion.schedule import TRAIN_TIMESTEPS, VarianceType
from lowlight_ddpm.diffusion.settings import LAST_TIMESTEP, RunSettings, run_settings
from lowlight_ddpm.images.dimming import LIGHTS
from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.ui.components.dial import Dial
from lowlight_ddpm.ui.components.plan import lesson, plan
from lowlight_ddpm.ui.messages import SILENT, SPOKEN
from lowlight_ddpm.ui.session import Session
from lowlight_ddpm.variants import VARIANTS

# Where the page restores from: the picture still shows through there (63 % signal). Twice as deep, at the
# core's own 600, the network draws a butterfly other than the one it was given.
START = 300
# What ends there in the colours and the fine structure of DDPM's 250 steps, in the fewest:
# `step_counts.fewest`.
SAMPLER, STEPS = "dpm++", 20
FIELDS = tuple(RunSettings.model_fields)
# The post's “noise_timesteps 50” can be read in three ways.
PRESETS = {
    "Noised to 50": {"start": 50, "steps": 50},
    "From pure noise": {"mode": "generate", "steps": TRAIN_TIMESTEPS},
    "50 steps": {"start": LAST_TIMESTEP, "steps": 50},
}
PRESETS_NOTE = (
    "The post's setting “noise_timesteps 50”, read in three ways: your picture noised to timestep 50; "
    "pictures from nothing, with all 1000 steps; or your picture noised all the way, and 50 steps back."
)
MODES = {"restore": "Restore a picture", "generate": "From pure noise"}
VARIANCES = {
    "fixed_small": "small",
    "fixed_small_log": "small, log",
    "fixed_large": "large",
    "fixed_large_log": "large, log",
}


class Controls:
    """The components of one RunSettings, laid out in the current column."""

    def __init__(self) -> None:
        names = checkpoints.available() or list(VARIANTS)
        first = "dim" if "dim" in names else names[0]
        trained = opening(first)
        self._networks(names, trained)
        self._walk(trained)
        with gr.Accordion("Noise schedule", open=False, elem_classes="more"):
            self._schedule(trained)
        with gr.Accordion("Cures that need no training", open=False, elem_classes="more"):
            self._cures(trained)
        self._noise(trained)
        self.reset = gr.Button("As trained", size="md", elem_id="as-trained")
        self._presets()
        self._wire()

    @property
    def fields(self) -> list[gr.components.Component]:
        """The components in the order of RunSettings' fields."""
        return [getattr(self, name) for name in FIELDS]

    def _networks(self, names: list[str], trained: RunSettings) -> None:
        self.variant = gr.Dropdown(
            [(VARIANTS[name].title, name) for name in names],
            value=trained.variant,
            label="Network",
            info="Which experiment it comes from.",
            filterable=False,  # a telephone would open its keyboard over the names
        )
        gr.HTML(not_offered(), visible=bool(not_offered()), padding=False)
        self.lesson = gr.HTML(lesson(trained.variant), padding=False)
        self.mode = gr.Radio(
            [(title, mode) for mode, title in MODES.items()],
            value=trained.mode,
            label="Task",
            info="Restore: your picture is noised, then denoised. Pure noise: the network invents one.",
        )

    def _walk(self, trained: RunSettings) -> None:
        self.brightness = Dial(
            0.05,
            1,
            trained.brightness,
            step=0.05,
            label="Brightness",
            info="How bright white is in your picture before the noise is added.",
        )
        self.light = gr.Radio(
            [(row.title, name) for name, row in LIGHTS.items()],
            value=trained.light,
            label="Light",
            info=" ".join(f"{row.title}: {row.sentence}" for row in LIGHTS.values()),
        )
        self.lights = gr.HTML(padding=False, elem_id="lights")
        self.whole = gr.Checkbox(
            trained.whole,
            label="Whole picture",
            info="All of it at its own size, in overlapping tiles. Off: its middle square at the network's.",
            elem_id="whole",
        )
        self.start = Dial(
            0,
            LAST_TIMESTEP,
            trained.start,
            step=1,
            label="Start timestep",
            info="How deep in noise the run starts: at 0 hardly any, at 999 nothing of the picture is left.",
        )
        self.signal = gr.HTML(padding=False)
        self.steps = Dial(
            1,
            TRAIN_TIMESTEPS,
            trained.steps,
            step=1,
            label="Steps",
            info="How many times the network is asked on the way back. More is slower, and finer.",
        )
        self.sampler = gr.Dropdown(
            [(row.title, name) for name, row in SAMPLERS.items()],
            value=trained.sampler,
            label="Sampler",
            info="How a step is taken. Only DDPM, the post's, adds fresh noise; the others need fewer steps.",
            filterable=False,
        )
        self.variance_type = gr.Radio(
            [(VARIANCES[name], name) for name in get_args(VarianceType)],
            value=trained.variance_type,
            label="Variance type",
            info="What DDPM adds at each step; choosing one chooses DDPM. “Large” was the post's first cure.",
        )

        self.backend = gr.Radio(
            [(title, name) for name, title in TITLES.items()],
            value=trained.backend,
            label="Backend",
            info="What computes the network. On a processor ONNX Runtime is the quicker; colours stay.",
        )

    def _schedule(self, trained: RunSettings) -> None:
        with gr.Row():
            self.beta_start = _beta("Beta start", "Noise added at the first timestep.", trained.beta_start)
            self.beta_end = _beta("Beta end", "Noise added at the last timestep.", trained.beta_end)
        self.clip = gr.Checkbox(
            trained.clip,
            label="Clip x0",
            info="Cut every estimate of the clean picture to the range of real pixels.",
        )

    def _cures(self, trained: RunSettings) -> None:
        self.anchor = gr.Checkbox(
            trained.anchor,
            label="Anchor",
            info="Restoring: hold x0's mean colour to what the noised picture still tells of it.",
        )
        self.leak_start = gr.Checkbox(
            trained.leak_start,
            label="Leak start",
            info="From pure noise: start with a trace of a training colour, as training had at 999.",
        )
        self.clip_to_data = gr.Checkbox(
            trained.clip_to_data,
            label="Clip x0 to the data",
            info="Cut every estimate to the range that a picture of this brightness can have.",
        )
        self.epsilon_scale = Dial(
            0.95,
            1.05,
            trained.epsilon_scale,
            step=0.001,
            label="Epsilon scale",
            info="Divides the noise that the network finds: 1.006 is the literature's at 64 px.",
        )

    def _noise(self, trained: RunSettings) -> None:
        with gr.Row(elem_classes="seed", equal_height=False):
            self.seed = gr.Number(
                trained.seed,
                precision=0,
                minimum=0,
                maximum=2**32 - 1,
                step=1,
                label="Seed",
                info="The same seed draws the same noise.",
                min_width=120,
                scale=3,
            )
            self.dice = gr.Button("Roll", size="md", min_width=72, scale=0, elem_id="roll")
        self.lock = gr.Checkbox(True, label="Lock the seed", info="Off: every run draws a new one.")

    def _presets(self) -> None:
        gr.HTML(f'<p class="note">{PRESETS_NOTE}</p>', padding=False)
        with gr.Row(elem_classes="presets"):
            self.presets = {name: gr.Button(name, size="sm", min_width=80) for name in PRESETS}
        self.surprise = gr.Button("Surprise me", size="md", elem_id="surprise")

    def _wire(self) -> None:
        for name, button in self.presets.items():
            button.click(partial(preset, name), [self.variant, self.seed], self.fields, **SILENT)
        gr.on(
            [self.variant.input, self.mode.input, self.reset.click],
            as_trained,
            [self.variant, self.mode, self.seed],
            self.fields,
            **SILENT,
        )
        self.variant.change(lesson, self.variant, self.lesson, **SILENT)
        self.variance_type.input(noisy, self.sampler, self.sampler, **SILENT)
        self.dice.click(fresh_seed, None, self.seed, **SILENT)

    def announce(
        self,
        session: gr.State,
        where: gr.HTML,
        load: gr.events.EventListener,
        picked: list[gr.events.Dependency],
    ) -> None:
        """Keep the signal below the start slider and the plan in `where` true to the controls.

        `picked` are the events after which the visitor's `session` has another picture.
        """
        told = [describe, [session, *self.fields], [self.signal, where]]
        # Queued, one after the other: else what was said of older values might come last.
        in_order = SPOKEN | {"concurrency_limit": 1, "concurrency_id": "plan"}
        changes = [load, *(field.change for field in self.fields)]
        gr.on(changes, *told, trigger_mode="always_last", **in_order)
        for event in picked:
            event.then(*told, **in_order)


def not_offered() -> str:
    """Which networks cannot be chosen, as HTML; empty where all are here, or none is and all can be."""
    there = checkpoints.available() or list(VARIANTS)
    titles = ", ".join(row.title for name, row in VARIANTS.items() if name not in there)
    said = f"Not to be chosen, as there is no checkpoint here: {titles}. The command train makes one."
    return f'<p class="note">{said}</p>' if titles else ""


def opening(variant: str, mode: str = "restore", seed: int = 0) -> RunSettings:
    """What the page proposes for a variant: all as it was trained; a picture restored from START, quickly.

    From pure noise no sampler is as good in fewer steps, and the post's own is proposed.
    """
    quickly = {"start": START, "sampler": SAMPLER, "steps": STEPS} if mode == "restore" else {}
    return run_settings(variant=variant, mode=mode, seed=seed, **quickly)


def steps_in_words(run) -> str:
    """How a run's steps are taken: its sampler and, where that adds noise, the variance type.

    `run` has both, as settings have them, and as rows of results do.
    """
    sampler = SAMPLERS[run.sampler]
    return f"{sampler.title}, {VARIANCES[run.variance_type]}" if sampler.stochastic else sampler.title


def settings_of(values: tuple) -> RunSettings:
    """The settings that the components' values stand for. Raises Refusal where they contradict each other."""
    return run_settings(**dict(zip(FIELDS, values, strict=True)))


def values_of(settings: RunSettings) -> list:
    """The components' values for `settings`, in the order of `Controls.fields`."""
    return [getattr(settings, name) for name in FIELDS]


def as_trained(variant: str, mode: str, seed: int) -> list:
    """The components' values for a variant as it was trained; the seed stays."""
    return values_of(opening(variant, mode, seed))


def noisy(sampler: str) -> str:
    """A sampler that adds the noise whose variance type was chosen: this one, or DDPM."""
    return sampler if SAMPLERS[sampler].stochastic else "ddpm"


def preset(name: str, variant: str, seed: int) -> list:
    """The components' values for a reading of the post; network and seed stay."""
    return values_of(run_settings(variant=variant, seed=seed, **PRESETS[name]))


def describe(session: Session, *values) -> tuple[str, str]:
    """(signal, plan) as HTML for the components' values and the visitor's picture."""
    return plan(dict(zip(FIELDS, values, strict=True)), session.picked.image)


def fresh_seed() -> int:
    """A seed nobody chose, short enough to be written down."""
    return random.randrange(1_000_000)


def _beta(label: str, info: str, value: float) -> gr.Number:
    return gr.Number(value, label=label, info=info, step=1e-4, min_width=130, precision=None)
