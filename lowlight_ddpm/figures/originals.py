"""Figures 3.1 and 3.2: sixteen pictures as they are, and as a network is shown them."""

import torch
from matplotlib.figure import Figure
from PIL import Image, ImageOps

from lowlight_ddpm.figures.board import MARGIN, Board, filling_gap, grid
from lowlight_ddpm.figures.inputs import Inputs
from lowlight_ddpm.images import stack
from lowlight_ddpm.images.photometry import prepare
from lowlight_ddpm.models.unet import RESOLUTION

COLUMNS, SIDE = 8, 192
GAP = filling_gap(COLUMNS, SIDE)
FLIPS = 0  # the seed by which pictures are flipped


def draw_originals(inputs: Inputs) -> Figure:
    """Whole pictures, on white where they are no squares."""
    board = _board(len(inputs.opened))
    for place, (_, picture) in enumerate(inputs.opened):
        row, column = divmod(place, COLUMNS)
        whole = ImageOps.pad(picture, (SIDE, SIDE), Image.Resampling.LANCZOS, color="white")
        board.tile(MARGIN + column * (SIDE + GAP), MARGIN + row * (SIDE + GAP), whole)
    return board.figure


def draw_preprocessed(inputs: Inputs, brightness: float) -> Figure:
    """The same in the same places: the middle square at 64 px, every second one flipped by chance, dimmed."""
    pixels = stack([picture for _, picture in inputs.opened], RESOLUTION)
    flip = torch.rand(len(pixels), 1, 1, 1, generator=torch.Generator().manual_seed(FLIPS)) < 0.5
    dimmed = prepare(torch.where(flip, pixels.flip(-1), pixels), brightness)
    board = _board(len(dimmed))
    grid(board, MARGIN, MARGIN, dimmed, 1.0, COLUMNS, SIDE, GAP)
    return board.figure


def _board(pictures: int) -> Board:
    rows = -(-pictures // COLUMNS)
    return Board(2 * MARGIN + rows * SIDE + (rows - 1) * GAP)
