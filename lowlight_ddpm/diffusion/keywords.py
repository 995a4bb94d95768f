"""The keywords of `denoise` and `generate`: a run's settings as type checkers see them, and their check."""

import inspect
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypedDict

import numpy as np
import torch
from diffusers.schedulers.scheduling_utils import SchedulerMixin
from torch import Tensor

from lowlight_ddpm.diffusion.from_diffusers import DIFFUSERS_NAMES, as_settings
from lowlight_ddpm.diffusion.settings import (
    EARLIER_NAMES,
    ONLY_IN,
    BackendName,
    LightName,
    MeanCorrection,
    Mode,
    RunSettings,
    SamplerName,
    names_in,
    no_such,
    parameters,
    typed_settings,
)
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.variants import VarianceType, Variant


class RunKeywords(TypedDict, total=False):
    """Keywords of every run; tests/diffusion/test_keywords.py holds them to RunSettings."""

    steps: int | None
    sampler: SamplerName | None
    variance_type: VarianceType | None
    beta_start: float | None
    beta_end: float | None
    clip: bool | None
    clip_to_data: bool | None
    epsilon_scale: float | None
    mean_correction: MeanCorrection | bool | None
    backend: BackendName | None
    seed: int | None
    num_inference_steps: int | None
    generator: torch.Generator | None
    scheduler: SchedulerMixin | None
    trained_betas: Sequence[float] | None


class DenoiseKeywords(RunKeywords, total=False):
    """Keywords of a run that restores an image."""

    brightness: float | None
    light: LightName | None
    whole: bool | None
    start: int | None
    anchor: bool | None


class GenerateKeywords(RunKeywords, total=False):
    """Keywords of a run that starts from pure noise."""

    leak_start: bool | None


class AnyKeywords(DenoiseKeywords, GenerateKeywords, total=False):
    """Keywords of both."""


# What others' pipelines take, and what to do about it here.
_ELSEWHERE = {
    "batch_size": "generate(count) makes several in one batch, and denoise takes a list",
    "beta_schedule": "it is the network's own, and beta_start and beta_end may be set",
    "clip_sample": "write clip",
    "device": "a network runs on the GPU where there is one",
    "eta": 'write sampler="ddpm" for eta 1, sampler="ddim" for eta 0',
    "num_images": "generate(count) makes several in one batch",
    "strength": "write start, the timestep from 0 to 999 that the picture is noised to",
    "timesteps": "write steps, their number, and start, the first of them",
}
_FUNCTIONS: dict[Mode, str] = {"restore": "denoise", "generate": "generate"}


def described(mode: Mode) -> dict[str, str]:
    """The keywords that a run of this mode takes, and what each is, in the order of its settings."""
    settings = [name for name in names_in(mode) if name != "variant"]
    return {name: RunSettings.model_fields[name].description or "" for name in settings} | DIFFUSERS_NAMES


def shown_parameters(mode: Mode) -> list[inspect.Parameter]:
    """The same as parameters of a function, with their types and defaults."""
    settings = [name for name in described(mode) if name not in DIFFUSERS_NAMES]
    kinds = RunKeywords.__annotations__
    return parameters(settings) + [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=kinds[name])
        for name in DIFFUSERS_NAMES
    ]


def settings_of(mode: Mode, row: Variant, keywords: Mapping[str, Any]) -> RunSettings:
    """The settings of a run of the network of `row`; what is left out or None is as it was trained.

    Raises Refusal as `meant` and `run_settings` do, and for a value that is not of the setting's own type: no
    text is a number here, and no True.
    """
    return typed_settings(variant=row, mode=mode, **meant(mode, row, keywords))


def meant(mode: Mode, row: Variant, keywords: Mapping[str, Any]) -> dict[str, Any]:
    """What keywords mean, by the names of RunSettings, without those that are None.

    Raises Refusal for a keyword that the mode does not take, and as `as_settings` does.
    """
    given = {EARLIER_NAMES.get(name, name): value for name, value in keywords.items()}
    check_names(mode, given)
    return as_settings({name: _plain(value) for name, value in given.items() if value is not None}, row)


def check_names(mode: Mode, names: Iterable[str]) -> None:
    """Raise Refusal for the name of a keyword that a run of this mode does not take."""
    known = described(mode)
    for name in names:
        if EARLIER_NAMES.get(name, name) not in known:
            raise Refusal(_unknown(name, mode, list(known)))


def _unknown(name: str, mode: Mode, known: list[str]) -> str:
    if name == "mode":
        return (
            "Each function has one mode: leave mode out, and call denoise for an image or generate for noise."
        )
    for other, names in ONLY_IN.items():
        if name in names and other != mode:
            own, its = _FUNCTIONS[mode], _FUNCTIONS[other]
            return f"The setting {name} is for {its} alone: leave it out of {own}, or call {its}."
    if name in _ELSEWHERE:
        return f"There is no setting {name!r}: {_ELSEWHERE[name]}."
    return no_such(name, known)


def _plain(value: object) -> object:
    """A number of numpy or torch as Python's own."""
    if isinstance(value, np.generic) or (isinstance(value, np.ndarray | Tensor) and value.ndim == 0):
        return value.item()
    return value
