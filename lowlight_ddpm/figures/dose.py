"""The dose curve: the same network and recipe on pictures that are dimmed more and more."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lowlight_ddpm.figures.inputs import Inputs
from lowlight_ddpm.figures.shifts import border_deviation
from lowlight_ddpm.figures.style import MUTED, colour_of, name_ends, page
from lowlight_ddpm.study import protocol
from lowlight_ddpm.study.bootstrap import Interval, interval
from lowlight_ddpm.variants import find_variant

DOSES = ("dim-quarter", "dim", "bright")  # from dark to bright; nothing else differs between them
Line = list[Interval | float]


def draw_dose(inputs: Inputs) -> Figure:
    """Colour shift and likeness of restored photographs by start, and the grounds drawn from pure noise."""
    inputs.require(*DOSES)
    rows = inputs.restored(source=inputs.photographs)
    rows = rows.assign(shift=255 * rows.mse_shift**0.5 / rows.brightness)
    samples = inputs.sampled(steps=protocol.STEPS)
    figure = page(3.6, layout="constrained")
    shift, likeness, grounds = figure.subplots(1, 3)
    for axes in (shift, grounds):  # what a quarter of the light does is many times what half of it does
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter("{x:g}")
    for axes, column in ((shift, "shift"), (likeness, "ssim")):
        lines = {}
        for start in sorted(rows.start.unique()):
            at = rows[rows.start == start]
            lines[f"from {start}"] = [interval(at[at.variant == name], column) for name in DOSES]
        _curves(axes, lines)
    learned = {name: inputs.learned(name) for name in DOSES}
    of_samples = [border_deviation(samples[samples.variant == name], name) for name in DOSES]
    _curves(
        grounds,
        {"samples": of_samples, "training set": [border_deviation(learned[name], name) for name in DOSES]},
    )
    for axes, title, unit in (
        (shift, "Colour shift", "RMS of R, G, B in 1/255,\nas at full brightness"),
        (likeness, "Likeness", "SSIM, 1 for equal pictures"),
        (grounds, "Border from pure noise", "deviation of its colour in 1/255,\nas at full brightness"),
    ):
        axes.set_title(title)
        axes.set_ylabel(unit)
    return figure


def _curves(axes: Axes, lines: dict[str, Line]) -> None:
    """A line for each name, named at its right end, over the brightness that variants learned from."""
    x = [find_variant(name).brightness for name in DOSES]
    ends = {}
    for label, line in lines.items():
        found = [point if isinstance(point, Interval) else Interval(point, point, point) for point in line]
        axes.plot(x, [point.mean for point in found], color=MUTED, linewidth=1.2, zorder=2)
        for name, brightness, point in zip(DOSES, x, found, strict=True):
            axes.plot([brightness] * 2, [point.low, point.high], color=colour_of(name), linewidth=1.4)
            axes.plot(brightness, point.mean, "o", color=colour_of(name), markersize=6, zorder=3)
        ends[label] = found[-1].mean
    axes.set_xscale("log", base=2)
    axes.set_xticks(x, [f"{name}\n{brightness:g}" for name, brightness in zip(DOSES, x, strict=True)])
    axes.set_xlim(0.2, 1.2)
    axes.margins(y=0.12)
    name_ends(axes, ends, least=0.085)
