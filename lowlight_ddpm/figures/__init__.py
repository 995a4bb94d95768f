"""Every figure of the post, and ours, drawn again from checkpoints and results."""

from lowlight_ddpm.figures.inputs import Inputs
from lowlight_ddpm.figures.table import FIGURES, Figure, draw_figures

__all__ = ["FIGURES", "Figure", "Inputs", "draw_figures"]
