"""Mean correction: the mean colour of every x0 estimate is set to what the mean of x_t tells of it.

Networks hardly look at the mean of x_t, so that chance tints of the noise pass into their estimates; of it a
perfect denoiser of normal colours has a closed form, which needs no network. The denoiser is what is mended:
one formula serves stochastic samplers and those of an ODE.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from lowlight_ddpm.diffusion.schedule import colour_gain

HALVINGS = 30  # of an interval at most a few units wide: to float32's own precision


@dataclass(frozen=True)
class ColourPrior:
    """What is known of an image's mean colour m before it is seen: m ~ N(μ, Σ), scaled as network input.

    `mean` (3,) and `covariance` (3, 3) are those of the mean colours of training images, or wide; float64.
    """

    mean: Tensor
    covariance: Tensor

    @classmethod
    def wide(cls, low: Tensor, high: Tensor) -> "ColourPrior":
        """Any colour between two, each (3,): mean and variance of a uniform distribution, channel by channel.

        Together, the channels of a training set all but forbid tints that no image of it has.
        """
        return cls((low + high).double() / 2, ((high - low).double() ** 2 / 12).diag())

    def given(self, x_t: Tensor, alpha_bar: float, offset_noise: float = 0.0) -> tuple[Tensor, Tensor]:
        """Mean (B, C) and covariance (C, C) of m once x_t (B, C, H, W), at level ᾱ, is seen.

        E[m | x_t] = μ + K·(mean(x_t) − √ᾱ·μ) with K of `colour_gain`, and the covariance is Σ − √ᾱ·K·Σ.
        """
        mean, covariance = self.mean.to(x_t.device), self.covariance.to(x_t.device)
        signal, gain = alpha_bar**0.5, colour_gain(covariance, alpha_bar, x_t[0, 0].numel(), offset_noise)
        away = x_t.mean(dim=(-2, -1), dtype=mean.dtype) - signal * mean
        return mean + away @ gain.T, covariance - signal * gain @ covariance


def with_mean(x: Tensor, mean: Tensor, limits: tuple[float, float] | None) -> Tensor:
    """`x` (B, C, H, W) moved by a constant for each image and channel to the means `mean` (B, C, 1, 1).

    Within `limits`, clip(x + c, low, high), whose mean grows with c, which is found by bisection: a mean
    outside of them becomes the limit that is nearer.
    """
    if limits is None:
        return x + (mean - x.mean((-2, -1), keepdim=True))
    low, high = limits
    least, most = (low - x.amax((-2, -1), keepdim=True)), (high - x.amin((-2, -1), keepdim=True))
    for _ in range(HALVINGS):
        middle = (least + most) / 2
        below = (x + middle).clamp(low, high).mean((-2, -1), keepdim=True) < mean
        least, most = torch.where(below, middle, least), torch.where(below, most, middle)
    return (x + (least + most) / 2).clamp(low, high)
