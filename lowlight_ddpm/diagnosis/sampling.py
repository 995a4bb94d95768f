"""Images of a model by diffusers' own scheduler, as it is configured, or with one thing of it changed."""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from lowlight_ddpm.diagnosis.model import Model
from lowlight_ddpm.diagnosis.reference import Reference
from lowlight_ddpm.diffusion.corrections import draw_colours
from lowlight_ddpm.diffusion.mean_correction import ColourPrior, with_mean
from lowlight_ddpm.diffusion.sampling import add_noise, draw_noise, randn
from lowlight_ddpm.diffusion.schedule import estimate_x0, signal_and_noise

_PATHS = 2**32  # seeds of colours, beyond every seed of a noise
Alter = Callable[[Tensor, Tensor, int], Tensor]
"""x0, x_t and the timestep, to the x0 that is used: all tensors (B, C, H, W)."""


@dataclass(frozen=True)
class Change:
    """What of the configured sampling is changed: nothing where nothing is given.

    `spacing` is the grid's; `skip` leaves out its first timesteps; `leak` draws a colour that the start
    holds, as training had it; `alter` changes every x0 that is estimated, and `limits` clip it instead of
    the scheduler.
    """

    spacing: str | None = None
    skip: int = 0
    leak: ColourPrior | None = None
    alter: Alter | None = None
    limits: tuple[float, float] | None = None


def generate(model: Model, count: int, steps: int, seed: int, change: Change = Change()) -> Tensor:
    """`count` images (B, C, H, W) from pure noise, clipped to ±1; image i draws all of it from seed + i.

    The noise is the same for every change. What is not finite is 0 at the end.
    """
    scheduler: Any = copy.deepcopy(model.scheduler)
    if change.spacing:
        scheduler.register_to_config(timestep_spacing=change.spacing)
    if change.limits:
        scheduler.register_to_config(clip_sample=False)
    scheduler.set_timesteps(steps)
    generators = [torch.Generator().manual_seed(seed + i) for i in range(count)]
    x_t = draw_noise((count, *model.shape), generators, model.offset_noise)
    timesteps = scheduler.timesteps.tolist()[change.skip :]
    if change.leak:
        drawn = [torch.Generator().manual_seed(_PATHS + seed + i) for i in range(count)]
        colours = draw_colours(
            change.leak.mean, change.leak.covariance, randn((count, model.shape[0]), drawn).double()
        )
        x_t = add_noise(colours.float(), x_t, model.alphas_cumprod[timesteps[0]].item())
    for timestep in timesteps:
        prediction, variance = model.predict(x_t, timestep)
        if (change.alter or change.limits) and model.tells_x0(timestep):
            prediction = _altered(model, change, prediction, x_t, timestep)
        learned = str(scheduler.config.get("variance_type")).startswith("learned")
        output = torch.cat([prediction, variance], dim=1) if learned and variance is not None else prediction
        x_t = scheduler.step(output, timestep, x_t, generator=generators).prev_sample
    return x_t.nan_to_num(0.0, 0.0, 0.0).clamp(-1, 1)


def _altered(model: Model, change: Change, prediction: Tensor, x_t: Tensor, timestep: int) -> Tensor:
    """The prediction that says of x0 what the change makes of it."""
    level = model.alphas_cumprod[timestep].item()
    x0 = estimate_x0(prediction, x_t, level, model.prediction_type)
    if change.alter:
        x0 = change.alter(x0, x_t, timestep)
    if change.limits:
        x0 = x0.clamp(*change.limits)
    signal, noise = signal_and_noise(level)
    epsilon = (x_t - signal * x0) / noise
    return {"epsilon": epsilon, "v_prediction": signal * epsilon - noise * x0, "sample": x0}[
        model.prediction_type
    ]


def mean_correction(model: Model, reference: Reference) -> Change:
    """The posterior-mean correction: x0's mean colour becomes the one that x_t's mean tells of it."""
    limits = None if model.clip is None else (-model.clip, model.clip)

    def alter(x0: Tensor, x_t: Tensor, timestep: int) -> Tensor:
        level = model.alphas_cumprod[timestep].item()
        mean, _ = reference.colours.given(x_t, level, model.offset_noise)
        return with_mean(x0, mean[..., None, None].to(x0), limits)

    return Change(alter=alter)


def without_bias(timesteps: list[int], bias: Tensor) -> Change:
    """x0 less a colour (T, C), in the network's unit: that at its timestep, or between its neighbours'."""
    order = torch.tensor(timesteps).argsort()
    at, values = torch.tensor(timesteps)[order].double(), bias[order].double()

    def alter(x0: Tensor, x_t: Tensor, timestep: int) -> Tensor:
        after = int(torch.searchsorted(at, float(timestep)).clamp(1, len(at) - 1))
        share = ((timestep - at[after - 1]) / (at[after] - at[after - 1])).clamp(0, 1)
        colour = values[after - 1] + share * (values[after] - values[after - 1])
        return x0 - colour[:, None, None].to(x0)

    return Change(alter=alter)
