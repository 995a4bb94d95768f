"""Where a result is too bright and where too dark, as HTML."""

from lowlight_ddpm.metrics.colour import signed_error
from lowlight_ddpm.metrics.error_map import COLOURS, coloured, limit_for
from lowlight_ddpm.ui.html.png import data_uri, proportions
from lowlight_ddpm.ui.session import Run

NONE_YET = "After a run, every pixel's error is shown here."
NO_INPUT = "What starts from pure noise has no input to be held against."
LEGEND = "Result minus dimmed input, of 255. Black: no error."
_SCALE = ", ".join("rgb({} {} {})".format(*colour) for colour in COLOURS)


def errors(run: Run | None) -> str:
    """The error of the mean of R, G, B and of each, in one scale whatever the exposure."""
    if run is None or run.generates:
        return f'<p class="empty">{NONE_YET if run is None else NO_INPUT}</p>'
    error = signed_error(run.result, run.dim)
    limit = limit_for(error)
    maps = {"Mean": error.mean(dim=0)} | dict(zip(("Red", "Green", "Blue"), error, strict=True))
    pictures = "".join(
        f'<figure><img alt="{_said(name, values.mean().item())}" src="{data_uri(coloured(values, limit))}">'
        f"<figcaption>{name} <b>{values.mean().item():+.1f}</b></figcaption></figure>"
        for name, values in maps.items()
    )
    scale = (
        f'<div class="scale"><span>−{limit} too dark</span><i style="background: linear-gradient(90deg, '
        f'{_SCALE})"></i><span>too bright +{limit}</span></div>'
    )
    return f'<div class="maps"{proportions(run.result)}>{pictures}</div>{scale}<p class="legend">{LEGEND}</p>'


def _said(name: str, mean: float) -> str:
    what = "The mean of red, green and blue" if name == "Mean" else name
    return f"Error map. {what} is off by {mean:+.1f} of 255 on average"
