"""Charts over the timesteps: the trained schedule and the dialled one in one plot, an inline SVG in HTML."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from html import escape

from torch import Tensor

from lowlight_ddpm.diffusion.schedule import TRAIN_TIMESTEPS
from lowlight_ddpm.ui.html.trace import apart

NAMES = {"dialled": "dialled in", "trained": "as trained"}
LAST = TRAIN_TIMESTEPS - 1
PADDING = 0.06  # of the values' range, above and below, so that no line is cut in half at the edge
# Curves bend most at their ends: every timestep there, and every sixteenth between.
DRAWN = (*range(16), *range(16, LAST - 16, 16), *range(LAST - 16, LAST + 1))


@dataclass(frozen=True)
class Chart:
    """One plot: what it shows, how its values are written, and its range.

    `low` and `high` None are the values' own; whatever lies beyond them leaves the plot. With
    `logarithmic`, timesteps 1 to 999 stand on a logarithmic axis, else 0 to 999 on a linear one.
    """

    title: str
    note: str
    write: Callable[[float], str]
    low: float | None = None
    high: float | None = None
    logarithmic: bool = False


@dataclass(frozen=True)
class Line:
    """One quantity of both schedules, float (1000,) each; `name` stands at its end if a plot has several."""

    trained: Tensor
    dialled: Tensor
    name: str = ""


def chart(plot: Chart, lines: list[Line], timestep: int) -> str:
    """HTML of a plot with its `lines`, marked and read at `timestep`."""
    axis = _Axis(plot, lines)
    drawn = "".join(_polyline(axis, getattr(line, kind), kind) for kind in NAMES for line in lines[::-1])
    x = axis.x(timestep)
    marker = f'<line class="marker" x1="{x}" x2="{x}" y1="0" y2="100"/>'
    return (
        '<figure class="trace chart">'
        f"<figcaption><b>{escape(plot.title)}</b> {escape(plot.note)}</figcaption>"
        f'<div class="plot" role="img" aria-label="{escape(_summary(plot, lines, timestep))}">'
        '<svg viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true">'
        f"{_grid(axis)}{marker}{drawn}</svg>{_ticks(axis, plot)}{_ends(axis, lines)}</div>"
        f'<div class="steps">{_timesteps(axis)}</div>{_readings(plot, lines, timestep)}</figure>'
    )


class _Axis:
    """From timesteps and values to per cent of the plot's width and height."""

    def __init__(self, plot: Chart, lines: list[Line]) -> None:
        first = 1 if plot.logarithmic else 0
        drawn = [values[first:] for line in lines for values in (line.trained, line.dialled)]
        low = min(values.min().item() for values in drawn) if plot.low is None else plot.low
        high = max(values.max().item() for values in drawn) if plot.high is None else plot.high
        span = (high - low) or 1.0
        self.values = low, high
        self.low, self.high = low - PADDING * span, high + PADDING * span
        self.logarithmic = plot.logarithmic

    def x(self, timestep: int) -> float:
        if self.logarithmic:
            return round(100 * math.log(max(timestep, 1)) / math.log(LAST), 2)
        return round(100 * timestep / LAST, 2)

    def y(self, value: float) -> float:
        return round(100 * (self.high - value) / (self.high - self.low), 2)

    def ticks(self) -> list[float]:
        """Two to six round values within the range."""
        low, high = self.values
        power = 10.0 ** math.floor(math.log10((high - low) or 1.0))
        step = next(step for step in (0.1, 0.2, 0.5, 1, 2, 5) if (high - low) / (step * power) <= 5) * power
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        return [index * step for index in range(first, last + 1)]


def _polyline(axis: _Axis, values: Tensor, kind: str) -> str:
    listed = values.tolist()
    points = " ".join(f"{axis.x(t)},{axis.y(listed[t])}" for t in DRAWN if t or not axis.logarithmic)
    return f'<polyline class="{kind}" points="{points}"/>'


def _grid(axis: _Axis) -> str:
    heights = (axis.y(tick) for tick in axis.ticks())
    return "".join(f'<line class="grid" x1="0" x2="100" y1="{y}" y2="{y}"/>' for y in heights)


def _ticks(axis: _Axis, plot: Chart) -> str:
    return "".join(
        f'<span class="tick" style="top:{axis.y(tick)}%">{escape(plot.write(tick))}</span>'
        for tick in axis.ticks()
    )


def _ends(axis: _Axis, lines: list[Line]) -> str:
    """The name of each line beside its end, never on another."""
    heights = apart([min(max(axis.y(line.dialled[-1].item()), 0), 100) for line in lines])
    return "".join(
        f'<span class="end" style="top:{height}%">{escape(line.name)}</span>'
        for line, height in zip(lines, heights, strict=True)
        if line.name
    )


def _timesteps(axis: _Axis) -> str:
    stops = (1, 10, 100, LAST) if axis.logarithmic else (0, 250, 500, 750, LAST)
    return "".join(f'<span style="left:{axis.x(stop)}%">{stop}</span>' for stop in stops)


def _readings(plot: Chart, lines: list[Line], timestep: int) -> str:
    """What both schedules read at the timestep, each beside a sample of its line."""
    read = ""
    for kind, name in NAMES.items():
        sample = f'<line class="{kind}" x1="0" x2="20" y1="2" y2="2"/>'
        values = (f"{line.name} {plot.write(getattr(line, kind)[timestep].item())}" for line in lines)
        value = escape(", ".join(values).strip())
        read += f'<li><svg viewBox="0 0 20 4" aria-hidden="true">{sample}</svg>{name} <b>{value}</b></li>'
    return f'<ul class="readings">{read}</ul>'


def _summary(plot: Chart, lines: list[Line], timestep: int) -> str:
    """The plot in words: where each line begins, stands at the timestep, and ends."""
    stops = sorted({1 if plot.logarithmic else 0, timestep, LAST})
    said = []
    for line in lines:
        for kind, name in NAMES.items():
            values = getattr(line, kind)
            read = ", ".join(f"{plot.write(values[stop].item())} at timestep {stop}" for stop in stops)
            said.append(f"{line.name or 'curve'} {name}: {read}")
    return f"{plot.title}. {'; '.join(said)}."
