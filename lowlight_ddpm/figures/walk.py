"""Figure 1.1: how noise becomes a picture, seen at some steps of one walk."""

import torch
from matplotlib.figure import Figure

from lowlight_ddpm.diffusion.sampling import denoise
from lowlight_ddpm.diffusion.settings import run_settings
from lowlight_ddpm.figures.board import LINE_HEIGHT, MARGIN, PIXELS, Board, shown
from lowlight_ddpm.figures.inputs import Inputs
from lowlight_ddpm.figures.style import INK
from lowlight_ddpm.study import protocol

PICTURE = 3  # number of the picture in its source
COLUMNS, SIDE, GAP = 6, 192, 28
LABELS = 130  # pixels for the names of the two rows


def draw_walk(inputs: Inputs, variant: str, start: int) -> Figure:
    """x_t above and the estimate of x0 below, at some of the steps; then the original. Shown brightened."""
    settings = run_settings(variant=variant, start=start, steps=protocol.STEPS)
    pictures = inputs.unseen(variant).unseen
    clean = settings.dim(pictures[PICTURE % len(pictures)][None])
    walk = list(denoise(inputs.checkpoint(variant), settings, clean))
    places = torch.linspace(0, len(walk) - 1, COLUMNS).round().int()
    gain, upper, lower = 1 / settings.brightness, MARGIN + LINE_HEIGHT, MARGIN + LINE_HEIGHT + SIDE + GAP
    board = Board(lower + SIDE + MARGIN)
    for column, place in enumerate(places.tolist()):
        step, x = walk[place], MARGIN + LABELS + column * (SIDE + GAP)
        board.words(x, MARGIN - 6, f"t = {step.timestep}")
        board.tile(x, upper, shown(step.x_t[0], gain, SIDE))
        board.tile(x, lower, shown(step.x0[0], gain, SIDE))
    for y, name, meaning in ((upper, "$x_t$", "noisy"), (lower, "$x_0$", "estimate")):
        board.words(MARGIN, y + SIDE / 2 - 32, name, color=INK, fontsize=13)
        board.words(MARGIN, y + SIDE / 2 + 12, meaning)
    last = PIXELS - MARGIN - SIDE
    board.words(last, lower - 10, "original", va="bottom")
    board.tile(last, lower, shown(clean[0], gain, SIDE))
    return board.figure
