"""How much of a tint of x_t networks let into x0, over the signal that is left in x_t."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from lowlight_ddpm.diffusion.transmission import LEVELS, TINTS
from lowlight_ddpm.figures.inputs import Inputs
from lowlight_ddpm.figures.style import INK, MUTED, colour_of, name_ends, page

# The plain networks, other schedules, and those that see colours otherwise.
SHOWN = (
    "dim", "dim-deep", "dim-deep-low", "dim-deep-high", "dim-deep-centred", "dim-deep-offset",
    "dim-deep-zsnr",
)  # fmt: skip
_DASHED, _DOTTED = (0, (4, 3)), (0, (1, 2.5))


def draw_kept(inputs: Inputs) -> Figure:
    """A panel for every tint, in it a line for every variant, named at the right.

    Dashed is what a perfect denoiser keeps, dotted what a blind network does: all where it predicts epsilon,
    ᾱ where it predicts v.
    """
    rows = inputs.gains
    shown = rows[rows.variant.isin(SHOWN)]
    figure = page(3.9, layout="constrained")
    panels = figure.subplots(1, len(TINTS), sharey=True)
    for axes, tint in zip(panels, TINTS, strict=True):
        _panel(axes, shown[shown.tint == tint])
        axes.set_title(f"A tint of {tint}")
    panels[0].set_ylabel("part of xₜ's tint that is in x₀")
    figure.supxlabel("signal √ᾱ left in xₜ, from noise to picture", color=MUTED, fontsize="medium")
    _name(panels[0], "perfect denoiser", 0.11, 0.52)
    _name(panels[1], "blind, v", 0.76, 0.48, ha="left")
    _name(panels[0], "blind, ε", 0.011, 1.03, ha="left")
    name_ends(axes, shown[shown.tint == tint].groupby("variant", sort=False).kept.last().to_dict())
    return figure


def _panel(axes: Axes, rows: pd.DataFrame) -> None:
    signal = np.geomspace(LEVELS[0], LEVELS[-1])
    for blind in (np.ones_like(signal), signal**2):
        axes.plot(signal, blind, color=MUTED, linestyle=_DOTTED, linewidth=1.4)
    for _, line in rows.drop_duplicates(["signal", "perfect"]).groupby("variant", sort=False):
        axes.plot(line.signal, line.perfect, color=INK, linestyle=_DASHED, linewidth=1.1, zorder=3)
    for name, line in rows.groupby("variant", sort=False):
        axes.plot(line.signal, line.kept, color=colour_of(name), marker="o", markersize=4)
    axes.set_xscale("log")
    axes.set_xticks(LEVELS[:-1], [f"{level:.0%}" for level in LEVELS[:-1]])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_ylim(0, 1.1)


def _name(axes: Axes, words: str, signal: float, height: float, ha: str = "right") -> None:
    axes.text(signal, height, words, ha=ha, va="center", color=MUTED)
