"""Networks with known faults: the ideal denoiser of normal images, and what a fault makes of it."""

from dataclasses import dataclass

import torch
from diffusers import DDPMScheduler

from lowlight_ddpm.diffusion.mean_correction import ColourPrior
from lowlight_ddpm.diffusion.schedule import signal_and_noise

SHAPE = (3, 8, 8)
TEXTURE = 0.15  # deviation of each pixel from its image's mean colour
PRIOR = ColourPrior(
    torch.tensor([-0.5, -0.4, -0.45]).double(),
    torch.tensor([[0.015, 0.01, 0.01], [0.01, 0.015, 0.01], [0.01, 0.01, 0.015]]).double(),
)


def scheduler(**config):
    """DDPM's on betas that leave next to nothing of these images, in trailing steps, without a clip."""
    usual = {"beta_end": 0.03, "timestep_spacing": "trailing", "clip_sample": False}
    return DDPMScheduler(1000, **usual | config)


def images(count=200, seed=100):
    """Images of the distribution that the network knows: (N, 3, 8, 8)."""
    generator = torch.Generator().manual_seed(seed)
    root = torch.linalg.cholesky(PRIOR.covariance).float()
    colours = PRIOR.mean.float() + torch.randn(count, 3, generator=generator) @ root.T
    texture = TEXTURE * torch.randn(count, *SHAPE, generator=generator)
    return colours[:, :, None, None] + texture - texture.mean(dim=(2, 3), keepdim=True)


@dataclass
class Constructed:
    """The ideal denoiser for a scheduler, but for its faults.

    It passes the part `passes` of every tint, where an ideal one passes W; from timestep `first` to `last`
    its mean colour is off by `off`, in the network's unit. One that has not `learned` predicts nothing, 0.
    """

    scheduler: DDPMScheduler
    passes: float | None = None
    first: int = 0
    last: int = -1
    off: float = 0.0
    learned: bool = True

    def __call__(self, x_t, timesteps):
        """Its prediction for x_t (B, 3, H, W), all at one timestep."""
        if not self.learned:
            return torch.zeros_like(x_t)
        timestep = int(timesteps[0])
        level = self.scheduler.alphas_cumprod[timestep].double().item()
        signal, noise = signal_and_noise(level)
        seen = x_t.mean(dim=(2, 3), keepdim=True)
        told = PRIOR.given(x_t, level)[0][:, :, None, None].float()
        if self.passes is not None:
            mean = PRIOR.mean.float()[:, None, None]
            told = mean + self.passes * (seen / max(signal, 1e-3) - mean)
        if self.first <= timestep <= self.last:
            told = told + self.off
        x0 = told + signal * TEXTURE**2 / (level * TEXTURE**2 + 1 - level) * (x_t - seen)
        kind = self.scheduler.config.prediction_type
        epsilon = (x_t - signal * x0) / noise
        return {"epsilon": epsilon, "v_prediction": signal * epsilon - noise * x0, "sample": x0}[kind]
