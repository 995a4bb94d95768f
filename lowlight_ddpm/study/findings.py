"""What the measurements say of claims: the effects of comparisons, by docs/protocol.md, and the verdicts."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from lowlight_ddpm.study.bootstrap import resampled_means
from lowlight_ddpm.study.claims import Claim
from lowlight_ddpm.study.headlines import HEADLINES, MEASURES, Comparison, has_the_fault, recipe
from lowlight_ddpm.study.results import USUAL
from lowlight_ddpm.study.verdicts import (
    FEWEST,
    LEVEL,
    OPEN,
    Effect,
    between,
    decide,
    holm,
    p_difference,
    p_equivalence,
    pooled_variance,
    smallest_effect,
    within,
)
from lowlight_ddpm.variants import Variant, find_variant

# Instead of a verdict, where there is none.
INTERVAL_ONLY, NO_INTERVAL, NOT_MEASURED = "interval only", "no interval yet", "not measured yet"

Judged = dict[tuple[Comparison, str | None], str]
"""(headline, source of its images; None from pure noise) -> its verdict."""


@dataclass(frozen=True)
class Outcome:
    """An effect in its measure's scale, and its `basis` in words: the trainings or networks it is from."""

    effect: Effect
    basis: str

    @property
    def interval(self) -> tuple[float, float, float]:
        """The difference, and the ends of its interval."""
        low, high = self.effect.ends
        return float(self.effect.difference), float(low), float(high)


@dataclass(frozen=True)
class Finding:
    """What became of a claim's comparison; without an `outcome` where it is not measured.

    `verdict` is one of a headline, or why there is none. `smallest` is the smallest effect that would have
    been found, in the measure's scale, of a headline that cannot be told.
    """

    claim: Claim
    comparison: Comparison
    outcome: Outcome | None
    verdict: str
    smallest: float | None = None


def judge(rows: pd.DataFrame, photographs: str | None) -> Judged:
    """The verdict on every headline, on `results.table()`: clauses (5) to (9).

    `photographs` is the source of the images that restorations are judged by.
    """
    judged, nothing = {}, Outcome(Effect(np.nan, np.nan, np.nan), "")
    effects = [(outcome_of(rows, c, photographs) or nothing).effect for c in HEADLINES.values()]
    deltas = [MEASURES[c.measure].scaled_delta for c in HEADLINES.values()]
    p_diff = holm(np.array([p_difference(effect) for effect in effects]))
    p_eq = holm(
        np.array([p_equivalence(effect, delta) for effect, delta in zip(effects, deltas, strict=True)])
    )
    for place, c in enumerate(HEADLINES.values()):
        difference = effects[place].difference
        found = decide(difference, p_diff[place], p_eq[place], c.claimed, deltas[place])
        judged[c, photographs if c.start else None] = str(found)
    return judged


def findings(
    rows: pd.DataFrame, claims: Iterable[Claim], source: str | None, judged: Judged
) -> Iterator[Finding]:
    """Every comparison of claims; restorations are of the images of `source`."""
    for claim in claims:
        for c in claim.comparisons:
            outcome = outcome_of(rows, c, source)
            verdict, smallest = judged.get((c, source if c.start else None), INTERVAL_ONLY), None
            if outcome is None:
                verdict = NOT_MEASURED
            elif not outcome.effect.freedom > 0:
                verdict = NO_INTERVAL
            elif verdict == OPEN:
                effect = outcome.effect
                smallest = smallest_effect(effect.error, effect.freedom, LEVEL / len(HEADLINES))
            yield Finding(claim, c, outcome, verdict, smallest)


def outcome_of(rows: pd.DataFrame, c: Comparison, source: str | None) -> Outcome | None:
    """The effect of one comparison; None where a side of it is not measured.

    Where no recipe has been trained twice, trainings' spread is unknown: error and freedom are then NaN.
    """
    sides = [_equal(rows, where) for where in (c.where, c.where_other)]
    rows = rows.loc[np.logical_or(*sides), :]
    return _within(rows, c, source) if c.within else _between(rows, c, source)


def condition_rows(
    rows: pd.DataFrame, variant: str, where: dict[str, Any], source: str | None = None, **changed: Any
) -> pd.DataFrame:
    """The rows of one condition: `variant` with its training defaults and `changed` settings.

    `where` says how it started; `source` names the images. A variant of another subject is measured on images
    of that alone. A setting that no result knows of has no rows.
    """
    return _of_condition(rows.loc[rows["variant"] == variant, :], where, source, **changed)


def _of_condition(
    rows: pd.DataFrame, where: dict[str, Any], source: str | None, **changed: Any
) -> pd.DataFrame:
    """`condition_rows` of every variant, each with its own brightness, variance and subject."""
    wanted = USUAL | {"leaks": True} | where | changed
    if not wanted.keys() | {"brightness", "variance_type"} <= set(rows.columns):
        return rows.iloc[:0]
    variants = {name: find_variant(name) for name in rows["variant"].unique()}
    masks = [rows[name] == value for name, value in wanted.items()]
    for name in {"brightness", "variance_type"} - changed.keys():
        own = {variant: getattr(row, name) for variant, row in variants.items()}
        masks.append(rows[name] == rows["variant"].map(own.get))
    if where["mode"] == "restore" and source:
        others = [name for name, row in variants.items() if row.source]
        masks.append((rows["source"] == source) | rows["variant"].isin(others))
    return rows.loc[np.logical_and.reduce(masks), :]


def _equal(rows: pd.DataFrame, wanted: dict) -> np.ndarray:
    return np.logical_and.reduce([rows[name] == value for name, value in wanted.items()])


def _between(rows: pd.DataFrame, c: Comparison, source: str | None) -> Outcome | None:
    a_name, b_name = str(c.a), str(c.b)  # without them both sides have the same weights
    arms, others = (
        _arms(rows, where, source, find_variant(name).variance_type)
        for name, where in ((a_name, c.where), (b_name, c.where_other))
    )
    a, b = arms[recipe(a_name)], others[recipe(b_name)]
    values = _shared([*a, *b], c.measure)
    if not (a and b and len(values)):
        return None
    y, drawn = _y(values, c.measure), _drawn(values, c.measure)
    basis = f"{len(a)} against {len(b)} trainings"
    # All arms, measured as these are: clause (2). What starts elsewhere has too few of its own.
    alike = others if c.other_start else arms
    shared = (_shared(arm, c.measure) for arm in list(alike.values()) if len(arm) > 1)
    spread, freedom = pooled_variance([_y(arm, c.measure) for arm in shared if len(arm)])
    if not freedom:
        return Outcome(Effect(y[: len(a)].mean() - y[len(a) :].mean(), np.nan, np.nan), basis)
    sampling = (drawn[:, : len(a)].mean(axis=1) - drawn[:, len(a) :].mean(axis=1)).var()
    return Outcome(between(y[: len(a)], y[len(a) :], spread, freedom, sampling), basis)


def _within(rows: pd.DataFrame, c: Comparison, source: str | None) -> Outcome | None:
    of_recipe = defaultdict(list)
    for name in [c.a] if c.a else _faulty(rows, c, source):
        values = _shared(_sides(rows, c, name, source), c.measure)
        if len(values):
            y, drawn = _y(values, c.measure), _drawn(values, c.measure)
            of_recipe[recipe(name)].append((name, y[0] - y[1], drawn[:, 0] - drawn[:, 1]))
    if not of_recipe:
        return None
    # Every training's resampled sets are the same images: the bootstrap has one seed.
    names, d, drawn = zip(*(zip(*trainings, strict=True) for trainings in of_recipe.values()), strict=True)
    sampling = np.mean([np.mean(of_one, axis=0) for of_one in drawn], axis=0).var()
    effect = within(np.array([np.mean(of_one) for of_one in d]), sampling)
    alone = ", ".join(name for of_one in names for name in of_one)
    return Outcome(effect, f"{len(d)} networks" if len(d) >= FEWEST else f"{alone} alone")


def _arms(
    rows: pd.DataFrame, where: dict[str, Any], source: str | None, variance_type: str
) -> dict[Variant, list[Any]]:
    """Recipe -> the condition of each of its trainings; none of a recipe that is not there."""
    arms = defaultdict(dict)
    alike = _of_condition(rows, where, source, variance_type=variance_type)
    for name, measured in alike.groupby("variant", sort=False):
        arms[recipe(str(name))].setdefault(find_variant(str(name)).trained_as, measured)
    return defaultdict(list, {arm: list(trainings.values()) for arm, trainings in arms.items()})


def _sides(rows: pd.DataFrame, c: Comparison, name: str, source: str | None) -> list[pd.DataFrame]:
    """Both sides of a comparison in the weights of `name`."""
    if c.change is None:
        return [condition_rows(rows, side, c.where, source) for side in (name, c.b or name)]
    setting, *values = c.change
    return [condition_rows(rows, name, c.where, source, **{setting: value}) for value in values]


def _faulty(rows: pd.DataFrame, c: Comparison, source: str | None) -> list[str]:
    """The networks that a comparison without names is about; restoring, those of the source's subject."""
    there = [name for name in rows["variant"].unique() if has_the_fault(find_variant(name))]
    return [name for name in there if not (c.start and source and find_variant(name).source)]


def _shared(conditions: Sequence[pd.DataFrame], column: str) -> pd.DataFrame:
    """`column` of every condition, by its place, on the `picture`s and `seed`s that all have."""
    if not conditions or not all(column in rows for rows in conditions):
        return pd.DataFrame()
    if column == "delta_e" and len({kind for rows in conditions for kind in rows["mean_colours"]}) > 1:
        return pd.DataFrame()  # they mean two things by it
    named = [
        # Of pure noise every image is its own.
        rows.assign(picture=rows.picture.astype(object).fillna(rows.seed.map("sample {:06d}".format)))
        for rows in conditions
    ]
    columns = [rows.set_index(["picture", "seed"])[column].dropna() for rows in named]
    return pd.concat(columns, axis=1, join="inner", keys=range(len(columns))).reset_index()


def _y(values: pd.DataFrame, column: str) -> np.ndarray:
    """y_k (n,) of every condition of `_shared`: clause (1)."""
    of_pictures = values.groupby("picture")[_places(values)].mean()
    return _scaled(np.asarray(of_pictures).mean(axis=0), column)


def _drawn(values: pd.DataFrame, column: str) -> np.ndarray:
    """y_k of every condition on sets of images and noises drawn anew, the same for all: (draws, n)."""
    return _scaled(resampled_means(values, _places(values)), column)


def _scaled(means: np.ndarray, column: str) -> np.ndarray:
    return np.log(means) if MEASURES[column].logarithm else means


def _places(values: pd.DataFrame) -> list[Any]:
    return [name for name in values if name not in ("picture", "seed")]
