"""How few steps a sampler needs: the colours that it ends in beside those of DDPM's 250 steps.

Sets are compared, since one picture's colour is a draw of chance: restorations of the same pictures from the
same noise, and pictures from the same pure noise. Their distance is CIEDE2000 between mean CIELAB colours.
"""

from collections.abc import Iterator
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
from skimage.color import deltaE_ciede2000

from lowlight_ddpm.diffusion.samplers import SAMPLERS
from lowlight_ddpm.diffusion.settings import run_settings
from lowlight_ddpm.metrics.sets import set_colours
from lowlight_ddpm.models.checkpoints import ROOT
from lowlight_ddpm.study import results
from lowlight_ddpm.study.bootstrap import LEVEL, resampled_means
from lowlight_ddpm.study.protocol import (
    FINE_STEPS,
    RESULTS,
    Condition,
    EvaluationSet,
    evaluation_set,
    network_id,
)
from lowlight_ddpm.variants import find_variant

KIND = "step-count"  # of its conditions in the store
NETWORK = "dim"
START = 300  # where the page begins with a picture
STEPS = (5, 10, 20, 50)
REFERENCE = ("ddpm", FINE_STEPS)
WITHIN = 0.5
"""CIEDE2000 distance of two sets' mean colours, half of what is just visible, that counts as none."""
STRUCTURE = 0.95
"""The least share of the reference's high-frequency detail that counts as all of it."""

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

    `delta_e` with the ends `low` and `high` of its 95 % bootstrap interval over pictures and noise; `detail`
    the median of the restorations' high-frequency detail over that of the reference's. Empty where nothing is
    measured.
    """
    rows, found = results.table(folder, root, KIND), []
    rows = rows.loc[rows.variant == NETWORK, :]
    for mode, of_mode in rows.groupby("mode", sort=False):
        sets = {
            key: measured.reset_index(drop=True) for key, measured in of_mode.groupby(["sampler", "steps"])
        }
        reference = sets.pop(REFERENCE, None)
        if reference is None:
            continue
        centre = _mean_colour(reference, mode)
        for (sampler, steps), measured in sets.items():
            delta_e, low, high = _distance(measured, reference, mode, centre)
            figures = {"delta_e": delta_e, "low": low, "high": high}
            figures["detail"] = (measured.detail / reference.detail).median() if mode == "restore" else np.nan
            found.append({"mode": mode, "sampler": sampler, "steps": steps, **figures})
    return pd.DataFrame(found)


def fewest(rows: pd.DataFrame) -> dict[str, int | None]:
    """Sampler -> the fewest steps that are enough, and all more of `distances` of one mode, None if none are.

    Enough is a set within WITHIN of the reference and, restored, with STRUCTURE of its high-frequency detail.
    """
    found = {}
    for name in SAMPLERS:
        ordered = rows.loc[rows.sampler == name, :].sort_values("steps", ascending=False)
        as_good = (ordered.delta_e <= WITHIN) & ~(ordered.detail < STRUCTURE)  # samples have no detail
        near = ordered[as_good.cummin()]
        found[name] = int(near.steps.min()) if len(near) else None
    return found


def _distance(
    measured: pd.DataFrame, reference: pd.DataFrame, mode: str, centre: np.ndarray
) -> tuple[float, float, float]:
    """(CIEDE2000 of the mean colours, low, high) of two conditions, row by row of one picture and noise.

    `centre` is the `_mean_colour` of the reference.
    """
    columns = _columns(mode)
    apart = measured[["picture", "seed"]].join(measured[columns] - reference[columns])
    moved = centre + np.vstack([apart[columns].mean(), resampled_means(apart, columns)])
    far = deltaE_ciede2000(np.broadcast_to(centre, moved.shape), moved)
    return float(far[0]), *np.quantile(far[1:], [(1 - LEVEL) / 2, (1 + LEVEL) / 2]).tolist()


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
