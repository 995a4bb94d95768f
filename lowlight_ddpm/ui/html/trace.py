"""The RGB trace: the mean colour of x0 over the steps of a run, as an inline SVG with HTML labels."""

from html import escape

from lowlight_ddpm.ui.session import Colour

NAMES = ("red", "green", "blue")
SMALLEST_SPAN = 16  # of 255; less would blow a shift that nobody can see up to the whole height
LABEL_GAP = 9  # per cent of the height that a label needs
COLOUR_OF_X0 = "Mean colour of x0 at every step, of 255."
_TICKS = (2, 5, 10, 20, 50, 100)


def trace(
    means: list[Colour],
    total: int,
    target: Colour,
    target_name: str,
    caption: str = COLOUR_OF_X0,
    onset: int | None = None,
) -> str:
    """HTML of the trace: `means` so far of `total` steps, and what they should be as dashed lines.

    `onset` is the place, from 0, of the step where the colours go off for good.
    """
    low, high = _range([*means, target])
    axis = _Axis(low, high, total)
    lines = "".join(_level(axis, target[c], name) for c, name in enumerate(NAMES))
    lines += "".join(_line(axis, [mean[c] for mean in means], name) for c, name in enumerate(NAMES))
    mark, word = ("", "") if onset is None else _mark(axis, onset)
    summary = escape(_summary(means, total, target, target_name))
    return (
        f'<figure class="trace" role="img" aria-label="{summary}">'
        f'<div class="plot"><svg viewBox="0 0 100 100" preserveAspectRatio="none">'
        f"{_grid(axis)}{mark}{lines}</svg>{word}{_tick_labels(axis)}{_end_labels(axis, means, target)}</div>"
        f'<div class="steps"><span>step 1</span><span>{total}</span></div>'
        f"<figcaption>{escape(caption)} Dashed: {escape(target_name)}.</figcaption>"
        "</figure>"
    )


class _Axis:
    """From steps and values to per cent of the plot's width and height."""

    def __init__(self, low: float, high: float, total: int) -> None:
        self.low, self.high, self.last = low, high, max(total - 1, 1)

    def x(self, index: int) -> float:
        return round(100 * index / self.last, 2)

    def y(self, value: float) -> float:
        return round(100 * (self.high - value) / (self.high - self.low), 2)

    def ticks(self) -> list[int]:
        step = next(step for step in _TICKS if (self.high - self.low) / step <= 5)
        first = -int(-self.low // step) * step
        return list(range(first, int(self.high) + 1, step))


def _range(colours: list[Colour]) -> tuple[float, float]:
    values = [value for colour in colours for value in colour]
    middle, span = (min(values) + max(values)) / 2, max(max(values) - min(values), SMALLEST_SPAN)
    return middle - 0.6 * span, middle + 0.6 * span


def _line(axis: _Axis, values: list[float], name: str) -> str:
    points = " ".join(f"{axis.x(index)},{axis.y(value)}" for index, value in enumerate(values))
    return f'<polyline class="{name}" points="{points}"/>'


def _level(axis: _Axis, value: float, name: str) -> str:
    y = axis.y(value)
    return f'<line class="{name} target" x1="0" x2="100" y1="{y}" y2="{y}"/>'


def _grid(axis: _Axis) -> str:
    heights = (axis.y(tick) for tick in axis.ticks())
    return "".join(f'<line class="grid" x1="0" x2="100" y1="{y}" y2="{y}"/>' for y in heights)


def _mark(axis: _Axis, onset: int) -> tuple[str, str]:
    """The line where the shift sets in, and the word for it, on the side where there is room."""
    x = axis.x(onset)
    place = f"left:{x}%" if x < 60 else f"right:{round(100 - x, 2)}%"
    line = f'<line class="onset" x1="{x}" x2="{x}" y1="0" y2="100"/>'
    return line, f'<span class="onset" style="{place}">shift sets in at step {onset + 1}</span>'


def _tick_labels(axis: _Axis) -> str:
    return "".join(f'<span class="tick" style="top:{axis.y(tick)}%">{tick}</span>' for tick in axis.ticks())


def _end_labels(axis: _Axis, means: list[Colour], target: Colour) -> str:
    """Each line's letter, value and distance from its target, at its height but never on another label."""
    values = means[-1] if means else target
    heights = apart([axis.y(value) for value in values])
    labels = ""
    for name, value, aim, height in zip(NAMES, values, target, heights, strict=True):
        # What is measured from 0 is its own distance.
        shift = f" <i>{value - aim:+.1f}</i>" if means and aim else ""
        text = f"<b>{name[0].upper()}</b> {value:.1f}{shift}"
        labels += f'<span class="end {name}" style="top:{height}%">{text}</span>'
    return labels


def apart(heights: list[float]) -> list[float]:
    """The heights, moved as little as a pass from top to bottom can so that labels keep LABEL_GAP apart."""
    order = sorted(range(len(heights)), key=heights.__getitem__)
    moved, highest = list(heights), 100 - LABEL_GAP * (len(heights) - 1)
    for rank, index in enumerate(order):
        least = moved[order[rank - 1]] + LABEL_GAP if rank else 0
        moved[index] = round(min(max(heights[index], least), highest + LABEL_GAP * rank), 2)
    return moved


def _summary(means: list[Colour], total: int, target: Colour, target_name: str) -> str:
    aim = f"{target_name}: {_said(target)}"
    return f"Step {len(means)} of {total}: {_said(means[-1])}; {aim}" if means else aim


def _said(colour: Colour) -> str:
    return ", ".join(f"{name} {value:.1f}" for name, value in zip(NAMES, colour, strict=True)) + " of 255"
