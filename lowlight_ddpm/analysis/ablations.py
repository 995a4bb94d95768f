"""What may have shifted the colours of a run: a row each, which says how the run goes without it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lowlight_ddpm.diffusion.samplers import SAMPLERS
from lowlight_ddpm.diffusion.schedule import signal_and_noise
from lowlight_ddpm.diffusion.settings import RunSettings
from lowlight_ddpm.variants import VARIANTS, Variant

TRACE = 0.1  # share of signal up to which what is left of a picture counts as a leak, not as the picture


@dataclass(frozen=True)
class Trial:
    """A run to be made. One that is `emptied` starts from its noise alone, without the picture's part."""

    settings: RunSettings
    emptied: bool = False

    def but(self, **changes: Any) -> "Trial":
        """The same run with some of its settings changed."""
        return replace(self, settings=self.settings.model_copy(update=changes))


@dataclass(frozen=True)
class Cause:
    """One thing that a run can be made without, or in another way.

    `remove(trial, names)` gives the trial without it, unchanged where there is nothing to remove; `names` are
    the variants that may be used instead. `sentence` says for a newcomer what it is and what is done to it.
    """

    name: str
    title: str
    sentence: str
    remove: Callable[[Trial, Sequence[str]], Trial]

    def applies(self, trial: Trial, names: Sequence[str]) -> bool:
        """Whether a run has it."""
        return self.remove(trial, names) != trial


def _without_leak(trial: Trial, names: Sequence[str]) -> Trial:
    """Restoring, x_t loses the picture's part; generating, it gets the part that it had in training."""
    signal = _signal(trial.settings)
    if trial.settings.mode == "generate":
        return trial.but(leak_start=True) if signal > 0 else trial
    return replace(trial, emptied=True) if 0 < signal <= TRACE else trial


def _without_picture(trial: Trial, names: Sequence[str]) -> Trial:
    restored = trial.settings.mode == "restore" and _signal(trial.settings) > TRACE
    return replace(trial, emptied=True) if restored else trial


def _at_trained_brightness(trial: Trial, names: Sequence[str]) -> Trial:
    if trial.settings.mode == "generate":
        return trial
    return trial.but(brightness=trial.settings.row.brightness)


def _in_trained_light(trial: Trial, names: Sequence[str]) -> Trial:
    return trial if trial.settings.mode == "generate" else trial.but(light="pixels")


def _on_trained_schedule(trial: Trial, names: Sequence[str]) -> Trial:
    row = trial.settings.row
    return trial.but(beta_start=row.beta_start, beta_end=row.beta_end)


def _unclipped(trial: Trial, names: Sequence[str]) -> Trial:
    return trial.but(clip=False, clip_to_data=False)


def _with_other_weights(trial: Trial, names: Sequence[str]) -> Trial:
    def other(row: Variant, twin: Variant) -> bool:
        same = row.trained_as == twin.trained_as and row.decides_sampling == twin.decides_sampling
        return same and row.averaged != twin.averaged

    return _by_twin(trial, names, other)


def _predicting_v(trial: Trial, names: Sequence[str]) -> Trial:
    def other(row: Variant, twin: Variant) -> bool:
        apart = {
            name
            for how in ("decides_training", "decides_sampling")
            for name, value in getattr(row, how).items()
            if value != getattr(twin, how)[name]
        }
        predicts = row.prediction_type, twin.prediction_type
        alike = all(getattr(row, name) == getattr(twin, name) for name in _ALIKE)
        # Epsilon says nothing of the picture at zero terminal SNR, so that v and it may come together.
        return predicts == ("epsilon", "v_prediction") and alike and apart <= _OF_V

    return _by_twin(trial, names, other)


_OF_V = {"prediction_type", "zero_terminal_snr"}
_ALIKE = ("averaged", "epochs", "size", "channels", "attention_head_dim")


def _by_twin(trial: Trial, names: Sequence[str], is_twin: Callable[[Variant, Variant], bool]) -> Trial:
    """The same run by the first variant among `names` that is a twin, unchanged where there is none."""
    row = trial.settings.row
    twins = [name for name in names if is_twin(row, VARIANTS[name])]
    return trial.but(variant=twins[0]) if twins else trial


def _with_other_variance(trial: Trial, names: Sequence[str]) -> Trial:
    if not SAMPLERS[trial.settings.sampler].stochastic:
        return trial
    large = trial.settings.variance_type.startswith("fixed_large")
    return trial.but(variance_type="fixed_small" if large else "fixed_large")


def _by_other_sampler(trial: Trial, names: Sequence[str]) -> Trial:
    return trial.but(sampler="ddpm" if trial.settings.sampler != "ddpm" else "ddim")


def _signal(settings: RunSettings) -> float:
    """√ᾱ where a run starts: what its picture is multiplied by there."""
    return signal_and_noise(settings.alphas_cumprod[settings.start].item())[0]


CAUSES = (
    Cause(
        "brightness",
        "Unfamiliar brightness",
        "The picture is not as bright as those that the network learned from: repeated at their brightness.",
        _at_trained_brightness,
    ),
    Cause(
        "light",
        "Unfamiliar light",
        "The picture is dark as a camera sees it, with grain and lost shadows, and the network has learned "
        "from scaled pixels: repeated with those.",
        _in_trained_light,
    ),
    Cause(
        "schedule",
        "Schedule mismatch",
        "The run uses other betas than the training did: repeated with the trained ones.",
        _on_trained_schedule,
    ),
    Cause(
        "leak",
        "Signal leak",
        "In training, even the deepest noise holds a trace of the picture. A restoration has it, pure noise "
        "has not: the run is repeated the other way.",
        _without_leak,
    ),
    Cause(
        "clipping",
        "Clipping",
        "Every x0 estimate is clipped to the range of real pixels, which can move its mean: repeated without "
        "clipping.",
        _unclipped,
    ),
    Cause(
        "averaging",
        "Weight averaging",
        "A network's weights may be an average over its training, or just the last ones: repeated with the "
        "other kind.",
        _with_other_weights,
    ),
    Cause(
        "amplification",
        "Amplified errors",
        "A network that predicts the noise has its errors magnified in deep noise. Repeated with its twin, "
        "which predicts a mix of noise and picture; one trained at zero terminal SNR has no signal leak "
        "either.",
        _predicting_v,
    ),
)
"""What can be taken out of a run; contributions of these are summed.

What is left of a run when all are removed is found by removing them in this order: on the schedule that was
trained, what looked like a leak may be the picture itself.
"""

SWAPS = (
    Cause(
        "variance",
        "Variance type",
        "How large the noise is that every step adds: repeated with the other size.",
        _with_other_variance,
    ),
    Cause(
        "sampler",
        "Sampler",
        "How a step is taken: repeated with DDIM, which adds no noise on the way, or with DDPM if the run "
        "was not DDPM's.",
        _by_other_sampler,
    ),
    Cause(
        "picture",
        "Input image",
        "From this low a timestep most of the image is still in the noise: that is no leak but the input. "
        "Repeated from the noise alone.",
        _without_picture,
    ),
)
"""What can be done another way but not left out; each is shown by itself."""
