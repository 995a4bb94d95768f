"""The terminal leak: what the last timestep still tells of a picture's colour, which pure noise does not."""

import torch
from torch import Tensor

from lowlight_ddpm.diffusion.schedule import noise_colour_variance


def leaked_share(covariance: Tensor, alpha_bar: float, pixels: int, offset_noise: float = 0.0) -> Tensor:
    """W (3, 3): which share of a mean colour at x_T survives in the samples of a perfect denoiser.

    Mean colours of pictures are taken for normal, N(μ, Σ) with `covariance` Σ (3, 3). At level ᾱ the mean of
    x_t over `pixels` is √ᾱ·m plus noise of variance (1−ᾱ)·n, n = 1/pixels + offset_noise², since an offset is
    common to all pixels and they do not average it away. So by Bayes' rule for normal variables
    E[m | x_T] = μ + W·(mean(x_T)/√ᾱ − μ), with W = Σ·(Σ + (1−ᾱ)·n/ᾱ·I)⁻¹. Without the picture's part in x_T,
    W·m is what is missing from the result. At ᾱ = 0 nothing leaks, and W is 0.
    """
    signal, noise = alpha_bar * covariance, noise_colour_variance(alpha_bar, pixels, offset_noise)
    return torch.linalg.solve(signal + noise * torch.eye(3, dtype=covariance.dtype), signal).T


def missing_colour(
    means: Tensor, covariance: Tensor, alpha_bar: float, pixels: int, offset_noise: float = 0.0
) -> Tensor:
    """W·m of `leaked_share` for mean colours m (B, 3): how far results move when x_T loses its picture.

    In the unit of `means`, which are the network's own: 0 where its noise is centred.
    """
    return means @ leaked_share(covariance, alpha_bar, pixels, offset_noise).T.to(means.dtype)
