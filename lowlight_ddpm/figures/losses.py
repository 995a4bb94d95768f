"""Loss curves from the training records: one panel for each question that a few trainings answer together."""

from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from lowlight_ddpm.figures.inputs import Inputs, Missing
from lowlight_ddpm.figures.style import LINE, MUTED, colour_of, name_ends, page
from lowlight_ddpm.study.loss_curves import loss_curves

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
            axes.plot(*curves[name], color=colour_of(name))
        axes.set_xlim(0, max(curves[name][0][-1] for name in shown or curves))
    panels[0].yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    panels[0].yaxis.set_major_formatter("{x:g}")
    panels[0].yaxis.set_minor_locator(NullLocator())
    for axes, (_, names) in zip(panels, QUESTIONS, strict=True):
        name_ends(axes, {name: curves[name][1][-1] for name in names if name in curves})
    figure.supxlabel("epochs", color=MUTED, fontsize="medium")
    figure.supylabel("loss: mean squared error of what the network predicts", color=MUTED, fontsize="medium")
    return figure
