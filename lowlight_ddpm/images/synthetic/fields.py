"""Small tools for painting on points: the smooth step, paint laid over paint, and smooth random grain."""

import numpy as np
from scipy.ndimage import map_coordinates

GRAIN_SIDE = 64


def smooth(low: float, high: float, value: np.ndarray) -> np.ndarray:
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
