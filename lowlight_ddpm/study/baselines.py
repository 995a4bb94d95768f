"""How well a variant restores unseen pictures, beside the best classical filters and pure noise."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from lowlight_ddpm.diffusion.sampling import denoise
from lowlight_ddpm.diffusion.settings import run_settings
from lowlight_ddpm.diffusion.trajectory import Step
from lowlight_ddpm.images import HELD_OUT
from lowlight_ddpm.images.photometry import prepare
from lowlight_ddpm.metrics.colour import SetMeasures, compare_sets, measure
from lowlight_ddpm.models.checkpoints import Checkpoint
from lowlight_ddpm.study.classical_filters import FILTERS, Filter, filtered
from lowlight_ddpm.study.protocol import EvaluationSet

STARTS = (100, 300, 600)  # timesteps that the pictures are noised to
NOISE_SEEDS = 4
STEPS = 50


@dataclass(frozen=True)
class Restoration:
    """A method's figures at one start: means over pictures and noise seeds; shifts are signed, in 1/255."""

    method: str
    start: int
    ssim: float
    shift_r: float
    shift_g: float
    shift_b: float


def restorations(checkpoint: Checkpoint, data: EvaluationSet) -> Iterator[Restoration]:
    """Restore the unseen pictures from every start with every noise seed, by the network and each filter.

    All methods get the same noised pictures, x_t of the run's first step. A filter's strength is the one that
    scores best on as many training pictures, noised alike.
    """
    brightness = checkpoint.variant.brightness
    unseen, seen = (prepare(part[:HELD_OUT], brightness) for part in (data.unseen, data.seen))
    for start in STARTS:
        noised, restored = zip(*_runs(checkpoint, unseen, start), strict=True)
        clean = unseen.repeat(NOISE_SEEDS, 1, 1, 1)
        yield _score(checkpoint.variant.name, start, torch.cat(restored), clean, brightness)
        tuning = next(_walk(checkpoint, seen, start, seed=1000))
        for kind in FILTERS:
            strength = _best_strength(kind, tuning, seen, brightness)
            outputs = _filter_all(kind, strength, torch.cat(noised), tuning.alpha_bar, brightness)
            yield _score(f"{kind.name} {strength:g}", start, outputs, clean, brightness)


def from_noise(checkpoint: Checkpoint, data: EvaluationSet, count: int = 16) -> tuple[Tensor, SetMeasures]:
    """`count` samples from pure noise, and how their colours differ from the training pictures'."""
    settings = run_settings(variant=checkpoint.variant.name, mode="generate", steps=STEPS)
    samples = _last(denoise(checkpoint, settings, count=count)).x0
    return samples, compare_sets(samples, prepare(data.seen, checkpoint.variant.brightness))


def _runs(checkpoint: Checkpoint, clean: Tensor, start: int) -> Iterator[tuple[Tensor, Tensor]]:
    """(noised, restored) of all pictures for each noise seed; no two pictures or seeds share noise."""
    for seed in range(NOISE_SEEDS):
        walk = _walk(checkpoint, clean, start, seed * len(clean))
        first = next(walk)
        yield first.x_t, _last(walk).x0


def _walk(checkpoint: Checkpoint, clean: Tensor, start: int, seed: int) -> Iterator[Step]:
    settings = run_settings(variant=checkpoint.variant.name, start=start, steps=STEPS, seed=seed)
    return denoise(checkpoint, settings, clean)


def _last(walk: Iterator[Step]) -> Step:
    for step in walk:
        last = step
    return last


def _score(method: str, start: int, outputs: Tensor, clean: Tensor, brightness: float) -> Restoration:
    pairs = [measure(output, picture, brightness) for output, picture in zip(outputs, clean, strict=True)]
    figures = ("ssim", "shift_r", "shift_g", "shift_b")
    return Restoration(method, start, *(float(np.mean([getattr(m, f) for m in pairs])) for f in figures))


def _best_strength(kind: Filter, tuning: Step, clean: Tensor, brightness: float) -> float:
    def ssim(strength: float) -> float:
        outputs = _filter_all(kind, strength, tuning.x_t, tuning.alpha_bar, brightness)
        return _score(kind.name, tuning.timestep, outputs, clean, brightness).ssim

    return max(kind.strengths, key=ssim)


def _filter_all(kind: Filter, strength: float, x_t: Tensor, alpha_bar: float, brightness: float) -> Tensor:
    return torch.stack([filtered(kind, strength, noisy, alpha_bar, brightness) for noisy in x_t])
