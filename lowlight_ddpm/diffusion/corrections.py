"""Corrections of shifted colours at sampling: each a setting of RunSettings, off by default."""

import torch
from torch import Tensor

from lowlight_ddpm.diffusion.schedule import Level, noise_colour_variance, signal_and_noise
from lowlight_ddpm.errors import Refusal


def draw_colours(mean: Tensor, covariance: Tensor, z: Tensor) -> Tensor:
    """Colours (B, 3, 1, 1) ~ N(mean, covariance), of `mean` (3,) or (B, 3) and `covariance` (3, 3).

    `z` (B, 3) is standard normal. With the mean colours of the training images this is signal-leak
    initialisation, `leak_start`: in training the last x_T still holds √ᾱ_T of an image, so sampling starts
    from √ᾱ_T·colour + √(1−ᾱ_T)·ε instead of ε (Everaert et al. 2024, with the mean colour as the leak).
    """
    values, vectors = torch.linalg.eigh(covariance)  # unlike Cholesky's, a root even where colours are flat
    root = vectors * values.clamp(min=0).sqrt()
    return (mean + z @ root.T)[:, :, None, None]


def scale_epsilon(
    prediction: Tensor, x_t: Tensor, alpha_bar: Level, prediction_type: str, scale: float
) -> Tensor:
    """`epsilon_scale`: a network's prediction with the noise in it divided by `scale` (Ning et al. 2024).

    Sampling feeds the network its own errors, and the noise that it then predicts is too large. Every
    prediction is a·x0 + b·ε, of which ε is scaled and x0 is kept: a·x0 + b·ε/scale. Epsilon is a = 0, b = 1.
    From v, whose a = −√(1−ᾱ), b = √ᾱ and ε = √ᾱ·v + √(1−ᾱ)·x_t, v' = v + (1/scale − 1)·√ᾱ·ε: an x0 made anew
    from the scaled ε would be infinite where ᾱ is 0. A prediction of x0 itself has b = 0 and no ε to scale.
    All tensors (B, 3, H, W). Raises Refusal for such a prediction unless `scale` is 1, and KeyError for a
    `prediction_type` that is unknown.
    """
    return _SCALED[prediction_type](prediction, x_t, alpha_bar, scale)


def _scaled_epsilon(epsilon: Tensor, x_t: Tensor, alpha_bar: Level, scale: float) -> Tensor:
    return epsilon / scale


def _scaled_v(v: Tensor, x_t: Tensor, alpha_bar: Level, scale: float) -> Tensor:
    signal, noise = signal_and_noise(alpha_bar)
    return v + (1 / scale - 1) * signal * (signal * v + noise * x_t)


def _unscaled_x0(x0: Tensor, x_t: Tensor, alpha_bar: Level, scale: float) -> Tensor:
    if scale != 1:
        raise Refusal(
            "The network of this variant predicts the image itself, and no noise that could be scaled: leave "
            "the epsilon scale at 1, or choose another variant."
        )
    return x0


_SCALED = {"epsilon": _scaled_epsilon, "v_prediction": _scaled_v, "sample": _unscaled_x0}


def anchor(x0: Tensor, noised: Tensor, alpha_bar: float, spread: Tensor, offset_noise: float) -> Tensor:
    """`anchor`: move the mean colour of x0 towards the noised image's estimate of it; both (B, 3, H, W).

    The mean of the `noised` image, at level ᾱ, over √ᾱ is the clean image's mean plus noise of variance
    n / ᾱ, with n = (1 − ᾱ)·(1 / (H·W) + offset_noise²). From image to image mean colours vary by `spread`
    (3, 1, 1), a variance too. So x0's mean m moves by w·(mean / √ᾱ − m), w = spread / (spread + n / ᾱ): to
    the posterior mean, were m that of a Gaussian prior. Multiplied by ᾱ, it holds where ᾱ is 0 too. Each
    channel on its own: a joint prior would all but forbid tints that no training image has.
    """
    signal = alpha_bar**0.5
    noise = noise_colour_variance(alpha_bar, noised[0, 0].numel(), offset_noise)
    error = (noised - signal * x0).mean(dim=(-2, -1), keepdim=True)
    return x0 + signal * spread / (alpha_bar * spread + noise) * error
