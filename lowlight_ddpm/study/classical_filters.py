"""The filters that a user has anyway: what any denoiser must beat, at the strength that suits each best."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from scipy.ndimage import gaussian_filter
from skimage.restoration import denoise_nl_means, denoise_tv_chambolle
from torch import Tensor


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


def filtered(kind: Filter, strength: float, x_t: Tensor, alpha_bar: float, brightness: float) -> Tensor:
    """Filter a noised picture (3, H, W): x_t / √ᾱ, clipped to the dimmed range, in model range as it came.

    x_t / √ᾱ is the picture plus noise of √((1−ᾱ)/ᾱ), half that in pixel values.
    """
    pixels = ((x_t / alpha_bar**0.5 + 1) / 2).double().numpy()
    noise = ((1 - alpha_bar) / alpha_bar) ** 0.5 / 2
    return torch.from_numpy(kind.apply(pixels, strength, noise).clip(0, brightness)).float() * 2 - 1
