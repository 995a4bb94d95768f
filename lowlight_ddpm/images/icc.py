"""What an ICC profile says: its kind, its name, and the curves and matrix of the simple ones (ICC.1:2022)."""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

STEPS = 65536  # of a curve: one for each 16-bit level
MAX_TAGS = 200
# What describes a device's colours; links, abstract profiles and named colours describe none.
_DEVICES = (b"mntr", b"scnr", b"prtr", b"spac")
_KINDS = {b"RGB ": "RGB", b"GRAY": "GREY", b"CMYK": "CMYK"}
_TABLES = (b"A2B0", b"A2B1", b"A2B2", b"D2B0", b"D2B1", b"D2B2")


class BrokenProfile(ValueError):
    """A profile that does not say what one must say."""


@dataclass(frozen=True)
class Profile:
    """An ICC profile's tags. Raises BrokenProfile for what is none, or is one of no device."""

    data: bytes

    def __post_init__(self) -> None:
        if self.data[36:40] != b"acsp" or self.data[12:16] not in _DEVICES:
            raise BrokenProfile("no ICC profile of a device")
        _ = self.kind, self._tags

    @property
    def kind(self) -> str:
        """RGB, GREY or CMYK."""
        kind = _KINDS.get(self.data[16:20])
        if not kind:
            raise BrokenProfile("a profile of other channels than images have")
        return kind

    @cached_property
    def _tags(self) -> dict[bytes, bytes]:
        try:
            (count,) = struct.unpack(">I", self.data[128:132])
            entries = [
                struct.unpack(">4sII", self.data[at : at + 12])
                for at in range(132, 132 + 12 * min(count, MAX_TAGS), 12)
            ]
        except struct.error as error:
            raise BrokenProfile("a profile that is cut off") from error
        if any(at + length > len(self.data) for _, at, length in entries):
            raise BrokenProfile("a profile that is cut off")
        return {name: self.data[at : at + length] for name, at, length in entries}

    @property
    def transfer(self) -> int | None:
        """The transfer function in H.273's numbers, which version 4.4 of the standard may add."""
        tag = self._tags.get(b"cicp", b"")
        return tag[9] if len(tag) >= 12 else None

    def curves(self) -> list[np.ndarray] | None:
        """From 16-bit levels to light, float64 (65536) each: three of RGB, one of grey.

        None for a profile of tables, for one whose grey is measured in lightness, and for one whose black is
        not 0, which needs its black point compensated. Raises BrokenProfile.
        """
        names = {"RGB": (b"rTRC", b"gTRC", b"bTRC"), "GREY": (b"kTRC",)}.get(self.kind, ())
        is_simple = self.data[20:24] == b"XYZ " and not any(name in self._tags for name in _TABLES)
        if not names or not is_simple:
            return None
        curves = [_curve(self._tag(name)) for name in names]
        return None if any(curve[0] > 1e-4 for curve in curves) else curves

    def matrix(self) -> np.ndarray:
        """From the light of red, green and blue to XYZ under D50: float64 (3, 3). Raises BrokenProfile."""
        columns = [_xyz(self._tag(name)) for name in (b"rXYZ", b"gXYZ", b"bXYZ")]
        return np.stack(columns, axis=1)

    def _tag(self, name: bytes) -> bytes:
        if name not in self._tags:
            raise BrokenProfile("a profile that lacks a curve or a primary")
        return self._tags[name]


def _xyz(tag: bytes) -> np.ndarray:
    if tag[:4] != b"XYZ " or len(tag) < 20:
        raise BrokenProfile("a primary that is none")
    return np.array(struct.unpack(">3i", tag[8:20])) / 65536


def _curve(tag: bytes) -> np.ndarray:
    """A curve's values at the 65536 levels."""
    levels = np.linspace(0, 1, STEPS)
    try:
        if tag[:4] == b"para":
            return _parametric(tag, levels)
        if tag[:4] != b"curv":
            raise BrokenProfile("a curve of no known kind")
        (count,) = struct.unpack(">I", tag[8:12])
        if count == 0:
            return levels
        if count == 1:
            return levels ** (struct.unpack(">H", tag[12:14])[0] / 256)
        points = np.frombuffer(tag, ">u2", count, 12) / 65535
        return np.interp(levels, np.linspace(0, 1, count), points)
    except (struct.error, ValueError) as error:
        raise BrokenProfile("a curve that is cut off") from error


def _parametric(tag: bytes, x: np.ndarray) -> np.ndarray:
    """A parametric curve: ICC.1:2022, 10.18, whose names of the parameters these are."""
    (function,) = struct.unpack(">H", tag[8:10])
    if function > 4:
        raise BrokenProfile("a curve of no known kind")
    number = (1, 3, 4, 5, 7)[function]
    g, *rest = (value / 65536 for value in struct.unpack(f">{number}i", tag[12 : 12 + 4 * number]))
    a, b, c, d, e, f = {
        0: lambda: (1, 0, 0, -1, 0, 0),
        1: lambda: (rest[0], rest[1], 0, -rest[1] / rest[0] if rest[0] else 0, 0, 0),
        2: lambda: (rest[0], rest[1], 0, -rest[1] / rest[0] if rest[0] else 0, rest[2], rest[2]),
        3: lambda: (*rest, 0, 0),
        4: lambda: tuple(rest),
    }[function]()
    power: Callable[[np.ndarray], np.ndarray] = lambda base: np.maximum(base, 0) ** max(g, 0)  # noqa: E731
    return np.where(x >= d, power(a * x + b) + e, c * x + f).clip(0, 1)
