"""Settings in the page's words: what each is called, how its values are written, and what has changed."""

from collections.abc import Mapping
from typing import Any

from lowlight_ddpm.diffusion.backends import TITLES as BACKENDS
from lowlight_ddpm.diffusion.samplers import SAMPLERS
from lowlight_ddpm.diffusion.settings import RunSettings
from lowlight_ddpm.images.photometry import LIGHTS
from lowlight_ddpm.variants import VARIANTS

FIELDS = tuple(RunSettings.model_fields)
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
# Of a setting's name where it is not that of the field with spaces.
_NAMES = {
    "variant": "network",
    "mode": "task",
    "light": "dimming",
    "whole": "whole image",
    "start": "start timestep",
    "clip": "clipping of x0",
    "clip_to_data": "clipping to the data",
    "mean_correction": "correction",
    "leak_start": "signal-leak initialisation",
}


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """What differs between the values of two runs' settings, like "correction off → on (any colour)".

    Settings that `before` has not are left out.
    """
    return [
        f"{_NAMES.get(name, name.replace('_', ' '))} {_written(name, before[name])} → {_written(name, value)}"
        for name, value in after.items()
        if name in before and value != before[name]
    ]


def steps_in_words(run: Any) -> str:
    """The sampler of a run (settings, or a row of results) and, if it adds noise, the variance type."""
    sampler = SAMPLERS[run.sampler]
    return f"{sampler.title}, {VARIANCES[run.variance_type]}" if sampler.stochastic else sampler.title


def _written(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, float):
        return f"{value:g}"
    return _options(name).get(value, str(value))


def _options(name: str) -> Mapping[str, str]:
    """The title of each value of a setting that has several."""
    match name:
        case "variant":
            return {key: row.title for key, row in VARIANTS.items()}
        case "mean_correction":
            return {
                key: title if key == "off" else f"on ({title})" for key, title in MEAN_CORRECTIONS.items()
            }
        case "sampler":
            return {key: row.title for key, row in SAMPLERS.items()}
        case "light":
            return {key: row.title.lower() for key, row in LIGHTS.items()}
        case "mode":
            return {key: title.lower() for key, title in MODES.items()}
    return {"variance_type": VARIANCES, "backend": BACKENDS}.get(name, {})
