"""The one place where the page calls a network: on a Space's shared GPU, on a GPU of ours, or on the CPU."""

import math
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache

import torch
from torch import Tensor

from lowlight_ddpm.diffusion import sampling
from lowlight_ddpm.diffusion.sampling import Told
from lowlight_ddpm.diffusion.settings import RunSettings
from lowlight_ddpm.diffusion.tiling import BATCH
from lowlight_ddpm.diffusion.trajectory import Request, Step, step_of
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.models.checkpoints import Checkpoint
from lowlight_ddpm.models.unet import build_unet
from lowlight_ddpm.ui.worker.gpu import on_gpu, seconds_of
from lowlight_ddpm.ui.worker.limits import Limits
from lowlight_ddpm.ui.worker.logs import logged

LIMITS = Limits.here()
QUEUE = "model"  # concurrency_id of every event that calls a network


@cache
def settle_threads() -> None:
    """Choose how many threads a run has, once, before the first: LOWLIGHT_THREADS, or as many as pay."""
    chosen = os.environ.get("LOWLIGHT_THREADS")
    if chosen:
        torch.set_num_threads(int(chosen))
    else:
        sampling.settle_threads(build_unet().eval())  # of no checkpoint, since any may be damaged


def walk(
    settings: RunSettings,
    pictures: Tensor | None,
    count: int = 1,
    alter: Callable[[Step], Step] | None = None,
) -> Iterator[Step]:
    """The Steps of a run, on the CPU, as `sampling.denoise` makes them.

    `pictures` are (B, 3, H, W) in model range, or None to generate `count`; `alter` must be picklable. Raises
    Refusal as that does, and as `walk_together` does.
    """
    for told in walk_together([Request(settings, pictures, count, alter)]):
        yield step_of(told[0])


def walk_together(requests: Sequence[Request]) -> Iterator[Told]:
    """What came of every network call, on the CPU, as `sampling.denoise_together` tells it.

    Raises Refusal for a run that is too much here, and where they take longer than so many may.
    """
    settle_threads()
    for request in requests:
        pixels = 0 if request.image is None else request.image[0, 0].numel()
        LIMITS.check(request.settings.steps, pixels)
    told = LIMITS.timed(_told(requests), len(requests))
    yield from logged([request.settings for request in requests], told)


def _seconds(requests: Sequence[Request]) -> int:
    """How long `_told` may take on a shared GPU."""
    return seconds_of(sum(map(_calls, requests)))


def _calls(request: Request) -> int:
    """How many network calls a run takes by itself."""
    settings = request.settings
    return settings.steps * math.ceil(request.tiles(settings.size) / BATCH)


@on_gpu(_seconds)
def _told(requests: Sequence[Request]) -> Iterator[Told]:
    """On ZeroGPU this runs in a process of its own: whatever must be remembered is the caller's to keep."""
    for told in sampling.denoise_together(requests, _loaded):
        yield {place: _on_cpu(step) for place, step in told.items()}


def _loaded(name: str) -> Checkpoint:
    checkpoint = checkpoints.load(name)
    if checkpoints.GPU_IS_LENT:
        checkpoint.unet.to("cuda")
    return checkpoint


def _on_cpu(told: Step | Refusal) -> Step | Refusal:
    return told if isinstance(told, Refusal) else replace(told, x_t=told.x_t.cpu(), x0=told.x0.cpu())
