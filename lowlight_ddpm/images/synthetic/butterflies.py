"""Butterflies drawn by our own code: one pinned specimen on white for every number."""

from numbers import Integral

import numpy as np
from PIL import Image

from lowlight_ddpm.images.synthetic.body import Body
from lowlight_ddpm.images.synthetic.fields import lay, smooth
from lowlight_ddpm.images.synthetic.palettes import HUES, PALETTES, Palette, colours
from lowlight_ddpm.images.synthetic.wing_patterns import Markings
from lowlight_ddpm.images.synthetic.wing_shapes import FORE_FAMILIES, HIND_FAMILIES, Wing
from lowlight_ddpm.images.synthetic.wing_styles import STYLES, amounts

SMALLEST, LARGEST = 16, 1024
SALT, HUE_SALT = 0xB077, 0x40E5
FORE_ROOT, HIND_ROOT = (0.035, 0.13), (0.03, 0.02)  # wing units
BODY_REACH = 0.4  # no part of the body or its antennae lies further out, wing units


def draw(number: int, size: int = 128) -> Image.Image:
    """Butterfly `number`, as an RGB picture of `size` x `size` pixels on pure white.

    The number (0 or more) alone decides the design: another size shows the same butterfly smaller or larger,
    and another run the same bytes (another processor may round a rare pixel one level off).
    Raises ValueError unless `number` is a whole number from 0 and `size` one from 16 to 1024.
    """
    check(number, size)
    return _picture(number, size, PALETTES, SALT)


def draw_hue(number: int, size: int = 128) -> Image.Image:
    """As `draw`, in hue `number` % 4 of HUES: green, red, violet, pale.

    Wings, markings and bodies are made by the same rules, but no design is shared with `draw`.
    """
    check(number, size)
    return _picture(number, size, tuple(HUES.values())[number % len(HUES)], HUE_SALT)


def _picture(number: int, size: int, palettes: tuple[Palette, ...], salt: int) -> Image.Image:
    """Butterfly `number` of a series that has a `salt` of its own, in one of `palettes`."""
    fine = samples_across(size)
    half = _Specimen(number, palettes, salt).half(size * fine)
    whole = np.concatenate([half[:, ::-1], half[:, (size * fine) % 2 :]], axis=1)
    pixels = whole.reshape(size, fine, size, fine, 3).mean((1, 3))
    return Image.fromarray(np.rint(pixels * 255).astype(np.uint8))


def check(number: int, size: int) -> None:
    """Raise ValueError unless both are whole numbers that can be drawn."""
    if not _is_whole(number) or number < 0:
        raise ValueError(f"Give its number as a whole number from 0 up, not {number!r}.")
    if not _is_whole(size) or not SMALLEST <= size <= LARGEST:
        raise ValueError(f"Give the size as a whole number of pixels, {SMALLEST} to {LARGEST}, not {size!r}.")


def _is_whole(value: object) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)


def samples_across(size: int) -> int:
    """Samples along a pixel's side: small pixels hold more detail."""
    return 4 if size <= 80 else 3 if size <= 256 else 2


class _Canvas:
    """The right half of a picture, `samples` high: the samples' places in wing units, and their colours."""

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
        """The height of the picture's middle and half its side, in wing units."""
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


def _one_of(table: tuple, rng: np.random.Generator) -> tuple:
    return table[rng.integers(len(table))]
