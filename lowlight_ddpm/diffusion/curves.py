"""A noise schedule seen over its thousand timesteps: what its betas make of picture, noise and each step."""

from dataclasses import dataclass
from functools import cached_property, lru_cache

import torch
from torch import Tensor

from lowlight_ddpm.diffusion.schedule import alphas_cumprod, noise_schedule, signal_and_noise
from lowlight_ddpm.diffusion.signal_leak import leaked_share
from lowlight_ddpm.variants import Variant

SNR_LIMIT = 60.0  # dB; at −60 a thousandth of the picture is left, at zero terminal SNR minus infinity is


@dataclass(frozen=True)
class Curves:
    """The curves of one schedule, each float64 (1000,) over the timesteps 0..999."""

    beta_start: float
    beta_end: float
    beta_schedule: str = "linear"
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
        """√ᾱ_t, what the picture is multiplied by."""
        return signal_and_noise(self.alphas_cumprod)[0]

    @property
    def noise(self) -> Tensor:
        """√(1−ᾱ_t), what the noise is multiplied by."""
        return signal_and_noise(self.alphas_cumprod)[1]

    @property
    def snr(self) -> Tensor:
        """10·log10(ᾱ_t / (1−ᾱ_t)) in dB, held to ±SNR_LIMIT."""
        power = self.alphas_cumprod / (1 - self.alphas_cumprod)
        return (10 * power.log10()).clamp(-SNR_LIMIT, SNR_LIMIT)

    @cached_property
    def small(self) -> Tensor:
        """Deviation that "fixed_small" adds at timestep t of all thousand, and "fixed_small_log" with it.

        √β̃_t, β̃_t = (1−ᾱ_{t−1}) / (1−ᾱ_t)·β_t: right if every picture were the same (Ho et al. 2020, eq. 7).
        At timestep 0 ᾱ_{t−1} is 1, so nothing is added there.
        """
        before = self.alphas_cumprod.roll(1)
        before[0] = 1
        return ((1 - before) / (1 - self.alphas_cumprod) * self.betas).sqrt()

    @cached_property
    def large(self) -> Tensor:
        """Deviation that "fixed_large" adds at timestep t of all thousand, and "fixed_large_log" with it.

        √β_t: right if pictures were normal noise (Ho et al. 2020, section 3.2). The walk ends at timestep 0
        without noise, so there it is 0 like `small`.
        """
        deviation = self.betas.sqrt()
        deviation[0] = 0
        return deviation

    @property
    def small_of_large(self) -> Tensor:
        """`small` / `large`; 1 at timestep 0, where neither adds anything."""
        return (self.small / self.large).nan_to_num(nan=1)

    def kept_colour(self, covariance: Tensor, pixels: int, offset_noise: float = 0.0) -> float:
        """Terminal leak: the share, 0..1, of a colour that a perfect denoiser gets out of the last x_T.

        Colours are pictures' means, seen from the training set's, with `covariance` Σ (3, 3); the share is
        the mean over pictures, tr(W·Σ) / tr(Σ) with W of `leaked_share`, and so also the share of the
        colours' variance that x_T explains.
        """
        share = leaked_share(covariance, self.alphas_cumprod[-1].item(), pixels, offset_noise)
        return (torch.trace(share @ covariance) / torch.trace(covariance)).item()
