"""What single calls of a network tell: schedule, tint transmission, error by timestep, signal leak."""

import copy
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from lowlight_ddpm.diagnosis.model import LEAST_SIGNAL, Model
from lowlight_ddpm.diagnosis.reference import Reference, mean_colours
from lowlight_ddpm.diffusion.sampling import add_noise, randn
from lowlight_ddpm.diffusion.schedule import missing_colour
from lowlight_ddpm.diffusion.transmission import LEVELS, NEAR, TINTS, passed_share, perfect_share
from lowlight_ddpm.errors import Refusal

UNIT = 127.5  # of 255, a unit of the network's input
CYCLES = (0, 1)  # of a tint across an image


@dataclass(frozen=True)
class Schedule:
    """`signal_left` is √ᾱ at the last timestep, `first_signal` at `first_timestep`, where sampling begins."""

    timesteps: int
    spacing: str
    steps: int
    signal_left: float
    first_timestep: int
    first_signal: float
    zero_snr_with_epsilon: bool

    @property
    def starts_late(self) -> bool:
        """Whether sampling begins below the last timestep."""
        return self.first_timestep < self.timesteps - 1


def schedule(model: Model, steps: int) -> Schedule:
    """The schedule of training, and the grid of the sampling that is configured, with `steps` steps."""
    levels, config = model.alphas_cumprod, model.scheduler.config
    first = int(grid(model, steps)[0])
    return Schedule(
        len(levels),
        config["timestep_spacing"],
        steps,
        levels[-1].sqrt().item(),
        first,
        levels[first].sqrt().item(),
        model.prediction_type == "epsilon" and levels[-1].item() <= LEAST_SIGNAL,
    )


def grid(model: Model, steps: int) -> Tensor:
    """The timesteps that the model's scheduler visits in `steps` steps. Raises Refusal where it cannot."""
    scheduler = copy.deepcopy(model.scheduler)
    try:
        scheduler.set_timesteps(steps)
    except ValueError as error:
        raise Refusal(
            f"The scheduler takes no {steps} steps: choose from 1 to {len(model.alphas_cumprod)}."
        ) from error
    return scheduler.timesteps.long()


@dataclass(frozen=True)
class Passed:
    """`passed`: the part of a tint in x_t, at `signal` √ᾱ, that is in x0; `ideal`: an ideal denoiser's.

    The tint is flat where `cycles` is 0, and goes through one from side to side where it is 1. `ideal` is
    None where nothing tells it.
    """

    signal: float
    timestep: int
    cycles: int
    tint: str
    passed: float
    ideal: float | None

    @property
    def excess(self) -> float:
        """By how much it passes more than an ideal denoiser: 0 where the ideal is not known."""
        return 0.0 if self.ideal is None else self.passed - self.ideal


def transmission(model: Model, reference: Reference | None, count: int, seed: int) -> Iterator[Passed]:
    """Every tint at every level that the schedule has, over `count` noised images, two calls each.

    Without images, flat ones of the reference's mean colour are noised, without a reference grey ones.
    """
    images = _base(model, reference, count)
    noise = randn(images.shape, [torch.Generator().manual_seed(seed + i) for i in range(count)])
    levels = model.alphas_cumprod.sqrt()
    for signal in LEVELS:
        timestep = int((levels - signal).abs().argmin())
        if abs(levels[timestep].item() / signal - 1) > NEAR:
            continue
        x_t = add_noise(images, noise, levels[timestep].item() ** 2)
        for cycles in CYCLES:
            for tint, colour in TINTS.items():
                if model.shape[0] == 3 or tint == "grey":
                    direction = torch.tensor(colour[: model.shape[0]])
                    offset = 0.0 if cycles else model.offset_noise  # is in the mean alone
                    passed = passed_share(
                        lambda x_t, timestep=timestep: model.x0(x_t, timestep),
                        x_t,
                        levels[timestep].item() ** 2,
                        direction,
                        cycles,
                        offset,
                    )
                    ideal = _ideal(model, reference, timestep, direction, cycles, offset)
                    yield Passed(signal, timestep, cycles, tint, passed, ideal)


def _base(model: Model, reference: Reference | None, count: int) -> Tensor:
    if reference is not None and reference.images is not None:
        images = reference.images
        return images.repeat(-(-count // len(images)), 1, 1, 1)[:count]
    mean = torch.zeros(model.shape[0]) if reference is None else reference.colours.mean.float()
    return mean[:, None, None].expand(count, *model.shape).clone()


def _ideal(
    model: Model, reference: Reference | None, timestep: int, direction: Tensor, cycles: int, offset: float
) -> float | None:
    """`perfect_share`, None where nothing tells the covariance of what the tint adds to."""
    covariance = None if reference is None else reference.wave if cycles else reference.colours.covariance
    if covariance is None:
        return None
    return perfect_share(covariance, model.alphas_cumprod[timestep].item(), model.pixels, direction, offset)


@dataclass(frozen=True)
class MeanError:
    """The error of x0 at a timestep, root mean squares in 1/255: the whole, its mean colour's, an ideal's.

    `bias` is the mean colour's error that is common to all images, channel by channel in 1/255, less what a
    denoiser errs by that knows the colours' distribution; `bias_error` its standard error over images.
    `detail` is the error beyond the mean colour's as part of that of flat images of the right mean colours.
    """

    timestep: int
    signal: float
    whole: float
    mean: float
    ideal_mean: float
    bias: tuple[float, ...]
    bias_error: tuple[float, ...]
    detail: float

    @property
    def bias_size(self) -> float:
        """Root mean square of the bias over channels, in 1/255."""
        return float(np.sqrt(np.mean(np.square(self.bias))))


def mean_errors(
    model: Model, reference: Reference, timesteps: int, count: int, seed: int
) -> Iterator[MeanError]:
    """The errors at so many timesteps, evenly from the last down, of `count` images with two noises each.

    The second noise is the first's negative: what is linear in it, as the tint that a network passes on is,
    leaves no bias.
    """
    assert reference.images is not None
    x0 = _base(model, reference, count)
    noise = randn(x0.shape, [torch.Generator().manual_seed(seed + i) for i in range(count)])
    last, flat = len(model.alphas_cumprod) - 1, _detail(x0)
    for timestep in np.linspace(last, last * 0.02, timesteps).round().astype(int).tolist():
        level = model.alphas_cumprod[timestep].item()
        if not model.tells_x0(timestep):
            continue
        whole, mean, ideal, over, detail = [], [], [], [], []
        for sign in (1, -1):
            x_t = add_noise(x0, sign * noise, level)
            found, told = model.x0(x_t, timestep), reference.colours.given(x_t, level, model.offset_noise)[0]
            whole.append((found - x0).square().mean().item())
            mean.append(mean_colours(found - x0))
            detail.append(_detail(found - x0))
            ideal.append(told - mean_colours(x0))
            over.append(mean_colours(found) - told)
        bias = (over[0] + over[1]) / 2
        yield MeanError(
            timestep,
            level**0.5,
            UNIT * float(np.mean(whole)) ** 0.5,
            UNIT * torch.cat(mean).square().mean().sqrt().item(),
            UNIT * torch.cat(ideal).square().mean().sqrt().item(),
            tuple((UNIT * bias.mean(dim=0)).tolist()),
            tuple((UNIT * bias.std(dim=0) / count**0.5).tolist()),
            float(np.mean(detail) / flat) ** 0.5 if flat > 0 else 0.0,
        )


def _detail(images: Tensor) -> float:
    """Mean square of what images (B, C, H, W) have beyond their mean colours."""
    return (images - images.mean(dim=(2, 3), keepdim=True)).square().mean().item()


def leak(model: Model, reference: Reference, timestep: int, stochastic: bool) -> float:
    """How far samples that start at a timestep from noise alone end from the mean colour, in 1/255.

    Of an ideal denoiser: W·μ of `leaked_share` where sampling adds noise, and √W·μ where it adds none, root
    mean square over channels.
    """
    level, colours = model.alphas_cumprod[timestep].item(), reference.colours
    missing = missing_colour(
        colours.mean[None], colours.covariance, level, model.pixels, model.offset_noise, stochastic
    )
    return UNIT * missing.square().mean().sqrt().item()
