"""The diagnosis from a model to its report: the parts in order, the cheapest first."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from diffusers.models.unets.unet_2d import UNet2DModel
from torch import Tensor

from lowlight_ddpm.diagnosis import measures, sampling
from lowlight_ddpm.diagnosis.causes import THRESHOLDS
from lowlight_ddpm.diagnosis.colours import by_chance, colour_error, moments, share_outside
from lowlight_ddpm.diagnosis.corrections import CONFIGURED, corrections
from lowlight_ddpm.diagnosis.evidence import Evidence, Generated
from lowlight_ddpm.diagnosis.folders import open_folder
from lowlight_ddpm.diagnosis.guard import Limits
from lowlight_ddpm.diagnosis.model import Model, of_parts
from lowlight_ddpm.diagnosis.reference import (
    Images,
    Reference,
    border_colours,
    find_reference,
    mean_colours,
)
from lowlight_ddpm.diagnosis.report import Report
from lowlight_ddpm.diagnosis.verdict import conclude
from lowlight_ddpm.errors import Refusal

STEPS = 50
LARGE = 256  # pixels a side from which on images are generated only if a number of them is given
_MOST = 256  # generated images


@dataclass(frozen=True)
class Effort:
    """How much is measured: images tinted, timesteps and images of errors, images generated, images read."""

    tinted: int = 4
    timesteps: int = 12
    noised: int = 16
    generated: int = 16
    reference: int = 1000


QUICK = Effort(tinted=2, timesteps=8, noised=8, generated=8, reference=200)


def diagnose(
    model: Any,
    scheduler: Any = None,
    *,
    shape: tuple[int, int, int] | None = None,
    images: Images | None = None,
    mean: Sequence[float] | None = None,
    covariance: Sequence[Sequence[float]] | None = None,
    steps: int = STEPS,
    count: int | None = None,
    quick: bool = False,
    seed: int = 0,
    label: int | None = None,
    device: str | None = None,
    out: str | Path | None = None,
    limits: Limits | None = None,
    progress: Callable[[str], None] = lambda part: None,
) -> Report:
    """Find out whether a diffusion model's colours are wrong, why, by how much, and what to change.

    `model` is the folder of a diffusers pipeline (DDPM or DDIM; or unet/ and scheduler/ side by side; weights
    as safetensors), OWNER/NAME on the Hub, a variant's name, such a pipeline, a UNet2DModel with its
    `scheduler`, or any function of x_t (B, C, H, W), float32 scaled as in training, and timesteps (B,),
    int64, that returns its prediction, with its `scheduler` and the `shape` (C, H, W) of its images.

    What its images should look like is told by `images`: training images, as a source like a folder or
    hub:OWNER/NAME, PIL images, or a tensor (N, C, H, W) in [-1, 1]; or by `mean` (C,) and `covariance` (C, C)
    of their mean colours, in [-1, 1] too; else by the folder's training record. Without, little can be told.

    Sampling is the scheduler's own, with `steps` steps. `count` images are generated with it, and with every
    correction, on the same noise: 16, or 8 if `quick`; 0 is none, and the default from 256 pixels on.
    A class-conditional network is given `label`, or all its classes in turn. The same values give the same
    report. It is written to the folder `out`, if that is given. `progress` is told of every part. A server
    sets `limits` to what a folder may hold.

    Raises Refusal, in one sentence, for a model that cannot be diagnosed and for values out of range.
    """
    effort = QUICK if quick else Effort()
    opened = _opened(model, scheduler, shape, label, device, limits)
    if count is None:
        count = effort.generated if max(opened.shape[1:]) < LARGE else 0
    if not (count == 0 or 3 <= count <= _MOST):
        raise Refusal(f"Generate 3 to {_MOST} images, or 0 for none, not {count}.")
    effort = replace(effort, generated=count)
    reference = find_reference(opened, images, mean, covariance, effort.reference)
    with _as_sampled(opened):
        progress("schedule")
        evidence = _by_calls(opened, reference, effort, steps, seed, progress)
        made: dict[str, Tensor] = {}
        if count:
            evidence, made = _by_images(opened, reference, evidence, count, seed, progress)
    settings = {"steps": steps, "seed": seed, "quick": quick, "label": label, **vars(effort)}
    report = Report(opened, reference, settings, evidence, conclude(evidence, reference), made)
    if out is not None:
        report.save(Path(out))
    return report


def _opened(
    model: Any,
    scheduler: Any,
    shape: tuple[int, int, int] | None,
    label: int | None,
    device: str | None,
    limits: Limits | None,
) -> Model:
    if isinstance(model, str | Path):
        return open_folder(str(model), label, device, limits)
    return of_parts(model, scheduler, shape, label)


@contextmanager
def _as_sampled(model: Model) -> Iterator[None]:
    """Run a network as sampling does, and leave it in training if it was, as in the midst of one."""
    network: Any = model.network
    training = getattr(network, "training", False)
    if isinstance(network, torch.nn.Module):
        network.eval()
    try:
        yield
    finally:
        if isinstance(network, torch.nn.Module):
            network.train(training)


def _by_calls(
    model: Model,
    reference: Reference | None,
    effort: Effort,
    steps: int,
    seed: int,
    progress: Callable[[str], None],
) -> Evidence:
    """What single calls tell: schedule, transmission, errors, and the leak that is predicted."""
    schedule = measures.schedule(model, steps)
    progress("tint transmission")
    passed = tuple(measures.transmission(model, reference, effort.tinted, seed))
    corrigible = model.prediction_type == "epsilon" and isinstance(model.network, UNet2DModel)
    evidence = Evidence(schedule, passed, corrigible=corrigible)
    if reference is None:
        return evidence
    stochastic = type(model.scheduler).__name__ == "DDPMScheduler"
    last, first = (
        measures.leak(model, reference, timestep, stochastic)
        for timestep in (schedule.timesteps - 1, schedule.first_timestep)
    )
    evidence = replace(evidence, leak_predicted=last, grid_leak_predicted=first)
    if reference.images is None:
        return evidence
    progress("error by timestep")
    errors = tuple(measures.mean_errors(model, reference, effort.timesteps, effort.noised, seed))
    clipped = None if model.clip is None else share_outside(reference.images, model.clip)
    return replace(evidence, mean_errors=errors, clipped_share=clipped)


def _by_images(
    model: Model,
    reference: Reference | None,
    evidence: Evidence,
    count: int,
    seed: int,
    progress: Callable[[str], None],
) -> tuple[Evidence, dict[str, Tensor]]:
    """What generated images tell, as the scheduler is configured and with every correction."""
    progress("generated images")
    images = sampling.generate(model, count, evidence.schedule.steps, seed)
    colours, borders = mean_colours(images), border_colours(images)
    generated = Generated(count, *moments(colours), *moments(borders))
    evidence = replace(evidence, generated=generated)
    if reference is None:
        return evidence, {CONFIGURED: images}
    background = reference.background and colour_error(borders, reference.background)
    generated = replace(
        generated,
        error=colour_error(colours, reference.colours),
        by_chance=by_chance(reference.colours, count, THRESHOLDS.chance),
        background_error=background,
    )
    evidence = replace(evidence, generated=generated)
    progress("corrections")
    tried, made = corrections(model, reference, evidence, images, seed)
    return replace(evidence, corrections=tried), made
