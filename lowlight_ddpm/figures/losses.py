"""Loss curves from the training records: one panel for each question that a few trainings answer together."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from lowlight_ddpm.figures.inputs import Inputs, Missing
from lowlight_ddpm.figures.style import COLOURS, INK, LINE, MUTED, page, spread
from lowlight_ddpm.loss_curves import loss_curves

QUESTIONS = (
    ("How much light", ("bright", "dim", "dim-quarter")),
    ("Again, and longer", ("dim", "dim-retrained", "dim-long", "dim-deep", "dim-deep-again")),
    ("Depth and betas", ("dim", "bright-deep", "dim-deep", "dim-deep-low", "dim-deep-mid", "dim-deep-high")),
    ("Cures", ("dim-deep", "dim-deep-zsnr", "dim-deep-centred", "dim-deep-offset")),
)


def draw_losses(inputs: Inputs) -> Figure:
    """Each panel's trainings in their colours, named at the end of the run; all others pale behind them."""
    curves = dict(loss_curves(inputs.root))
    if not curves:
        raise Missing("no trained variant records its losses")
    figure = page(6.4, layout="constrained")
    panels = figure.subplots(2, 2, sharey=True).ravel()
    for axes, (question, names) in zip(panels, QUESTIONS, strict=True):
        shown = [name for name in names if name in curves]
        axes.set(yscale="log", title=question)
        for name in curves.keys() - shown:
            axes.plot(*curves[name], color=LINE, linewidth=0.8, zorder=1)
        for name in shown:
            axes.plot(*curves[name], color=COLOURS[name])
        axes.set_xlim(0, max(curves[name][0][-1] for name in shown or curves))
    panels[0].yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    panels[0].yaxis.set_major_formatter("{x:g}")
    panels[0].yaxis.set_minor_locator(NullLocator())
    low, high = np.log(panels[0].get_ylim())
    for axes, (_, names) in zip(panels, QUESTIONS, strict=True):
        shown = [name for name in names if name in curves]
        ends = [np.log(curves[name][1][-1]) for name in shown]
        for name, height in zip(shown, spread(ends, 0.075 * (high - low)), strict=True):
            # Its colour is a dot's: pale ones would not be read as letters.
            place = axes.get_yaxis_transform()
            axes.plot(1.03, np.exp(height), "o", color=COLOURS[name], transform=place, clip_on=False)
            axes.text(1.06, np.exp(height), name, transform=place, va="center", color=INK)
    figure.supxlabel("epochs", color=MUTED, fontsize="medium")
    figure.supylabel("loss: mean squared error of what the network predicts", color=MUTED, fontsize="medium")
    return figure
