"""How sure a mean is: bootstrap intervals over pictures and noise, and paired differences of two variants."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from lowlight_ddpm.errors import Refusal

LEVEL = 0.95
DRAWS = 2000
_SEED = 0  # of the bootstrap: the same rows give the same interval


class Interval(NamedTuple):
    """A mean with the ends of its interval, in the unit of what was averaged."""

    mean: float
    low: float
    high: float


def interval(rows: pd.DataFrame, column: str, level: float = LEVEL, draws: int = DRAWS) -> Interval:
    """The mean of `column` over one condition of results.table(), with its percentile bootstrap interval.

    Every draw takes as many pictures as there are, with replacement, then of each picture taken as many of
    its noise seeds, with replacement (Davison & Hinkley 1997, section 3.8): what two runs on one picture have
    in common is not counted twice. A mean is over pictures of means over seeds; with the protocol's equal
    numbers of seeds that is the mean of all rows. Samples from pure noise have no picture, and each counts as
    one of its own. Undefined values are left out. Raises Refusal where nothing is left, and where a picture
    and a seed come twice, as in rows of several conditions.
    """
    rows = rows.loc[:, ["picture", "seed", column]].dropna(subset=[column])
    if rows.empty:
        raise Refusal(f"There are no values of {column} to average: choose rows that have some.")
    if rows.duplicated(["picture", "seed"]).any():
        raise Refusal("A picture and a seed come twice: choose the rows of one condition.")
    values, counts = _by_picture(rows, column)
    low, high = np.quantile(_resampled(values, counts, draws), [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(_mean(values, counts).mean()), float(low), float(high))


def paired_interval(
    rows_a: pd.DataFrame, rows_b: pd.DataFrame, column: str, level: float = LEVEL, draws: int = DRAWS
) -> Interval:
    """`interval` of a less b on the same pictures and noise: what differs is the variant or setting alone.

    Each is one condition of results.table(). Only pictures and seeds that both have count. Raises Refusal
    where they share none, and as `interval` does.
    """
    keys = ["picture", "seed"]
    a, b = (rows.loc[:, [*keys, column]].dropna(subset=[column]) for rows in (rows_a, rows_b))
    both = a.merge(b, on=keys, suffixes=("_a", "_b"))
    if both.empty:
        raise Refusal(f"The two share no picture and noise with a value of {column}: compare like with like.")
    return interval(
        both.assign(difference=both[f"{column}_a"] - both[f"{column}_b"]), "difference", level, draws
    )


def resampled_means(rows: pd.DataFrame, columns: Sequence[str], draws: int = DRAWS) -> np.ndarray:
    """The means of `columns` over the resampled sets of `interval`, every set for all columns.

    (draws, columns), for what is made of several means at once, such as the distance of two colours.
    """
    return np.stack([_resampled(*_by_picture(rows, column), draws) for column in columns], axis=1)


def _by_picture(rows: pd.DataFrame, column: str) -> tuple[np.ndarray, np.ndarray]:
    """Values (pictures, most seeds), each line filled from the left, and how many each line has (pictures,).

    In the order of names and seeds, so that the order of the rows does not matter.
    """
    samples = rows["picture"].isna()
    pictures = rows["picture"].astype(object).where(~samples, rows["seed"].map("sample {:06d}".format))
    ordered = rows.assign(picture=pictures).sort_values(["picture", "seed"])
    line = ordered.groupby("picture").ngroup().to_numpy()
    place = ordered.groupby("picture").cumcount().to_numpy()
    values = np.zeros((line[-1] + 1, place.max() + 1))
    values[line, place] = ordered[column]
    return values, np.bincount(line)


def _resampled(values: np.ndarray, counts: np.ndarray, draws: int) -> np.ndarray:
    """The means of `draws` resampled sets: (draws,)."""
    rng = np.random.default_rng(_SEED)
    pictures, seeds = values.shape
    line = rng.integers(pictures, size=(draws, pictures))
    place = (rng.random((draws, pictures, seeds)) * counts[line][..., None]).astype(int)
    return _mean(values[line[..., None], place], counts[line]).mean(axis=-1)


def _mean(values: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """The mean of the first `counts` (...) of `values` (..., seeds)."""
    return np.where(np.arange(values.shape[-1]) < counts[..., None], values, 0).sum(axis=-1) / counts
