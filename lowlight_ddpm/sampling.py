"""The walk back from noise: one generator, one Step for every network call."""

import timeit
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache, partial

import torch
from torch import Tensor

from lowlight_ddpm import cures, threads
from lowlight_ddpm.backends import Network, network
from lowlight_ddpm.checkpoints import Checkpoint
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.samplers import Respaced
from lowlight_ddpm.schedule import estimate_x0, matching_timesteps, signal_and_noise, trailing_timesteps
from lowlight_ddpm.settings import BackendName, RunSettings
from lowlight_ddpm.tiling import predict, tile_count


@dataclass(frozen=True)
class Step:
    """One network call. Tensors are float32 (B, 3, H, W) in model range; x_t and x0 may reach beyond it.

    `index` counts from 0 to `total` − 1; `timestep` is where on the run's schedule x_t lies; `alpha_bar` the
    share of signal variance there; `x_t` what entered the network, `x0` its estimate of the clean picture.
    The last step's x0 is the result.
    """

    index: int
    total: int
    timestep: int
    alpha_bar: float
    x_t: Tensor
    x0: Tensor


@torch.inference_mode()
def denoise(
    checkpoint: Checkpoint,
    settings: RunSettings,
    image: Tensor | None = None,
    count: int = 1,
    alter: Callable[[Step], Step] | None = None,
) -> Iterator[Step]:
    """Walk the reverse process of `settings`, and yield a Step for every network call.

    Restoring, `image` (B, 3, H, W) in model range, already dimmed, is noised to timestep `settings.start`;
    generating, `count` pictures start from pure noise. Picture i draws all its noise from a generator of its
    own, seeded with settings.seed + i, so it does not depend on what else is in the batch. `alter` may give
    back another x_t and x0 at any step, from which the walk goes on. A picture larger than the network's own
    is asked in tiles. Raises Refusal for a picture to restore that is missing, or smaller than that, and
    where numbers overflow.
    """
    unet = network(checkpoint, settings.backend)
    device, variant, frame = checkpoint.device, checkpoint.variant, checkpoint.frame
    levels = settings.alphas_cumprod
    timesteps = trailing_timesteps(settings.start, settings.steps)
    fed = matching_timesteps(levels[timesteps], checkpoint.alphas_cumprod).to(device)
    process = Respaced(settings.sampler, levels, timesteps, settings.variance_type)

    shape = _shape(checkpoint, settings, image, count)
    generators = [torch.Generator().manual_seed((settings.seed + i) % 2**32) for i in range(shape[0])]
    first_level = levels[settings.start].item()
    noise = randn(shape, generators).to(device)
    if variant.offset_noise:
        noise = noise + variant.offset_noise * randn((*shape[:2], 1, 1), generators).to(device)
    first = noise
    if settings.mode == "restore":
        first = add_noise(frame.enter(image.to(device)), noise, first_level)
    if settings.leak_start:
        leak = cures.leaked_colour(*_colours(checkpoint), randn((shape[0], 3), _copies(generators)))
        first = add_noise(leak.to(device), noise, first_level)
    if settings.anchor:
        spread = _colours(checkpoint)[1].diag()[:, None, None].to(device)

    x_t = first
    for index, timestep in enumerate(timesteps.tolist()):
        level = process.levels[index]
        prediction = predict(unet, x_t, fed[index])
        prediction = cures.scale_epsilon(
            prediction, x_t, level, variant.prediction_type, settings.epsilon_scale
        )
        x0 = estimate_x0(prediction, x_t, level, variant.prediction_type)
        if not x0.isfinite().all():
            raise Refusal(
                f"The numbers overflow in step {index + 1} of {len(timesteps)}, at timestep {timestep}: "
                "choose betas nearer to the trained ones."
            )
        if settings.anchor:
            x0 = cures.anchor(x0, first, first_level, spread, variant.offset_noise)
        x0 = frame.leave(x0)
        if settings.clip:
            x0 = frame.clip(x0)
        if settings.clip_to_data:
            x0 = cures.clip_to_data(x0, settings.brightness)
        step = Step(index, len(timesteps), timestep, levels[timestep].item(), frame.leave(x_t), x0)
        if alter:
            step = alter(step)
            x0, x_t = step.x0, frame.enter(step.x_t)
        yield step
        x_t = process.step(index, frame.enter(x0), x_t, generators)


def _copies(generators: list[torch.Generator]) -> list[torch.Generator]:
    """Generators in the same state: drawing from them leaves the noise of the walk as it is."""
    return [generator.clone_state() for generator in generators]


def _colours(checkpoint: Checkpoint) -> tuple[Tensor, Tensor]:
    """Mean (3,) and covariance (3, 3) of the training pictures' mean colours, in the network's frame."""
    mean = torch.tensor(checkpoint.record["channel_mean"])
    return checkpoint.frame.enter(mean[:, None, None]).flatten(), checkpoint.colour_covariance.float()


def add_noise(x0: Tensor, noise: Tensor, alpha_bar: float) -> Tensor:
    """x_t = √ᾱ·x0 + √(1−ᾱ)·ε (Ho et al. 2020, eq. 4)."""
    of_x0, of_noise = signal_and_noise(alpha_bar)
    return of_x0 * x0 + of_noise * noise


def randn(shape: tuple[int, ...], generators: list[torch.Generator]) -> Tensor:
    """Standard normal noise (B, ...), picture i from generator i."""
    return torch.stack([torch.randn(shape[1:], generator=generator) for generator in generators])


def _shape(
    checkpoint: Checkpoint, settings: RunSettings, image: Tensor | None, count: int
) -> tuple[int, ...]:
    if settings.mode == "generate":
        side = checkpoint.unet.config.sample_size
        return count, 3, side, side
    if image is None:
        raise Refusal("There is no picture to restore: pick one, or generate from pure noise.")
    side = checkpoint.unet.config.sample_size
    if image.ndim != 4 or min(image.shape[-2:]) < side:
        shape = "×".join(map(str, image.shape[-2:]))
        raise Refusal(f"A picture to restore must be at least {side} pixels a side, and this one is {shape}.")
    return tuple(image.shape)


def seconds_per_call(
    checkpoint: Checkpoint, height: int, width: int, backend: BackendName = "torch"
) -> float:
    """Seconds that one network call on a picture takes here: one tile is timed once a network."""
    tiles = tile_count(height, width, checkpoint.unet.config.sample_size)
    return tiles * _timed_call(network(checkpoint, backend))


def settle_threads(unet: Network) -> int:
    """Have PyTorch use as many threads as make a call on one picture fastest; returns how many."""
    return threads.settle(partial(_call, unet))


@lru_cache(maxsize=8)
def _timed_call(unet: Network) -> float:
    # The first call also allocates, so it is the fastest of three that tells.
    return min(timeit.repeat(partial(_call, unet), number=1, repeat=3))


@torch.inference_mode()
def _call(unet: Network) -> None:
    side = unet.config.sample_size
    x_t = torch.zeros(1, 3, side, side, device=unet.device).contiguous(memory_format=torch.channels_last)
    unet(x_t, 0).sample.sum().item()  # waits for a GPU
