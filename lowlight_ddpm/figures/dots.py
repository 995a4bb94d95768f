"""A line for every variant, and on it three marks for R, G and B with their intervals."""

from matplotlib.axes import Axes
from matplotlib.transforms import ScaledTranslation, Transform, blended_transform_factory

from lowlight_ddpm.figures.style import CHANNELS, INK, LINE, MUTED, colour_of
from lowlight_ddpm.study.bootstrap import Interval

_APART = 0.24  # of a line's height, between the marks of R, G and B


def name_lines(axes: Axes, names: list[str]) -> None:
    """One line for each variant from the top down, its name in front with a chip of its colour."""
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_yticks(range(len(names)), names)
    axes.tick_params(axis="y", length=0, labelcolor=INK, pad=14)
    axes.grid(axis="y", visible=False)
    for line in range(1, len(names)):
        axes.axhline(line - 0.5, color=LINE, linewidth=0.5)
    axes.spines["left"].set_visible(False)
    if axes.get_subplotspec().is_first_col():
        for line, name in enumerate(names):
            axes.plot(0, line, "s", color=colour_of(name), clip_on=False, transform=_beside(axes))


def channel_dots(axes: Axes, shifts: list[dict[str, Interval]]) -> None:
    """The marks of R, G and B, top to bottom on every line, named on the first; a line at zero."""
    axes.axvline(0, color=MUTED, linewidth=0.9, zorder=1)
    for line, shift in enumerate(shifts):
        for place, (axis, found) in enumerate(shift.items(), -1):
            (letter, colour, mark), y = CHANNELS[axis], line + place * _APART
            axes.plot([found.low, found.high], [y, y], color=colour, linewidth=1.4)
            axes.plot(found.mean, y, mark, color=colour, markersize=5.5)
            if line == 0:
                axes.annotate(
                    letter,
                    (found.high, y),
                    (5, 0),
                    textcoords="offset points",
                    color=colour,
                    weight="bold",
                    va="center",
                )


def _beside(axes: Axes) -> Transform:
    """x right of a place beside the axes' left edge, y in its data."""
    left = blended_transform_factory(axes.transAxes, axes.transData)
    return left + ScaledTranslation(-8 / 72, 0, axes.figure.dpi_scale_trans)
