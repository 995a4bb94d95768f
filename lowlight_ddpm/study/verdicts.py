"""The rule of verdicts, by the clauses of docs/protocol.md: effects over trainings, and what they decide.

Figures are floats, or arrays of one shape: the rule is tested by simulation with the lines that judge.
Everything is in the scale of the measure, which for some is the natural logarithm.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy import optimize, stats

LEVEL = 0.05  # of Holm's procedure, over all headlines
POWER = 0.8
CONFIDENCE = 0.95  # of every interval, each for itself
FEWEST = 5  # recipes that a mean within networks takes to speak for networks at large
VERDICTS = HOLDS, CONTRARY, NO_DIFFERENCE, OPEN = (
    "holds",
    "the contrary",
    "makes no difference",
    "cannot be told",
)
_TINY = np.finfo(float).tiny  # instead of an error of 0, which made-up figures may have


class Effect(NamedTuple):
    """A `difference` with its standard `error` and the error's degrees of `freedom`."""

    difference: Any
    error: Any
    freedom: Any

    @property
    def ends(self) -> tuple[Any, Any]:
        """The interval of CONFIDENCE: d ± t·se."""
        reach = stats.t.isf((1 - CONFIDENCE) / 2, self.freedom) * self.error
        return self.difference - reach, self.difference + reach


def pooled_variance(arms: Sequence[np.ndarray]) -> tuple[Any, int]:
    """(s², ν) of y_k (n, ...) of each arm; only arms with at least two trainings have a part in it.

    s² is NaN and ν is 0 where there is none.
    """
    repeated = [arm for arm in arms if len(arm) > 1]
    freedom = sum(len(arm) - 1 for arm in repeated)  # (2) ν = Σ(n_arm − 1)
    if not freedom:
        return np.nan, 0
    squares = sum(((arm - arm.mean(axis=0)) ** 2).sum(axis=0) for arm in repeated)
    return squares / freedom, freedom  # (2) s² = Σ(y_k − ȳ_arm)²/ν


def between(a: np.ndarray, b: np.ndarray, spread: Any, freedom: int, sampling: Any) -> Effect:
    """Arm `a` less arm `b`, y_k (n, ...) each; `spread` and `freedom` are s² and ν, `sampling` is b²."""
    training = spread * (1 / len(a) + 1 / len(b))  # (3) V = s²(1/n_A + 1/n_B)
    square = training + sampling  # (3) se² = V + b²
    # (3) d = ȳ_A − ȳ_B; df = se⁴/(V²/ν), as Satterthwaite has it
    return Effect(a.mean(axis=0) - b.mean(axis=0), square**0.5, square**2 / (training**2 / freedom + _TINY))


def within(differences: np.ndarray, sampling: Any = 0.0) -> Effect:
    """Two settings of the same weights: the mean of d_k (K, ...), one for each recipe.

    Fewer than FEWEST recipes speak for themselves alone: by (3) with V = 0, so that `sampling`, b² of the
    mean, is all the error, and it has no end of degrees of freedom.
    """
    recipes, mean = len(differences), differences.mean(axis=0)
    if recipes < FEWEST:
        return Effect(mean, sampling**0.5, np.inf)
    # (4) se² = var(d_k)/K, df = K − 1
    return Effect(mean, (differences.var(axis=0, ddof=1) / recipes) ** 0.5, recipes - 1)


def p_difference(effect: Effect) -> Any:
    """(5) p_diff of a two-sided t-test of no difference."""
    return 2 * stats.t.sf(abs(effect.difference) / (effect.error + _TINY), effect.freedom)


def p_equivalence(effect: Effect, delta: float) -> Any:
    """(5) p_eq: the larger of two one-sided t-tests, that the effect is under −δ and that it is over δ."""
    error = effect.error + _TINY
    above = stats.t.sf((effect.difference + delta) / error, effect.freedom)
    below = stats.t.cdf((effect.difference - delta) / error, effect.freedom)
    return np.maximum(above, below)


def holm(p: np.ndarray) -> np.ndarray:
    """(6) p-values (m, ...) adjusted for all m (Holm 1979); what is not measured, NaN, counts as 1."""
    p = np.nan_to_num(np.asarray(p, dtype=float), nan=1.0)
    order = p.argsort(axis=0)
    factors = np.arange(len(p), 0, -1).reshape(-1, *[1] * (p.ndim - 1))
    ordered = np.maximum.accumulate(np.take_along_axis(p, order, axis=0) * factors, axis=0).clip(max=1)
    return np.take_along_axis(ordered, order.argsort(axis=0), axis=0)


def decide(difference: Any, p_diff: Any, p_eq: Any, claimed: int, delta: float) -> np.ndarray:
    """HOLDS, CONTRARY, NO_DIFFERENCE or OPEN, from p-values that are adjusted.

    `claimed` is the sign that a difference has by the claim, 0 where it says that there is none.
    """
    shown = (p_diff < LEVEL) & (abs(difference) > delta)  # (7)
    none = p_eq < LEVEL  # (8)
    agrees = none if claimed == 0 else shown & (np.sign(difference) == claimed)  # (8), (7)
    return np.select([agrees, shown, none], [HOLDS, CONTRARY, NO_DIFFERENCE], OPEN)  # (9)


def power(effect: float, error: float, freedom: float, level: float) -> float:
    """How likely an effect so large, above 0, has p_diff under `level` and the right sign: noncentral t."""
    return float(stats.nct.sf(stats.t.isf(level / 2, freedom), freedom, effect / error))


def smallest_effect(error: float, freedom: float, level: float) -> float:
    """(9) The smallest effect that is found at `level` with a power of POWER."""
    farthest = 2 * stats.t.isf(level / 2, freedom) + 2  # standard errors, where the power is above POWER
    return (
        error
        * optimize.root_scalar(lambda n: power(n, 1, freedom, level) - POWER, bracket=(0, farthest)).root
    )
