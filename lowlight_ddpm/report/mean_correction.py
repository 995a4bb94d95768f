"""What the mean correction does to every row, as Markdown, beside what docs/protocol.md expects of it."""

from typing import cast

import numpy as np
import pandas as pd

from lowlight_ddpm.figures import Inputs, Missing
from lowlight_ddpm.report.measurements import signed, table
from lowlight_ddpm.study import mean_correction, results
from lowlight_ddpm.study.bootstrap import paired_interval
from lowlight_ddpm.variants import find_variant

_MEANS = ["mean_r", "mean_g", "mean_b"]
_ERRORS, _OFF = 3, 1  # standard errors, and 1/255 besides, that a mean may be off by
# Start -> 1/255 that the interval of the change may reach to.
_MOST = {50: 1.0, 300: 1.0, 600: 3.0}


def samples(inputs: Inputs) -> str:
    """A line for every pair from pure noise: how far the mean is off, and the error of the background."""
    rows = inputs.rows
    own = rows["variance_type"] == rows["variant"].map(lambda name: find_variant(name).variance_type)
    rows = rows.loc[(rows["mode"] == "generate") & own, :]
    lines = []
    how = ["variant", "sampler", "steps"]
    for (name, sampler, steps), group in rows.groupby(how, sort=False):
        before = group.loc[group.mean_correction == "off", :]
        for leak, after in group.loc[group.mean_correction == "training", :].groupby("leak_start"):
            told = f"{sampler}, {steps} steps" + (", signal-leak initialisation" if leak else "")
            off = (_off(inputs.training_means(str(name)), some) for some in (before, after))
            lines.append((name, told, *off, _backgrounds(before, after)))
    if not lines:
        raise Missing("results/ holds no image that was generated with the mean correction yet")
    return table(("variant", "sampler", "mean off by", "corrected", "background colour error"), lines)


def restorations(inputs: Inputs) -> str:
    """A line for every variant and source: the change in colour shift from each start, in 1/255."""
    rows = results.table(inputs.results, inputs.root, mean_correction.KIND)
    if rows.empty:
        raise Missing("results/ holds no restoration with the mean correction beside one without yet")
    lines = []
    for key, group in rows.groupby(["variant", "source"], sort=False):
        name, source = cast(tuple[str, str], key)
        found = []
        for start, most in _MOST.items():
            at = group.loc[group.start == start, :]
            wide, off = (at.loc[at.mean_correction == kind, :] for kind in ("wide", "off"))
            if wide.empty or off.empty:
                found.append("–")
                continue
            change = paired_interval(wide, off, "tint")
            found.append(f"{signed(change)}{'' if change.high <= most else ', **missed**'}")
        lines.append((name, source, str(group.picture.nunique()), *found))
    return table(("variant", "images", "how many", *(f"from {start}" for start in _MOST)), lines)


def _off(learned: np.ndarray, rows: pd.DataFrame) -> str:
    """The channel that is furthest off in standard errors beyond _OFF, and whether it is off by too many."""
    if rows.empty:
        return "–"
    away = np.abs(rows[_MEANS].mean().to_numpy() - learned)
    errors = np.std(rows[_MEANS].to_numpy(), axis=0, ddof=1) / len(rows) ** 0.5
    worst = int(np.argmax(away - _ERRORS * errors))
    missed = away[worst] > _ERRORS * errors[worst] + _OFF
    return f"{away[worst]:.1f} ± {errors[worst]:.1f}{', **missed**' if missed else ''}"


def _backgrounds(before: pd.DataFrame, after: pd.DataFrame) -> str:
    if before.empty:
        return f"{after.ground.mean():.1f}"
    factor = after.ground.mean() / before.ground.mean()
    return f"{before.ground.mean():.1f} → {after.ground.mean():.1f} (×{factor:.2f})"
