"""The post's schedules and the known cure in a table whose buttons dial them in."""

from html import escape

from lowlight_ddpm.diffusion.curves import Curves
from lowlight_ddpm.ui.schedule.curves_view import kept_colour, percent
from lowlight_ddpm.variants import find_variant

# By the experiment that is trained with each.
SCHEDULES = {
    "dim": "The post's control",
    "dim-deep-low": "Low betas",
    "dim-deep-mid": "Middle betas",
    "dim-deep-high": "High betas",
    "dim-deep-zsnr": "Zero terminal SNR",
}


def schedule(name: str) -> Curves:
    """The schedule of that name in SCHEDULES."""
    return Curves.trained(find_variant(name))


def table(variant: str) -> str:
    """HTML: what the last timestep of each schedule tells of pictures like those that a variant learned."""
    rows = "".join(_row(name, title, variant) for name, title in SCHEDULES.items())
    heads = "".join(f'<th scope="col">{head}</th>' for head in ("Dial in", "Signal at 999", "Colour kept"))
    return (
        '<table class="schedules"><caption>What is left at the last timestep</caption>'
        f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
    )


def _row(name: str, title: str, variant: str) -> str:
    curves = schedule(name)
    betas = f"{curves.beta_start:g} to {curves.beta_end:g}"
    button = f'<button type="button" data-value="{name}">{escape(title)} <span>{betas}</span></button>'
    figures = (curves.signal[-1].item(), kept_colour(curves, variant))
    cells = "".join(f"<td>{escape(percent(figure))}</td>" for figure in figures)
    return f'<tr><th scope="row">{button}</th>{cells}</tr>'
