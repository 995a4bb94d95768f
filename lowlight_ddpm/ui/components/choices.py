"""What one choice on the page does to the values of all settings: never more than it must, and it is said.

Every function takes the values by the names of RunSettings, which may contradict each other while a user is
at work on them, and gives back all of them.
"""

from collections.abc import Mapping
from typing import Any

from lowlight_ddpm.diffusion.samplers import SAMPLERS
from lowlight_ddpm.diffusion.schedule import timestep_with
from lowlight_ddpm.diffusion.settings import (
    LAST_TIMESTEP,
    TRAIN_TIMESTEPS,
    TRAINING_DEFAULTS,
    RunSettings,
    run_settings,
)
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.ui.components.words import FIELDS, changes
from lowlight_ddpm.variants import find_variant

Values = dict[str, Any]
# Where the page starts to denoise an image: it still shows through there (63 % signal). From the package's
# own default, 600, the network generates a different butterfly.
START = 300
# The fewest steps from there that reach the colours and the high-frequency detail of DDPM's 250:
# `step_counts.fewest`.
SAMPLER, STEPS = "dpm++", 20
ALL_NOISE = 100  # per cent: nothing of an image, so that one is generated
LEARNED = {"bright": "bright", "dim": "dim", "dim-quarter": "quarter"}
# The post's “noise_timesteps 50” can be read in three ways.
PRESETS: dict[str, Values] = {
    "Noised to t = 50": {"start": 50, "steps": 50},
    "Pure noise, 1000 steps": {"mode": "generate", "steps": TRAIN_TIMESTEPS},
    "Noised to t = 999, 50 steps": {"start": LAST_TIMESTEP, "steps": 50},
}


def opening(variant: str, mode: str = "restore", seed: int = 0) -> RunSettings:
    """What the page proposes for a variant: its training defaults; to denoise, START and a fast sampler.

    In unconditional sampling no sampler is as good in fewer steps, so there the post's own is proposed.
    """
    quickly = {"start": START, "sampler": SAMPLER, "steps": STEPS} if mode == "restore" else {}
    return run_settings(variant=variant, mode=mode, seed=seed, **quickly)


def training_defaults(values: Values) -> Values:
    """Those of the network; task and seed stay."""
    return opening(values["variant"], values["mode"], values["seed"]).model_dump()


def preset(name: str, values: Values) -> Values:
    """One of PRESETS; network and seed stay."""
    return run_settings(variant=values["variant"], seed=values["seed"], **PRESETS[name]).model_dump()


def with_network(values: Values, variant: str) -> Values:
    """Another network, with the settings that it was trained with; all others stay."""
    row = find_variant(variant)
    return values | {"variant": variant} | {name: getattr(row, name) for name in TRAINING_DEFAULTS}


def with_task(values: Values, mode: str) -> Values:
    """The other task: what it has no use for is switched off, and the correction takes its other form."""
    if mode == values["mode"]:
        return values
    correction = values["mean_correction"]
    if mode == "generate":
        more: Values = {"start": LAST_TIMESTEP, "anchor": False, "light": "pixels", "whole": False}
        correction = {"wide": "training"}.get(correction, correction)
    else:
        more = {"start": START, "leak_start": False}
        correction = {"training": "wide"}.get(correction, correction)
    return _possible(values | more | {"mode": mode, "mean_correction": correction})


def with_noise(values: Values, noise: float) -> Values:
    """The start timestep at which `noise` per cent of the image's signal is lost; ALL_NOISE generates."""
    if noise >= ALL_NOISE:
        return with_task(values, "generate")
    start = timestep_with(1 - noise / 100, run_settings(**_schedule(values)).alphas_cumprod)
    return _possible(with_task(values, "restore") | {"start": start})


def own_brightness(values: Values) -> Values:
    """Images as bright as the network has learned from."""
    return values | {"brightness": find_variant(values["variant"]).brightness}


def with_correction(values: Values, how: str) -> Values:
    """The mean correction, "on" in the form that suits the task, or "off"."""
    if how == "off":
        return values | {"mean_correction": "off"}
    form = "training" if values["mode"] == "generate" else "wide"
    return values | {"mean_correction": form, "anchor": False}


def noise_of(values: Values) -> int:
    """The per cent of signal that is lost where the run starts. Raises Refusal for betas that cannot be."""
    if values["mode"] == "generate":
        return ALL_NOISE
    start = min(max(int(values["start"] or 0), 0), LAST_TIMESTEP)
    level = run_settings(**_schedule(values)).alphas_cumprod[start].item()
    return min(max(round(100 * (1 - level**0.5)), 1), ALL_NOISE - 1)


def essentials(values: Values) -> tuple[str | None, str, int]:
    """(learned from, correction, noise): the same settings as the four controls on top have them.

    None where the network and its brightness are none of LEARNED. Betas that cannot be leave all noise.
    """
    variant, brightness = values["variant"], values["brightness"]
    plain = variant in LEARNED and brightness == find_variant(variant).brightness
    try:
        noise = noise_of(values)
    except Refusal:
        noise = ALL_NOISE
    return variant if plain else None, "off" if values["mean_correction"] == "off" else "on", noise


def has_variance(values: Values) -> bool:
    """Whether the sampler adds noise, so that a variance type has an effect."""
    return SAMPLERS[values["sampler"]].stochastic


def set_with_it(before: Values, after: Values, own: str = "") -> str:
    """One sentence on what a choice has set besides the setting `own`; empty for nothing."""
    told = changes({name: value for name, value in before.items() if name != own}, after)
    return f"Set with it: {', '.join(told)}." if told else ""


def named(values: tuple[Any, ...]) -> Values:
    """The components' values by the names of the settings."""
    return dict(zip(FIELDS, values, strict=True))


def _possible(values: Values) -> Values:
    """As many steps as there can be from the start timestep."""
    return values | {"steps": min(values["steps"] or 1, values["start"] + 1)}


def _schedule(values: Mapping[str, Any]) -> Values:
    return {name: values[name] for name in ("variant", "beta_start", "beta_end")}
