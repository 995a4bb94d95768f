"""How every figure looks: a page's width, type, colours; and how it is written, the same bytes every time."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from PIL import Image

from lowlight_ddpm.images.writing import save_png

WIDTH = 9.0  # inches: 864 CSS pixels, a README's column
DPI = 200  # of PNG: two pixels for every CSS pixel of a README's column
TEXT, HEADING = 9.5, 10.5  # points; GitHub shrinks a page by 3 %, and nothing may then be under 9

# Neutral, so that it tints no image; a shade under white, so that an image's white background shows its edge.
BACKGROUND = "#f3f3f3"
INK, MUTED, LINE = "#1f2328", "#57606a", "#d4d4d4"

# Okabe & Ito 2008: told apart by colour-blind readers. Marks differ as well.
CHANNELS = {"r": ("R", "#d55e00", "o"), "g": ("G", "#009e73", "^"), "b": ("B", "#0072b2", "s")}

# A hue for a kin of variants, a shade for each: bright ones orange, dim ones blue, deeper ones green, other
# betas purple, corrections red and brown, fruit olive.
COLOURS = {
    "bright": "#e69f00",
    "dim": "#0072b2",
    "dim-raw": "#7fb2e5",
    "dim-large": "#123f8c",
    "dim-deep": "#009e73",
    "dim-deep-low": "#d88ab8",
    "dim-deep-mid": "#a64d8f",
    "dim-deep-high": "#5b1a66",
    "dim-retrained": "#56b4e9",
    "dim-deep-zsnr": "#d55e00",
    "bright-deep": "#a86400",
    "dim-deep-renorm": "#8c6d46",
    "dim-deep-again": "#6cc29d",
    "dim-deep-centred": "#8f1d1d",
    "dim-quarter": "#0b1f3f",
    "dim-v": "#7d5ba6",
    "dim-groups1": "#00a6a6",
    "bright-groups1": "#c2185b",
    "dim-long": "#3d5a80",
    "dim-deep-offset": "#f0756b",
    "fruit-bright": "#b5b82e",
    "fruit-dim": "#5f6b1a",
}

_LOOK: dict[Any, Any] = {
    "font.family": "DejaVu Sans",  # comes with matplotlib
    "font.size": TEXT,
    "axes.titlesize": HEADING,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 8,
    "axes.labelsize": TEXT,
    "axes.labelcolor": MUTED,
    "axes.edgecolor": LINE,
    "axes.linewidth": 0.8,
    "axes.facecolor": BACKGROUND,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "grid.color": LINE,
    "grid.linewidth": 0.5,
    "xtick.labelsize": TEXT,
    "ytick.labelsize": TEXT,
    "xtick.color": LINE,
    "ytick.color": LINE,
    "xtick.labelcolor": MUTED,
    "ytick.labelcolor": MUTED,
    "figure.facecolor": BACKGROUND,
    "figure.constrained_layout.w_pad": 0.11,
    "figure.constrained_layout.h_pad": 0.11,
    "savefig.facecolor": BACKGROUND,
    "text.color": INK,
    "lines.linewidth": 1.6,
    "lines.solid_capstyle": "round",
    "svg.hashsalt": "lowlight_ddpm",
    "svg.fonttype": "path",
}


def colour_of(variant: str) -> str:
    """What a variant is drawn in; a row that has no colour yet in that of labels."""
    return COLOURS.get(variant, MUTED)


def look() -> AbstractContextManager[None]:
    """The context that figures are drawn and written in."""
    return rc_context(_LOOK)


def page(height: float, **options) -> Figure:
    """A sheet as wide as a README's column, `height` inches high."""
    return Figure(figsize=(WIDTH, height), dpi=DPI, **options)


def write(figure: Figure, path: Path) -> None:
    """Write PNG or SVG, as the suffix says, without a date or a version: the same drawing, the same bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".svg":
        figure.savefig(path, metadata={"Date": None, "Creator": None})
        return
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    save_png(Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3]), path, optimize=True)


def spread(values: list[float], least: float) -> list[float]:
    """Heights for labels of `values`, moved as little as their order allows to lie `least` apart.

    Least squares: stretches that would touch move as one, about their middle (pool adjacent violators).
    """
    order = np.argsort(values, kind="stable")
    wanted = np.asarray(values, dtype=float)[order] - least * np.arange(len(order))
    pools: list[list[float]] = []
    for value in wanted:
        pools.append([value])
        while len(pools) > 1 and np.mean(pools[-2]) > np.mean(pools[-1]):
            pools[-2:] = [pools[-2] + pools[-1]]
    placed = np.repeat([np.mean(pool) for pool in pools], [len(pool) for pool in pools])
    heights = np.empty(len(order))
    heights[order] = placed + least * np.arange(len(order))
    return heights.tolist()


def name_ends(axes: Axes, ends: dict[str, float], least: float = 0.075) -> None:
    """Name lines at their right ends, `ends` being the last values; `least` is a letter's part of the panel.

    A variant has a dot of its colour before its name: pale ones would not be read as letters.
    """
    axes.autoscale_view()  # before heights are looked up
    places = [(axes.get_xlim()[1], value) for value in ends.values()]
    heights = (axes.transData - axes.transAxes).transform(places)[:, 1].tolist()
    for name, height in zip(ends, spread(heights, least), strict=True):
        if name in COLOURS:
            axes.plot(1.04, height, "o", color=COLOURS[name], transform=axes.transAxes, clip_on=False)
        x = 1.07 if name in COLOURS else 1.02
        axes.text(x, height, name, transform=axes.transAxes, va="center", color=INK)


def pale(colour: str, share: float = 0.3) -> tuple[float, float, float]:
    """`colour` mixed with the background, `share` of it: opaque, so that no grid line shows through."""
    front, back = np.array(to_rgb(colour)), np.array(to_rgb(BACKGROUND))
    return tuple((share * front + (1 - share) * back).tolist())


def chip_title(axes: Axes, name: str) -> None:
    """A variant's name above a small panel, with a chip of its colour before it."""
    axes.set_title(name, fontsize=TEXT, pad=5, x=0.08)
    axes.annotate(
        "■", (0, 1), (0, 4), xycoords="axes fraction", textcoords="offset points", color=colour_of(name)
    )
