"""Curves: the shift over timesteps, tint transmission over signal, loss over epochs, and their like."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator
from numpy import array, ndarray, ptp

from lowlight_ddpm.diffusion.settings import LAST_TIMESTEP
from lowlight_ddpm.diffusion.transmission import LEVELS, TINTS
from lowlight_ddpm.figures import Inputs, Missing
from lowlight_ddpm.figures.colour_shift import border_deviation
from lowlight_ddpm.figures.style import (
    CHANNELS,
    INK,
    LINE,
    MUTED,
    chip_title,
    colour_of,
    name_ends,
    page,
    spread,
)
from lowlight_ddpm.study import protocol
from lowlight_ddpm.study.bootstrap import Interval, interval
from lowlight_ddpm.study.results import loss_curves
from lowlight_ddpm.variants import find_variant

_COLUMNS, _ROW = 4, 1.75  # panels in a row, and inches for a row of them
_LETTER = 0.13  # a letter's height as a part of a panel's


def draw_growth(inputs: Inputs, start: int) -> Figure:
    """Held-out photographs denoised from `start`: x0's mean colour minus the original's."""
    steps = protocol.STEPS_FROM[start]
    traces = inputs.traces("restore", inputs.photographs, start, steps)
    return _growth_panels({name: _at_full_brightness(name, trace) for name, trace in traces})


def draw_noise_growth(inputs: Inputs) -> Figure:
    """From pure noise: x0's mean colour minus the training set's."""
    traces = {}
    for name, trace in inputs.traces("generate", None, LAST_TIMESTEP, protocol.STEPS):
        learned = inputs.learned(name)[["mean_r", "mean_g", "mean_b"]].mean()
        traces[name] = _at_full_brightness(name, trace, learned.to_numpy())
    return _growth_panels(traces)


def _at_full_brightness(name: str, trace: list[Any], reference: ndarray | float = 0.0) -> ndarray:
    """(timestep, R, G, B) at every step, colours minus `reference`: (steps, 4)."""
    lines = array(trace, dtype=float)
    lines[:, 1:] = (lines[:, 1:] - reference) / find_variant(name).brightness
    return lines


def _growth_panels(traces: dict[str, ndarray]) -> Figure:
    if not traces:
        raise Missing("no results of a trained variant hold these trajectories yet")
    columns = min(_COLUMNS, len(traces))
    rows = -(-len(traces) // columns)
    figure = page(0.9 + _ROW * rows, layout="constrained")
    panels = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
    for axes in panels[len(traces) :]:
        axes.set_visible(False)
    for axes in panels[max(0, len(traces) - columns) : len(traces)]:
        axes.tick_params(labelbottom=True)  # the last of its column, where a panel is left free below
    height = ptp([trace[:, 1:] for trace in traces.values()])
    for axes, (name, trace) in zip(panels, traces.items(), strict=False):
        chip_title(axes, name)
        _channels(axes, trace, _LETTER * height)
    panels[0].invert_xaxis()
    figure.supxlabel("timestep, from noise to image", color=MUTED, fontsize="medium")
    figure.supylabel("shift of the estimate in 1/255, as at full brightness", color=MUTED, fontsize="medium")
    return figure


def _channels(axes: Axes, trace: ndarray, letter: float) -> None:
    """The three curves, each with its letter at the end that is the image."""
    axes.axhline(0, color=MUTED, linewidth=0.9, zorder=1)
    heights = spread(trace[-1, 1:].tolist(), letter)
    for column, (name, colour, _) in enumerate(CHANNELS.values()):
        axes.plot(trace[:, 0], trace[:, 1 + column], color=colour)
        place = (1.02, heights[column])
        axes.text(
            *place, name, transform=axes.get_yaxis_transform(), color=colour, weight="bold", va="center"
        )


# The plain networks, other schedules, and those that see colours otherwise.
_TRANSMITTING = (
    "dim", "dim-deep", "dim-deep-low", "dim-deep-high", "dim-deep-centred", "dim-deep-offset",
    "dim-deep-zsnr",
)  # fmt: skip
_DASHED, _DOTTED = (0, (4, 3)), (0, (1, 2.5))


def draw_tint_transmission(inputs: Inputs) -> Figure:
    """A panel for every tint, in it a line for every variant, named at the right.

    Dashed is what a perfect denoiser lets through, dotted what a colour-insensitive network does: all where
    it predicts epsilon, ᾱ where it predicts v.
    """
    rows = inputs.tint_transmission
    shown = rows.loc[rows.variant.isin(_TRANSMITTING) & (rows.cycles == 0), :]
    figure = page(3.9, layout="constrained")
    panels = figure.subplots(1, len(TINTS), sharey=True)
    for axes, tint in zip(panels, TINTS, strict=True):
        _transmission_panel(axes, shown[shown.tint == tint])
        axes.set_title(f"A tint of {tint}")
    panels[0].set_ylabel("part of xₜ's tint that is in x₀")
    figure.supxlabel("signal √ᾱ left in xₜ, from noise to image", color=MUTED, fontsize="medium")
    _label(panels[0], "perfect denoiser", 0.11, 0.52)
    _label(panels[1], "colour-insensitive, v", 0.76, 0.48, ha="left")
    _label(panels[0], "colour-insensitive, ε", 0.011, 1.03, ha="left")
    name_ends(axes, shown[shown.tint == tint].groupby("variant", sort=False).kept.last().to_dict())
    return figure


def _transmission_panel(axes: Axes, rows: pd.DataFrame) -> None:
    signal = np.geomspace(LEVELS[0], LEVELS[-1])
    for insensitive in (np.ones_like(signal), signal**2):
        axes.plot(signal, insensitive, color=MUTED, linestyle=_DOTTED, linewidth=1.4)
    for _, line in rows.drop_duplicates(["signal", "perfect"]).groupby("variant", sort=False):
        axes.plot(line.signal, line.perfect, color=INK, linestyle=_DASHED, linewidth=1.1, zorder=3)
    for name, line in rows.groupby("variant", sort=False):
        axes.plot(line.signal, line.kept, color=colour_of(str(name)), marker="o", markersize=4)
    axes.set_xscale("log")
    axes.set_xticks(LEVELS[:-1], [f"{level:.0%}" for level in LEVELS[:-1]])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_ylim(0, 1.1)


def _label(axes: Axes, words: str, signal: float, height: float, ha: str = "right") -> None:
    axes.text(signal, height, words, ha=ha, va="center", color=MUTED)


_BY_BRIGHTNESS = ("dim-quarter", "dim", "bright")  # from dark to bright; nothing else differs between them
_Line = Sequence[Interval | float]


def draw_by_brightness(inputs: Inputs) -> Figure:
    """Colour shift and similarity of denoised photographs by start, and the background of samples."""
    inputs.require(*_BY_BRIGHTNESS)
    rows = inputs.restored(source=inputs.photographs)
    rows = rows.assign(shift=255 * rows.mse_shift**0.5 / rows.brightness)
    samples = inputs.sampled(steps=protocol.STEPS)
    figure = page(3.6, layout="constrained")
    shift, similarity, background = figure.subplots(1, 3)
    for axes in (shift, background):  # a quarter of the brightness does many times what half of it does
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter("{x:g}")
    for axes, column in ((shift, "shift"), (similarity, "ssim")):
        lines = {}
        for start in sorted(rows.start.unique()):
            at = rows.loc[rows.start == start, :]
            lines[f"from {start}"] = [interval(at[at.variant == name], column) for name in _BY_BRIGHTNESS]
        _brightness_curves(axes, lines)
    learned = {name: inputs.learned(name) for name in _BY_BRIGHTNESS}
    of_samples = [border_deviation(samples.loc[samples.variant == name, :], name) for name in _BY_BRIGHTNESS]
    _brightness_curves(
        background,
        {
            "samples": of_samples,
            "training set": [border_deviation(learned[name], name) for name in _BY_BRIGHTNESS],
        },
    )
    for axes, title, unit in (
        (shift, "Colour shift", "RMS of R, G, B in 1/255,\nas at full brightness"),
        (similarity, "Structural similarity", "SSIM, 1 for equal images"),
        (background, "Border of samples", "deviation of its colour in 1/255,\nas at full brightness"),
    ):
        axes.set_title(title)
        axes.set_ylabel(unit)
    return figure


def _brightness_curves(axes: Axes, lines: dict[str, _Line]) -> None:
    """A line for each name, named at its right end, over the brightness that variants learned from."""
    x = [find_variant(name).brightness for name in _BY_BRIGHTNESS]
    ends = {}
    for label, line in lines.items():
        found = [point if isinstance(point, Interval) else Interval(point, point, point) for point in line]
        axes.plot(x, [point.mean for point in found], color=MUTED, linewidth=1.2, zorder=2)
        for name, brightness, point in zip(_BY_BRIGHTNESS, x, found, strict=True):
            axes.plot([brightness] * 2, [point.low, point.high], color=colour_of(name), linewidth=1.4)
            axes.plot(brightness, point.mean, "o", color=colour_of(name), markersize=6, zorder=3)
        ends[label] = found[-1].mean
    axes.set_xscale("log", base=2)
    axes.set_xticks(
        x, [f"{name}\n{brightness:g}" for name, brightness in zip(_BY_BRIGHTNESS, x, strict=True)]
    )
    axes.set_xlim(0.2, 1.2)
    axes.margins(y=0.12)
    name_ends(axes, ends, least=0.085)


_QUESTIONS = (
    ("Brightness", ("bright", "dim", "dim-quarter")),
    ("Other seeds, and longer", ("dim", "dim-retrained", "dim-long", "dim-deep", "dim-deep-again")),
    ("Depth and betas", ("dim", "bright-deep", "dim-deep", "dim-deep-low", "dim-deep-mid", "dim-deep-high")),
    ("Corrections", ("dim-deep", "dim-deep-zsnr", "dim-deep-centred", "dim-deep-offset")),
)


def draw_losses(inputs: Inputs) -> Figure:
    """Each panel's trainings in their colours, named at the end of the run; all others pale behind them."""
    curves = dict(loss_curves(inputs.root))
    if not curves:
        raise Missing("no trained variant records its losses")
    figure = page(6.4, layout="constrained")
    panels = figure.subplots(2, 2, sharey=True).ravel()
    for axes, (question, names) in zip(panels, _QUESTIONS, strict=True):
        shown = [name for name in names if name in curves]
        axes.set(yscale="log", title=question)
        for name in curves.keys() - shown:
            axes.plot(*curves[name], color=LINE, linewidth=0.8, zorder=1)
        for name in shown:
            axes.plot(*curves[name], color=colour_of(name))
        axes.set_xlim(0, max(curves[name][0][-1] for name in shown or curves))
    panels[0].yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    panels[0].yaxis.set_major_formatter("{x:g}")
    panels[0].yaxis.set_minor_locator(NullLocator())
    for axes, (_, names) in zip(panels, _QUESTIONS, strict=True):
        name_ends(axes, {name: curves[name][1][-1] for name in names if name in curves})
    figure.supxlabel("epochs", color=MUTED, fontsize="medium")
    figure.supylabel("loss: mean squared error of what the network predicts", color=MUTED, fontsize="medium")
    return figure


_AMOUNTS = {
    "steps": "Steps",
    "pictures": "Pictures",
    "pixels": "Pixels",
    "variants": "Variants",
    "users": "Users at once",
}


def draw_timing(inputs: Inputs) -> Figure:
    """Seconds against five amounts; the line goes from the first of each to its last."""
    curves = inputs.record("results", "bench")["growth"]
    figure = page(2.5, layout="constrained")
    for axes, (name, title) in zip(figure.subplots(1, len(_AMOUNTS)), _AMOUNTS.items(), strict=True):
        amounts, seconds = zip(*curves[name], strict=True)
        axes.plot(amounts[:: len(amounts) - 1], seconds[:: len(seconds) - 1], color=MUTED, linewidth=1)
        axes.plot(amounts, seconds, "o", color=INK, markersize=5)
        axes.set_title(title)
        axes.set_xlim(0, None)
        axes.set_ylim(0, None)
        axes.locator_params(nbins=4)
        axes.xaxis.get_major_locator().set_params(integer=True)
        if name == "pixels":
            axes.xaxis.set_major_formatter(lambda value, _: f"{value / 1000:g}k")
    figure.axes[0].set_ylabel("seconds")
    return figure
