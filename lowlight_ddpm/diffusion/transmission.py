"""Tint transmission: how much of a colour in x_t a network lets into x0, compared with a perfect denoiser.

The noise of x_t has a mean colour too, a chance one. A perfect denoiser takes little from it where noise is
strong. A network that does not notice it passes it on: all of it where epsilon is predicted, which is then
too small by just that colour, the part ᾱ of it where v is, and nothing where x0 is.

A tint may also come and go over an image, by so many cycles from side to side. Of the noise's variance, and
so of the loss, each such wave has the same share as the mean has: a network that passes on the mean alone
does not do so because the loss pays little for it, or not for that reason alone.
"""

import math
from collections.abc import Callable, Iterable, Iterator
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
CYCLES = (0, 1, 2, 4, 8)  # from side to side of an image; 0 is its mean
# What is measured at each level: hues differ little, so that waves are of grey alone.
PROBES = (*((tint, 0) for tint in TINTS), *(("grey", cycles) for cycles in CYCLES[1:]))


@dataclass(frozen=True)
class Transmission:
    """`kept`: the part of a tint in x_t, at `signal` √ᾱ, that is in x0; `perfect`: a perfect denoiser's.

    The tint goes through `cycles` from side to side. `perfect` is None where the images that the network has
    learned from are not known, and there are cycles.
    """

    signal: float
    timestep: int
    tint: str
    cycles: int
    kept: float
    perfect: float | None


def transmissions(
    checkpoint: Checkpoint,
    images: Tensor,
    learned: Tensor | None = None,
    levels: Iterable[float] = LEVELS,
    probes: Iterable[tuple[str, int]] = PROBES,
) -> Iterator[Transmission]:
    """Every probe that the images' size allows, at every level that the network's schedule has.

    `images` (B, 3, H, W) and `learned` (N, 3, H, W), those that the network has learned from, in model range.
    """
    shown = [(tint, cycles) for tint, cycles in probes if cycles < images.shape[-1] / 2]
    known = {0: checkpoint.colour_covariance}  # covariance of the training images' tints, by cycles
    if learned is not None:
        entered = checkpoint.frame.enter(learned)
        known |= {cycles: wave_covariance(entered, cycles) for _, cycles in shown if cycles}
    roots = checkpoint.alphas_cumprod.sqrt()
    for signal in levels:
        timestep = int((roots - signal).abs().argmin())
        if abs(roots[timestep].item() / signal - 1) <= NEAR:
            for tint, cycles in shown:
                direction, perfect = torch.tensor(TINTS[tint]), None
                kept = tint_transmission(checkpoint, images, timestep, direction, cycles)
                if cycles in known:
                    perfect = perfect_transmission(checkpoint, timestep, direction, cycles, known[cycles])
                yield Transmission(signal, timestep, tint, cycles, kept, perfect)


@torch.inference_mode()
def tint_transmission(
    checkpoint: Checkpoint, images: Tensor, timestep: int, direction: Tensor, cycles: int = 0
) -> float:
    """√ᾱ·d(tint of x0)/d(tint of x_t) along a colour (3,): 1 where x0 takes over all that x_t is tinted by.

    The central difference of two calls, x_t being tinted as far as noise by itself deviates. x0 is taken as
    the network gives it, before anything is clipped. Means over images (B, 3, H, W), in model range; where
    there are `cycles`, each image has another of the four `waves`.
    """
    frame, level = checkpoint.frame, checkpoint.alphas_cumprod[timestep].item()
    noise = randn(images.shape, [torch.Generator().manual_seed(i) for i in range(len(images))])
    x_t = add_noise(frame.enter(images), noise, level).to(checkpoint.device)

    def x0_of(x_t: Tensor) -> Tensor:
        prediction = predict(checkpoint.unet, x_t, torch.tensor(timestep, device=x_t.device))
        return estimate_x0(prediction, x_t, level, checkpoint.variant.prediction_type)

    return passed_share(x0_of, x_t, level, direction, cycles, _offset(checkpoint, cycles))


def passed_share(
    x0_of: Callable[[Tensor], Tensor],
    x_t: Tensor,
    alpha_bar: float,
    direction: Tensor,
    cycles: int,
    offset_noise: float,
) -> float:
    """`tint_transmission` of any denoiser, whose estimate for x_t (B, C, H, W) is `x0_of(x_t)`.

    `direction` is a colour (C,); `offset_noise` is the deviation of what is added to the noise's mean.
    """
    turns = waves(x_t.shape[-2], x_t.shape[-1], cycles).to(x_t)
    wave = turns[torch.arange(len(x_t)) % len(turns)][:, None]
    deviation = noise_colour_variance(alpha_bar, x_t[0, 0].numel(), offset_noise) ** 0.5
    tint = deviation * direction[:, None, None].to(x_t)

    def colour(x_t: Tensor) -> Tensor:
        return (x0_of(x_t) * wave).mean(dim=(0, 2, 3)).cpu()

    moved = (colour(x_t + tint * wave) - colour(x_t - tint * wave)) @ direction
    return (alpha_bar**0.5 * moved / (2 * tint.flatten().cpu() @ direction)).item()


def perfect_transmission(
    checkpoint: Checkpoint,
    timestep: int,
    direction: Tensor,
    cycles: int = 0,
    covariance: Tensor | None = None,
) -> float:
    """The same of a perfect denoiser that knows the distribution of the training images' tints, and no more.

    They are taken for normal, with `covariance` (3, 3) in the network's own scale: a `wave_covariance`, or
    the checkpoint's `colour_covariance`, which is that of the mean, if it is left out.
    """
    level, pixels = checkpoint.alphas_cumprod[timestep].item(), checkpoint.size**2
    spread = checkpoint.colour_covariance if covariance is None else covariance
    return perfect_share(spread, level, pixels, direction, _offset(checkpoint, cycles))


def perfect_share(
    covariance: Tensor, alpha_bar: float, pixels: int, direction: Tensor, offset_noise: float
) -> float:
    """What a denoiser passes that knows the covariance (C, C) of what the tint adds to: Bayes' rule."""
    share, direction = leaked_share(covariance, alpha_bar, pixels, offset_noise), direction.double()
    return (direction @ share @ direction / (direction @ direction)).item()


def waves(height: int, width: int, cycles: int) -> Tensor:
    """Cosine and sine across and down an image, each with a mean square of 1: (4, H, W); of 0 cycles, ones.

    Noise is, along each, as strong as in its mean. `cycles` are fewer than half the pixels of a side.
    """
    if not cycles:
        return torch.ones(1, height, width)
    across, down = (2 * torch.pi * cycles * torch.arange(side) / side for side in (width, height))
    angles = (across.expand(height, width), down[:, None].expand(height, width))
    return math.sqrt(2) * torch.stack([turn(angle) for angle in angles for turn in (torch.cos, torch.sin)])


def wave_covariance(images: Tensor, cycles: int) -> Tensor:
    """Covariance over `images` (N, 3, H, W) of their tints along `waves`, mean over these: float64 (3, 3)."""
    turns = waves(images.shape[-2], images.shape[-1], cycles).to(images)
    tints = torch.einsum("nchw,khw->knc", images, turns).double() / images[0, 0].numel()
    return torch.stack([of_one.T.cov() for of_one in tints]).mean(dim=0)


def _offset(checkpoint: Checkpoint, cycles: int) -> float:
    """The deviation of the noise's offset, which is in its mean alone."""
    return 0.0 if cycles else checkpoint.variant.offset_noise
