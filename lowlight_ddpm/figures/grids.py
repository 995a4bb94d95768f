"""Figures 5.1 to 5.4 and samples-NAME: what variants draw from pure noise, side by side."""

from matplotlib.figure import Figure

from lowlight_ddpm.figures.board import LINE_HEIGHT, MARGIN, PIXELS, Board, grid
from lowlight_ddpm.figures.inputs import Inputs
from lowlight_ddpm.figures.style import colour_of
from lowlight_ddpm.images import HELD_OUT
from lowlight_ddpm.models.unet import RESOLUTION
from lowlight_ddpm.variants import find_variant

HEAD = 3 * LINE_HEIGHT  # pixels for a panel's heading
BETWEEN = 64  # pixels between panels
AS_DRAWN, BRIGHTENED = "as drawn", "brightened"
SMALL = "fixed_small"

Panel = tuple[str, str]
"""A variant, and whether its pictures are shown as drawn or brightened."""


def draw_grids(inputs: Inputs, panels: tuple[Panel, ...], optional: tuple[str, ...] = ()) -> Figure:
    """A grid of 4 × 4 samples for every panel; the same place has the same noise in each.

    Panels of the variants named in `optional` are left out while those are not trained.
    """
    panels = [panel for panel in panels if panel[0] in inputs.trained or panel[0] not in optional]
    inputs.require(*dict(panels))
    return _board(inputs, panels, HELD_OUT, columns=4)


def draw_samples(inputs: Inputs, variant: str, count: int = 64) -> Figure:
    """One grid of `count` samples, eight in a row; the smaller variance, which leaves no grain on them."""
    return _board(inputs, [(variant, BRIGHTENED)], count, columns=8, variance_type=SMALL)


def _board(
    inputs: Inputs, panels: list[Panel], count: int, columns: int, variance_type: str | None = None
) -> Figure:
    gap = 8
    room = (PIXELS - 2 * MARGIN - (len(panels) - 1) * BETWEEN) // len(panels)
    side = (room - (columns - 1) * gap) // columns // RESOLUTION * RESOLUTION
    width = columns * (side + gap) - gap
    left = (PIXELS - len(panels) * width - (len(panels) - 1) * BETWEEN) // 2
    rows = -(-count // columns)
    board = Board(2 * MARGIN + HEAD + rows * (side + gap) - gap)
    for number, (name, how) in enumerate(panels):
        x, row = left + number * (width + BETWEEN), find_variant(name)
        gain = 1 / row.brightness if how == BRIGHTENED else 1.0
        said = name if row.brightness == 1 else f"{name}, {how}" + (f" ×{gain:g}" if gain > 1 else "")
        board.heading(x, MARGIN, row.title, said, colour_of(name))
        grid(board, x, MARGIN + HEAD, inputs.samples(name, count, variance_type), gain, columns, side, gap)
    return board.figure
