"""Noise: the trained schedules, how far a picture is gone at a timestep, and which timesteps are walked."""

from typing import Literal, TypeVar

import numpy as np
import torch
from diffusers import DDPMScheduler
from torch import Tensor

from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.variants import Variant

TRAIN_TIMESTEPS = 1000  # T of Ho et al. 2020 and of the post
Level = TypeVar("Level", float, Tensor)  # ᾱ of one timestep
VarianceType = Literal["fixed_small", "fixed_small_log", "fixed_large", "fixed_large_log"]


def trained_scheduler(variant: Variant) -> DDPMScheduler:
    """The scheduler that `variant` is trained with, as its checkpoint records it."""
    return DDPMScheduler(
        num_train_timesteps=TRAIN_TIMESTEPS,
        beta_start=variant.beta_start,
        beta_end=variant.beta_end,
        beta_schedule=variant.beta_schedule,
        variance_type=variant.variance_type,
        prediction_type=variant.prediction_type,
        rescale_betas_zero_snr=variant.zero_terminal_snr,
        # diffusers' default grid never visits the last timestep, where alone a zero terminal SNR is told.
        timestep_spacing="trailing" if variant.zero_terminal_snr else "leading",
        clip_sample=True,
    )


def alphas_cumprod(
    beta_start: float, beta_end: float, beta_schedule: str = "linear", zero_terminal_snr: bool = False
) -> Tensor:
    """ᾱ_t = ∏ (1 − β_s) over T = 1000 timesteps: float64 (1000,), falling from near 1 towards 0.

    With `zero_terminal_snr` the betas are rescaled so that the last is 0 (Lin et al. 2024, algorithm 1).
    diffusers' own numbers to the last bit, so that equal betas give the levels that a network was trained on;
    in float64, since differences of its neighbours are what a respaced process is built from.
    """
    scheduler = noise_schedule(beta_start, beta_end, beta_schedule, zero_terminal_snr)
    # Rescaling strong betas divides a level that is 0 in float32 by another.
    return scheduler.alphas_cumprod.double().nan_to_num(nan=0)


def noise_schedule(
    beta_start: float, beta_end: float, beta_schedule: str = "linear", zero_terminal_snr: bool = False
) -> DDPMScheduler:
    """diffusers' own betas and levels over T = 1000 timesteps, float32 (1000,)."""
    return DDPMScheduler(
        TRAIN_TIMESTEPS, beta_start, beta_end, beta_schedule, rescale_betas_zero_snr=zero_terminal_snr
    )


def signal_and_noise(alpha_bar: Level) -> tuple[Level, Level]:
    """√ᾱ and √(1−ᾱ): what picture and noise are multiplied by at a timestep, each 0..1."""
    return alpha_bar**0.5, (1 - alpha_bar) ** 0.5


def noise_colour_variance(alpha_bar: Level, pixels: int, offset_noise: float) -> Level:
    """The variance of the noise's mean over `pixels` in x_t: an offset is common to all, so that it stays."""
    return (1 - alpha_bar) * (1 / pixels + offset_noise**2)


def trailing_timesteps(start: int, steps: int) -> Tensor:
    """`steps` timesteps evenly spaced down from `start`, int64: "trailing" of Lin et al. 2024, table 2.

    From the last timestep 999 they are those of diffusers' timestep_spacing="trailing". Raises Refusal for
    more steps than there are timesteps from `start` down to 0.
    """
    if steps > start + 1:
        raise Refusal(
            f"From timestep {start} there are at most {start + 1} steps: ask for fewer, or start higher."
        )
    fractions = np.arange(steps, 0, -1) / steps
    return torch.from_numpy(np.round((start + 1) * fractions).astype(np.int64) - 1)


def estimate_x0(prediction: Tensor, x_t: Tensor, alpha_bar: Level, prediction_type: str) -> Tensor:
    """The clean picture that a network's answer for x_t implies, (B, 3, H, W) like both.

    From epsilon, x0 = (x_t − √(1−ᾱ)·ε) / √ᾱ (Ho et al. 2020, eq. 15); from v, x0 = √ᾱ·x_t − √(1−ᾱ)·v
    (Salimans & Ho 2022, section 4); "sample" is x0 itself. Raises KeyError for any other `prediction_type`.
    """
    return _X0_FROM[prediction_type](prediction, x_t, *signal_and_noise(alpha_bar))


def _from_epsilon(epsilon: Tensor, x_t: Tensor, signal: Level, noise: Level) -> Tensor:
    return (x_t - noise * epsilon) / signal


def _from_v(v: Tensor, x_t: Tensor, signal: Level, noise: Level) -> Tensor:
    return signal * x_t - noise * v


def _from_x0(x0: Tensor, x_t: Tensor, signal: Level, noise: Level) -> Tensor:
    return x0


_X0_FROM = {"epsilon": _from_epsilon, "v_prediction": _from_v, "sample": _from_x0}


def matching_timesteps(alphas_cumprod: Tensor, trained: Tensor) -> Tensor:
    """For each noise level of a schedule (N,), the trained timestep whose level is nearest: int64 (N,).

    A network predicts for the noise level it was trained on, so on a new schedule it is fed the timestep of
    `trained` (T,) nearest in the angle atan2(√(1−ᾱ), √ᾱ); the identity where the schedules are equal.
    """
    angles, levels = (torch.atan2((1 - a).sqrt(), a.sqrt()) for a in (alphas_cumprod, trained))
    return (angles[:, None] - levels[None, :]).abs().argmin(dim=1)
