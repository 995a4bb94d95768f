"""The markings of synthetic wings: the painting of one wing's points in the measures of its style."""

from typing import NamedTuple

import numpy as np

from lowlight_ddpm.images.synthetic import Grain, lay, smooth
from lowlight_ddpm.images.synthetic.designs import Amounts
from lowlight_ddpm.images.synthetic.wing_shapes import Wing

Colours = dict[str, np.ndarray]

EYE_RINGS = (
    # colour, how far off centre, radius, blur, opacity
    ("spot", 0.0, 1.25, 0.35, 0.7),
    ("margin", 0.0, 0.98, 0.12, 0.95),
    ("accent", 0.12, 0.74, 0.16, 0.85),
    ("margin", -0.06, 0.50, 0.14, 1.0),
    ("spot", -0.20, 0.20, 0.12, 0.9),
)


class _Points(NamedTuple):
    """Where a wing's points lie in its pattern: arrays (n,)."""

    x: np.ndarray
    y: np.ndarray
    radius: np.ndarray  # distance from the root, wing units
    along: np.ndarray  # 0 at the root, 1 at the margin
    level: np.ndarray  # the same, rough and waved as the bands are
    across: np.ndarray  # 0 at the leading edge, 1 at the trailing edge
    swing: np.ndarray  # -1..1 from one vein to the next
    hill: np.ndarray  # 0 on a vein, 1 midway between two
    depth: np.ndarray  # distance inside the outline, wing units
    blade: np.ndarray  # 1 in the wing proper, 0 in its tail


class Markings:
    """One wing's markings, in the measures `amount`, over the colour whose role is `base`."""

    def __init__(self, amount: Amounts, colours: Colours, base: str, rng: np.random.Generator) -> None:
        self._amount, self._colours, self._base = amount, colours, colours[base]
        self._grain = Grain(rng)
        self._first_eye, self._eye_sizes = int(rng.integers(1, 3)), rng.uniform(0.6, 1.0, 8)

    def paint(self, wing: Wing, x: np.ndarray, y: np.ndarray, depth: np.ndarray) -> np.ndarray:
        """Colours (n, 3) of the points `x`, `y` that lie `depth` inside the outline of `wing`."""
        points = self._points(wing, x, y, depth)
        colour = np.tile(self._base, (len(x), 1))
        self._shades(colour, points)
        self._bands(colour, points)
        self._bars(colour, points, wing)
        self._rim(colour, points)
        self._rows(colour, points, wing)
        self._edge(colour, points)
        self._veins(colour, points, wing)
        self._eyes(colour, points, wing)
        return self._lit(colour, points)

    def _points(self, wing: Wing, x: np.ndarray, y: np.ndarray, depth: np.ndarray) -> _Points:
        radius, angle = wing.polar(x, y)
        along, across = wing.along(radius, angle), wing.across(angle)
        across = across + 0.10 * (1 - along) * (across - 0.45)  # veins bend
        swing = 2 * ((across * wing.cells) % 1) - 1
        hill = 1 - swing**2
        blade = smooth(1.08, 1.02, along)
        # In a tail, beyond the margin, only the distance from the edge tells rim from base.
        along = np.minimum(along, np.maximum(1 - depth, 0.85))
        rough = self._grain(across * 17, along * 7) + 0.5 * self._grain(across * 43, along * 19)
        level = along + self._amount["wave"] * (hill - 0.5) * smooth(0.3, 0.5, along) + 0.012 * rough
        return _Points(x, y, radius, along, level, across, swing, hill, depth, blade)

    def _lay(self, colour: np.ndarray, role: str, cover: np.ndarray, amount: str) -> None:
        if self._amount[amount]:
            lay(colour, self._colours[role], cover * np.float32(self._amount[amount]))

    def _shades(self, colour: np.ndarray, points: _Points) -> None:
        """The slow changes of the base colour from root to margin."""
        inner = 1 - self._amount["rim"]
        cloud = 0.75 + 0.25 * self._grain(points.across * 5 + 3, points.along * 4)
        middle = smooth(0.15, 0.55, points.along) * smooth(0.95, 0.55, points.along)
        self._lay(colour, "spot", middle * cloud, "bloom")
        shaded = np.maximum(smooth(0.55, 0.0, points.level), 0.7 * smooth(0.28, 0.02, points.across))
        self._lay(colour, "root", shaded, "dusk")
        glow = smooth(inner - 0.36, inner - 0.06, points.level) * (0.6 + 0.4 * points.hill) * cloud
        self._lay(colour, "accent", glow, "flush")

    def _bands(self, colour: np.ndarray, points: _Points) -> None:
        at, width = self._amount["band_at"], self._amount["band_width"]
        off = np.abs(points.level + self._amount["lean"] * (points.across - 0.5) - at)
        band = smooth(width, width * 0.55, off)
        self._lay(colour, "margin", band * (0.3 + 0.7 * points.hill), "dark_band")
        self._lay(colour, "spot", band * (0.4 + 0.6 * points.hill), "pale_band")
        lines = smooth(0.55, 0.95, np.cos(points.level * (2 * np.pi * 7.5))) * smooth(0.3, 0.4, points.level)
        self._lay(colour, "margin", lines, "ripple")

    def _bars(self, colour: np.ndarray, points: _Points, wing: Wing) -> None:
        first, last = wing.discal
        aside = np.abs(points.across - (first + last) / 2) / (last - first)
        inside = smooth(0.54, 0.46, aside)
        bowed = points.along + 0.05 * aside**2
        width = 0.026 + 0.008 * self._grain(points.across * 29, points.along * 11)
        for at in (1.0, 0.72, 0.46)[: round(self._amount["bar_count"])]:
            bar = smooth(width, width * 0.5, np.abs(bowed - at * self._amount["cell"]))
            self._lay(colour, "margin", bar * inside, "bar")

    def _rim(self, colour: np.ndarray, points: _Points) -> None:
        amount, blur = self._amount, self._amount["blur"]
        inner = 1 - amount["rim"] - amount["tip"] * smooth(0.55, 0.05, points.across)
        lay(colour, self._colours["margin"], smooth(inner - blur, inner + blur * 0.5, points.level))

    def _rows(self, colour: np.ndarray, points: _Points, wing: Wing) -> None:
        """Rows of pale spots: one in the rim, one further in where the tip is dark."""
        rim, tip = self._amount["rim"], self._amount["tip"] * smooth(0.55, 0.05, points.across)
        aside = points.swing * points.radius * np.float32(wing.span / wing.cells / 2)
        ends = points.blade * smooth(0.02, 0.08, points.across) * smooth(0.99, 0.93, points.across)
        small = min(rim * self._amount["lunule_size"], 0.05)
        at = 1 - 0.5 * rim - self._amount["lunule_curve"] * (points.hill - 0.7)
        far = np.hypot(aside * 0.8, points.along - at)
        self._lay(colour, "spot", smooth(small * 1.2, small * 0.75, far) * ends, "lunule")
        far = np.hypot(aside, (points.along - (0.96 - rim - 0.5 * tip)) * 0.6)
        self._lay(colour, "spot", smooth(0.035, 0.024, far) * smooth(0.14, 0.18, tip), "tip_spot")

    def _edge(self, colour: np.ndarray, points: _Points) -> None:
        """A dark outline, faint along the trailing edge: it keeps pale wings from melting into white."""
        cover = 0.3 + 0.5 * smooth(0.9, 0.6, points.across)
        lay(colour, self._colours["margin"], smooth(0.024, 0.004, points.depth) * cover)

    def _veins(self, colour: np.ndarray, points: _Points, wing: Wing) -> None:
        width = np.float32(self._amount["vein_width"]) * (1.3 - 0.6 * points.along)
        arc = points.radius * np.float32(wing.span / wing.cells / 2)
        first, last = wing.discal
        end = np.float32(self._amount["cell"])
        within = (points.across > first) & (points.across < last)
        shown = np.where(within, smooth(end - 0.02, end + 0.02, points.along), smooth(0.2, 0.5, points.along))
        to_cell = np.minimum(np.abs(points.across - first), np.abs(points.across - last))
        off = to_cell * points.radius * np.float32(wing.span)
        lines = smooth(width * 1.8, width * 0.5, (1 - np.abs(points.swing)) * arc) * shown
        cell = smooth(width * 1.8, width * 0.5, off) * smooth(end + 0.02, end, points.along)
        cross = smooth(width * 1.8, width * 0.5, np.abs(points.along - end)) * within
        self._lay(colour, "margin", np.maximum(np.maximum(lines, cell), cross), "vein")

    def _eyes(self, colour: np.ndarray, points: _Points, wing: Wing) -> None:
        for cell in range(round(self._amount["eye_count"]) if self._amount["eye"] else 0):
            x, y = wing.place(self._amount["eye_at"], (self._first_eye + cell + 0.5) / wing.cells)
            size = np.float32(self._amount["eye"] * self._eye_sizes[cell])
            self._eye(colour, (points.x - x) / size, (points.y - y) / size)

    def _eye(self, colour: np.ndarray, x: np.ndarray, y: np.ndarray) -> None:
        """One eyespot of radius 1 round (0, 0), its rings a little off centre as if it caught light."""
        near = np.flatnonzero(np.hypot(x, y) < 1.5)
        x, y, patch = x[near], y[near], colour[near]
        for role, shift, edge, blur, cover in EYE_RINGS:
            far = np.hypot(x - shift, y + shift)
            lay(patch, self._colours[role], smooth(edge + blur, edge - blur, far) * np.float32(cover))
        colour[near] = patch

    def _lit(self, colour: np.ndarray, points: _Points) -> np.ndarray:
        """`colour` in the light: the folds between veins, scales, dust and the hairs at the root."""
        scales = self._grain(points.across * 61 + 5, points.along * 23)
        dust = self._grain(points.across * 190, points.along * 97 + 9)
        folds = points.swing * smooth(0.15, 0.5, points.along)
        light = 0.97 + 0.05 * folds + 0.04 * scales + 0.04 * dust - 0.25 * smooth(0.16, 0.0, points.radius)
        return np.clip(colour * light[:, None], 0, 1)
