"""Corrections without training, each tried on the noise of the configured sampling: a row each."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from lowlight_ddpm.diagnosis import sampling
from lowlight_ddpm.diagnosis.causes import THRESHOLDS, biased
from lowlight_ddpm.diagnosis.colours import colour_error, gain
from lowlight_ddpm.diagnosis.evidence import Correction, Evidence
from lowlight_ddpm.diagnosis.measures import UNIT, grid
from lowlight_ddpm.diagnosis.model import Model
from lowlight_ddpm.diagnosis.reference import Reference, mean_colours
from lowlight_ddpm.diagnosis.sampling import Change

CONFIGURED = "configured"
_APART = 0.05  # by which a clip and the data's range differ at least, to be tried


@dataclass(frozen=True)
class _Row:
    """`change` gives the sampling, None for nothing to try; `against` names what it is compared with."""

    name: str
    title: str
    change: Callable[[Model, Reference, Evidence], Change | None]
    against: str = CONFIGURED


def _trailing(model: Model, reference: Reference, evidence: Evidence) -> Change | None:
    return Change(spacing="trailing") if evidence.schedule.starts_late else None


def _leak_start(model: Model, reference: Reference, evidence: Evidence) -> Change | None:
    if (evidence.leak_predicted or 0) <= THRESHOLDS.leak:
        return None
    return Change(spacing="trailing", leak=reference.colours)


def _clip_to_data(model: Model, reference: Reference, evidence: Evidence) -> Change | None:
    if reference.low is None or reference.high is None:
        return None
    low, high = (-model.clip, model.clip) if model.clip is not None else (-torch.inf, torch.inf)
    if abs(low - reference.low) < _APART and abs(high - reference.high) < _APART:
        return None
    return Change(limits=(reference.low, reference.high))


def _without_bias(model: Model, reference: Reference, evidence: Evidence) -> Change | None:
    if not biased(evidence):
        return None
    rows = evidence.mean_errors
    return sampling.without_bias(
        [row.timestep for row in rows], torch.tensor([row.bias for row in rows]) / UNIT
    )


def _skip_last(model: Model, reference: Reference, evidence: Evidence) -> Change | None:
    if not evidence.schedule.zero_snr_with_epsilon:
        return None
    return Change(skip=sum(not model.tells_x0(int(t)) for t in grid(model, evidence.schedule.steps)))


CORRECTIONS = (
    _Row(
        "mean_correction",
        "posterior-mean correction",
        lambda model, reference, evidence: sampling.mean_correction(model, reference),
    ),
    _Row("trailing", "trailing timesteps", _trailing),
    _Row("leak_start", "signal-leak initialisation", _leak_start, against="trailing"),
    _Row("clip_to_data", "clipping to the data's range", _clip_to_data),
    _Row("without_bias", "the mean's error taken out", _without_bias),
    _Row("skip_last", "sampling without the last timestep", _skip_last),
)


def corrections(
    model: Model, reference: Reference, evidence: Evidence, configured: Tensor, seed: int
) -> tuple[tuple[Correction, ...], dict[str, Tensor]]:
    """What each that can be tried gains over the `configured` images (B, C, H, W), and its images by name."""
    made, found = {CONFIGURED: configured}, []
    for row in CORRECTIONS:
        change = row.change(model, reference, evidence)
        if change is None:
            continue
        images = sampling.generate(model, len(configured), evidence.schedule.steps, seed, change)
        against = row.against if row.against in made else CONFIGURED
        made[row.name] = images
        before, after = mean_colours(made[against]), mean_colours(images)
        found.append(
            Correction(
                row.name,
                row.title,
                against,
                colour_error(after, reference.colours),
                gain(before, after, reference.colours),
            )
        )
    return tuple(found), made
