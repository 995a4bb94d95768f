"""How well a variant restores unseen pictures, compared with the best classical filters and pure noise.

The filters are those that a user has anyway: what any denoiser must beat.
Each gets the strength that suits it best.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from scipy.ndimage import gaussian_filter
from skimage.restoration import denoise_nl_means, denoise_tv_chambolle
from torch import Tensor

from lowlight_ddpm.diffusion.sampling import Step, denoise
from lowlight_ddpm.diffusion.settings import run_settings
from lowlight_ddpm.images import HELD_OUT
from lowlight_ddpm.images.photometry import prepare
from lowlight_ddpm.metrics.image import measure
from lowlight_ddpm.metrics.sets import SetMeasures, compare_sets
from lowlight_ddpm.models.checkpoints import Checkpoint
from lowlight_ddpm.study.protocol import EvaluationSet

STARTS = (100, 300, 600)  # timesteps that the pictures are noised to
NOISE_SEEDS = 4
STEPS = 50


@dataclass(frozen=True)
class Filter:
    """A filter of pixel values (3, H, W) with one strength, and the strengths worth trying.

    `apply(pixels, strength, noise)` is told the noise's standard deviation in pixel values; a strength counts
    in those, except the blur's, which is its width in pixels.
    """

    name: str
    strengths: tuple[float, ...]
    apply: Callable[[np.ndarray, float, float], np.ndarray]


FILTERS = (
    Filter(
        "Gaussian blur",
        (0.5, 0.75, 1, 1.5, 2, 3, 4, 6),
        lambda pixels, strength, noise: gaussian_filter(pixels, (0, strength, strength)),
    ),
    Filter(
        "total variation",
        (0.25, 0.5, 0.75, 1, 1.5, 2, 3),
        lambda pixels, strength, noise: denoise_tv_chambolle(pixels, strength * noise, channel_axis=0),
    ),
    Filter(
        "non-local means",
        (0.2, 0.4, 0.6, 0.8, 1, 1.5),
        lambda pixels, strength, noise: denoise_nl_means(
            pixels, 5, 6, strength * noise, sigma=noise, fast_mode=True, channel_axis=0
        ),
    ),
)


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
    settings = run_settings(variant=checkpoint.variant, mode="generate", steps=STEPS)
    samples = _last(denoise(checkpoint, settings, count=count)).x0
    return samples, compare_sets(samples, prepare(data.seen, checkpoint.variant.brightness))


def filtered(kind: Filter, strength: float, x_t: Tensor, alpha_bar: float, brightness: float) -> Tensor:
    """Filter a noised picture (3, H, W): x_t / √ᾱ, clipped to the dimmed range, in model range as it came.

    x_t / √ᾱ is the picture plus noise of √((1−ᾱ)/ᾱ), half that in pixel values.
    """
    pixels = ((x_t / alpha_bar**0.5 + 1) / 2).double().numpy()
    noise = ((1 - alpha_bar) / alpha_bar) ** 0.5 / 2
    return torch.from_numpy(kind.apply(pixels, strength, noise).clip(0, brightness)).float() * 2 - 1


def _runs(checkpoint: Checkpoint, clean: Tensor, start: int) -> Iterator[tuple[Tensor, Tensor]]:
    """(noised, restored) of all pictures for each noise seed; no two pictures or seeds share noise."""
    for seed in range(NOISE_SEEDS):
        walk = _walk(checkpoint, clean, start, seed * len(clean))
        first = next(walk)
        yield first.x_t, _last(walk).x0


def _walk(checkpoint: Checkpoint, clean: Tensor, start: int, seed: int) -> Iterator[Step]:
    settings = run_settings(variant=checkpoint.variant, start=start, steps=STEPS, seed=seed)
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
