"""The shapes of synthetic wings: families of outlines, and the polar coordinates of their patterns."""

from typing import NamedTuple

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.ndimage import gaussian_filter1d

from lowlight_ddpm.images.synthetic import smooth

Point = tuple[float, float]


class Family(NamedTuple):
    """A right wing as runs of points round its root at (0, 0), y up: leading edge, margin, trailing edge.

    `scallop` is the depth of the notches at the vein ends. A tail leaves the margin at `tail` degrees and is
    `length` long (0: none); `neck` and `club` are half its width in the middle and at the end, and `bend` is
    how many radians the end is turned outward.
    """

    lead: tuple[Point, ...]
    margin: tuple[Point, ...]
    trail: tuple[Point, ...]
    scallop: float = 0.0
    tail: float = 0.0
    length: float = 0.0
    neck: float = 0.0
    club: float = 0.0
    bend: float = 0.0


_FORE_TRAIL = ((0.42, -0.07), (0.02, -0.08), (-0.04, 0.0))
_HIND_TRAIL = ((0.03, -0.42), (-0.03, -0.10), (-0.04, 0.04))

FORE_FAMILIES = (
    # rounded
    Family(
        ((0.22, 0.34), (0.52, 0.65)),
        ((0.76, 0.79), (0.92, 0.66), (0.94, 0.42), (0.88, 0.18), (0.76, -0.02)),
        _FORE_TRAIL,
    ),
    # pointed
    Family(
        ((0.24, 0.33), (0.58, 0.64)),
        ((0.96, 0.83), (0.97, 0.62), (0.89, 0.38), (0.80, 0.16), (0.71, -0.02)),
        _FORE_TRAIL,
    ),
    # long
    Family(
        ((0.28, 0.30), (0.66, 0.57)),
        ((1.02, 0.70), (1.10, 0.54), (0.98, 0.30), (0.82, 0.11), (0.68, -0.03)),
        _FORE_TRAIL,
    ),
    # hooked
    Family(
        ((0.20, 0.36), (0.54, 0.70)),
        ((0.93, 0.86), (0.97, 0.71), (0.84, 0.46), (0.82, 0.22), (0.78, 0.0)),
        _FORE_TRAIL,
        scallop=0.015,
    ),
    # scalloped
    Family(
        ((0.22, 0.34), (0.54, 0.66)),
        ((0.82, 0.81), (0.94, 0.68), (0.90, 0.44), (0.86, 0.20), (0.78, -0.01)),
        _FORE_TRAIL,
        scallop=0.03,
    ),
    # broad
    Family(
        ((0.18, 0.37), (0.48, 0.72)),
        ((0.80, 0.90), (0.95, 0.76), (0.98, 0.48), (0.94, 0.20), (0.84, -0.02)),
        _FORE_TRAIL,
    ),
)

HIND_FAMILIES = (
    # rounded
    Family(
        ((0.34, 0.13), (0.60, 0.13)),
        ((0.78, 0.0), (0.84, -0.25), (0.72, -0.54), (0.48, -0.74), (0.20, -0.74)),
        _HIND_TRAIL,
    ),
    # scalloped
    Family(
        ((0.34, 0.13), (0.60, 0.13)),
        ((0.80, 0.0), (0.82, -0.28), (0.70, -0.56), (0.48, -0.76), (0.18, -0.78)),
        _HIND_TRAIL,
        scallop=0.05,
    ),
    # swallow-tailed
    Family(
        ((0.32, 0.13), (0.56, 0.12)),
        ((0.74, -0.02), (0.76, -0.28), (0.64, -0.55), (0.44, -0.74), (0.16, -0.74)),
        _HIND_TRAIL,
        scallop=0.045,
        tail=-64,
        length=0.34,
        neck=0.024,
        club=0.042,
        bend=0.03,
    ),
    # fine-tailed
    Family(
        ((0.34, 0.13), (0.58, 0.12)),
        ((0.74, 0.0), (0.78, -0.24), (0.68, -0.50), (0.46, -0.70), (0.18, -0.72)),
        _HIND_TRAIL,
        scallop=0.012,
        tail=-68,
        length=0.16,
        neck=0.010,
        club=0.014,
        bend=-0.06,
    ),
    # long-tailed
    Family(
        ((0.32, 0.13), (0.54, 0.11)),
        ((0.70, -0.02), (0.70, -0.28), (0.56, -0.52), (0.38, -0.66), (0.16, -0.66)),
        _HIND_TRAIL,
        tail=-66,
        length=0.62,
        neck=0.046,
        club=0.060,
        bend=-0.03,
    ),
    # drop-shaped
    Family(
        ((0.34, 0.13), (0.58, 0.13)),
        ((0.74, 0.0), (0.76, -0.24), (0.64, -0.55), (0.44, -0.82), (0.20, -0.90)),
        _HIND_TRAIL,
        scallop=0.015,
    ),
    # cornered
    Family(
        ((0.34, 0.13), (0.62, 0.14)),
        ((0.80, 0.02), (0.80, -0.22), (0.80, -0.47), (0.50, -0.66), (0.20, -0.72)),
        _HIND_TRAIL,
        scallop=0.025,
    ),
    # fan-shaped
    Family(
        ((0.36, 0.13), (0.66, 0.13)),
        ((0.90, -0.04), (0.93, -0.32), (0.76, -0.60), (0.48, -0.75), (0.20, -0.72)),
        _HIND_TRAIL,
        scallop=0.02,
    ),
)


class Wing:
    """One wing's outline and its pattern coordinates; lengths are in wing units, angles in radians."""

    def __init__(self, family: Family, root: Point, cells: int, rng: np.random.Generator) -> None:
        self.root, self.cells, self._family = root, cells, family
        points = np.array(family.lead + family.margin + family.trail)
        points[:-2] *= 1 + rng.uniform(-0.025, 0.025, (len(points) - 2, 2))
        angle, radius = _polar_outline(points)
        apex, tornus = (np.arctan2(*points[i][::-1]) for i in (len(family.lead), -len(family.trail) - 1))
        self._angle = angle
        self._reach = np.interp(np.clip(angle, tornus, apex), angle, radius)
        self._reach = gaussian_filter1d(self._reach, 6).astype(np.float32)
        self.lead, self.span = apex + 0.22, apex - tornus + 0.40
        self.discal = (2 / cells, (cells - 4) / cells)
        self._edge = (radius * (1 - self._notches(angle, apex, tornus))).astype(np.float32)
        self._slope = np.gradient(self._edge, angle).astype(np.float32)

    def _notches(self, angle: np.ndarray, apex: float, tornus: float) -> np.ndarray:
        """Relative depth of the scallops: cusps at the vein ends, fading out toward both corners."""
        across = (self.lead - angle) / self.span * self.cells
        cusp = np.abs(np.cos(np.pi * across)) ** 1.5
        inside = np.clip((apex - angle) / 0.2, 0, 1) * np.clip((angle - tornus) / 0.2, 0, 1)
        return self._family.scallop * cusp * inside

    def polar(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Distance from the wing's root and angle above the x axis."""
        x, y = x - np.float32(self.root[0]), y - np.float32(self.root[1])
        return np.hypot(x, y), np.arctan2(y, x)

    def depth(self, radius: np.ndarray, angle: np.ndarray) -> np.ndarray:
        """Approximate distance inside the outline (negative outside), tail included."""
        edge, slope = self._at(angle, self._edge), self._at(angle, self._slope)
        blade = (edge - radius) / np.sqrt(1 + (slope / np.maximum(radius, 0.05)) ** 2)
        return np.maximum(blade, self._tail_depth(radius, angle)) if self._family.length else blade

    def _tail_depth(self, radius: np.ndarray, angle: np.ndarray) -> np.ndarray:
        family = self._family
        start = np.deg2rad(family.tail)
        base = float(np.interp(start, self._angle, self._edge))
        along = (radius - base) / family.length
        centre = start + family.bend * np.clip(along, 0, None) ** 2
        flare = 2 * family.neck * np.exp(-np.clip(along + 0.15, 0, None) * 8)
        half = family.neck + (family.club - family.neck) * smooth(0.3, 0.85, along) + flare
        across = radius * np.abs(angle - centre)
        tip = np.clip(radius - (base + family.length - family.club), 0, None)
        return np.where(along > -0.3, half - np.hypot(across, tip * half / family.club), -1)

    def along(self, radius: np.ndarray, angle: np.ndarray) -> np.ndarray:
        """0 at the root, 1 at the margin (above 1 in a tail)."""
        return radius / self._at(angle, self._reach)

    def across(self, angle: np.ndarray) -> np.ndarray:
        """0 at the leading edge, 1 at the trailing edge."""
        return (np.float32(self.lead) - angle) / np.float32(self.span)

    def place(self, along: float, across: float) -> Point:
        """The point (x, y) with the given pattern coordinates."""
        angle = self.lead - across * self.span
        radius = along * np.interp(angle, self._angle, self._reach)
        return self.root[0] + radius * np.cos(angle), self.root[1] + radius * np.sin(angle)

    def _at(self, angle: np.ndarray, table: np.ndarray) -> np.ndarray:
        return np.interp(angle, self._angle, table).astype(np.float32)

    def outline(self) -> np.ndarray:
        """Points (n, 2) round the outline, with the tail's end."""
        family, start = self._family, np.deg2rad(self._family.tail)
        end = np.interp(start, self._angle, self._edge) + family.length
        angle = np.append(self._angle, start + family.bend) if family.length else self._angle
        radius = np.append(self._edge, end) if family.length else self._edge
        return np.array(self.root) + radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)


def _polar_outline(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The smooth closed curve through `points` (n, 2) as radius over a rising, even table of angles."""
    closed = np.vstack([points, points[:1]])
    chords = np.sqrt(np.hypot(*np.diff(closed, axis=0).T))
    curve = CubicSpline(np.append(0, np.cumsum(chords)), closed, bc_type="periodic")
    x, y = curve(np.linspace(0, chords.sum(), 2000)).T
    table = np.linspace(-np.pi, np.pi, 1441)
    angle = np.arctan2(y, x)
    order = np.argsort(angle)
    return table, np.interp(table, angle[order], np.hypot(x, y)[order], period=2 * np.pi)
