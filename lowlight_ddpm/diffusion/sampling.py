"""Runs by their networks: one, or several in which whatever shares a network is asked as one batch."""

import timeit
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache, partial

import torch
from torch import Tensor

from lowlight_ddpm.diffusion import threads
from lowlight_ddpm.diffusion.backends import Network, network
from lowlight_ddpm.diffusion.settings import BackendName, RunSettings
from lowlight_ddpm.diffusion.tiling import BATCH, predict, tile_count
from lowlight_ddpm.diffusion.trajectory import Request, Step, Walk, step_of
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.models.checkpoints import Checkpoint

Told = dict[int, Step | Refusal]
"""What came of one network call: for each run that it answered, by its place, a Step, or why it ends."""


@torch.inference_mode()
def denoise(
    checkpoint: Checkpoint,
    settings: RunSettings,
    image: Tensor | None = None,
    count: int = 1,
    alter: Callable[[Step], Step] | None = None,
) -> Iterator[Step]:
    """Walk the reverse process of a `Request` of these, and yield a Step for every network call.

    A picture larger than the network's own is asked in tiles. Raises Refusal for a picture to restore that is
    missing, or smaller than that, and where numbers overflow.
    """
    walk = Walk(checkpoint, Request(settings, image, count, alter))
    for told in _to_the_end({0: walk}):
        yield step_of(told[0])


@torch.inference_mode()
def denoise_together(
    requests: Sequence[Request], load: Callable[[str], Checkpoint] = checkpoints.load
) -> Iterator[Told]:
    """Make several runs, and yield what came of every network call.

    Runs of one network on pictures of one size share its calls, up to a batch of 16 pictures or tiles, which
    takes less time than one after the other; a run's numbers then differ from those by some 1e-5. `load`
    gives a variant's checkpoint. Whatever `denoise` or `load` would refuse is told instead of a step, and
    ends those runs alone that it is about.
    """
    for places in _alike(requests):
        first = requests[places[0]]
        try:
            checkpoint = load(first.settings.variant)
            together = max(1, BATCH // first.tiles(checkpoint.unet.config.sample_size))
        except Refusal as refusal:
            yield dict.fromkeys(places, refusal)
            continue
        for begin in range(0, len(places), together):
            batch = places[begin : begin + together]
            yield from _to_the_end({place: Walk(checkpoint, requests[place]) for place in batch})


def _alike(requests: Sequence[Request]) -> list[list[int]]:
    """The places of requests that one network can answer in one batch, in order of the first of each."""
    groups: dict[tuple, list[int]] = {}
    for place, request in enumerate(requests):
        s, image = request.settings, request.image
        size = request.count if s.mode == "generate" or image is None else image.shape
        groups.setdefault((s.variant, s.backend, s.mode, size), []).append(place)
    return list(groups.values())


def _to_the_end(walks: dict[int, Walk]) -> Iterator[Told]:
    """Ask one network for all `walks` at once until none is left; their pictures are of one size."""
    going = dict(walks)
    while going:
        one, *_ = going.values()
        x_t = torch.cat([walk.x_t for walk in going.values()])
        timesteps = torch.cat([walk.timesteps for walk in going.values()])
        answers = predict(one.network, x_t, timesteps).split(len(one.x_t))
        told = {place: _taken(going[place], answer) for place, answer in zip(going, answers, strict=True)}
        going = {place: going[place] for place, step in told.items() if not _ends(step)}
        yield told


def _taken(walk: Walk, answer: Tensor) -> Step | Refusal:
    try:
        return walk.take(answer)
    except Refusal as refusal:
        return refusal


def _ends(told: Step | Refusal) -> bool:
    return isinstance(told, Refusal) or told.is_last


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
