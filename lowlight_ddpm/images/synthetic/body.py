"""The bodies of drawn butterflies: antennae, eyes and the furry trunk, on points right of the middle line."""

import numpy as np
from scipy.interpolate import PchipInterpolator

from lowlight_ddpm.images.synthetic.fields import Grain, lay, smooth

Layer = tuple[np.ndarray, np.ndarray]

HEAD, WAIST = 0.25, -0.05  # heights of the head's middle and of the abdomen's start, wing units


class Body:
    """One body's measures in wing units; `layers` paints it."""

    def __init__(self, colour: np.ndarray, pale: np.ndarray, rng: np.random.Generator) -> None:
        self._colour, self._pale, self._grain = colour, pale, Grain(rng)
        self._half = _profile(rng.uniform(-0.62, -0.46), rng.uniform(0.85, 1.15))
        self._stripe = rng.uniform(0.0, 0.45)
        self.antenna_end = (rng.uniform(0.20, 0.34), rng.uniform(0.66, 0.78))
        self._curl = rng.uniform(0.6, 1.6)

    def layers(self, x: np.ndarray, y: np.ndarray) -> list[Layer]:
        """(depth inside the part, colours (n, 3)) of the parts at the points, from back to front."""
        return [self._antenna(x, y), self._eye(x, y), self._trunk(x, y)]

    def _antenna(self, x: np.ndarray, y: np.ndarray) -> Layer:
        end_x, end_y = self.antenna_end
        start_x, start_y = 0.015, HEAD
        up = np.clip((y - start_y) / (end_y - start_y), 0, 1)
        middle = start_x + (end_x - start_x) * up**self._curl
        tilt = np.hypot(1, (end_x - start_x) / (end_y - start_y))
        half = 0.0055 + 0.011 * smooth(0.86, 0.95, up)
        beyond = np.maximum(y - end_y, 0) + np.maximum(start_y - y, 0)
        return half - np.hypot((x - middle) / tilt, beyond), np.tile(self._colour * 0.7, (len(x), 1))

    def _eye(self, x: np.ndarray, y: np.ndarray) -> Layer:
        depth = 0.019 - np.hypot(x - 0.027, y - HEAD - 0.008)
        glint = smooth(0.012, 0.0, np.hypot(x - 0.031, y - HEAD - 0.014))
        return depth, self._colour * 0.45 + 0.35 * glint[:, None]

    def _trunk(self, x: np.ndarray, y: np.ndarray) -> Layer:
        half = self._half(y).astype(np.float32)
        fur = smooth(WAIST - 0.03, WAIST + 0.05, y)
        round_ = np.sqrt(np.clip(1 - (x / np.maximum(half, 1e-3)) ** 2, 0, 1))
        segment = np.cos(2 * np.pi * y / 0.058) * (1 - fur)
        hairs = self._grain(x * 150, y * 40) * (0.3 + 0.7 * fur)
        paint = np.tile(self._colour, (len(x), 1))
        lay(paint, self._pale, np.float32(self._stripe) * smooth(-0.2, 0.9, segment))
        paint *= (0.5 + 0.6 * round_ + 0.16 * hairs + 0.08 * segment)[:, None]
        paint += (0.07 * round_**3 + 0.03 * hairs)[:, None]
        ragged = half + fur * 0.003 * self._grain(y * 210 + x * 90, x * 30)
        return np.where(half > 0, ragged - x, -1), np.clip(paint, 0, 1)


def _profile(tail: float, stout: float) -> PchipInterpolator:
    """Half the trunk's width as a curve over height, 0 beyond both ends."""
    abdomen = ((tail, 0), (tail + 0.02, 0.012), (tail + 0.08, 0.024), (tail * 0.6, 0.039), (-0.14, 0.043))
    thorax = ((WAIST, 0.036), (0.04, 0.056), (0.12, 0.062), (0.19, 0.042), (0.215, 0.030))
    head = ((HEAD, 0.034), (0.28, 0.022), (0.295, 0))
    heights, halves = np.array([(-2, 0), *abdomen, *thorax, *head, (2, 0)]).T
    return PchipInterpolator(heights, halves * stout)
