"""How far a perfect sampler of mean colours moves an image's: what no network can be blamed for.

A stochastic one draws the clean image's mean colour anew from what x_t says of it. An image from the training
distribution and what becomes of it are then two draws from one posterior, N(·, Σ − WΣ) with W of
`schedule.leaked_share`, so that they differ by N(0, 2(Σ − WΣ)): from the last timestep, where x_t says next
to nothing, by as much as any two images. One that solves an ODE gives the colour μ + √W·(mean(x_t)/√ᾱ − μ),
which differs from the image's by N(0, 2(Σ − √W·Σ)): less, since nothing is drawn but the noise of x_t.
"""

from functools import cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

from lowlight_ddpm.diffusion.corrections import draw_colours
from lowlight_ddpm.diffusion.schedule import leaked_share
from lowlight_ddpm.models.checkpoints import colours, frame_of
from lowlight_ddpm.variants import Variant

QUANTILE = 0.95
_DRAWS = 2**16  # the quantile's error is about 0.5 %


def shifts(
    variant: Variant, record: dict[str, Any], alpha_bar: float, pixels: int, stochastic: bool = True
) -> np.ndarray:
    """What a perfect sampler shifts R, G, B by from the level ᾱ: draws (N, 3) in 1/255, the same every time.

    `record` is the variant's training record, with the mean colours' mean and covariance; `pixels` are the
    image's; `stochastic` whether the sampler is, as `Sampler` has it. Of images unlike the training set
    nothing is said.
    """
    frame = frame_of(variant, record)
    covariance = frame.enter_covariance(torch.tensor(colours(variant, record)[1], dtype=torch.float64))
    share = leaked_share(covariance, alpha_bar, pixels, variant.offset_noise, stochastic)
    left = covariance - share @ covariance
    drawn = draw_colours(torch.zeros(3, dtype=torch.float64), 2 * left, _normal()).flatten(1)
    return 127.5 * frame.scale * drawn.numpy()


def noise_bound(
    variant: Variant, record: dict[str, Any], alpha_bar: float, pixels: int, stochastic: bool = True
) -> float:
    """The largest channel's shift that a perfect sampler exceeds on one image in twenty, in 1/255."""
    found = shifts(variant, record, alpha_bar, pixels, stochastic)
    return float(np.quantile(np.abs(found).max(axis=1), QUANTILE))


def mean_shift(
    variant: Variant, record: dict[str, Any], alpha_bar: float, pixels: int, stochastic: bool = True
) -> float:
    """A perfect sampler's mean `tint`, as results.table() has it: root mean squares, at full brightness."""
    found = shifts(variant, record, alpha_bar, pixels, stochastic)
    return float(np.sqrt((found**2).mean(axis=1)).mean() / variant.brightness)


@cache
def _normal() -> Tensor:
    return torch.randn((_DRAWS, 3), generator=torch.Generator().manual_seed(0), dtype=torch.float64)
