"""Synthetic images: butterflies and fruit made by our own code, the same for the same number.

Here is what all of them are painted with: smooth steps, paint over paint, grain, samples in a pixel.
"""

from numbers import Integral

import numpy as np
from scipy.ndimage import map_coordinates

SMALLEST, LARGEST = 16, 1024

GRAIN_SIDE = 64
Edge = float | np.floating | np.ndarray  # of a ramp; an array has one for every value


def smooth(low: Edge, high: Edge, value: np.ndarray) -> np.ndarray:
    """0 below `low`, 1 above `high`, an S-shaped ramp between (falling when `low` > `high`)."""
    ramp = np.clip((value - low) / (high - low), 0, 1)
    return ramp * ramp * (3 - 2 * ramp)


def lay(colour: np.ndarray, paint: np.ndarray, cover: np.ndarray) -> None:
    """Lay `paint` (3,) or (n, 3) over `colour` (n, 3) in place, as opaque as `cover` (n,) in 0..1 says."""
    colour += cover[:, None] * (paint - colour)


class Grain:
    """Smooth noise in -1..1 with a wave about as long as 1 in either coordinate; repeats after GRAIN_SIDE."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._table = rng.uniform(-1, 1, (GRAIN_SIDE, GRAIN_SIDE)).astype(np.float32)

    def __call__(self, u: np.ndarray, v: np.ndarray) -> np.ndarray:
        """The noise at `u`, `v` (n,), float32."""
        return map_coordinates(self._table, [u, v], np.float32, order=1, mode="grid-wrap")


def check(number: int, size: int) -> None:
    """Raise ValueError unless both are whole numbers that an image can be made of."""
    if not _is_whole(number) or number < 0:
        raise ValueError(f"Give its number as a whole number from 0 up, not {number!r}.")
    if not _is_whole(size) or not SMALLEST <= size <= LARGEST:
        raise ValueError(f"Give the size as a whole number of pixels, {SMALLEST} to {LARGEST}, not {size!r}.")


def _is_whole(value: object) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)


def samples_across(size: int) -> int:
    """Samples along a pixel's side: small pixels hold more detail."""
    return 4 if size <= 80 else 3 if size <= 256 else 2
