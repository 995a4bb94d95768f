"""The cells of the protocol as a table that is sorted in the browser; what is shown is chosen here."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import escape
from typing import Any

import gradio as gr
import pandas as pd

from lowlight_ddpm.diffusion.samplers import SAMPLERS
from lowlight_ddpm.diffusion.settings import RunSettings, run_settings
from lowlight_ddpm.images.dimming import LIGHTS
from lowlight_ddpm.images.sources import DRAWN, FRUIT
from lowlight_ddpm.paths import STATIC
from lowlight_ddpm.study import results
from lowlight_ddpm.study.protocol import FINE_STEPS, STEPS, STEPS_FROM
from lowlight_ddpm.ui.components.choices import SCRIPT
from lowlight_ddpm.ui.components.controls import VARIANCES, steps_in_words
from lowlight_ddpm.ui.findings.measured import Measured, shown_as
from lowlight_ddpm.ui.links import query_of
from lowlight_ddpm.variants import VARIANTS

SORT = STATIC / "results_table.js"
ALL = "all"
# What a visitor may ask for -> the cell's start timestep, or its steps from pure noise.
RESTORES = {f"Restored from {start}": start for start in (300, 600, 999, 50) if start in STEPS_FROM}
GENERATES = {f"From pure noise, {steps} steps": steps for steps in (STEPS, FINE_STEPS)}
TASKS = (*RESTORES, *GENERATES)
PICTURES = (DRAWN, "photographs", FRUIT)
OWN = "as trained"
NO_PICTURES = " These pictures are not at hand here, so that none of their runs can be opened in Watch."
VARIANCE_TYPES = {OWN: None, "small": "fixed_small", "large": "fixed_large"}


@dataclass(frozen=True)
class Column:
    """One column: its heading, what it means, and its text and sorting value for a cell."""

    title: str
    meaning: str
    write: Callable[[Any], str]
    value: Callable[[Any], float]


class ResultsTable(gr.HTML):
    """HTML of `table`: headings sort it in the browser, buttons are told to the server as Choices does."""

    def __init__(self, **kwargs) -> None:
        script = SCRIPT.read_text() + SORT.read_text()
        super().__init__(js_on_load=script, **kwargs)

    def get_block_name(self) -> str:
        """The browser draws it with gr.HTML's own code."""
        return "html"


def table(found: Measured, variant: str, task: str, pictures: str, variance: str, names: list[str]) -> str:
    """The cells that are asked for; `names` are the pictures at hand, of which a run can be opened."""
    restores = task in RESTORES
    cells = _chosen(found.restored if restores else found.generated, variant, task, pictures, variance)
    if cells.empty:
        return (
            '<p class="verdict">None of these cells has been measured yet.</p>'
            '<p class="how">Ask for another task, other pictures, or all networks.</p>'
        )
    query = _restorations(found, names) if restores else _samples
    columns = (*_HOW, *(_RESTORED if restores else _GENERATED))
    heads = "".join(_head(column.title, column.meaning) for column in columns)
    cells = list(cells.itertuples())
    queries = [query(cell) for cell in cells]
    opens = any(queries)
    run = '<th role="columnheader" scope="col"><span class="unseen">Run</span></th>' if opens else ""
    rows = "".join(
        _row(cell, columns, _button(query, cell) if opens else "")
        for cell, query in zip(cells, queries, strict=True)
    )
    caption = _caption(task, pictures, len(cells)) + ("" if opens else NO_PICTURES)
    return (
        f'<table class="cells" role="table"><caption>{escape(caption)}</caption><thead role="rowgroup">'
        f'<tr role="row">{_head("Network", "")}{heads}{run}</tr></thead>'
        f'<tbody role="rowgroup">{rows}</tbody></table>'
    )


def _chosen(cells: pd.DataFrame, variant: str, task: str, pictures: str, variance: str) -> pd.DataFrame:
    if cells.empty:
        return cells
    if task in RESTORES:
        cells = cells[(cells["start"] == RESTORES[task]) & (cells["source"].map(shown_as) == pictures)]
    else:
        cells = cells[cells["steps"] == GENERATES[task]]
    if variant != ALL:
        cells = cells[cells["variant"] == variant]
    wanted = VARIANCE_TYPES[variance]
    own = cells["variant"].map(lambda name: VARIANTS[name].variance_type)
    return cells[cells["variance_type"] == (wanted or own)]


def _caption(task: str, pictures: str, count: int) -> str:
    cells = "1 cell" if count == 1 else f"{count} cells"
    if task in RESTORES:
        return f"{task}: {cells}, means over sixteen {pictures} with two noises each."
    return f"{task}: {cells} of 64 pictures each."


def _head(title: str, meaning: str) -> str:
    hint = f' title="{escape(meaning)}"' if meaning else ""
    button = f'<button type="button" class="sorts"{hint}>{escape(title)}</button>'
    return f'<th role="columnheader" scope="col" aria-sort="none">{button}</th>'


def _row(cell, columns: tuple[Column, ...], last: str) -> str:
    row = VARIANTS[cell.variant]
    place = list(VARIANTS).index(cell.variant)
    title = f"{escape(row.title)} <span>{escape(cell.variant)}</span>"
    html = f'<th role="rowheader" scope="row" data-sort="{place}">{title}</th>'
    for column in columns:
        value, head = column.value(cell), escape(column.title)
        text = escape(column.write(cell))
        html += f'<td role="cell" data-head="{head}" data-sort="{value:.6g}">{text}</td>'
    return f'<tr role="row">{html}{last}</tr>'


def _button(query: str | None, cell) -> str:
    if query is None:
        return '<td role="cell"></td>'
    label = escape(f"Watch a typical run of {VARIANTS[cell.variant].title}")
    button = f'<button type="button" data-value="{escape(query)}" aria-label="{label}">Watch</button>'
    return f'<td role="cell" class="open">{button}</td>'


def _restorations(found: Measured, names: list[str]) -> Callable[[Any], str | None]:
    """A function from a cell to the query that runs its typical picture of those at hand, if there is one."""
    at_hand = found.rows[found.rows["picture"].isin(names)]
    typical = {_cell(row): (row.picture, row.run_seed) for row in results.typical(at_hand).itertuples()}

    def query(cell) -> str | None:
        if _cell(cell) not in typical:
            return None
        picture, seed = typical[_cell(cell)]
        return query_of(_settings(cell, start=cell.start, seed=seed), picture)

    return query


def _cell(row) -> tuple:
    return tuple(getattr(row, name) for name in results.CELL)


def _samples(cell) -> str:
    return query_of(_settings(cell, mode="generate"))


def _settings(cell, **settings) -> RunSettings:
    same = {
        name: getattr(cell, name)
        for name in ("variant", "brightness", "light", "steps", "sampler", "variance_type")
    }
    return run_settings(**same, **settings)


def _figure(title: str, meaning: str, name: str, form: str) -> Column:
    return Column(
        title, meaning, lambda cell: _written(getattr(cell, name), form), lambda cell: getattr(cell, name)
    )


def _written(value: float, form: str) -> str:
    # Adding 0.0 turns a rounded -0.0 into 0.0; an undefined value differs from itself.
    digits = int(form[-2])
    return "n/a" if value != value else format(round(value, digits) + 0.0, form).replace("-", "−")


def _border(name: str) -> Callable[[Any], list[float]]:
    return lambda cell: [getattr(cell, f"{name}_{axis}") for axis in "rgb"]


def _deviations(title: str, meaning: str, name: str) -> Column:
    read = _border(name)
    return Column(
        title,
        meaning,
        lambda cell: " ".join(f"{value:.1f}" for value in read(cell)),
        lambda cell: max(read(cell)),
    )


def _shifts(against: str) -> Iterator[Column]:
    for axis, colour in (("r", "red"), ("g", "green"), ("b", "blue")):
        yield _figure(f"Δ{axis.upper()}", f"{colour} less {against}, of 255", f"shift_{axis}", "+.1f")


_HOW = (
    Column(
        "Light",
        "brightness of the pictures, 1 is as taken, and how they were dimmed",
        lambda cell: (
            f"{cell.brightness:.2f}" + ("" if cell.light == results.USUAL["light"] else f", {cell.light}")
        ),
        lambda cell: cell.brightness + list(LIGHTS).index(cell.light) / 100,
    ),
    Column(
        "Sampler",
        "how a step is taken, and which variance it adds",
        steps_in_words,
        lambda cell: list(SAMPLERS).index(cell.sampler) + list(VARIANCES).index(cell.variance_type) / 10,
    ),
)
_RESTORED = (
    *_shifts("the input's"),
    _figure("Shift", "size of the shift of one picture, of 255, as at full brightness", "tint", ".1f"),
    _figure("ΔE", "distance of the mean colours, 1 is just visible", "delta_e", ".1f"),
    _figure("SSIM", "likeness of structure, 1 is equal", "ssim", ".3f"),
    _figure("PSNR", "dB, higher is closer", "psnr", ".1f"),
    _figure("Detail", "fine structure over the input's, 1 is as much", "detail", ".2f"),
)
_GENERATED = (
    *_shifts("the training set's"),
    _deviations(
        "Ground varies", "how much the border's R, G, B differ from picture to picture", "border_std"
    ),
    _deviations("In training", "the same of the pictures it has learned from", "training_border_std"),
    _figure("Nearest", "median distance to the nearest training picture, of 255", "nearest", ".1f"),
)
