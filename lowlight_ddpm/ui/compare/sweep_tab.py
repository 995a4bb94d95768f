"""A part of the tab Compare: a grid of runs over two settings, and the heat map of a measure."""

from dataclasses import dataclass

import gradio as gr

from lowlight_ddpm.analysis.sweep import AXES, MEASURES, Value, cells
from lowlight_ddpm.ui.compare.sweep_view import Grid, heat_map, label
from lowlight_ddpm.ui.compare.trials import Trials
from lowlight_ddpm.ui.components.choices import Choices
from lowlight_ddpm.ui.components.jobs import Course, Launcher, Slot
from lowlight_ddpm.ui.messages import SILENT
from lowlight_ddpm.ui.session import Session
from lowlight_ddpm.variants import VARIANTS

ACROSS, DOWN = "steps", "start"
READY = "Ready. Finished cells are never run again."


@dataclass(kw_only=True)
class Swept(Trials):
    """The trials of a grid, row by row, and the measure that its map shows."""

    grid: Grid
    measure: str


class Sweep:
    """Layout and wiring, built in the current column."""

    def __init__(self, names: list[str], session: Session, shared: tuple) -> None:
        self.names = names
        first = "dim" if "dim" in names else names[0]
        axes = [(axis.title, name) for name, axis in AXES.items()]
        self.variant = gr.Dropdown(
            [(VARIANTS[name].title, name) for name in names],
            value=first,
            label="Network",
            info="Whatever is on no axis is as this network was trained, and as the controls say.",
            filterable=False,
        )
        with gr.Row(elem_classes="abreast"):
            self.across, self.columns = self._axis("Across", axes, ACROSS)
            self.down, self.rows = self._axis("Down", axes, DOWN)
        self.measure = gr.Dropdown(
            [(row.title, name) for name, row in MEASURES.items()],
            value=next(iter(MEASURES)),
            label="Measure",
            info="May be switched at any time: nothing is run again for it.",
            filterable=False,
        )
        self.launcher = Launcher("Run the grid", "sweep", READY)
        proposed = (self._proposed(ACROSS), DOWN, self._proposed(DOWN))
        opening = make(session, self.measure.value, first, ACROSS, *proposed, *shared)
        self.map = Choices(draw(session, opening), elem_id="heat-map", padding=False)

    def _axis(self, title: str, axes: list, name: str) -> tuple[gr.Dropdown, gr.CheckboxGroup]:
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

    def wire(self, tab: gr.Tab, session: gr.State, shared: list) -> None:
        """`shared` are start, steps, seed and brightness."""
        axes = [self.across, self.columns, self.down, self.rows]
        inputs = [self.measure, self.variant, *axes, *shared]
        for axis, values in ((self.across, self.columns), (self.down, self.rows)):
            axis.input(self._values, axis, values, **SILENT)
        controls = (self.variant, self.columns, self.rows, *shared)
        changes = [tab.select, *(control.change for control in controls)]
        self.launcher.wire(Course(make, draw), session, inputs, self.map, changes)
        self.measure.input(measure, [session, self.launcher.slot, self.measure], self.map, **SILENT)


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
    asked = cells(given, across, grid.columns, down, grid.rows)
    return Swept(session.picked, [cell for row in asked for cell in row], grid=grid, measure=measured)


def draw(session: Session, swept: Swept) -> str:
    """The map as it stands."""
    return heat_map(swept, swept.grid, swept.measure, session.brightened)


def measure(session: Session, slot: Slot, name: str) -> str:
    """The same outcomes by another measure."""
    if slot.job is None:
        return gr.skip()
    slot.job.measure = name
    return draw(session, slot.job)


def _ordered(axis: str, values: list[Value]) -> tuple[Value, ...]:
    """The ticked values as the axis has them, in whatever order they were ticked."""
    return tuple(value for value in AXES[axis].values if value in values)
