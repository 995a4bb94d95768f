"""How often each value of red, green and blue occurs in input and result, as inline SVG."""

from torch import Tensor

from lowlight_ddpm.metrics.colour import channel_means
from lowlight_ddpm.metrics.histograms import BINS, highest_of, histogram
from lowlight_ddpm.ui.session import Run

NAMES = ("red", "green", "blue")
NONE_YET = "After a run, its pixel values are counted here."
LEGEND = "How many pixels have each value, as square roots. Filled: the dimmed input. Line: the result."
LEGEND_ALONE = "How many pixels have each value, as square roots."


def histograms(run: Run | None) -> str:
    """One plot for each channel: the input as an area, the result as a line over it."""
    if run is None:
        return f'<p class="empty">{NONE_YET}</p>'
    pictures = [run.result] if run.generates else [run.result, run.dim]
    highest = highest_of(pictures)
    counted = [histogram(picture, highest).sqrt() for picture in pictures]
    top = max(shares.max().item() for shares in counted)
    means = [channel_means(picture)[0].tolist() for picture in pictures]
    plots = "".join(
        _plot(name, highest, [shares[c] / top for shares in counted], [mean[c] for mean in means])
        for c, name in enumerate(NAMES)
    )
    legend = LEGEND_ALONE if run.generates else LEGEND
    return f'<div class="histograms">{plots}</div><p class="legend">{legend}</p>'


def _plot(name: str, highest: int, heights: list[Tensor], means: list[float]) -> str:
    said = f"{name}: mean {means[0]:.1f} of 255" + (f", of the input {means[1]:.1f}" if means[1:] else "")
    outlines = [_outline(shares) for shares in heights]
    area = f'<polygon class="{name}" points="{outlines[1]}"/>' if outlines[1:] else ""
    return (
        f'<figure class="histogram" role="img" aria-label="Histogram of {said}">'
        f'<svg viewBox="0 0 {BINS} 100" preserveAspectRatio="none">{area}'
        f'<polyline class="{name}" points="{outlines[0]}"/></svg>'
        f"<div><span>0</span><span>{name}</span><span>{highest}</span></div></figure>"
    )


def _outline(shares: Tensor) -> str:
    """The steps along the tops of the bins, from the ground and back to it."""
    tops = [round(100 * (1 - share), 1) for share in shares.tolist()]
    steps = " ".join(f"{place},{top} {place + 1},{top}" for place, top in enumerate(tops))
    return f"0,100 {steps} {BINS},100"
