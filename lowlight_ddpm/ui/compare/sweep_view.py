"""A grid of runs as HTML: a heat map of one measure, a picture in every cell, each a button to its run."""

from collections.abc import Callable
from dataclasses import dataclass
from html import escape

from lowlight_ddpm.analysis.compare import Outcome
from lowlight_ddpm.analysis.sweep import AXES, MEASURES, Value, shade, share, span
from lowlight_ddpm.diffusion.samplers import SAMPLERS
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.images.dimming import LIGHTS
from lowlight_ddpm.ui.compare.outcomes_view import picture
from lowlight_ddpm.ui.compare.trials import Trials
from lowlight_ddpm.ui.components.controls import VARIANCES
from lowlight_ddpm.ui.components.run_view import gain
from lowlight_ddpm.variants import find_variant

_STOPS = 11  # colours that the scale below the map is drawn with


@dataclass(frozen=True)
class Grid:
    """Which settings the two axes of a map are, and their values."""

    across: str
    columns: tuple[Value, ...]
    down: str
    rows: tuple[Value, ...]


_NAMED: dict[str, Callable[[str], str]] = {
    "variant": lambda name: find_variant(name).title,
    "light": lambda name: LIGHTS[name].title,
    "sampler": lambda name: SAMPLERS[name].title,
    "variance_type": lambda name: VARIANCES[name],
}


def label(axis: str, value: Value) -> str:
    """A value of an axis for people."""
    if axis in _NAMED:
        return _NAMED[axis](value)
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}"


def heat_map(trials: Trials, grid: Grid, measure: str, brightened: bool) -> str:
    """The table of cells, its scale, and why some cells are impossible."""
    row = MEASURES[measure]
    values = [value for outcome in trials.outcomes if (value := row.read(outcome)) is not None]
    limits = span(values) if values else None
    head = "".join(f'<th scope="col">{escape(label(grid.across, value))}</th>' for value in grid.columns)
    body = ""
    for number, value in enumerate(grid.rows):
        first = number * len(grid.columns)
        cells = "".join(
            _cell(trials, first + place, row, limits, brightened) for place in range(len(grid.columns))
        )
        body += f'<tr><th scope="row">{escape(label(grid.down, value))}</th>{cells}</tr>'
    across, down = escape(AXES[grid.across].title), escape(AXES[grid.down].title)
    caption = f"{escape(row.title)}: {escape(row.meaning)}"
    wide = f'colspan="{len(grid.columns)}"'
    return (
        f'<div class="heat"><table><caption>{caption}</caption>'
        f'<thead><tr><td></td><th class="axis" scope="colgroup" {wide}>{across}</th></tr>'
        f'<tr><th class="axis" scope="col">{down}</th>{head}</tr></thead><tbody>{body}</tbody></table>'
        f"{_scale(row, limits)}{_reasons(trials)}</div>"
    )


def _cell(trials: Trials, index: int, measure, limits: tuple | None, brightened: bool) -> str:
    known = trials.found[index]
    if isinstance(known, Refusal):
        return f'<td class="none" title="{escape(str(known))}">not possible</td>'
    if known is None:
        running = trials.busy and index in trials.running
        return f'<td class="open">{"running" if running else "–"}</td>'
    value = measure.read(known)
    written = "n/a" if value is None else format(value, measure.form)
    ground, ink = ("#222327", "#ececec") if value is None else shade(share(value, *limits))
    return (
        f'<td><button type="button" data-value="{escape(trials.query(index))}" '
        f'style="background:{ground};color:{ink}">{_thumbnail(known, brightened)}'
        f'<b>{written}</b><span class="sr">, open in Watch</span></button></td>'
    )


def _thumbnail(outcome: Outcome, brightened: bool) -> str:
    return f'<img alt="" src="{picture(outcome, gain(outcome.settings, brightened))}"/>'


def _scale(measure, limits: tuple | None) -> str:
    low, high = (format(value, measure.form) for value in limits) if limits else ("low", "high")
    colours = ", ".join(shade(stop / (_STOPS - 1))[0] for stop in range(_STOPS))
    bar = f'<span class="bar" style="background:linear-gradient(to right, {colours})"></span>'
    return f'<p class="scale"><span>{low}</span>{bar}<span>{high}</span></p>'


def _reasons(trials: Trials) -> str:
    reasons = dict.fromkeys(str(known) for known in trials.found if isinstance(known, Refusal))
    items = "".join(f"<li>{escape(reason)}</li>" for reason in reasons)
    return f'<p>Not possible:</p><ul class="reasons">{items}</ul>' if reasons else ""
