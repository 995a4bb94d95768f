"""Colour shift of every variant with its intervals: denoised, from pure noise, and its part of MSE."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import ScaledTranslation, Transform, blended_transform_factory

from lowlight_ddpm.figures import Inputs
from lowlight_ddpm.figures.style import CHANNELS, INK, LINE, MUTED, chip_title, colour_of, page, pale
from lowlight_ddpm.study import protocol
from lowlight_ddpm.study.bootstrap import Interval, interval
from lowlight_ddpm.variants import VARIANTS, find_variant

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
    place = axes.get_subplotspec()
    if place and place.is_first_col():
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


_STARTS = (300, 600, 999)
_VARIANT_HEIGHT, _AROUND = 0.42, 1.15  # inches for a variant, and for what is above and below all of them
_SHIFT = "shift in 1/255, as at full brightness"


def draw_shifts(inputs: Inputs, source: str | None = None, starts: tuple[int, ...] = _STARTS) -> Figure:
    """Signed shift of a denoised image's mean R, G, B, divided by brightness; a panel for every start.

    `source` is the label of the images; the photographs that were held out where it is None.
    """
    rows = inputs.restored(source=source or inputs.photographs)
    rows = rows.assign(**{axis: rows[f"shift_{axis}"] / rows.brightness for axis in "rgb"})
    names = present(rows)
    figure = page(_AROUND + _VARIANT_HEIGHT * len(names), layout="constrained")
    panels = figure.subplots(1, len(starts), sharey=True, squeeze=False)[0]
    for start, axes in zip(starts, panels, strict=True):
        at = rows.loc[rows.start == start, :]
        channel_dots(axes, [_channels(at[at.variant == name]) for name in names])
        name_lines(axes, names)
        axes.set_title(f"From timestep {start}")
    figure.supxlabel(_SHIFT, color=MUTED, fontsize="medium")
    return figure


def draw_noise_colours(inputs: Inputs) -> Figure:
    """Samples against the training set: mean R, G, B on the left, the border's deviation on the right."""
    rows = inputs.sampled(steps=protocol.STEPS)
    names = present(rows)
    learned = {name: inputs.learned(name) for name in names}
    samples = {name: rows.loc[rows.variant == name, :] for name in names}
    figure = page(_AROUND + _VARIANT_HEIGHT * len(names), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    channel_dots(left, [_against(samples[name], learned[name]) for name in names])
    for line, name in enumerate(names):
        theirs, ours = (border_deviation(part, name) for part in (learned[name], samples[name]))
        right.plot([theirs, ours], [line, line], color=colour_of(name), linewidth=1.6)
        right.plot(theirs, line, "|", color=INK, markersize=14, markeredgewidth=1.6)
        right.plot(ours, line, "o", color=colour_of(name), markersize=7)
        if line == 0:
            for value, said in ((theirs, "training set"), (ours, "samples")):
                right.annotate(
                    said,
                    (value, line),
                    (0, 8),
                    textcoords="offset points",
                    ha="left" if value == max(theirs, ours) else "right",
                    color=MUTED,
                )
    for axes, title, unit in (
        (left, "Mean colour less the training set's", _SHIFT),
        (right, "Deviation of the border's colour", "in 1/255, as at full brightness"),
    ):
        name_lines(axes, names)
        axes.set_title(title)
        axes.set_xlabel(unit)
    right.set_xlim(left=0)
    return figure


def present(rows: pd.DataFrame) -> list[str]:
    """The variants that `rows` are of, in the table's order."""
    return [name for name in VARIANTS if (rows.variant == name).any()]


def border_deviation(pictures: pd.DataFrame, name: str) -> float:
    """Root mean square over R, G, B of the border's standard deviation from image to image."""
    variances = [pictures.loc[:, f"border_{axis}"].var(ddof=0) for axis in "rgb"]
    return (sum(variances) / 3) ** 0.5 / find_variant(name).brightness


def _channels(rows: pd.DataFrame) -> dict[str, Interval]:
    return {axis: interval(rows, axis) for axis in "rgb"} if len(rows) else {}


def _against(samples: pd.DataFrame, learned: pd.DataFrame) -> dict[str, Interval]:
    brightness = samples.brightness.iloc[0]
    moved = {axis: (samples[f"mean_{axis}"] - learned[f"mean_{axis}"].mean()) / brightness for axis in "rgb"}
    return _channels(samples.assign(**moved))


_MSE_STARTS = (300, 600)
_BAR_HEIGHT = 0.34  # inches for a variant


def draw_mse(inputs: Inputs) -> Figure:
    """A bar for every variant: the shift's part in full colour, the structure's pale, the sum's interval."""
    rows = inputs.restored(source=inputs.photographs)
    figures = ["mse", "mse_shift", "mse_structure"]
    # Errors of an image at brightness b are b times as large, their squares b² times.
    rows = rows.assign(**{name: 1000 * rows[name] / rows.brightness**2 for name in figures})
    names = present(rows)
    figure = page(_AROUND + _BAR_HEIGHT * len(names), layout="constrained")
    for start, axes in zip(_MSE_STARTS, figure.subplots(1, len(_MSE_STARTS), sharey=True), strict=True):
        for line, name in enumerate(names):
            found = rows.loc[(rows.start == start) & (rows.variant == name), :]
            if found.empty:
                continue
            whole, shift = interval(found, "mse"), found.mse_shift.mean()
            axes.barh(line, whole.mean, 0.62, color=pale(colour_of(name)))
            axes.barh(line, shift, 0.62, color=colour_of(name))
            axes.plot([whole.low, whole.high], [line, line], color=INK, linewidth=1)
            axes.annotate(
                f"{100 * shift / whole.mean:.1f} %" + " shift" * (line == 0),
                (whole.high, line),
                (5, 0),
                textcoords="offset points",
                va="center",
                color=MUTED,
            )
        name_lines(axes, names)
        axes.set_title(f"From timestep {start}")
        axes.margins(x=0.2)
        axes.set_xlim(left=0)
    figure.supxlabel(
        "MSE in 1/1000 of full scale squared, as at full brightness", color=MUTED, fontsize="medium"
    )
    return figure


_COLUMNS, _ROW = 4, 1.3  # panels in a row, and inches for a row of them
_BORDER = [f"border_{axis}" for axis in "rgb"]


def draw_backgrounds(inputs: Inputs) -> Figure:
    """Warm against cold across, green against magenta upwards; training images grey behind the samples."""
    rows = inputs.sampled(steps=protocol.STEPS)
    names = present(rows)
    columns = min(_COLUMNS, len(names))
    lines = -(-len(names) // columns)
    figure = page(0.9 + _ROW * lines, layout="constrained")
    panels = figure.subplots(lines, columns, sharex=True, sharey=True, squeeze=False).ravel()
    for axes, name in zip(panels, names, strict=False):
        brightness = find_variant(name).brightness
        learned = inputs.learned(name).loc[:, _BORDER] / brightness
        sampled = rows.loc[rows.variant == name, _BORDER] / brightness
        axes.plot(*_tints(learned), ".", color=LINE, markersize=3, zorder=1)
        colours = (sampled / 255).clip(0, 1).to_numpy()
        axes.scatter(*_tints(sampled), s=34, c=colours, edgecolors=INK, linewidths=0.6, zorder=2)
        axes.set_aspect("equal")
        chip_title(axes, name)
    for axes in panels[len(names) :]:
        axes.set_visible(False)
    for axes in panels[max(0, len(names) - columns) : len(names)]:
        axes.tick_params(labelbottom=True)
    figure.supxlabel("R − B in 1/255, as at full brightness: blue to yellow", color=MUTED, fontsize="medium")
    figure.supylabel("G − (R + B) / 2: magenta to green", color=MUTED, fontsize="medium")
    return figure


def _tints(borders: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    red, green, blue = (borders.loc[:, name] for name in _BORDER)
    return red - blue, green - (red + blue) / 2
