"""How far colours shift: R, G and B of every variant with their intervals, restored and from pure noise."""

import pandas as pd
from matplotlib.figure import Figure

from lowlight_ddpm.figures.dots import channel_dots, name_lines
from lowlight_ddpm.figures.inputs import Inputs
from lowlight_ddpm.figures.style import INK, MUTED, colour_of, page
from lowlight_ddpm.study import protocol
from lowlight_ddpm.study.bootstrap import Interval, interval
from lowlight_ddpm.variants import VARIANTS, find_variant

STARTS = (300, 600, 999)
LINE, AROUND = 0.42, 1.15  # inches for a variant, and for what is above and below all of them
_SHIFT = "shift in 1/255, as at full brightness"


def draw_shifts(inputs: Inputs, source: str | None = None, starts: tuple[int, ...] = STARTS) -> Figure:
    """Signed shift of a restored picture's mean R, G, B, divided by brightness; a panel for every start.

    `source` is the label of the pictures; the photographs that were held out where it is None.
    """
    rows = inputs.restored(source=source or inputs.photographs)
    rows = rows.assign(**{axis: rows[f"shift_{axis}"] / rows.brightness for axis in "rgb"})
    names = present(rows)
    figure = page(AROUND + LINE * len(names), layout="constrained")
    panels = figure.subplots(1, len(starts), sharey=True, squeeze=False)[0]
    for start, axes in zip(starts, panels, strict=True):
        at = rows[rows.start == start]
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
    figure = page(AROUND + LINE * len(names), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    channel_dots(left, [_against(rows[rows.variant == name], learned[name]) for name in names])
    for line, name in enumerate(names):
        theirs, ours = (border_deviation(part, name) for part in (learned[name], rows[rows.variant == name]))
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
    """Root mean square over R, G, B of the border's standard deviation from picture to picture."""
    variances = [pictures[f"border_{axis}"].var(ddof=0) for axis in "rgb"]
    return (sum(variances) / 3) ** 0.5 / find_variant(name).brightness


def _channels(cell: pd.DataFrame) -> dict[str, Interval]:
    return {axis: interval(cell, axis) for axis in "rgb"} if len(cell) else {}


def _against(samples: pd.DataFrame, learned: pd.DataFrame) -> dict[str, Interval]:
    brightness = samples.brightness.iloc[0]
    moved = {axis: (samples[f"mean_{axis}"] - learned[f"mean_{axis}"].mean()) / brightness for axis in "rgb"}
    return _channels(samples.assign(**moved))
