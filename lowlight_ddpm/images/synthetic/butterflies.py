"""Synthetic butterflies: one pinned specimen on white for every number."""

from functools import lru_cache
from typing import TypeVar

import numpy as np
from PIL import Image
from scipy.interpolate import PchipInterpolator

from lowlight_ddpm.images.synthetic import Grain, check, lay, samples_across, smooth
from lowlight_ddpm.images.synthetic.designs import HUES, PALETTES, STYLES, Palette, amounts, colours
from lowlight_ddpm.images.synthetic.wing_patterns import Markings
from lowlight_ddpm.images.synthetic.wing_shapes import FORE_FAMILIES, HIND_FAMILIES, Wing

_Row = TypeVar("_Row")
SALT, HUE_SALT = 0xB077, 0x40E5
KEPT = 256  # of the images that were drawn: a gallery's and a protocol's are asked for again and again
FORE_ROOT, HIND_ROOT = (0.035, 0.13), (0.03, 0.02)  # wing units
BODY_REACH = 0.4  # no part of the body or its antennae lies further out, wing units


def draw(number: int, size: int = 128) -> Image.Image:
    """Butterfly `number`, as an RGB image of `size` x `size` pixels on pure white.

    The number (0 or more) alone decides the design: another size shows the same butterfly smaller or larger,
    and another run the same bytes (another processor may round a rare pixel one level off).
    Raises ValueError unless `number` is a whole number from 0 and `size` one from 16 to 1024.
    """
    check(number, size)
    return Image.fromarray(_pixels(number, size, SALT))


def draw_hue(number: int, size: int = 128) -> Image.Image:
    """As `draw`, in hue `number` % 4 of HUES: green, red, violet, pale.

    Wings, markings and bodies are made by the same rules, but no design is shared with `draw`.
    """
    check(number, size)
    return Image.fromarray(_pixels(number, size, HUE_SALT))


@lru_cache(KEPT)
def _pixels(number: int, size: int, salt: int) -> np.ndarray:
    """Butterfly `number` of the series that has this `salt`: uint8 (size, size, 3), not to be written to."""
    palettes = PALETTES if salt == SALT else tuple(HUES.values())[number % len(HUES)]
    fine = samples_across(size)
    half = _Specimen(number, palettes, salt).half(size * fine)
    whole = np.concatenate([half[:, ::-1], half[:, (size * fine) % 2 :]], axis=1)
    pixels = whole.reshape(size, fine, size, fine, 3).mean((1, 3))
    drawn = np.rint(pixels * 255).astype(np.uint8)
    drawn.flags.writeable = False
    return drawn


class _Canvas:
    """The right half of an image, `samples` high: the samples' places in wing units, and their colours."""

    def __init__(self, samples: int, middle: float, reach: float) -> None:
        self.shape = (samples, (samples + 1) // 2, 3)
        self._step = 2 * reach / samples
        steps = (np.arange(samples) + 0.5 - samples / 2) * self._step
        x, y = np.meshgrid(steps[samples // 2 :], middle - steps)
        self.x, self.y = x.ravel().astype(np.float32), y.ravel().astype(np.float32)
        self.colours = np.ones((x.size, 3), np.float32)

    def touched(self, depth: np.ndarray) -> np.ndarray:
        """The indices of the samples that a part touches, given their `depth` inside it."""
        return np.flatnonzero(depth > -self._step)

    def cover(self, where: np.ndarray, paint: np.ndarray, depth: np.ndarray) -> None:
        """Lay `paint` on the samples `where`, in part on those that the part's edge crosses."""
        below = self.colours[where]
        lay(below, paint, np.clip(0.5 + depth / self._step, 0, 1).astype(np.float32))
        self.colours[where] = below


class _Specimen:
    """One butterfly's design."""

    def __init__(self, number: int, palettes: tuple[Palette, ...], salt: int) -> None:
        rng = np.random.default_rng([salt, int(number)])
        shades = colours(_one_of(palettes, rng), rng.uniform(-0.03, 0.03))
        self._fore = Wing(_one_of(FORE_FAMILIES, rng), FORE_ROOT, 9, rng)
        self._hind = Wing(_one_of(HIND_FAMILIES, rng), HIND_ROOT, 8, rng)
        fore, hind = amounts(_one_of(STYLES, rng), rng)
        self._fore_markings = Markings(fore, shades, "fore", rng)
        self._hind_markings = Markings(hind, shades, "hind", rng)
        self._body = Body(shades["body"], shades["spot"], rng)
        self._fill = rng.uniform(0.88, 0.95)

    def half(self, samples: int) -> np.ndarray:
        """The right half, float32 (samples, samples // 2 rounded up, 3) in 0..1."""
        canvas = _Canvas(samples, *self._frame())
        self._add_wing(canvas, self._hind, self._hind_markings)
        self._add_wing(canvas, self._fore, self._fore_markings)
        self._add_body(canvas)
        return canvas.colours.reshape(canvas.shape)

    def _frame(self) -> tuple[float, float]:
        """The height of the image's middle and half its side, in wing units."""
        points = np.vstack([self._fore.outline(), self._hind.outline(), [self._body.antenna_end]])
        top, bottom = points[:, 1].max(), points[:, 1].min()
        return (top + bottom) / 2, max(points[:, 0].max(), (top - bottom) / 2) / self._fill

    def _add_wing(self, canvas: _Canvas, wing: Wing, markings: Markings) -> None:
        depth = wing.depth(*wing.polar(canvas.x, canvas.y))
        where = canvas.touched(depth)
        x, y, depth = canvas.x[where], canvas.y[where], depth[where]
        paint = markings.paint(wing, x, y, depth)
        if wing is self._hind:
            shadow = smooth(-0.07, 0.0, self._fore.depth(*self._fore.polar(x, y)))
            paint *= 1 - 0.35 * shadow[:, None]
        canvas.cover(where, paint, depth)

    def _add_body(self, canvas: _Canvas) -> None:
        near = np.flatnonzero(canvas.x < BODY_REACH)
        for depth, paint in self._body.layers(canvas.x[near], canvas.y[near]):
            canvas.cover(near, paint, depth)


def _one_of(table: tuple[_Row, ...], rng: np.random.Generator) -> _Row:
    return table[rng.integers(len(table))]


Layer = tuple[np.ndarray, np.ndarray]

HEAD, WAIST = 0.25, -0.05  # heights of the head's middle and of the abdomen's start, wing units


class Body:
    """The body of a butterfly, in wing units, right of its middle line; `layers` paints it."""

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
