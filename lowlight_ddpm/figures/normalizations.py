"""The small networks: how much of x_t's mean each lets through, by normalization, prediction and loss."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lowlight_ddpm.figures import Inputs
from lowlight_ddpm.figures.style import BACKGROUND, CHANNELS, INK, LINE, MUTED, page
from lowlight_ddpm.study.hypotheses import SIGNAL
from lowlight_ddpm.study.small_networks import BY_LOSS, NORMALIZATIONS, PREDICTIONS, PREDICTS, Arm, of_arm

_COLOURS = dict(zip(PREDICTS, (colour for _, colour, _ in CHANNELS.values()), strict=True))
_APART = 0.24  # of a line, between what the three predictions have on it


def draw_small_networks(inputs: Inputs) -> Figure:
    """Left normalizations, a colour for each prediction; right losses and steps with 8 groups, epsilon."""
    rows = inputs.small_networks
    rows = rows.loc[rows.signal == SIGNAL, :]
    figure = page(4.4, layout="constrained")
    left, right = figure.subplots(1, 2, sharex=True)
    for line, normalization in enumerate(NORMALIZATIONS):
        for place, kind in enumerate(PREDICTIONS):
            _dots(left, rows, Arm(normalization, kind), line + _APART * (place - 1), _COLOURS[kind])
    for line, arm in enumerate(BY_LOSS):
        _dots(right, rows, arm, line, _COLOURS["epsilon"])
    for axes, names, title in (
        (left, list(NORMALIZATIONS), "Normalization, 1,000 steps"),
        (right, [_loss(arm) for arm in BY_LOSS], "Loss, 8 groups predicting epsilon"),
    ):
        axes.set_yticks(range(len(names)), names)
        axes.set_ylim(len(names) - 0.5, -0.5)
        axes.set_title(title)
    left.set_xlim(min(0, rows.kept.min()) - 0.05, max(1, rows.kept.max()) + 0.1)
    for kind, name in PREDICTS.items():
        left.plot([], [], "o", color=_COLOURS[kind], label=name)
    left.plot([], [], "o", color=MUTED, markerfacecolor=BACKGROUND, label="1 cycle")
    left.plot([], [], color=INK, linestyle="--", linewidth=1.1, label="perfect, mean")
    left.legend(frameon=False, loc="lower right", labelcolor=MUTED)
    figure.supxlabel(
        f"part of a grey tint of xₜ that is in x₀, √ᾱ = {SIGNAL:g}", color=MUTED, fontsize="medium"
    )
    return figure


def _dots(axes: Axes, rows: pd.DataFrame, arm: Arm, height: float, colour: str) -> None:
    """A dot for each seed: filled for the mean, hollow for one cycle; dashed is a perfect denoiser's mean."""
    shown = of_arm(rows, arm)
    for cycles, inside in ((1, BACKGROUND), (0, colour)):
        kept = shown.loc[shown.cycles == cycles, "kept"]
        axes.plot([kept.min(), kept.max()], [height, height], color=LINE, linewidth=2.5, zorder=1)
        axes.plot(kept, [height] * len(kept), "o", color=colour, markerfacecolor=inside, markersize=5)
    for perfect in shown.loc[shown.cycles == 0, "perfect"].unique():
        axes.plot([perfect] * 2, [height - 0.4, height + 0.4], color=INK, linestyle="--", linewidth=1.1)


def _loss(arm: Arm) -> str:
    """In two lines: the loss, and how many steps."""
    loss = f"offset noise {arm.offset_noise:g}" if arm.offset_noise else f"mean × {arm.mean_weight:,.0f}"
    return f"{loss}\n{arm.steps:,} steps"
