"""Synthetic fruit, so that what is found is not about butterflies alone: one piece for every number."""

from typing import NamedTuple

import numpy as np
from PIL import Image
from scipy.interpolate import CubicSpline

from lowlight_ddpm.images.synthetic import Grain, check, lay, samples_across, smooth

SALT = 0xF1247
LIGHT = np.array([-0.45, 0.62, 0.64], np.float32)  # where it comes from, of length 1
HALF = np.array([-0.25, 0.34, 0.91], np.float32)  # between light and eye: where the skin shines


class Kind(NamedTuple):
    """A fruit: radii of the outline at seven angles from the stem round to the bottom, mirrored; its colours.

    Every ripeness has the skin's colour, that of the blush or of stripes, and what the spots have, in hex.
    `spots` is how thickly they lie, `shine` how glossy the skin is, `pit` how deep the stem sits.
    """

    name: str
    outline: tuple[float, ...]
    ripeness: tuple[tuple[str, str, str], ...]
    spots: float
    shine: float
    pit: float
    leaf: float


KINDS = (
    Kind(
        "apple",
        (0.80, 0.97, 1.02, 1.00, 0.95, 0.90, 0.84),
        (("d8392f", "8f1420", "f6c27a"), ("9fbf3b", "d05a3a", "e8efb0"), ("f0cf52", "e0603a", "fbe9a8")),
        0.5,
        0.55,
        0.42,
        0.7,
    ),
    Kind(
        "pear",
        (1.06, 0.78, 0.70, 0.80, 0.92, 0.96, 0.92),
        (("c3cc54", "8f8a3a", "7d6a35"), ("e3c35a", "c66a3f", "8d6a35"), ("8fae4a", "b04a3a", "5e5a30")),
        0.8,
        0.3,
        0.10,
        0.6,
    ),
    Kind(
        "orange",
        (0.93, 0.98, 1.0, 1.0, 0.99, 0.97, 0.94),
        (("f2922a", "e0701a", "c85f14"), ("f5ad3a", "ea7f22", "d06a1a")),
        1.0,
        0.35,
        0.12,
        0.5,
    ),
    Kind(
        "lemon",
        (1.18, 0.88, 0.80, 0.79, 0.80, 0.86, 1.10),
        (("f4dc4a", "e2c02a", "c9a61e"), ("c9d84a", "9fbc38", "86a02c")),
        0.9,
        0.4,
        0.0,
        0.5,
    ),
    Kind(
        "plum",
        (0.88, 0.94, 0.94, 0.92, 0.92, 0.94, 0.96),
        (("5b3a78", "2d2452", "9aa0d8"), ("7a2a4a", "45183a", "c8a0c0"), ("3a4a86", "232a5c", "a8b8e8")),
        0.3,
        0.3,
        0.22,
        0.4,
    ),
    Kind(
        "peach",
        (0.90, 0.98, 1.0, 0.98, 0.95, 0.93, 0.95),
        (("f3b56a", "d8523f", "fbd9a8"), ("f6cf86", "e07a4a", "fdebc8")),
        0.4,
        0.12,
        0.25,
        0.7,
    ),
    Kind(
        "fig",
        (1.10, 0.72, 0.74, 0.84, 0.92, 0.94, 0.90),
        (("4f3a5a", "2f3f3a", "8a9a6a"), ("7f9a52", "5a7a3f", "c0c890")),
        0.6,
        0.2,
        0.0,
        0.3,
    ),
    Kind(
        "tomato",
        (0.78, 0.90, 1.02, 1.04, 0.96, 0.86, 0.82),
        (("dc3a26", "b8261c", "f08a5a"), ("f08a2e", "d8601e", "f8c06a"), ("6a2a34", "3f3a2a", "a85a4a")),
        0.15,
        0.7,
        0.35,
        0.9,
    ),
)


def draw_fruit(number: int, size: int = 128) -> Image.Image:
    """Fruit `number`, as an RGB image of `size` x `size` pixels on white, with its shadow.

    The number (0 or more) alone decides the design, as with `draw`. Raises ValueError as that does.
    """
    check(number, size)
    fine = samples_across(size)
    side = size * fine
    steps = ((np.arange(side) + 0.5) / side * 2 - 1).astype(np.float32)
    x, y = (axis.ravel() for axis in np.meshgrid(steps, -steps))
    colours = _Fruit(number).paint(x, y, 2 / side)
    pixels = colours.reshape(size, fine, size, fine, 3).mean((1, 3))
    return Image.fromarray(np.rint(pixels * 255).astype(np.uint8))


class _Fruit:
    """One piece's design; places reach from -1 to 1 across the image, y up."""

    def __init__(self, number: int) -> None:
        rng = np.random.default_rng([SALT, int(number)])
        self.kind = KINDS[rng.integers(len(KINDS))]
        ripeness = self.kind.ripeness[rng.integers(len(self.kind.ripeness))]
        self.skin, self.blush, self.spot = (_rgb(code) * rng.uniform(0.92, 1.05) for code in ripeness)
        self.radius = _outline(np.array(self.kind.outline) * rng.uniform(0.96, 1.04, 7))
        self.cheek, self.reddened = rng.uniform(0, 2 * np.pi), rng.uniform(0.2, 0.95)
        self.bend, self.length, self.tilt = (
            rng.uniform(-0.25, 0.25),
            rng.uniform(0.20, 0.34),
            rng.normal(0, 0.14),
        )
        self.scale, height = self._frame(rng.uniform(0.88, 0.95))
        self.centre = rng.uniform(-0.03, 0.03), height
        self.leafy, self.leaf_side = rng.random() < self.kind.leaf, rng.choice((-1, 1))
        self.leaf_colour = _rgb("4f8a3a") * rng.uniform(0.75, 1.2) * (1, 1, rng.uniform(0.7, 1.3))
        self.patches, self.speckles, self.pores = Grain(rng), Grain(rng), Grain(rng)

    def paint(self, x: np.ndarray, y: np.ndarray, step: float) -> np.ndarray:
        """Colours (n, 3) in 0..1 of the points; `step` is the distance between neighbours."""
        colours = np.ones((x.size, 3), np.float32)
        colours *= 1 - 0.42 * self._shadow(x, y)[:, None] * np.array([1.0, 0.97, 0.92], np.float32)
        u, v = self._turned(x, y)
        angle, distance = np.arctan2(u, v), np.hypot(u, v)  # 0 at the stem
        radius = self.radius(np.abs(angle)).astype(np.float32)
        self._lay(colours, radius - distance, self._body(u, v, distance / radius), step / self.scale)
        for depth, paint in self._greens(u, v):
            self._lay(colours, depth, paint, step / self.scale)
        return np.clip(colours, 0, 1)

    def _frame(self, fill: float) -> tuple[float, float]:
        """Size, and height of the middle: it takes `fill` of the image with leaf and shadow."""
        radii = self.radius(np.linspace(0, np.pi, 50))
        top, bottom = radii[0] + self.length - 0.04, radii[-1] + 0.08
        scale = fill * min(2 / (top + bottom), 1 / (radii.max() + 0.05))
        return float(scale), float(scale * (bottom - top) / 2)

    def _turned(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        x, y = (x - self.centre[0]) / self.scale, (y - self.centre[1]) / self.scale
        cos, sin = np.cos(self.tilt), np.sin(self.tilt)
        return cos * x + sin * y, cos * y - sin * x

    def _lay(self, colours: np.ndarray, depth: np.ndarray, paint: np.ndarray, step: float) -> None:
        lay(colours, paint, np.clip(0.5 + depth / step, 0, 1).astype(np.float32))

    def _shadow(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        bottom = self.centre[1] - self.scale * 0.86
        across, along = (x - self.centre[0] - 0.16) / (1.02 * self.scale), (y - bottom) / (0.22 * self.scale)
        return smooth(1.15, 0.1, np.hypot(across, along))

    def _body(self, u: np.ndarray, v: np.ndarray, out: np.ndarray) -> np.ndarray:
        """The skin: round as a ball that the outline was pressed into."""
        up = np.sqrt(np.clip(1 - out**2, 0, 1))
        pit = self.kind.pit * np.exp(-(u**2 + (v - 0.78) ** 2) / 0.035)
        normal = np.stack([u, v - 2.2 * pit * np.sign(v - 0.78), up], axis=1)
        normal /= np.linalg.norm(normal, axis=1, keepdims=True) + 1e-6
        cheek = (
            0.5
            + 0.5 * np.cos(np.arctan2(v, u) - self.cheek) * out
            + 0.45 * self.patches(u * 2.2 + 9, v * 1.4 + 9)
        )
        paint = np.tile(self.skin, (u.size, 1)).astype(np.float32)
        lay(paint, self.blush, np.float32(self.reddened) * smooth(0.35, 0.95, cheek))
        speckled = smooth(0.45, 0.8, self.speckles(u * 13 + 20, v * 13 + 20)) * np.float32(self.kind.spots)
        lay(paint, self.spot, 0.55 * speckled)
        diffuse = np.clip(normal @ LIGHT, 0, 1)
        shine = np.clip(normal @ HALF, 0, 1) ** 38
        pores = 0.05 * self.kind.spots * self.pores(u * 24 + 5, v * 24 + 5)
        paint *= (0.34 + 0.78 * diffuse + pores - 0.55 * pit)[:, None]
        return paint + (self.kind.shine * shine)[:, None] + 0.05 * (1 - up)[:, None] ** 2

    def _greens(self, u: np.ndarray, v: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
        """(depth, colours) of leaf and stem, from back to front."""
        foot = float(self.radius(0.0)) - 0.45 * self.kind.pit - 0.03
        along = np.clip((v - foot) / self.length, 0, 1)
        middle = self.bend * along**2
        stem = 0.035 + 0.02 * smooth(0.8, 1, along) - np.hypot(u - middle, (v - foot - along * self.length))
        bark = _rgb("6a4a2c") * (0.65 + 0.6 * smooth(0.04, -0.04, u - middle))[:, None]
        parts = [(stem, bark)]
        if self.leafy:
            parts.insert(0, self._leaf(u, v, foot + 0.35 * self.length))
        return parts

    def _leaf(self, u: np.ndarray, v: np.ndarray, foot: float) -> tuple[np.ndarray, np.ndarray]:
        along = self.leaf_side * (u - self.bend * 0.1) / 0.62
        rise = v - foot - 0.16 * np.sin(np.clip(along, 0, 1) * 2.4)
        half = 0.16 * np.sqrt(np.clip(along * (1 - along), 0, None)) * 2 * (1.1 - 0.4 * along)
        depth = np.where((along > 0) & (along < 1), half - np.abs(rise), -1)
        vein = smooth(0.02, 0.0, np.abs(rise)) + 0.4 * smooth(
            0.55, 1, np.cos((along * 9 - np.abs(rise) * 14) * 2)
        )
        return depth, self.leaf_colour * (0.85 + 0.9 * rise + 0.22 * vein)[:, None]


def _outline(radii: np.ndarray) -> CubicSpline:
    """Radius over the angle from the stem, 0 to pi; even at both ends, so that its mirror joins smoothly."""
    return CubicSpline(np.linspace(0, np.pi, len(radii)), radii, bc_type="clamped")


def _rgb(code: str) -> np.ndarray:
    return np.array([int(code[i : i + 2], 16) / 255 for i in (0, 2, 4)], np.float32)
