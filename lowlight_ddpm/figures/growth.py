"""How a shift grows along the walk: R, G and B of the estimate at every step, a panel for every variant."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy import array, ndarray, ptp

from lowlight_ddpm.diffusion.settings import LAST_TIMESTEP
from lowlight_ddpm.figures.inputs import Inputs, Missing
from lowlight_ddpm.figures.style import CHANNELS, MUTED, chip_title, page, spread
from lowlight_ddpm.study import protocol
from lowlight_ddpm.variants import find_variant

COLUMNS, ROW = 4, 1.75  # panels in a row, and inches for a row of them
_LETTER = 0.13  # a letter's height as a part of a panel's


def draw_growth(inputs: Inputs, start: int) -> Figure:
    """Restoring held-out photographs from `start`: x0's mean colour less the original's."""
    steps = protocol.STEPS_FROM[start]
    traces = inputs.traces("restore", inputs.photographs, start, steps)
    return _panels({name: _at_full_brightness(name, trace) for name, trace in traces})


def draw_noise_growth(inputs: Inputs) -> Figure:
    """From pure noise: x0's mean colour less the training set's."""
    traces = {}
    for name, trace in inputs.traces("generate", None, LAST_TIMESTEP, protocol.STEPS):
        learned = inputs.learned(name)[["mean_r", "mean_g", "mean_b"]].mean()
        traces[name] = _at_full_brightness(name, trace, learned.to_numpy())
    return _panels(traces)


def _at_full_brightness(name: str, trace: list, reference: ndarray | float = 0.0) -> ndarray:
    """(timestep, R, G, B) at every step, colours less `reference`: (steps, 4)."""
    lines = array(trace, dtype=float)
    lines[:, 1:] = (lines[:, 1:] - reference) / find_variant(name).brightness
    return lines


def _panels(traces: dict[str, ndarray]) -> Figure:
    if not traces:
        raise Missing("no results of a trained variant hold these walks yet")
    columns = min(COLUMNS, len(traces))
    rows = -(-len(traces) // columns)
    figure = page(0.9 + ROW * rows, layout="constrained")
    panels = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
    for axes in panels[len(traces) :]:
        axes.set_visible(False)
    for axes in panels[max(0, len(traces) - columns) : len(traces)]:
        axes.tick_params(labelbottom=True)  # the last of its column, where a panel is left free below
    height = ptp([trace[:, 1:] for trace in traces.values()])
    for axes, (name, trace) in zip(panels, traces.items(), strict=False):
        chip_title(axes, name)
        _lines(axes, trace, _LETTER * height)
    panels[0].invert_xaxis()
    figure.supxlabel("timestep, from noise to picture", color=MUTED, fontsize="medium")
    figure.supylabel("shift of the estimate in 1/255, as at full brightness", color=MUTED, fontsize="medium")
    return figure


def _lines(axes: Axes, trace: ndarray, letter: float) -> None:
    """The three curves, each with its letter at the end that is the picture."""
    axes.axhline(0, color=MUTED, linewidth=0.9, zorder=1)
    heights = spread(trace[-1, 1:].tolist(), letter)
    for column, (name, colour, _) in enumerate(CHANNELS.values()):
        axes.plot(trace[:, 0], trace[:, 1 + column], color=colour)
        place = (1.02, heights[column])
        axes.text(
            *place, name, transform=axes.get_yaxis_transform(), color=colour, weight="bold", va="center"
        )
