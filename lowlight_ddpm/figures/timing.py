"""How long runs take, as `make bench` has recorded it."""

from matplotlib.figure import Figure

from lowlight_ddpm.figures.inputs import Inputs
from lowlight_ddpm.figures.style import INK, MUTED, page

_AXES = {
    "steps": "Steps",
    "pictures": "Pictures",
    "pixels": "Pixels",
    "variants": "Variants",
    "users": "Users at once",
}


def draw_timing(inputs: Inputs) -> Figure:
    """Seconds against five amounts; the line goes from the first of each to its last."""
    curves = inputs.record("results", "bench")["growth"]
    figure = page(2.5, layout="constrained")
    for axes, (name, title) in zip(figure.subplots(1, len(_AXES)), _AXES.items(), strict=True):
        amounts, seconds = zip(*curves[name], strict=True)
        axes.plot(amounts[:: len(amounts) - 1], seconds[:: len(seconds) - 1], color=MUTED, linewidth=1)
        axes.plot(amounts, seconds, "o", color=INK, markersize=5)
        axes.set_title(title)
        axes.set_xlim(0, None)
        axes.set_ylim(0, None)
        axes.locator_params(nbins=4)
        axes.xaxis.get_major_locator().set_params(integer=True)
        if name == "pixels":
            axes.xaxis.set_major_formatter(lambda value, _: f"{value / 1000:g}k")
    figure.axes[0].set_ylabel("seconds")
    return figure
