"""Figure 4.2: the network, drawn from the configuration in a checkpoint."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from lowlight_ddpm.figures import Inputs
from lowlight_ddpm.figures.style import HEADING, INK, MUTED, WIDTH, page

# All lengths in inches. Kinds of layers are told apart by lightness too.
_KINDS = {
    "ResNet": ("#8db8de", "ResNet layer, told the timestep"),
    "attention": ("#e08a2e", "self-attention"),
    "convolution": ("#8b949e", "convolution"),
}
_TOP, _ROW = 1.3, 0.98  # the finest level's middle, and from level to level
_TALLEST, _SHRINK = 0.72, 0.8  # a layer's height at the finest level, and its ratio from level to level
_LEFT, _RIGHT = 2.2, 8.1  # the first ResNet layer of the way down, the last of the way up
_BOTTOM = 1.6  # width of the middle block
_ANSWERS = {"epsilon": r"$\epsilon$", "v_prediction": "$v$", "sample": "$x_0$"}


@dataclass(frozen=True)
class Level:
    """A level of the U: images `side` pixels wide, `channels` deep, and its layers on either side."""

    side: int
    channels: int
    down: tuple[str, ...]
    up: tuple[str, ...]
    skips: int


def levels(config: Mapping[str, Any]) -> list[Level]:
    """What UNet2DModel builds from its configuration, from the finest level to the coarsest.

    Whatever enters a level's ResNet layers on the way down, and leaves each of them, skips to the way up,
    which so has one ResNet layer more. Attention follows each of a level that has it.
    """
    found, layers = [], config["layers_per_block"]
    for number, channels in enumerate(config["block_out_channels"]):
        kinds = config["down_block_types"][number], config["up_block_types"][-1 - number]
        down, up = (
            (("ResNet", "attention") if "Attn" in kind else ("ResNet",)) * count
            for kind, count in zip(kinds, (layers, layers + 1), strict=True)
        )
        found.append(Level(config["sample_size"] // 2**number, channels, down, up, layers + 1))
    return found


def draw_unet(inputs: Inputs, variant: str) -> Figure:
    """The way down on the left, the way up on the right, the skips between them."""
    checkpoint = inputs.checkpoint(variant)
    config, rows = checkpoint.unet.config, levels(checkpoint.unet.config)
    height = _TOP + _ROW * len(rows) + 0.4
    figure = page(height)
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, WIDTH), ylim=(height, 0))
    axes.axis("off")
    million = sum(weights.numel() for weights in checkpoint.unet.parameters()) / 1e6
    axes.text(0.3, 0.33, f"UNet of {variant}: {million:.2f} million weights", fontsize=HEADING, weight="bold")
    _key(axes, 0.3, 0.62)

    steps = sum(len(row.down) + len(row.up) - 2 for row in rows)
    pitch = min(0.3, (_RIGHT - _LEFT - _BOTTOM) / max(1, steps))
    x = _LEFT
    downs, ups = [], []
    for row in rows:
        downs.append([x + pitch * place for place in range(len(row.down))])
        x = downs[-1][-1]
    middle = [x, x + _BOTTOM / 2, x + _BOTTOM]
    x = middle[-1]
    for row in reversed(rows):
        ups.insert(0, [x + pitch * place for place in range(len(row.up))])
        x = ups[0][-1]

    for number, (row, down, up) in enumerate(zip(rows, downs, ups, strict=True)):
        y, tall = _TOP + _ROW * number, _TALLEST * _SHRINK**number
        _skip(axes, row, down[-1] + pitch / 2, up[0] - pitch / 2, y)
        for xs, kinds in ((down, row.down), (up, row.up)):
            _chain(axes, xs, y, kinds, pitch, tall)
        below = y + _ROW - tall * _SHRINK / 2 if number + 1 < len(rows) else y + _ROW - tall / 2
        _arrow(axes, (down[-1], y + tall / 2), (down[-1], below))
        _arrow(axes, (up[0], below), (up[0], y + tall / 2))
        _size(axes, row, y)
    kinds = ("ResNet", "attention", "ResNet") if config["add_attention"] else ("ResNet", "ResNet")
    bottom = _TOP + _ROW * len(rows)
    _size(axes, rows[-1], bottom)
    places = middle if config["add_attention"] else middle[::2]
    _chain(axes, places, bottom, kinds, pitch, _TALLEST * _SHRINK ** (len(rows) - 1))

    answer = _ANSWERS[checkpoint.variant.prediction_type]
    for edge, outwards, symbol in ((downs[0][0], -1, "$x_t$"), (ups[0][-1], 1, answer)):
        convolution, end = edge + outwards * 0.3, edge + outwards * 0.62
        half = 0.33 * pitch
        _arrow(axes, *sorted([(end, _TOP), (convolution + outwards * half, _TOP)]))
        axes.plot([edge, convolution], [_TOP, _TOP], color=MUTED, linewidth=1, zorder=1)
        _layer(axes, convolution, _TOP, "convolution", pitch, _TALLEST)
        axes.text(end + outwards * 0.12, _TOP, symbol, ha="center", va="center", fontsize=14)
    return figure


def _chain(axes: Axes, xs: list[float], y: float, kinds: tuple[str, ...], pitch: float, tall: float) -> None:
    axes.plot([xs[0], xs[-1]], [y, y], color=MUTED, linewidth=1, zorder=1)
    for x, kind in zip(xs, kinds, strict=True):
        _layer(axes, x, y, kind, pitch, tall)


def _layer(axes: Axes, x: float, y: float, kind: str, pitch: float, tall: float) -> None:
    wide = 0.66 * pitch
    shape = FancyBboxPatch(
        (x - wide / 2, y - tall / 2),
        wide,
        tall,
        boxstyle=f"round,pad=0,rounding_size={min(0.04, wide / 3)}",
        facecolor=_KINDS[kind][0],
        edgecolor="none",
        zorder=2,
    )
    axes.add_patch(shape)


def _size(axes: Axes, row: Level, y: float) -> None:
    axes.text(0.3, y - 0.04, f"{row.side} × {row.side} px", va="bottom", weight="bold")
    axes.text(0.3, y + 0.04, f"{row.channels} channels", va="top", color=MUTED)


def _skip(axes: Axes, row: Level, left: float, right: float, y: float) -> None:
    style = {"arrowstyle": "-|>", "color": MUTED, "linewidth": 1, "linestyle": (0, (4, 3)), "shrinkA": 0}
    axes.annotate("", (right, y), (left, y), arrowprops=style | {"shrinkB": 0})
    axes.text((left + right) / 2, y - 0.07, f"{row.skips} skips", ha="center", color=MUTED)


def _arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    style = {"arrowstyle": "-|>", "color": INK, "linewidth": 1.1, "shrinkA": 1, "shrinkB": 1}
    axes.annotate("", end, start, arrowprops=style)


def _key(axes: Axes, x: float, y: float) -> None:
    for kind, (_, meaning) in _KINDS.items():
        _layer(axes, x + 0.06, y, kind, 0.18, 0.18)
        axes.text(x + 0.2, y, meaning, va="center", color=MUTED)
        x += 0.5 + 0.068 * len(meaning)
