"""Four hypotheses on what shifts colours, each with what it predicts: written down before it is measured.

docs/protocol.md has the table, made from here. What is measured gets an interval and no verdict, by clause
(6); where the interval lies, within the predicted range or not, is all that is said of it.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from lowlight_ddpm.study.bootstrap import resampled_means
from lowlight_ddpm.study.equal_signal import equal_signal_starts
from lowlight_ddpm.study.findings import Outcome, outcome_of
from lowlight_ddpm.study.headlines import MEASURES, Comparison, Measure, has_the_fault, recipe
from lowlight_ddpm.study.small_networks import ARMS, LONG, Arm, of_arm
from lowlight_ddpm.study.verdicts import FEWEST, Effect, between, pooled_variance, within
from lowlight_ddpm.variants import find_variant

SIGNAL = 0.08  # √ᾱ at which transmissions are compared: a perfect denoiser's is far from 1 there
WITHIN, OUTSIDE, ACROSS, ALONE = (
    "within what is predicted",
    "outside of what is predicted",
    "across a bound of it",
    "one network, no interval",
)
_PART = Measure("", "", 0.1)  # of a tint
_SHIFT = Measure("", "/255", 2.0)


@dataclass(frozen=True)
class Evidence:
    """What has been measured, each table empty where nothing is.

    `rows` are `results.table()`, `transmissions` `results.transmissions()`, `small` `small_networks.table()`,
    `clipped` `clipping.table()`; `learned` gives a variant's mean R, G, B of training images in 1/255;
    `source` names the images of restorations.
    """

    rows: pd.DataFrame
    transmissions: pd.DataFrame
    small: pd.DataFrame
    clipped: pd.DataFrame
    learned: Callable[[str], np.ndarray]
    source: str | None


class Prediction(NamedTuple):
    """`compared` in words, and where the difference lies, from `low` to `high`, if the hypothesis is true.

    In the scale of `measure`. `of` finds it in the evidence, None where it is not measured yet.
    """

    compared: str
    low: float
    high: float
    measure: Measure
    of: Callable[[Evidence], Outcome | None]


class Hypothesis(NamedTuple):
    """What is supposed, and what would have to be measured."""

    text: str
    predictions: tuple[Prediction, ...]


def lies(prediction: Prediction, outcome: Outcome) -> str:
    """Where the interval lies, in words."""
    _, low, high = outcome.interval
    if math.isnan(low):
        return ALONE
    if prediction.low <= low and high <= prediction.high:
        return WITHIN
    return OUTSIDE if high < prediction.low or prediction.high < low else ACROSS


def small_difference(a: Arm, b: Arm, cycles: int = 0) -> Callable[[Evidence], Outcome | None]:
    """Tint transmission of small networks, arm `a` − arm `b`: clauses (2) and (3), on the same images."""

    def find(evidence: Evidence) -> Outcome | None:
        rows = evidence.small
        if rows.empty:
            return None
        rows = rows.loc[(rows.signal == SIGNAL) & (rows.cycles == cycles), :]
        kept = {arm: of_arm(rows, arm).kept.to_numpy(dtype=float) for arm in (*ARMS, a, b)}
        if not (len(kept[a]) and len(kept[b])):
            return None
        spread, freedom = pooled_variance([*kept.values()])
        basis = f"{len(kept[a])} against {len(kept[b])} small networks"
        if not freedom:
            return Outcome(Effect(kept[a].mean() - kept[b].mean(), np.nan, np.nan), basis)
        return Outcome(between(kept[a], kept[b], spread, freedom, 0.0), basis)

    return find


def mean_against_wave(evidence: Evidence) -> Outcome | None:
    """By how much more than a perfect denoiser networks pass on of the mean, − the same of one cycle.

    Networks with the fault and GroupNorm of several groups, one recipe each.
    """
    rows = evidence.transmissions
    if rows.empty or 1 not in set(rows.cycles):
        return None
    rows = rows.loc[(rows.signal == SIGNAL) & (rows.tint == "grey"), :]
    rows = rows.assign(beyond=rows.kept - rows.perfect.astype(float))
    beyond = rows.pivot_table(index="variant", columns="cycles", values="beyond").reindex(columns=[0, 1])
    gaps = (beyond[0] - beyond[1]).dropna()
    rows_of = {name: find_variant(name) for name in gaps.index}
    names = [name for name, row in rows_of.items() if has_the_fault(row) and not row.norm_num_groups]
    of_recipe = gaps[names].groupby([recipe(name) for name in names], sort=False).mean()
    if not names:
        return None
    if len(of_recipe) < FEWEST:
        return Outcome(Effect(of_recipe.mean(), np.nan, np.nan), f"{', '.join(names)} alone")
    return Outcome(within(of_recipe.to_numpy()), f"{len(of_recipe)} networks")


def clip_difference(
    variant: str, a: tuple[str, str, str], b: tuple[str, str, str]
) -> Callable[[Evidence], Outcome | None]:
    """Mean of all channels of a network's images under `a` (clip, noise, correction) − under `b`: (4)."""

    def find(evidence: Evidence) -> Outcome | None:
        means = [_means(evidence.clipped, variant, condition) for condition in (a, b)]
        return _paired(means[0] - means[1], variant) if all(map(len, means)) else None

    return find


def clip_shift(variant: str, a: tuple[str, str, str]) -> Callable[[Evidence], Outcome | None]:
    """Mean of all channels of a network's images under `a`, − that of its training images."""

    def find(evidence: Evidence) -> Outcome | None:
        means = _means(evidence.clipped, variant, a)
        return _paired(means - evidence.learned(variant).mean(), variant) if len(means) else None

    return find


def compared(c: Comparison) -> Callable[[Evidence], Outcome | None]:
    """A comparison of rows, as claims have them."""
    return lambda evidence: None if evidence.rows.empty else outcome_of(evidence.rows, c, evidence.source)


def _means(rows: pd.DataFrame, variant: str, condition: tuple[str, str, str]) -> pd.Series:
    if rows.empty:
        return pd.Series(dtype=float)
    clip, noise, correction = condition
    same = (rows["variant"] == variant) & (rows["clip"] == clip) & (rows["noise"] == noise)
    of_one = rows.loc[same & (rows["mean_correction"] == correction), :].set_index("seed")
    return of_one[["mean_r", "mean_g", "mean_b"]].mean(axis=1)


def _paired(differences: pd.Series, variant: str) -> Outcome:
    rows = pd.DataFrame({"picture": None, "seed": differences.index, "difference": differences.to_numpy()})
    sampling = resampled_means(rows, ["difference"]).var()
    return Outcome(within(np.array([differences.mean()]), sampling), f"{variant} alone")


def _small(compared: str, low: float, high: float, a: Arm, b: Arm, cycles: int = 0) -> Prediction:
    return Prediction(compared, low, high, _PART, small_difference(a, b, cycles))


def _rows(low: float, high: float, c: Comparison) -> Prediction:
    measure = MEASURES[c.measure]
    where = "" if c.start is None else f" from {c.start}"
    if c.other_start:
        where += f" and {c.other_start}"
    return Prediction(f"{measure.meaning}, {c.sides}{where}", low, high, measure, compared(c))


def _clipping(compared: str, low: float, high: float, of: Callable) -> Prediction:
    return Prediction(f"mean of images from pure noise, {compared}", low, high, _SHIFT, of)


_PLAIN, _UNNORMALIZED = Arm(), Arm("none")
_LONG = Arm(steps=LONG)
_USUAL = ("[-1, 1]", "ordinary", "off")
_UNCLIPPED = ("none", "mean-free", "off")
_INF = math.inf

HYPOTHESES = (
    Hypothesis(
        "GroupNorm hides the mean, and the loss pays too little for it",
        (
            _small("mean passed on, 8 groups − no normalization", 0.3, 1, _PLAIN, _UNNORMALIZED),
            _small("mean passed on, 8 groups − RMS per pixel", 0.3, 1, _PLAIN, Arm("RMS per pixel")),
            _small("mean passed on, mean bypass − without", -1, -0.3, Arm("8 groups, mean bypass"), _PLAIN),
            _small("mean passed on, 1 group − 8 groups", -1, -0.1, Arm("1 group"), _PLAIN),
            _small("one cycle passed on, 8 groups − no normalization", -0.1, 0.1, _PLAIN, _UNNORMALIZED, 1),
            Prediction(
                "mean passed on beyond a perfect denoiser, − the same of one cycle, networks of 64 px",
                0.3,
                1,
                _PART,
                mean_against_wave,
            ),
            _small("mean passed on, 4,000 − 1,000 steps", -0.1, 0.1, _LONG, _PLAIN),
            _small(
                "mean passed on, mean weighted 42 − 1, 4,000 steps",
                -1,
                -0.1,
                _LONG._replace(mean_weight=42.0),
                _LONG,
            ),
            _small(
                "mean passed on, mean weighted 4,096 − 1, 4,000 steps",
                -1,
                -0.3,
                _LONG._replace(mean_weight=4096.0),
                _LONG,
            ),
            _small(
                "mean passed on, offset noise of 0.1 − none, 4,000 steps",
                -1,
                -0.3,
                _LONG._replace(offset_noise=0.1),
                _LONG,
            ),
        ),
    ),
    Hypothesis(
        "Clipping pulls the mean to the middle of its range",
        (
            _clipping(
                "dim, clip [-1, 0] − [-1, 1]",
                -_INF,
                -10,
                clip_difference("dim", ("[-1, 0]", "ordinary", "off"), _USUAL),
            ),
            _clipping(
                "dim, clip [-1, 0.5] − [-1, 1]",
                -_INF,
                -2,
                clip_difference("dim", ("[-1, 0.5]", "ordinary", "off"), _USUAL),
            ),
            _clipping(
                "dim, clip [-1.5, 1] − [-1, 1]",
                -_INF,
                -2,
                clip_difference("dim", ("[-1.5, 1]", "ordinary", "off"), _USUAL),
            ),
            _clipping(
                "bright, clip [-1.5, 1] − [-1, 1]",
                -_INF,
                -2,
                clip_difference("bright", ("[-1.5, 1]", "ordinary", "off"), _USUAL),
            ),
            _clipping(
                "dim, neither clip nor noise's mean − its training images'",
                -5,
                5,
                clip_shift("dim", _UNCLIPPED),
            ),
            _clipping(
                "bright, neither clip nor noise's mean − its training images'",
                -5,
                5,
                clip_shift("bright", _UNCLIPPED),
            ),
            _clipping(
                "dim, corrected, clip [-1, 0] − [-1, 1]",
                -2,
                2,
                clip_difference(
                    "dim", ("[-1, 0]", "ordinary", "training"), ("[-1, 1]", "ordinary", "training")
                ),
            ),
        ),
    ),
    Hypothesis(
        "v alone corrects: zero terminal SNR is not needed",
        (
            _rows(-_INF, -math.log(3), Comparison("ground", -1, "dim-v", "dim")),
            _rows(-math.log(1.5), math.log(1.5), Comparison("ground", 0, "dim-v", "dim-deep-zsnr")),
            _small(
                "mean passed on, v − epsilon, 8 groups", -1, -0.5, Arm(prediction_type="v_prediction"), _PLAIN
            ),
            _small("mean passed on, x0 − epsilon, 8 groups", -1, -0.5, Arm(prediction_type="sample"), _PLAIN),
        ),
    ),
    Hypothesis(
        "What betas change in restorations is the signal left, nothing else",
        tuple(
            _rows(-delta, delta, Comparison(measure, 0, name, "dim-deep", start=start, other_start=600))
            for name in ("dim-deep-low", "dim-deep-mid", "dim-deep-high")
            for start in equal_signal_starts(find_variant(name), (600,)).values()
            for measure, delta in (("excess", 2.0), ("ssim", 0.02))
        ),
    ),
)
