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

QUEUE = "model"  # concurrency_id of every event that calls a network

# Two threads that share two busy cores are several times slower than one.
torch.set_num_threads(int(os.environ.get("LOWLIGHT_THREADS", "1")))


def _on_gpu(function: Callable) -> Callable:
    return spaces.GPU(function) if spaces else function


@_on_gpu
def walk(
    settings: RunSettings,
    pictures: Tensor | None,
    count: int = 1,
    alter: Callable[[Step], Step] | None = None,
) -> Iterator[Step]:
    """The Steps of a run, on the CPU, as `sampling.denoise` makes them.

    `pictures` are (B, 3, H, W) in model range, or None to generate `count`; `alter` must be picklable.

    On ZeroGPU this body runs in a process of its own, so whatever must be remembered is the caller's to keep.
    """
    for step in sampling.denoise(checkpoints.load(settings.variant), settings, pictures, count, alter):
        yield replace(step, x_t=step.x_t.cpu(), x0=step.x0.cpu())
