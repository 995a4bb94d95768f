"""Charts of the page, inline SVG with HTML labels: the axis and the plot of all, and the colours of a run."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from html import escape

from torch import Tensor

from lowlight_ddpm.metrics.image import BINS, channel_means, highest_of, histogram
from lowlight_ddpm.runs.run import Colour, Run

PADDING = 0.06  # of the values' range, above and below, so that no line is cut in half at the edge
LABEL_GAP = 9  # per cent of the height that a label needs
_STEPS = (0.1, 0.2, 0.5, 1, 2, 5)  # between ticks, times a power of ten
CHANNELS = ("red", "green", "blue")
SMALLEST_SPAN = 16  # of 255; less would enlarge an invisible shift to the whole height
COLOUR_OF_X0 = "Mean colour of x0 at every step, of 255."
NONE_YET = "After a run, this shows the histograms of its pixel values."
LEGEND = "Number of pixels at each value, on a square-root scale. Filled: the dimmed input. Line: the result."
LEGEND_ALONE = "Number of pixels at each value, on a square-root scale."


@dataclass(frozen=True)
class Axis:
    """One scale of a plot, linear or logarithmic, and the values that are labelled on it.

    `start` is the value at 0 per cent of the plot's width or height, `end` the one at 100.
    """

    start: float
    end: float
    ticks: Sequence[float] = ()
    write: Callable[[float], str] = "{:g}".format
    logarithmic: bool = False

    @classmethod
    def vertical(
        cls,
        low: float,
        high: float,
        write: Callable[[float], str] = "{:g}".format,
        logarithmic: bool = False,
    ) -> "Axis":
        """An axis on which higher values lie higher, labelled at round ones.

        `low` and `high` lie inside the plot by PADDING of their distance. On a logarithmic axis both are
        above 0.
        """
        if logarithmic:
            room = (high / low if high > low else math.e) ** PADDING
            return cls(high * room, low / room, _round_logarithms(low, high), write, logarithmic)
        room = PADDING * ((high - low) or 1.0)
        return cls(high + room, low - room, _round_values(low, high), write)

    def place(self, value: float) -> float:
        """Where a value lies, in per cent; outside 0 to 100 it lies outside the plot."""
        start, end = self.start, self.end
        if self.logarithmic:
            start, end, value = math.log(start), math.log(end), math.log(value)
        # Adding 0.0 turns -0.0 into 0.0.
        return round(100 * (value - start) / (end - start), 2) + 0.0


def plot(summary: str, x: Axis, y: Axis, marks: str, labels: str = "") -> str:
    """HTML of a plot: the grid of `y`, the SVG `marks` over it, the labels of both axes, and `labels`.

    `summary` is the text that a screen reader reads in its place.
    """
    heights = [(y.place(tick), y.write(tick)) for tick in y.ticks]
    grid = "".join(f'<line class="grid" x1="0" x2="100" y1="{top}" y2="{top}"/>' for top, _ in heights)
    ticks = "".join(f'<span class="tick" style="top:{top}%">{escape(text)}</span>' for top, text in heights)
    along = "".join(f'<span style="left:{x.place(tick)}%">{escape(x.write(tick))}</span>' for tick in x.ticks)
    return (
        f'<div class="plot" role="img" aria-label="{escape(summary)}">'
        f'{svg(grid + marks)}{ticks}{labels}</div><div class="steps">{along}</div>'
    )


def svg(marks: str) -> str:
    """The SVG around `marks`, whose coordinates are per cent of its width and height."""
    return f'<svg viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true">{marks}</svg>'


def points(x: Axis, y: Axis, values: Iterable[tuple[float, float]]) -> str:
    """The (x, y) `values` of a curve as the points of an SVG polyline."""
    return " ".join(f"{x.place(across)},{y.place(up)}" for across, up in values)


def polyline(kind: str, drawn: str) -> str:
    """A curve of the class `kind` through what `points` gives."""
    return f'<polyline class="{kind}" points="{drawn}"/>'


def horizontal_line(kind: str, y: Axis, value: float) -> str:
    """A line of the class `kind` across the whole plot."""
    return f'<line class="{kind}" x1="0" x2="100" y1="{y.place(value)}" y2="{y.place(value)}"/>'


def vertical_line(kind: str, x: Axis, value: float) -> str:
    """A line of the class `kind` from the top of the plot to the bottom."""
    return f'<line class="{kind}" x1="{x.place(value)}" x2="{x.place(value)}" y1="0" y2="100"/>'


def end_labels(y: Axis, labels: Sequence[tuple[str, float, str]]) -> str:
    """The (class, value, HTML) of lines' labels at the right edge, at their heights but never overlapping."""
    heights = apart([min(max(y.place(value), 0), 100) for _, value, _ in labels])
    return "".join(
        f'<span class="{f"end {kind}".strip()}" style="top:{height}%">{html}</span>'
        for (kind, _, html), height in zip(labels, heights, strict=True)
    )


def apart(heights: list[float]) -> list[float]:
    """The heights in per cent, moved as little as one pass from top to bottom can, LABEL_GAP apart."""
    order = sorted(range(len(heights)), key=heights.__getitem__)
    moved, highest = list(heights), 100 - LABEL_GAP * (len(heights) - 1)
    for rank, index in enumerate(order):
        least = moved[order[rank - 1]] + LABEL_GAP if rank else 0
        moved[index] = round(min(max(heights[index], least), highest + LABEL_GAP * rank), 2)
    return moved


def _round_values(low: float, high: float) -> list[float]:
    """Two to six round values from `low` to `high`; of a single value, itself where it is round."""
    span = high - low
    power = 10.0 ** math.floor(math.log10(span or 1.0))
    step = next(step for step in _STEPS if span / (step * power) <= 5) * power
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [index * step for index in range(first, last + 1)]


def _round_logarithms(low: float, high: float) -> list[float]:
    """Each 1, 2 and 5 times a power of ten from `low` to `high`, or the powers alone where those are many."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    finer, coarser = (
        [mark * 10.0**power for power in powers for mark in marks if low <= mark * 10.0**power <= high]
        for marks in ((1, 2, 5), (1,))
    )
    return finer if len(finer) <= 7 else coarser


def trace(
    means: list[Colour],
    total: int,
    target: Colour,
    target_name: str,
    caption: str = COLOUR_OF_X0,
    onset: int | None = None,
) -> str:
    """HTML of the mean colours over the steps: `means` so far of `total`, and `target` as dashed lines.

    `onset` is the index of the step from which the colour shift stays.
    """
    values = [value for colour in (*means, target) for value in colour]
    middle, span = (min(values) + max(values)) / 2, max(max(values) - min(values), SMALLEST_SPAN)
    y = Axis.vertical(middle - span / 2, middle + span / 2)
    x = Axis(1, max(total, 2), sorted({1, total}), lambda step: f"step {step}" if step == 1 else f"{step}")
    marks = "".join(horizontal_line(f"{name} target", y, target[c]) for c, name in enumerate(CHANNELS))
    for c, name in enumerate(CHANNELS):
        marks += polyline(name, points(x, y, ((step, mean[c]) for step, mean in enumerate(means, 1))))
    labels = _end_labels(y, means, target)
    if onset is not None:
        line, word = _onset(x, onset + 1)
        marks, labels = line + marks, word + labels
    drawn = plot(_summary(means, total, target, target_name), x, y, marks, labels)
    return (
        f'<figure class="chart trace">{drawn}'
        f"<figcaption>{escape(caption)} Dashed: {escape(target_name)}.</figcaption></figure>"
    )


def _onset(x: Axis, step: int) -> tuple[str, str]:
    """The line where the shift sets in, and the text for it, on the side where there is room."""
    place = x.place(step)
    side = f"left:{place}%" if place < 60 else f"right:{round(100 - place, 2)}%"
    text = f'<span class="onset" style="{side}">shift sets in at step {step}</span>'
    return vertical_line("onset", x, step), text


def _end_labels(y: Axis, means: list[Colour], target: Colour) -> str:
    """Each line's letter, its value and its difference from the target."""
    labels = []
    for name, value, aim in zip(CHANNELS, means[-1] if means else target, target, strict=True):
        # With a target of 0, the value is the difference.
        shift = f" <i>{value - aim:+.1f}</i>" if means and aim else ""
        labels.append((name, value, f"<b>{name[0].upper()}</b> {value:.1f}{shift}"))
    return end_labels(y, labels)


def _summary(means: list[Colour], total: int, target: Colour, target_name: str) -> str:
    aim = f"{target_name}: {_in_words(target)}"
    return f"Step {len(means)} of {total}: {_in_words(means[-1])}; {aim}" if means else aim


def _in_words(colour: Colour) -> str:
    return ", ".join(f"{name} {value:.1f}" for name, value in zip(CHANNELS, colour, strict=True)) + " of 255"


def histograms(run: Run | None) -> str:
    """HTML of one histogram for each channel: the input as an area, the result as a line over it."""
    if run is None:
        return f'<p class="empty">{NONE_YET}</p>'
    images = [run.x0[0]] if run.dim is None else [run.x0[0], run.dim[0]]
    highest = highest_of(images)
    counts = [histogram(image, highest).sqrt() for image in images]
    y = Axis(max(shares.max().item() for shares in counts), 0)
    means = [channel_means(image)[0].tolist() for image in images]
    figures = "".join(
        _histogram(name, highest, y, [shares[c] for shares in counts], [mean[c] for mean in means])
        for c, name in enumerate(CHANNELS)
    )
    legend = LEGEND_ALONE if run.generates else LEGEND
    return f'<div class="histograms">{figures}</div><p class="legend">{legend}</p>'


def _histogram(name: str, highest: int, y: Axis, shares: list[Tensor], means: list[float]) -> str:
    summary = f"{name}: mean {means[0]:.1f} of 255" + (f", of the input {means[1]:.1f}" if means[1:] else "")
    x = Axis(0, highest, (0, highest))
    result, *dimmed = [_outline(x, y, channel) for channel in shares]
    area = "".join(f'<polygon class="{name}" points="{outline}"/>' for outline in dimmed)
    drawn = plot(f"Histogram of {summary}", x, y, area + polyline(name, result))
    return f'<figure class="chart histogram">{drawn}<figcaption>{name}</figcaption></figure>'


def _outline(x: Axis, y: Axis, shares: Tensor) -> str:
    """The outline of the bars of the bins, from the horizontal axis and back to it."""
    edges = [x.end * bin / BINS for bin in range(BINS + 1)]
    tops = [(edge, share) for bin, share in enumerate(shares.tolist()) for edge in edges[bin : bin + 2]]
    return points(x, y, [(edges[0], 0), *tops, (edges[-1], 0)])
