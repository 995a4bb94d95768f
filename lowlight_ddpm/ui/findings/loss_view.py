"""The loss curves as HTML: a small plot for each training, all others pale behind it."""

import math
from collections.abc import Iterable
from html import escape

from lowlight_ddpm.study.loss_curves import LossCurve
from lowlight_ddpm.variants import VARIANTS

_MARKS = (1, 2, 5)


def losses(curves: dict[str, LossCurve]) -> str:
    """One plot for each training; the scale is logarithmic and the same for all."""
    if not curves:
        return '<p class="how">No training has recorded its losses yet.</p>'
    axis = _Axis(curves.values())
    return f'<div class="losses">{"".join(_plot(name, curves, axis) for name in curves)}</div>'


class _Axis:
    """From epochs and losses to per cent of a plot's width and height."""

    def __init__(self, curves: Iterable[LossCurve]) -> None:
        curves = list(curves)
        self.last = max(curve.epochs[-1] for curve in curves)
        self.low = math.log(min(curve.losses.min() for curve in curves)) - 0.1
        self.high = math.log(max(curve.losses.max() for curve in curves)) + 0.1

    def x(self, epoch: float) -> float:
        return round(100 * epoch / self.last, 2)

    def y(self, loss: float) -> float:
        return round(100 * (self.high - math.log(loss)) / (self.high - self.low), 2)

    def ticks(self) -> list[float]:
        """The round losses in sight."""
        powers = range(math.floor(self.low / math.log(10)), math.ceil(self.high / math.log(10)) + 1)
        rounds = [mark * 10.0**power for power in powers for mark in _MARKS]
        return [loss for loss in rounds if self.low <= math.log(loss) <= self.high]


def _plot(name: str, curves: dict[str, LossCurve], axis: _Axis) -> str:
    own = curves[name]
    pale = "".join(_line(axis, curve, "pale") for other, curve in curves.items() if other != name)
    heights = [(axis.y(tick), f"{tick:g}") for tick in axis.ticks()]
    grid = "".join(f'<line class="grid" x1="0" x2="100" y1="{y}" y2="{y}"/>' for y, _ in heights)
    ticks = "".join(f'<span class="tick" style="top:{y}%">{text}</span>' for y, text in heights)
    first, last = own.losses[0], own.losses[-1]
    said = f"Loss of {VARIANTS[name].title}: {first:.2g} at first, {last:.2g} at the end."
    return (
        f'<figure class="trace chart"><figcaption><b>{escape(VARIANTS[name].title)}</b> '
        f"{last:.2g} at the end</figcaption>"
        f'<div class="plot" role="img" aria-label="{escape(said)}">'
        '<svg viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true">'
        f"{grid}{pale}{_line(axis, own, 'dialled')}</svg>{ticks}</div>"
        f'<div class="steps"><span style="left:0%">0</span>'
        f'<span style="left:100%">{math.ceil(axis.last)}</span></div></figure>'
    )


def _line(axis: _Axis, curve: LossCurve, kind: str) -> str:
    points = " ".join(f"{axis.x(epoch)},{axis.y(loss)}" for epoch, loss in zip(*curve, strict=True))
    return f'<polyline class="{kind}" points="{points}"/>'
