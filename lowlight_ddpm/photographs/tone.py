"""How bright a photograph shall be: levels, one curve, and tables that apply both to 8-bit pixels.

The black and the white point are percentiles over all channels jointly, and the curve is one power for all of
them, so that greys stay grey. Per channel, rather than by one gain a pixel that preserves its hue:
`python -m benchmarks.tones` compares the two.
"""

from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image

from lowlight_ddpm.images.photometry import linear, srgb

LEVELS = {"as it was": 0.0, "dusk": 0.25, "day": 0.42}
"""Named levels: the mean luma that a photograph is brightened to, pixel values in 0..1."""

LUMA = np.array([0.2126, 0.7152, 0.0722])  # of R, G, B by BT.709
PERCENTILES = 0.005, 0.995  # of all values of all channels: the black and the white point
LEAST_SPAN = 16 / 255  # between the two: what varies by less is mostly noise, and is not stretched further
MOST_BALANCE = 2.0  # factor of a channel's light: beyond it, the scene is coloured and not its light
_GAMMAS = -3.0, 3.0  # natural logarithms of the powers that are tried
_PIXEL_VALUES = np.arange(256) / 255


@dataclass(frozen=True)
class Tone:
    """A table for every channel, uint8 (3, 256), and the mean luma `before` and `after` it, in 0..1."""

    tables: np.ndarray
    before: float
    after: float

    @property
    def changes(self) -> bool:
        """Whether it leaves any pixel value other than it was."""
        return bool((self.tables != np.arange(256)).any())

    def apply(self, pixels: np.ndarray) -> np.ndarray:
        """Pixels uint8 (H, W, 3), toned."""
        toned = np.empty_like(pixels)
        for channel, table in enumerate(self.tables):
            toned[..., channel] = table[pixels[..., channel]]
        return toned


def histogram(photo: Image.Image) -> np.ndarray:
    """How often every pixel value occurs in each channel of an RGB photograph: int (3, 256)."""
    return np.reshape(photo.histogram(), (3, 256))


def find_tone(pixels: np.ndarray, level: float, white_balance: bool = False) -> Tone:
    """The tone that brings pixels, uint8 (H, W, 3), to a mean luma of `level` in 0..1; see `tone_of`."""
    return tone_of(histogram(Image.fromarray(pixels)), level, white_balance)


def tone_of(counts: np.ndarray, level: float, white_balance: bool = False) -> Tone:
    """The tone that brings a photograph to a mean luma of `level` in 0..1; it never darkens.

    `counts` is what `histogram` gives. What is as bright already keeps its values. With `white_balance`, the
    channels with less light than the brightest are raised towards it first (grey world), by MOST_BALANCE at
    most.
    """
    plain = _plain()
    values = _balanced(counts) if white_balance else plain
    if _luma(counts, values) < level and counts[:, 1:].any():  # of black alone there is nothing to raise
        stretched = _stretched(counts, values)
        values = np.maximum(values, stretched ** _gamma(counts, values, stretched, level))
    tables = (values * 255).round().astype(np.uint8)
    return Tone(tables, _luma(counts, plain), _luma(counts, tables / 255))


def span(counts: np.ndarray, values: np.ndarray) -> tuple[float, float]:
    """The black and the white point of values (3, 256) that occur so often: at least LEAST_SPAN apart."""
    order = values.ravel().argsort(kind="stable")
    shares = counts.ravel()[order].cumsum() / counts.sum()
    black, white = (float(values.ravel()[order][np.searchsorted(shares, share)]) for share in PERCENTILES)
    if white - black < LEAST_SPAN:
        black = max(0.0, (black + white - LEAST_SPAN) / 2)
        white = black + LEAST_SPAN
    return black, white


def _stretched(counts: np.ndarray, values: np.ndarray) -> np.ndarray:
    black, white = span(counts, values)
    return ((values - black) / (white - black)).clip(0, 1)


def _gamma(counts: np.ndarray, values: np.ndarray, stretched: np.ndarray, level: float) -> float:
    """The power of the stretched values with which the mean luma is `level`, or as near as one comes."""
    low, high = _GAMMAS
    for _ in range(40):  # halved so often, the two differ by less than a double tells
        middle = (low + high) / 2
        if _luma(counts, np.maximum(values, stretched ** np.exp(middle))) > level:
            low = middle
        else:
            high = middle
    return float(np.exp(high))


def _plain() -> np.ndarray:
    return np.tile(_PIXEL_VALUES, (3, 1))


def _luma(counts: np.ndarray, values: np.ndarray) -> float:
    return float(LUMA @ ((counts * values).sum(axis=1) / counts.sum(axis=1)))


def _balanced(counts: np.ndarray) -> np.ndarray:
    """Pixel values (3, 256) with the channels' mean light made equal."""
    light = linear(torch.from_numpy(_PIXEL_VALUES)).numpy()
    means = (counts * light).sum(axis=1) / counts.sum(axis=1)
    gains = np.minimum(means.max() / np.maximum(means, 1e-9), MOST_BALANCE) if means.any() else np.ones(3)
    return srgb(torch.from_numpy(light * gains[:, None])).numpy()
