"""Tint transmission: how much of a colour in x_t a network lets into x0, compared with a perfect denoiser.

The noise of x_t has a mean colour too, a chance one. A perfect denoiser takes little from it where noise is
strong. A network that does not notice it passes it on: all of it where epsilon is predicted, which is then
too small by just that colour, the part ᾱ of it where v is, and nothing where x0 is.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from lowlight_ddpm.diffusion.backends import predict
from lowlight_ddpm.diffusion.sampling import add_noise, randn
from lowlight_ddpm.diffusion.schedule import estimate_x0, leaked_share, noise_colour_variance
from lowlight_ddpm.models.checkpoints import Checkpoint

LEVELS = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 0.9)  # √ᾱ
NEAR = 0.1  # a schedule without a level this near, relatively, is not measured there
TINTS = {"grey": (1.0, 1.0, 1.0), "red against blue": (1.0, 0.0, -1.0)}


@dataclass(frozen=True)
class Transmission:
    """`kept`: the part of a tint in x_t, at `signal` √ᾱ, that is in x0; `perfect`: a perfect denoiser's."""

    signal: float
    timestep: int
    tint: str
    kept: float
    perfect: float


def transmissions(checkpoint: Checkpoint, images: Tensor) -> Iterator[Transmission]:
    """Every tint at every level that the network's schedule has; `images` (B, 3, H, W) in model range."""
    levels = checkpoint.alphas_cumprod.sqrt()
    for signal in LEVELS:
        timestep = int((levels - signal).abs().argmin())
        if abs(levels[timestep].item() / signal - 1) <= NEAR:
            for tint, colour in TINTS.items():
                direction = torch.tensor(colour)
                kept = tint_transmission(checkpoint, images, timestep, direction)
                perfect = perfect_transmission(checkpoint, timestep, direction)
                yield Transmission(signal, timestep, tint, kept, perfect)


@torch.inference_mode()
def tint_transmission(checkpoint: Checkpoint, images: Tensor, timestep: int, direction: Tensor) -> float:
    """√ᾱ·d(mean x0)/d(mean x_t) along a colour (3,): 1 where x0 takes over all that x_t is tinted by.

    The central difference of two calls, x_t being tinted as far as noise by itself deviates. x0 is taken as
    the network gives it, before anything is clipped. Means over images (B, 3, H, W), in model range.
    """
    frame, level = checkpoint.frame, checkpoint.alphas_cumprod[timestep].item()
    noise = randn(images.shape, [torch.Generator().manual_seed(i) for i in range(len(images))])
    x_t = add_noise(frame.enter(images), noise, level).to(checkpoint.device)
    variance = noise_colour_variance(level, images[0, 0].numel(), checkpoint.variant.offset_noise)
    tint = variance**0.5 * direction[:, None, None].to(x_t)

    def colour(x_t: Tensor) -> Tensor:
        prediction = predict(checkpoint.unet, x_t, torch.tensor(timestep, device=x_t.device))
        return (
            estimate_x0(prediction, x_t, level, checkpoint.variant.prediction_type).mean(dim=(0, 2, 3)).cpu()
        )

    moved = (colour(x_t + tint) - colour(x_t - tint)) @ direction
    return (level**0.5 * moved / (2 * tint.flatten().cpu() @ direction)).item()


def perfect_transmission(checkpoint: Checkpoint, timestep: int, direction: Tensor) -> float:
    """The same of a perfect denoiser that knows the distribution of the training images' mean colours."""
    level, pixels = checkpoint.alphas_cumprod[timestep].item(), checkpoint.size**2
    share = leaked_share(checkpoint.colour_covariance, level, pixels, checkpoint.variant.offset_noise)
    direction = direction.double()
    return (direction @ share @ direction / (direction @ direction)).item()
