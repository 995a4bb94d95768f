"""Images in the page itself, as data URIs: one, two under a movable border, and maps of the error."""

from html import escape

from torch import Tensor

from lowlight_ddpm.images import display, photometry
from lowlight_ddpm.metrics.image import ERROR_COLOURS, coloured, limit_for, signed_error
from lowlight_ddpm.paths import STATIC
from lowlight_ddpm.runs.run import Run

LONGEST = 512  # pixels of a side that are sent; the page shows no image larger
SHARP = 128  # pixels of a side up to which the pixels of a square image can be told apart
WIPE_SCRIPT = (STATIC / "wipe.js").read_text(encoding="utf-8")
NONE_YET = "After a run, this shows the error of every pixel."
NO_INPUT = "Unconditional sampling has no input to compare the result with."
LEGEND = "Result − dimmed input, of 255. Black: no error."
_SCALE = ", ".join("rgb({} {} {})".format(*colour) for colour in ERROR_COLOURS)


def data_uri(x: Tensor, gain: float | None = None, longest: int = LONGEST) -> str:
    """One model-range image (3, H, W), shown with `gain` as `display.show` does, as the data URI of a PNG.

    An image with a side of more than `longest` pixels is made smaller.
    """
    return photometry.data_uri(display.to_image(x, gain), longest)


def proportions(x: Tensor | None) -> str:
    """The style attribute of what holds images like `x`: none for small squares, whose pixels stay sharp."""
    height, width = (SHARP, SHARP) if x is None else x.shape[-2:]
    if height == width <= SHARP:
        return ""
    return f' style="--proportions: {width} / {height}; --scaling: auto"'


def wiped(titles: tuple[str, str], uris: tuple[str, str], blank: str = "", style: str = "") -> str:
    """HTML of two images (under, over) on top of each other, their border moved with a range input.

    If `blank` is not empty, that sentence stands in their place. `style` is what `proportions` gives.
    """
    under, over = (escape(name) for name in titles)
    layers = f'<p class="blank">{blank}</p>'
    if not blank:
        layers = "".join(
            f'<img class="{layer}" alt="{name}" src="{uri}">'
            for layer, name, uri in zip(("under", "over"), (under, over), uris, strict=True)
        )
        layers += f'<input type="range" min="0" max="100" value="50" aria-label="Wipe: {over} to {under}">'
    return (
        f'<figure class="wipe"{style}><div class="pixels">{layers}</div>'
        f"<figcaption><span>{over}</span><span>{under}</span></figcaption></figure>"
    )


def errors(run: Run | None) -> str:
    """HTML of the error maps of the mean of R, G, B and of each channel, on one scale at any exposure."""
    if run is None or run.dim is None:
        return f'<p class="empty">{NONE_YET if run is None else NO_INPUT}</p>'
    error = signed_error(run.x0[0], run.dim[0])
    limit = limit_for(error)
    maps = {"Mean": error.mean(dim=0)} | dict(zip(("Red", "Green", "Blue"), error, strict=True))
    figures = "".join(
        f'<figure><img alt="{_alt(name, values.mean().item())}" src="{data_uri(coloured(values, limit))}">'
        f"<figcaption>{name} <b>{values.mean().item():+.1f}</b></figcaption></figure>"
        for name, values in maps.items()
    )
    scale = (
        f'<div class="scale"><span>−{limit} too dark</span><i style="background: linear-gradient(90deg, '
        f'{_SCALE})"></i><span>too bright +{limit}</span></div>'
    )
    return f'<div class="maps"{proportions(run.x0)}>{figures}</div>{scale}<p class="legend">{LEGEND}</p>'


def _alt(name: str, mean: float) -> str:
    what = "The mean of red, green and blue" if name == "Mean" else name
    return f"Error map. {what} is off by {mean:+.1f} of 255 on average"
