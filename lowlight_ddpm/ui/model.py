"""The one place where the page calls a network: on a Space's shared GPU, on a GPU of ours, or on the CPU."""

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache

import torch
from torch import Tensor

from lowlight_ddpm import checkpoints, sampling
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.network import build_unet
from lowlight_ddpm.sampling import Step
from lowlight_ddpm.settings import RunSettings
from lowlight_ddpm.ui.gpu import on_gpu, seconds_of
from lowlight_ddpm.ui.limits import Limits
from lowlight_ddpm.ui.logs import logged

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
    Refusal as that does, and for a run that is too much here, or takes too long.
    """
    settle_threads()
    LIMITS.check(settings.steps, 0 if pictures is None else pictures[0, 0].numel())
    steps = _told(_walk(settings, pictures, count, alter))
    yield from logged(settings, LIMITS.timed(steps))


def _told(steps: Iterator[Step | Refusal]) -> Iterator[Step]:
    """Raise the Refusal that comes instead of a step."""
    for step in steps:
        if isinstance(step, Refusal):
            raise step
        yield step


def _seconds(settings: RunSettings, pictures: Tensor | None, count: int, alter: object) -> int:
    """How long `_walk` may take on a shared GPU."""
    count, height, width = (count, settings.size, settings.size) if pictures is None else pictures[:, 0].shape
    return seconds_of(settings.steps, count, height, width, settings.size)


@on_gpu(_seconds)
def _walk(
    settings: RunSettings, pictures: Tensor | None, count: int, alter: Callable[[Step], Step] | None
) -> Iterator[Step | Refusal]:
    """On ZeroGPU this runs in a process of its own: whatever must be remembered is the caller's to keep."""
    try:
        checkpoint = checkpoints.load(settings.variant)
        if checkpoints.GPU_IS_LENT:
            checkpoint.unet.to("cuda")
        for step in sampling.denoise(checkpoint, settings, pictures, count, alter):
            yield replace(step, x_t=step.x_t.cpu(), x0=step.x0.cpu())
    except Refusal as refusal:
        yield refusal  # raised, it would come back without its sentence
