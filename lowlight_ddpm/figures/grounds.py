"""The grounds that variants draw: the border's colour of every sample, painted in itself."""

import pandas as pd
from matplotlib.figure import Figure

from lowlight_ddpm.figures.inputs import Inputs
from lowlight_ddpm.figures.shifts import present
from lowlight_ddpm.figures.style import INK, LINE, MUTED, chip_title, page
from lowlight_ddpm.study import protocol
from lowlight_ddpm.variants import find_variant

COLUMNS, ROW = 4, 1.3  # panels in a row, and inches for a row of them
_BORDER = [f"border_{axis}" for axis in "rgb"]


def draw_grounds(inputs: Inputs) -> Figure:
    """Warm against cold across, green against magenta upwards; training pictures grey behind the samples."""
    rows = inputs.sampled(steps=protocol.STEPS)
    names = present(rows)
    columns = min(COLUMNS, len(names))
    lines = -(-len(names) // columns)
    figure = page(0.9 + ROW * lines, layout="constrained")
    panels = figure.subplots(lines, columns, sharex=True, sharey=True, squeeze=False).ravel()
    for axes, name in zip(panels, names, strict=False):
        brightness = find_variant(name).brightness
        learned = inputs.learned(name)[_BORDER] / brightness
        drawn = rows.loc[rows.variant == name, _BORDER] / brightness
        axes.plot(*_tints(learned), ".", color=LINE, markersize=3, zorder=1)
        colours = (drawn / 255).clip(0, 1).to_numpy()
        axes.scatter(*_tints(drawn), s=34, c=colours, edgecolors=INK, linewidths=0.6, zorder=2)
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
    red, green, blue = (borders[name] for name in _BORDER)
    return red - blue, green - (red + blue) / 2
