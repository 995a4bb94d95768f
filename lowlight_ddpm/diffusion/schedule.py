"""The noise schedule: its betas and levels, which timesteps a run takes, its curves, and its signal leak."""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TypeVar, cast

import numpy as np
import torch
from diffusers.schedulers.scheduling_ddpm import DDPMScheduler
from torch import Tensor

from lowlight_ddpm.diffusion.settings import TRAIN_TIMESTEPS
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.variants import BetaSchedule, Variant

SNR_LIMIT = 60.0  # dB; at −60 a thousandth of the image is left, at zero terminal SNR minus infinity is
Level = TypeVar("Level", float, Tensor)  # ᾱ of one timestep


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
        # As runs are sampled here: diffusers' default never visits the last timestep, that of pure noise.
        timestep_spacing="trailing",
        clip_sample=True,
    )


def alphas_cumprod(
    beta_start: float,
    beta_end: float,
    beta_schedule: BetaSchedule = "linear",
    zero_terminal_snr: bool = False,
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
    beta_start: float,
    beta_end: float,
    beta_schedule: BetaSchedule = "linear",
    zero_terminal_snr: bool = False,
) -> DDPMScheduler:
    """diffusers' own betas and levels over T = 1000 timesteps, float32 (1000,)."""
    return DDPMScheduler(
        TRAIN_TIMESTEPS,
        beta_start,
        beta_end,
        beta_schedule,
        rescale_betas_zero_snr=zero_terminal_snr,
    )


def signal_and_noise(alpha_bar: Level) -> tuple[Level, Level]:
    """√ᾱ and √(1−ᾱ): what image and noise are multiplied by at a timestep, each 0..1."""
    return cast(tuple[Level, Level], (alpha_bar**0.5, (1 - alpha_bar) ** 0.5))


def timestep_with(signal: float, alphas_cumprod: Tensor) -> int:
    """The timestep of a schedule (T,) at which about `signal` of an image is left, √ᾱ from 0 to 1."""
    return int((alphas_cumprod.sqrt() - signal).abs().argmin())


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


def training_target(scheduler: DDPMScheduler, x0: Tensor, noise: Tensor, timesteps: Tensor) -> Tensor:
    """What the network of a scheduler should say of x_t at timesteps (B,), of the shape of x0 and its noise.

    ε in ‖ε − ε_θ(x_t, t)‖² (Ho et al. 2020, eq. 14), or v = √ᾱ·ε − √(1−ᾱ)·x0 (Salimans & Ho 2022, section 4),
    which diffusers calls velocity, or x0 itself, which it calls the sample.
    """
    kind = scheduler.config["prediction_type"]
    if kind == "v_prediction":  # diffusers types whole numbers of any width as int32
        return scheduler.get_velocity(x0, noise, cast(torch.IntTensor, timesteps))
    return {"epsilon": noise, "sample": x0}[kind]


def estimate_x0(prediction: Tensor, x_t: Tensor, alpha_bar: Level, prediction_type: str) -> Tensor:
    """The clean image that a network's prediction for x_t implies, (B, 3, H, W) like both.

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


def colour_gain(covariance: Tensor, alpha_bar: float, pixels: int, offset_noise: float = 0.0) -> Tensor:
    """K (3, 3): by how much of a tint in x_t a perfect denoiser tints x0.

    Mean colours of images are taken for normal, N(μ, Σ) with `covariance` Σ (3, 3). At level ᾱ the mean of
    x_t over `pixels` is √ᾱ·m plus noise of variance n = (1−ᾱ)·(1/pixels + offset_noise²), since an offset is
    common to all pixels and they do not average it away. So by Bayes' rule for normal variables
    E[m | x_t] = μ + K·(mean(x_t) − √ᾱ·μ), with K = √ᾱ·Σ·(ᾱ·Σ + n·I)⁻¹.
    """
    noise = noise_colour_variance(alpha_bar, pixels, offset_noise)
    of_x_t = alpha_bar * covariance + noise * torch.eye(len(covariance)).to(covariance)
    return torch.linalg.solve(of_x_t, alpha_bar**0.5 * covariance).T  # both are symmetric


def leaked_share(
    covariance: Tensor, alpha_bar: float, pixels: int, offset_noise: float = 0.0, stochastic: bool = True
) -> Tensor:
    """Which share (3, 3) of a mean colour at x_T survives in the samples of a perfect denoiser.

    By a `stochastic` sampler W = √ᾱ·K of `colour_gain`, so that E[m | x_T] = μ + W·(mean(x_T)/√ᾱ − μ). By an
    ODE it is √W: it takes the colours of x_T, whose variance is that of the noise too, to those of images one
    by one, axis by axis of Σ in the ratio of their deviations, √(ᾱΣ·(ᾱΣ + n·I)⁻¹). At ᾱ = 0 nothing leaks.
    """
    share = alpha_bar**0.5 * colour_gain(covariance, alpha_bar, pixels, offset_noise)
    if stochastic:
        return share
    values, axes = torch.linalg.eigh((share + share.T) / 2)  # symmetric, as Σ is: they have the same axes
    return axes * values.clamp(min=0).sqrt() @ axes.T


def missing_colour(
    means: Tensor,
    covariance: Tensor,
    alpha_bar: float,
    pixels: int,
    offset_noise: float = 0.0,
    stochastic: bool = True,
) -> Tensor:
    """`leaked_share` of mean colours m (B, 3): how far results move when x_T loses its image.

    In the unit of `means`, which are the network's own: 0 where its noise is centred.
    """
    share = leaked_share(covariance, alpha_bar, pixels, offset_noise, stochastic)
    return means @ share.T.to(means.dtype)


@dataclass(frozen=True)
class Curves:
    """The curves of one schedule, each float64 (1000,) over the timesteps 0..999."""

    beta_start: float
    beta_end: float
    beta_schedule: BetaSchedule = "linear"
    zero_terminal_snr: bool = False

    @classmethod
    @lru_cache(maxsize=32)
    def trained(cls, variant: Variant) -> "Curves":
        """The schedule that `variant` is trained with."""
        return cls(variant.beta_start, variant.beta_end, variant.beta_schedule, variant.zero_terminal_snr)

    @cached_property
    def alphas_cumprod(self) -> Tensor:
        """ᾱ_t, as every run has it."""
        return alphas_cumprod(self.beta_start, self.beta_end, self.beta_schedule, self.zero_terminal_snr)

    @cached_property
    def betas(self) -> Tensor:
        """β_t, the variance of the noise that timestep t adds: 1 where nothing was left before it.

        Not from ᾱ, whose neighbours differ in their last digits at first and are both 0 after strong betas.
        """
        scheduler = noise_schedule(self.beta_start, self.beta_end, self.beta_schedule, self.zero_terminal_snr)
        return scheduler.betas.double().nan_to_num(nan=1)

    @property
    def signal(self) -> Tensor:
        """√ᾱ_t, what the image is multiplied by."""
        return signal_and_noise(self.alphas_cumprod)[0]

    @property
    def noise(self) -> Tensor:
        """√(1−ᾱ_t), what the noise is multiplied by."""
        return signal_and_noise(self.alphas_cumprod)[1]

    @property
    def snr(self) -> Tensor:
        """10·log10(ᾱ_t / (1−ᾱ_t)) in dB, held to ±60: −60 where nothing of an image is left."""
        power = self.alphas_cumprod / (1 - self.alphas_cumprod)
        return (10 * power.log10()).clamp(-SNR_LIMIT, SNR_LIMIT)

    @cached_property
    def small(self) -> Tensor:
        """Deviation that "fixed_small" adds at timestep t of all thousand, and "fixed_small_log" with it.

        √β̃_t, β̃_t = (1−ᾱ_{t−1}) / (1−ᾱ_t)·β_t: right if every image were the same (Ho et al. 2020, eq. 7).
        At timestep 0 ᾱ_{t−1} is 1, so nothing is added there.
        """
        before = self.alphas_cumprod.roll(1)
        before[0] = 1
        return ((1 - before) / (1 - self.alphas_cumprod) * self.betas).sqrt()

    @cached_property
    def large(self) -> Tensor:
        """Deviation that "fixed_large" adds at timestep t of all thousand, and "fixed_large_log" with it.

        √β_t: right if images were normal noise (Ho et al. 2020, section 3.2). The last step, from
        timestep 0, adds no noise, so there it is 0 like `small`.
        """
        deviation = self.betas.sqrt()
        deviation[0] = 0
        return deviation

    @property
    def small_of_large(self) -> Tensor:
        """`small` / `large`; 1 at timestep 0, where neither adds anything."""
        return (self.small / self.large).nan_to_num(nan=1)

    def signal_leak(self, covariance: Tensor, pixels: int, offset_noise: float = 0.0) -> float:
        """The share, 0..1, of a colour that a perfect denoiser gets out of the last x_T.

        Colours are images' means minus the training set's, with `covariance` Σ (3, 3); the share is
        the mean over images, tr(W·Σ) / tr(Σ) with W of `leaked_share`, and so also the share of the
        colours' variance that x_T explains.
        """
        share = leaked_share(covariance, self.alphas_cumprod[-1].item(), pixels, offset_noise)
        return (torch.trace(share @ covariance) / torch.trace(covariance)).item()
