"""Runs by their networks: one, or several, of which those that share a network share its batches."""

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor

from lowlight_ddpm.diffusion.backends import BATCH, predict
from lowlight_ddpm.diffusion.settings import RunSettings
from lowlight_ddpm.diffusion.trajectory import Request, Step, Trajectory
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.models.checkpoints import Checkpoint

Source = Callable[[Sequence[Request]], Iterator[dict[int, Step]]]
"""Makes runs: yields, for every network call, the Step of each run that it answered, by the run's place."""


def denoise(
    checkpoint: Checkpoint,
    settings: RunSettings,
    image: Tensor | None = None,
    count: int = 1,
    alter: Callable[[Step], Step] | None = None,
) -> Iterator[Step]:
    """Run the reverse process of a `Request` of these, and yield a Step for every network call.

    An image larger than the network's own is processed in tiles. Raises Refusal for an image to restore that
    is missing, or smaller than that, and where numbers overflow.
    """
    for steps in denoise_together([Request(settings, image, count, alter)], lambda name: checkpoint):
        yield steps[0]


@torch.inference_mode()
def denoise_together(
    requests: Sequence[Request],
    load: Callable[[str], Checkpoint] = checkpoints.load,
    refused: dict[int, Refusal] | None = None,
) -> Iterator[dict[int, Step]]:
    """Make several runs, and yield for every network call the Step of each that it answered, by its place.

    Runs of one network on images of one size share its calls, up to a batch of 16 images or tiles, which
    takes less time than one after the other; a run's numbers then differ from those by some 1e-5. `load`
    gives a variant's checkpoint. What `denoise` or `load` refuse is raised; where `refused` is given, it is
    put there by the places of the runs that it is about, and ends those alone.
    """
    for places in _alike(requests):
        first = requests[places[0]]
        try:
            checkpoint = load(first.settings.variant)
            together = max(1, BATCH // first.tiles(checkpoint.size))
        except Refusal as refusal:
            if refused is None:
                raise
            refused |= dict.fromkeys(places, refusal)
            yield {}
            continue
        for begin in range(0, len(places), together):
            batch = places[begin : begin + together]
            going = {place: Trajectory(checkpoint, requests[place]) for place in batch}
            while going:
                steps = _call_network(going, refused)
                going = {place: going[place] for place, step in steps.items() if not step.is_last}
                yield steps


def _alike(requests: Sequence[Request]) -> list[list[int]]:
    """The places of requests that one network can answer in one batch, in order of the first of each."""
    groups: dict[tuple, list[int]] = {}
    for place, request in enumerate(requests):
        s, image = request.settings, request.image
        size = request.count if s.mode == "generate" or image is None else image.shape
        groups.setdefault((s.variant, s.backend, s.mode, size), []).append(place)
    return list(groups.values())


def _call_network(trajectories: dict[int, Trajectory], refused: dict[int, Refusal] | None) -> dict[int, Step]:
    """Call one network for all `trajectories` at once, whose images are of one size."""
    first, *_ = trajectories.values()
    x_t = torch.cat([trajectory.x_t for trajectory in trajectories.values()])
    timesteps = torch.cat([trajectory.timesteps for trajectory in trajectories.values()])
    answers = predict(first.network, x_t, timesteps).split(len(first.x_t))
    steps = {}
    for (place, trajectory), answer in zip(trajectories.items(), answers, strict=True):
        try:
            steps[place] = trajectory.take(answer)
        except Refusal as refusal:
            if refused is None:
                raise
            refused[place] = refusal
    return steps
