"""Whether two ways of making the same images differ: a permutation test of pairs of one image and noise.

If they did not, either of a pair could as well have come from the other, so that every difference could as
well have the other sign. What signs drawn by chance give is what a difference, or a distance, must exceed.
"""

import numpy as np

DRAWS = 4999
_SEED = 0  # the same pairs give the same p


def mean_by_chance(differences: np.ndarray) -> np.ndarray:
    """The mean of `differences` (pairs, measures), each pair's with a sign by chance: (DRAWS, measures)."""
    signs = np.random.default_rng(_SEED).choice([-1.0, 1.0], size=(DRAWS, len(differences)))
    return signs @ differences / len(differences)


def p_value(found: float, by_chance: np.ndarray) -> float:
    """How likely chance comes to what was `found` or more; never 0, as what was found is a draw too."""
    at_least = by_chance >= found * (1 - 1e-9)  # the same sum in another order
    return float((1 + at_least.sum()) / (1 + len(by_chance)))
