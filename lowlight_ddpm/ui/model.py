"""The one place where the page calls a network: on a Space's shared GPU, on a GPU of ours, or on the CPU."""

import os
from collections.abc import Callable, Iterator
from dataclasses import replace

try:
    import spaces  # must be imported before torch; it is there on ZeroGPU Spaces only
except ImportError:
    spaces = None

import torch
from torch import Tensor

from lowlight_ddpm import checkpoints, sampling
from lowlight_ddpm.sampling import Step
from lowlight_ddpm.settings import RunSettings
from lowlight_ddpm.ui.limits import Limits
from lowlight_ddpm.ui.logs import logged

LIMITS = Limits.here()
QUEUE = "model"  # concurrency_id of every event that calls a network

# Two threads that share two busy cores are several times slower than one.
torch.set_num_threads(int(os.environ.get("LOWLIGHT_THREADS", "1")))


def _on_gpu(function: Callable) -> Callable:
    return spaces.GPU(function) if spaces else function


def walk(
    settings: RunSettings,
    pictures: Tensor | None,
    count: int = 1,
    alter: Callable[[Step], Step] | None = None,
) -> Iterator[Step]:
    """The Steps of a run, on the CPU, as `sampling.denoise` makes them.

    `pictures` are (B, 3, H, W) in model range, or None to generate `count`; `alter` must be picklable. Raises
    Refusal for a run that is too much here, or takes too long.
    """
    LIMITS.check(settings.steps, 0 if pictures is None else pictures[0, 0].numel())
    yield from logged(settings, LIMITS.timed(_walk(settings, pictures, count, alter)))


@_on_gpu
def _walk(
    settings: RunSettings, pictures: Tensor | None, count: int, alter: Callable[[Step], Step] | None
) -> Iterator[Step]:
    """On ZeroGPU this runs in a process of its own: whatever must be remembered is the caller's to keep."""
    for step in sampling.denoise(checkpoints.load(settings.variant), settings, pictures, count, alter):
        yield replace(step, x_t=step.x_t.cpu(), x0=step.x0.cpu())
