"""Bit depths, floats and keys of transparency: from what a file stores to levels of one scale.

Pillow works in 8 bits: of 16-bit colours it keeps the upper halves, and numbers of other kinds it takes as
they are. What has more than 8 bits is therefore fetched here as 16-bit levels, of which a colour conversion
makes 8 bits at its end.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

BLOCK = 2**22  # values that are scaled at once
HIGHLIGHTS = 16  # as high as floats may go that count 1 as white; what is above 1 is clipped
FINER_ROWS = 8
_UNDER = -0.1  # of full scale; floats lower than that are no overshoot of a filter


class Unscaled(ValueError):
    """Numbers of which it is not known what means black and what white; says why, in words."""


class Stored(NamedTuple):
    """How a file stores a sample: its type, the number that is white where it is said, a TIFF's negative."""

    kind: np.dtype
    most: int | None = None
    white_is_zero: bool = False


@dataclass(frozen=True)
class Samples:
    """Colours of more than 8 bits.

    `levels` is uint16 (H, W, 1 or 3), or float32 in 0..1; `alpha` uint8 (H, W), 255 where it is opaque.
    """

    levels: np.ndarray
    alpha: np.ndarray | None = None

    @property
    def is_finer(self) -> bool:
        """Whether 8 bits lose any of it; one row of FINER_ROWS is looked at."""
        part = self.levels[::FINER_ROWS]
        levels = part / np.float32(257) if part.dtype == np.uint16 else part * np.float32(255)
        return bool((abs(levels - levels.round()) > 1e-3).any())

    def sixteen_bits(self) -> np.ndarray:
        """The levels as uint16 (H, W, 1 or 3)."""
        return self.levels if self.levels.dtype == np.uint16 else _rounded(self.levels, 65535, np.uint16)

    def eight_bits(self) -> Image.Image:
        """The levels as an RGB image, as they are."""
        if self.levels.dtype == np.uint16:
            levels = eight_bits(self.levels)
        else:
            levels = _rounded(self.levels, 255, np.uint8)
        return Image.fromarray(levels[..., 0] if levels.shape[-1] == 1 else levels).convert("RGB")


def eight_bits(levels: np.ndarray) -> np.ndarray:
    """16-bit levels rounded to 8 bits: uint16 to uint8, of the same shape."""
    # (levels + 128) // 257, without a sum that 16 bits do not hold.
    return (levels // 257 + (levels % 257 >= 129)).astype(np.uint8)


def scaled(values: np.ndarray, most: int | None = None) -> np.ndarray:
    """Numbers of any type as levels: uint16, or float32 in 0..1, of the same shape.

    `most` is the number that means white, where the file says it. Else it is 65535 for 16 bits without a
    sign; of floats 1, if none is over HIGHLIGHTS, else 255, else 65535; of other integers 255, else 65535 or
    as many as their type has, whichever holds the highest. Raises Unscaled for what has no scale.
    """
    if values.dtype.kind == "b":
        return values * np.uint16(65535)
    if values.dtype.kind not in "iuf":
        raise Unscaled("its values are no real numbers")
    if values.dtype == np.uint8 and not most:
        return values * np.uint16(257)
    if values.dtype == np.uint16 and most in (None, 65535):
        return values.astype(np.uint16)  # in the machine's own byte order
    low, high = float(values.min(initial=0)), float(values.max(initial=0))
    if not np.isfinite([low, high]).all():
        raise Unscaled("some of its values are no numbers")
    full = most or _full(values.dtype, high)
    if low < (_UNDER * full if values.dtype.kind == "f" else 0):
        raise Unscaled(f"its values go down to {low:g}, and black is 0")
    whole = values.astype(np.float32)
    whole /= np.float32(full)
    return whole.clip(0, 1, out=whole)


def _full(kind: np.dtype, high: float) -> float:
    if kind.kind == "f":
        if high <= HIGHLIGHTS:
            return 1.0
        steps = [255.0, 65535.0]
    else:
        steps = sorted({255, min(65535, np.iinfo(kind).max), np.iinfo(kind).max})
    full = next((step for step in steps if high <= step), None)
    if full is None:
        raise Unscaled(f"its values go up to {high:g}, which is white on no known scale")
    return full


def _rounded(levels: np.ndarray, full: int, kind: type) -> np.ndarray:
    whole = np.empty(levels.shape, kind)
    rows = max(1, BLOCK // max(1, levels[0].size))
    for row in range(0, len(levels), rows):
        whole[row : row + rows] = (levels[row : row + rows].astype(np.float64) * full).round()
    return whole


def deep(
    picture: Image.Image, reopen: Callable[[], Image.Image] | None, stored: Stored | None
) -> Samples | None:
    """The samples of an opened image that has more than 8 bits; None for one that has not.

    `reopen` opens its file anew, where there is one; `stored` is what the file says of a sample. Raises as
    decoders do, and Unscaled as `scaled` does.
    """
    if picture.mode.startswith(("I", "F")):
        return _greys(picture, stored)
    rawmode = _rawmode(picture)
    if reopen and rawmode in ("RGB;16B", "RGB;16L", "RGB;16N", "RGBA;16B", "RGBA;16L", "RGBA;16N"):
        low = {"B": "L", "L": "B", "N": "B" if sys.byteorder == "little" else "L"}[rawmode[-1]]
        return _coloured(picture, _halves(picture, reopen(), rawmode[:-1] + low))
    if reopen and rawmode == "LA;16B":
        return _grey_alpha(reopen())
    return None


def _greys(picture: Image.Image, stored: Stored | None) -> Samples:
    key = picture.info.get("transparency")
    picture.load()
    values = np.asarray(picture)
    alpha = np.where(values == key, 0, 255).astype(np.uint8) if isinstance(key, int) else None
    if stored and picture.mode != "F":  # Pillow's mode I is one with a sign, whatever it holds
        values = values.astype(stored.kind)
    levels = scaled(values[..., None], stored.most if stored and picture.mode != "F" else None)
    return Samples(negative(levels) if stored and stored.white_is_zero else levels, alpha)


def negative(levels: np.ndarray) -> np.ndarray:
    """Levels as `scaled` gives them, of which black is the highest."""
    return (65535 if levels.dtype == np.uint16 else 1) - levels


def _rawmode(picture: Image.Image) -> str | None:
    """How the file of an image that is not decoded yet lays out a pixel."""
    tiles: list[Any] = getattr(picture, "tile", None) or []
    args = tiles[0][3] if tiles else None
    return args[0] if isinstance(args, tuple) else args


def _halves(high: Image.Image, low: Image.Image, swapped: str) -> np.ndarray:
    """16-bit levels, uint16 (H, W, channels), of an image opened twice.

    Pillow has no mode of 16-bit colours: its unpackers keep a sample's first byte or its second, by the byte
    order that they are told. Told the wrong one, the same decoder gives the lower halves.
    """
    low.tile = [  # type: ignore[attr-defined]
        tile._replace(args=(swapped, *tile[3][1:]) if isinstance(tile[3], tuple) else swapped)
        for tile in low.tile  # type: ignore[attr-defined]
    ]
    levels = np.asarray(high).astype(np.uint16) << 8
    levels |= np.asarray(low)
    return levels


def _coloured(picture: Image.Image, levels: np.ndarray) -> Samples:
    """RGB, with alpha in a fourth channel, or with one colour that is transparent."""
    if levels.shape[-1] == 4:
        return Samples(levels[..., :3], eight_bits(levels[..., 3]))
    key = picture.info.get("transparency")
    if not isinstance(key, tuple) or len(key) != 3:
        return Samples(levels)
    return Samples(levels, np.where((levels == key).all(-1), 0, 255).astype(np.uint8))


def _grey_alpha(picture: Image.Image) -> Samples:
    """Grey and alpha of 16 bits each, fetched as the four bytes of a pixel that they are."""
    picture._mode = "RGBA"  # type: ignore[attr-defined]
    picture.tile = [tile._replace(args="RGBA") for tile in picture.tile]  # type: ignore[attr-defined]
    bytes_ = np.asarray(picture).astype(np.uint16)
    levels = bytes_[..., ::2] << 8 | bytes_[..., 1::2]
    return Samples(levels[..., :1], eight_bits(levels[..., 1]))


def mend_key(picture: Image.Image, depth: int) -> None:
    """Scale the transparent grey of a PNG of 1, 2 or 4 bits as Pillow scales the greys."""
    key = picture.info.get("transparency")
    if isinstance(key, int) and picture.mode in ("1", "L") and depth <= 8:
        most = 2**depth - 1
        picture.info["transparency"] = (key & most) * 255 // most
    elif isinstance(key, tuple) and picture.mode == "RGB" and depth == 8:
        picture.info["transparency"] = tuple(value & 255 for value in key)
