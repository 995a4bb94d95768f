"""What diffusers' pipelines call the settings of a run: its names of arguments, a generator, a scheduler."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from diffusers.schedulers.scheduling_ddpm import DDPMScheduler
from diffusers.schedulers.scheduling_utils import SchedulerMixin

from lowlight_ddpm.diffusion.samplers import SAMPLERS, Sampler
from lowlight_ddpm.diffusion.schedule import noise_schedule
from lowlight_ddpm.errors import Refusal, shown
from lowlight_ddpm.variants import TRAIN_TIMESTEPS, Variant

Settings = dict[str, Any]
"""Some of RunSettings' fields, by their names."""

DIFFUSERS_NAMES = {
    "num_inference_steps": "steps, as diffusers calls them",
    "generator": "a torch.Generator, from which the seed is drawn: the next run with it has other noise",
    "scheduler": "an object of diffusers, of which sampler, betas, variance_type and clip are taken; its "
    "timesteps are those of start and steps, trailing",
    "trained_betas": "1000 betas on the variant's own schedule, of which beta_start and beta_end are taken",
}
"""The keywords of diffusers that are accepted beside a run's settings, and what each is."""

# What of a scheduler's configuration decides a setting or is checked against the network; all else must be as
# samplers here have it.
_READ = {
    "num_train_timesteps",
    "beta_start",
    "beta_end",
    "beta_schedule",
    "trained_betas",
    "rescale_betas_zero_snr",
    "prediction_type",
    "variance_type",
    "clip_sample",
}


def as_settings(given: Mapping[str, Any], row: Variant) -> Settings:
    """The settings that keywords mean, DIFFUSERS_NAMES among them, for a network of `row`.

    Raises Refusal for a setting that is given under two names with two values, for a generator or scheduler
    that is none, and for a scheduler, or betas, that no settings of this network correspond to.
    """
    settings = {name: value for name, value in given.items() if name not in _MEANS}
    source = {name: name for name in settings}
    for name, means in _MEANS.items():
        if name not in given:
            continue
        for setting, value in means(given[name], row).items():
            if setting in settings and settings[setting] != value:
                raise Refusal(f"Both {name} and {source[setting]} set {setting}: leave one of them out.")
            settings[setting], source[setting] = value, name
    return settings


def _steps(count: Any, row: Variant) -> Settings:
    return {"steps": count}


def _seed(generator: Any, row: Variant) -> Settings:
    if not isinstance(generator, torch.Generator):
        raise Refusal(f"A generator is one torch.Generator, not {shown(generator)}: give one, or a seed.")
    return {"seed": int(torch.randint(2**32, (1,), generator=generator, device=generator.device))}


def _trained_betas(betas: Any, row: Variant) -> Settings:
    try:
        values = torch.as_tensor(betas, dtype=torch.float32)
    except (TypeError, ValueError, RuntimeError):
        values = torch.empty(0)
    ends = None
    if values.ndim == 1 and len(values):
        made = DDPMScheduler(
            len(values), trained_betas=values.numpy(), rescale_betas_zero_snr=row.zero_terminal_snr
        )
        ends = _ends(made, row)
    if ends is None:
        raise Refusal(
            f"These trained_betas are none that the network {row.name} can be run with: give "
            f"{TRAIN_TIMESTEPS} that follow its own schedule ({row.beta_schedule}) from a beta_start to a "
            "beta_end."
        )
    return ends


def _scheduler(scheduler: Any, row: Variant) -> Settings:
    alike = [(name, sampler) for name, sampler in SAMPLERS.items() if _is_of(scheduler, sampler)]
    if not alike:
        kinds = ", ".join(_class_of(sampler).__name__ for sampler in SAMPLERS.values())
        raise Refusal(f"The scheduler is {shown(scheduler)}: give an object of diffusers' {kinds}.")
    (name, sampler), config = alike[0], scheduler.config
    if config["prediction_type"] != row.prediction_type:
        _refuse("prediction_type", config["prediction_type"], row.prediction_type, f"the network {row.name}")
    _check_others(config, sampler)
    ends = _ends(scheduler, row)
    if ends is None:
        raise Refusal(
            f"The scheduler has betas that the network {row.name} cannot be run with: make it with "
            f"num_train_timesteps={TRAIN_TIMESTEPS}, beta_schedule={row.beta_schedule!r} and "
            f"rescale_betas_zero_snr={row.zero_terminal_snr}."
        )
    variance = {"variance_type": config["variance_type"]} if sampler.stochastic else {}
    return {"sampler": name, "clip": config.get("clip_sample", False)} | variance | ends


def _check_others(config: Mapping[str, Any], sampler: Sampler) -> None:
    """Refuse what was chosen for a scheduler and is not done here; what was left to its default is not."""
    ours = sampler.scheduler(timestep_spacing="trailing", **sampler.options).config
    for name in set(config) & set(ours) - _READ - set(config.get("_use_default_values", ())):
        if not name.startswith("_") and config[name] != ours[name]:
            _refuse(name, config[name], ours[name], "a run")


def _refuse(name: str, value: object, ours: object, whose: str) -> None:
    raise Refusal(f"The scheduler has {name}={value!r} and {whose} {ours!r}: make it with {name}={ours!r}.")


def _ends(scheduler: Any, row: Variant) -> Settings | None:
    """The beta_start and beta_end that give a scheduler's betas on the row's schedule; None where none do."""
    config, given = scheduler.config, scheduler.config["trained_betas"]
    # Betas that were floats of 32 bits are read with the digits that they have.
    ends = [config["beta_start"], config["beta_end"]]
    start, end = ends if given is None else (float(f"{beta:.7g}") for beta in (given[0], given[-1]))
    ours = noise_schedule(start, end, row.beta_schedule, row.zero_terminal_snr).betas
    same = start < end and ours.shape == scheduler.betas.shape
    same = same and torch.allclose(ours, scheduler.betas.to(ours), rtol=1e-4)
    if not same:
        return None
    return {"beta_start": start, "beta_end": end} if row.betas_count else {}


def _is_of(scheduler: Any, sampler: Sampler) -> bool:
    return isinstance(scheduler, SchedulerMixin) and type(scheduler) in (
        sampler.scheduler,
        _class_of(sampler),
    )


def _class_of(sampler: Sampler) -> type:
    """diffusers' own class of a sampler."""
    kinds = sampler.scheduler.__mro__
    return next(kind for kind in kinds if kind.__module__.startswith("diffusers."))


_MEANS: dict[str, Callable[[Any, Variant], Settings]] = {
    "num_inference_steps": _steps,
    "generator": _seed,
    "scheduler": _scheduler,
    "trained_betas": _trained_betas,
}
