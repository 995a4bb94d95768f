"""How few steps a sampler needs: from how many on its images are not shown to differ from DDPM's 250 steps.

Restorations of the same pictures from the same noise, and pictures from the same pure noise, are compared in
pairs. Their distance is CIEDE2000 between the sets' mean CIELAB colours.
"""

from collections.abc import Iterator
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
from skimage.color import deltaE_ciede2000

from lowlight_ddpm.diffusion.samplers import SAMPLERS
from lowlight_ddpm.diffusion.settings import SamplerName, run_settings
from lowlight_ddpm.metrics.image import JUST_NOTICEABLE
from lowlight_ddpm.metrics.sets import CHANCE, set_colours
from lowlight_ddpm.models.checkpoints import ROOT
from lowlight_ddpm.study import results
from lowlight_ddpm.study.permutation import mean_by_chance, p_value
from lowlight_ddpm.study.protocol import (
    FINE_STEPS,
    RESULTS,
    Condition,
    EvaluationSet,
    evaluation_set,
    network_id,
)
from lowlight_ddpm.study.verdicts import LEVEL, holm
from lowlight_ddpm.variants import find_variant

KIND = "step-count"  # of its conditions in the store
NETWORK = "dim"
START = 300  # where the page begins with a picture
STEPS = (5, 10, 20, 50)
REFERENCE = ("ddpm", FINE_STEPS)
WORSE = {"detail_error": 1, "coherence": -1}
"""A measure of restorations, where it is measured -> the sign of a change for the worse."""

_LAB = ("l", "a", "b")


def conditions(
    name: str, drawn: EvaluationSet, folder: Path = RESULTS, root: Path = ROOT
) -> Iterator[Condition]:
    """The reference, then every sampler at every number of steps, for the one network that is asked."""
    if name != NETWORK:
        return
    network, brightness = network_id(name, root), find_variant(name).brightness
    for sampler, steps in (REFERENCE, *product(SAMPLERS, STEPS)):
        how = {"variant": name, "sampler": sampler, "steps": steps}
        restoring = run_settings(start=START, brightness=brightness, **how)
        yield Condition(restoring, network, drawn, None, True, folder, root, KIND)
        generating = run_settings(mode="generate", **how)
        yield Condition(generating, network, None, None, True, folder, root, KIND)


def distances(folder: Path = RESULTS, root: Path = ROOT) -> pd.DataFrame:
    """One row for every `mode`, `sampler` and `steps`: how far its set is from the reference's.

    `delta_e` is the distance, beside `chance`, what chance alone exceeds in one of twenty permutations, and
    `detail` the median of the restorations' high-frequency detail over that of the reference's. `p` is the
    smallest of the p-values of permutation tests, that the mean colours differ and that a measure of WORSE
    is worse, adjusted by Holm for those and for all counts of the sampler. Empty where nothing is measured.
    """
    rows, found = results.table(folder, root, KIND), []
    rows = rows.loc[rows.variant == NETWORK, :]
    for mode, of_mode in rows.groupby("mode", sort=False):
        sets = {
            key: measured.sort_values(["picture", "seed"]).reset_index(drop=True)
            for key, measured in of_mode.groupby(["sampler", "steps"])
        }
        reference = sets.pop(REFERENCE, None)
        if reference is None:
            continue
        centre = _mean_colour(reference, mode)
        for (sampler, steps), measured in sets.items():
            figures = _compared(measured, reference, mode, centre)
            found.append({"mode": mode, "sampler": sampler, "steps": steps, **figures})
    rows = pd.DataFrame(found)
    return rows if rows.empty else _adjusted(rows)


def fewest(rows: pd.DataFrame) -> dict[SamplerName, int | None]:
    """Sampler -> the fewest steps from which on none of `distances` of one mode is shown to differ.

    None where all that were tried differ, and where the sets are so small that a visible distance would be
    nothing but chance: that no difference is shown says nothing there (`decidable`).
    """
    found = {}
    for name in SAMPLERS:
        ordered = rows.loc[rows.sampler == name, :].sort_values("steps", ascending=False)
        alike = ordered[(ordered.p >= LEVEL).cummin()]
        found[name] = int(alike.steps.min()) if len(alike) and decidable(ordered) else None
    return found


def decidable(rows: pd.DataFrame) -> bool:
    """Whether chance alone keeps the sets less than a visible distance apart."""
    return bool((rows.chance < JUST_NOTICEABLE).all())


def _compared(
    measured: pd.DataFrame, reference: pd.DataFrame, mode: str, centre: np.ndarray
) -> dict[str, float]:
    """The figures of two conditions, row by row of one picture and noise.

    `centre` is the `_mean_colour` of the reference.
    """
    apart = (measured[_columns(mode)] - reference[_columns(mode)]).to_numpy()
    delta_e, by_chance = _from(centre, apart.mean(axis=0)), _from(centre, mean_by_chance(apart))
    figures = {"delta_e": float(delta_e), "chance": float(np.quantile(by_chance, CHANCE)), "detail": np.nan}
    figures["p_colour"] = p_value(float(delta_e), by_chance)
    if mode == "restore":
        figures["detail"] = (measured.detail / reference.detail).median()
        for name in WORSE.keys() & set(measured):
            worse = WORSE[name] * (measured[[name]] - reference[[name]]).to_numpy(dtype=float)
            if not np.isnan(worse).any():
                figures[f"p_{name}"] = p_value(worse.mean(), mean_by_chance(worse))
    return figures


def _adjusted(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with the one `p` that counts instead of those of each test."""
    tests = [name for name in rows if str(name).startswith("p_")]
    adjusted = []
    for _, group in rows.groupby(["mode", "sampler"], sort=False):
        p = group[tests].stack().dropna()
        held = pd.Series(holm(p.to_numpy()), index=p.index)
        adjusted.append(held.groupby(level=0).min())
    return rows.drop(columns=tests).assign(p=pd.concat(adjusted))


def _from(centre: np.ndarray, moved: np.ndarray) -> np.ndarray:
    """CIEDE2000 from a colour L*, a*, b* (3,) to that moved by each of `moved` (..., 3)."""
    return deltaE_ciede2000(np.broadcast_to(centre, moved.shape), centre + moved)


def _mean_colour(measured: pd.DataFrame, mode: str) -> np.ndarray:
    """The mean L*, a*, b* of a condition's results: (3,)."""
    mean = measured[_columns(mode)].mean().to_numpy()
    if mode == "generate":
        return mean
    # Of restorations the rows have the differences from the images that were denoised.
    settings = run_settings(brightness=measured.brightness.iloc[0])
    return mean + set_colours(settings.dim(evaluation_set("drawn").unseen))[-1].mean(axis=0)


def _columns(mode: str) -> list[str]:
    return [f"{'delta' if mode == 'restore' else 'lab'}_{axis}" for axis in _LAB]
