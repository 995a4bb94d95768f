"""A part of the tab Compare: a grid of runs over two settings, and the heat map of a measure.

Every condition of the map shows its result, and is a button to its run.
"""

from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import Any

import gradio as gr

from lowlight_ddpm.analysis.compare import Outcome
from lowlight_ddpm.analysis.sweep import AXES, MEASURES, Value, settings_grid, shade, share, span
from lowlight_ddpm.diffusion.samplers import SAMPLERS
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.images.photometry import LIGHTS
from lowlight_ddpm.ui.compare.trials import Trials, picture
from lowlight_ddpm.ui.components.jobs import Course, Launcher, Slot
from lowlight_ddpm.ui.components.run_view import gain
from lowlight_ddpm.ui.components.widgets import ButtonsHTML
from lowlight_ddpm.ui.components.words import MEAN_CORRECTIONS, VARIANCES
from lowlight_ddpm.ui.messages import at_once, skip
from lowlight_ddpm.ui.session import Session
from lowlight_ddpm.variants import VARIANTS, find_variant

ACROSS, DOWN = "steps", "start"
READY = "Ready. Finished conditions are never run again."
_STOPS = 11  # colours that the scale below the map is drawn with

_NAMED: dict[str, Callable[[Any], str]] = {
    "variant": lambda name: find_variant(name).title,
    "light": lambda name: LIGHTS[name].title,
    "sampler": lambda name: SAMPLERS[name].title,
    "variance_type": lambda name: VARIANCES[name],
    "mean_correction": lambda name: MEAN_CORRECTIONS[name],
}


@dataclass(frozen=True)
class Grid:
    """Which settings the two axes of a map are, and their values."""

    across: str
    columns: tuple[Value, ...]
    down: str
    rows: tuple[Value, ...]


@dataclass(kw_only=True)
class Swept(Trials):
    """The trials of a grid, row by row, and the measure that its map shows."""

    grid: Grid
    measure: str


class Sweep:
    """Layout and wiring, built in the current column."""

    def __init__(self, names: list[str], session: Session, shared: tuple[Any, ...]) -> None:
        self.names = names
        first = "dim" if "dim" in names else names[0]
        axes = [(axis.title, name) for name, axis in AXES.items()]
        self.variant = gr.Dropdown(
            [(VARIANTS[name].title, name) for name in names],
            value=first,
            label="Network",
            info="Settings on no axis come from the controls, or else from how this network was trained.",
            filterable=False,
        )
        with gr.Row(elem_classes="abreast"):
            self.across, self.columns = self._axis("Across", axes, ACROSS)
            self.down, self.rows = self._axis("Down", axes, DOWN)
        self.measure = gr.Dropdown(
            [(row.title, name) for name, row in MEASURES.items()],
            value=next(iter(MEASURES)),
            label="Measure",
            info="Can be changed at any time: nothing runs again.",
            filterable=False,
        )
        self.launcher = Launcher("Run the grid", "sweep", READY)
        proposed = (self._proposed(ACROSS), DOWN, self._proposed(DOWN))
        opening = make(session, self.measure.value, first, ACROSS, *proposed, *shared)
        self.map = ButtonsHTML(draw(session, opening), elem_id="heat-map", padding=False)

    def _axis(self, title: str, axes: list[Any], name: str) -> tuple[gr.Dropdown, gr.CheckboxGroup]:
        with gr.Column(min_width=240):
            axis = gr.Dropdown(axes, value=name, label=title, filterable=False)
            values = gr.CheckboxGroup(
                self._offered(name), value=self._proposed(name), label=f"Values {title.lower()}"
            )
        return axis, values

    def _offered(self, name: str) -> list[tuple[str, Value]]:
        values = self.names if name == "variant" else AXES[name].values
        return [(label(name, value), value) for value in values]

    def _proposed(self, name: str) -> list[Value]:
        offered = [value for _, value in self._offered(name)]
        return [value for value in AXES[name].proposed if value in offered] or offered[:3]

    def _values(self, name: str) -> gr.CheckboxGroup:
        return gr.CheckboxGroup(self._offered(name), value=self._proposed(name))

    def wire(self, tab: gr.Tab, session: gr.State, shared: list[Any]) -> None:
        """`shared` are start, steps, seed and brightness."""
        axes = [self.across, self.columns, self.down, self.rows]
        inputs = [self.measure, self.variant, *axes, *shared]
        for axis, values in ((self.across, self.columns), (self.down, self.rows)):
            at_once(axis.input, self._values, axis, values)
        controls = (self.variant, self.columns, self.rows, *shared)
        changes = [tab.select, *(control.change for control in controls)]
        self.launcher.wire(Course(make, draw), session, inputs, self.map, changes)
        at_once(self.measure.input, measure, [session, self.launcher.slot, self.measure], self.map)


def make(
    session: Session,
    measured: str,
    variant: str,
    across: str,
    columns: list[Value],
    down: str,
    rows: list[Value],
    *shared,
) -> Swept:
    """The grid that the controls ask for. Raises Refusal where there can be none."""
    start, steps, seed, brightness = shared
    given = {"variant": variant, "start": start, "steps": steps, "seed": seed}
    given["brightness"] = brightness or None
    grid = Grid(across, _ordered(across, columns), down, _ordered(down, rows))
    asked = settings_grid(given, across, grid.columns, down, grid.rows)
    return Swept(session.picked, [one for row in asked for one in row], grid=grid, measure=measured)


def draw(session: Session, swept: Swept) -> str:
    """The map as it stands."""
    return heat_map(swept, swept.grid, swept.measure, session.brightened)


def measure(session: Session, slot: Slot[Swept], name: str) -> str:
    """The same outcomes by another measure."""
    if slot.job is None:
        return skip()
    slot.job.measure = name
    return draw(session, slot.job)


def _ordered(axis: str, values: list[Value]) -> tuple[Value, ...]:
    """The ticked values as the axis has them, in whatever order they were ticked."""
    order = VARIANTS if axis == "variant" else AXES[axis].values  # a variant may have been added to the table
    return tuple(value for value in order if value in values)


def label(axis: str, value: Value) -> str:
    """A value of an axis for people."""
    if axis in _NAMED:
        return _NAMED[axis](value)
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}"


def heat_map(trials: Trials, grid: Grid, measure: str, brightened: bool) -> str:
    """The table of conditions, its scale, and why some of them are impossible."""
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


def _cell(trials: Trials, index: int, measure, limits: tuple[Any, ...] | None, brightened: bool) -> str:
    known = trials.found[index]
    if isinstance(known, Refusal):
        return f'<td class="none" title="{escape(str(known))}">not possible</td>'
    if known is None:
        running = trials.busy and index in trials.running
        return f'<td class="open">{"running" if running else "–"}</td>'
    value = measure.read(known)
    written = "n/a" if value is None else format(value, measure.form)
    background, ink = "#222327", "#ececec"
    if value is not None and limits is not None:
        background, ink = shade(share(value, *limits))
    return (
        f'<td><button type="button" data-value="{escape(trials.query(index))}" '
        f'style="background:{background};color:{ink}">{_thumbnail(known, brightened)}'
        f'<b>{written}</b><span class="sr">, open in Play</span></button></td>'
    )


def _thumbnail(outcome: Outcome, brightened: bool) -> str:
    return f'<img alt="" src="{picture(outcome, gain(outcome.settings, brightened))}"/>'


def _scale(measure, limits: tuple[Any, ...] | None) -> str:
    low, high = (format(value, measure.form) for value in limits) if limits else ("low", "high")
    colours = ", ".join(shade(stop / (_STOPS - 1))[0] for stop in range(_STOPS))
    bar = f'<span class="bar" style="background:linear-gradient(to right, {colours})"></span>'
    return f'<p class="scale"><span>{low}</span>{bar}<span>{high}</span></p>'


def _reasons(trials: Trials) -> str:
    reasons = dict.fromkeys(str(known) for known in trials.found if isinstance(known, Refusal))
    items = "".join(f"<li>{escape(reason)}</li>" for reason in reasons)
    return f'<p>Not possible:</p><ul class="reasons">{items}</ul>' if reasons else ""
