"""The tables of the tab Experiments: every condition of the protocol, and photographs taken in the dark."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from html import escape
from typing import Any

import gradio as gr
import pandas as pd

from lowlight_ddpm.diffusion.samplers import SAMPLERS
from lowlight_ddpm.diffusion.settings import RunSettings, run_settings
from lowlight_ddpm.images.photometry import LIGHTS
from lowlight_ddpm.images.sources import DRAWN, FRUIT
from lowlight_ddpm.paths import STATIC
from lowlight_ddpm.report.dark_photographs import FIGURES, losses
from lowlight_ddpm.study import results
from lowlight_ddpm.study.protocol import FINE_STEPS, STEPS, STEPS_FROM
from lowlight_ddpm.ui.components.widgets import BUTTONS_SCRIPT
from lowlight_ddpm.ui.components.words import VARIANCES, steps_in_words
from lowlight_ddpm.ui.findings.claims_view import Measured, shown_as
from lowlight_ddpm.ui.session import query_of
from lowlight_ddpm.variants import VARIANTS

SORT = STATIC / "results_table.js"
ALL = "all"
# The tasks to choose from -> the start timestep of a condition, or its steps of unconditional sampling.
RESTORES = {f"Denoised from timestep {start}": start for start in (300, 600, 999, 50) if start in STEPS_FROM}
GENERATES = {f"Unconditional, {steps} steps": steps for steps in (STEPS, FINE_STEPS)}
TASKS = (*RESTORES, *GENERATES)
PICTURES = (DRAWN, "photographs", FRUIT)
OWN = "training default"
NO_PICTURES = " These images are not available here, so none of their runs can be opened in Play."
VARIANCE_TYPES = {OWN: None, "small": "fixed_small", "large": "fixed_large"}

NO_DARK = '<p class="how">Not measured yet: results/ has no photographs of the dark.</p>'


@dataclass(frozen=True)
class Column:
    """One column: its heading, its meaning, and the text and sorting value of a condition in it."""

    title: str
    meaning: str
    write: Callable[[Any], str]
    value: Callable[[Any], float]


class ResultsTable(gr.HTML):
    """A ButtonsHTML of `table` whose headings sort it in the browser."""

    def __init__(self, **kwargs) -> None:
        script = BUTTONS_SCRIPT.read_text(encoding="utf-8") + SORT.read_text(encoding="utf-8")
        super().__init__(js_on_load=script, **kwargs)

    def get_block_name(self) -> str:
        """The browser draws it with gr.HTML's own code."""
        return "html"


def table(found: Measured, variant: str, task: str, pictures: str, variance: str, names: list[str]) -> str:
    """HTML of the chosen conditions; a run can be opened with the images called `names`."""
    restores = task in RESTORES
    conditions = _chosen(found.restored if restores else found.generated, variant, task, pictures, variance)
    if conditions.empty:
        return (
            '<p class="verdict">None of these conditions has been measured yet.</p>'
            '<p class="how">Choose another task, other images, or all networks.</p>'
        )
    query = _restorations(found, names) if restores else _samples
    columns = (*_HOW, *(_RESTORED if restores else _GENERATED))
    heads = "".join(_head(column.title, column.meaning) for column in columns)
    conditions = list(conditions.itertuples())
    queries = [query(condition) for condition in conditions]
    opens = any(queries)
    run = '<th role="columnheader" scope="col"><span class="unseen">Run</span></th>' if opens else ""
    rows = "".join(
        _row(condition, columns, _button(query, condition) if opens else "")
        for condition, query in zip(conditions, queries, strict=True)
    )
    caption = _caption(task, pictures, len(conditions)) + ("" if opens else NO_PICTURES)
    return (
        f'<table class="cells" role="table"><caption>{escape(caption)}</caption><thead role="rowgroup">'
        f'<tr role="row">{_head("Network", "")}{heads}{run}</tr></thead>'
        f'<tbody role="rowgroup">{rows}</tbody></table>'
    )


def _chosen(conditions: pd.DataFrame, variant: str, task: str, pictures: str, variance: str) -> pd.DataFrame:
    if conditions.empty:
        return conditions
    if task in RESTORES:
        shown = conditions["source"].map(shown_as) == pictures
        conditions = conditions.loc[(conditions["start"] == RESTORES[task]) & shown]
    else:
        conditions = conditions.loc[conditions["steps"] == GENERATES[task]]
    if variant != ALL:
        conditions = conditions.loc[conditions["variant"] == variant]
    wanted = VARIANCE_TYPES[variance]
    own = conditions["variant"].map(lambda name: VARIANTS[name].variance_type)
    return conditions.loc[conditions["variance_type"] == (wanted or own)]


def _caption(task: str, pictures: str, count: int) -> str:
    conditions = "1 condition" if count == 1 else f"{count} conditions"
    if task in RESTORES:
        return f"{task}: {conditions}, means over sixteen {pictures} with two noise seeds each."
    return f"{task}: {conditions} of 64 images each."


def _head(title: str, meaning: str) -> str:
    hint = f' title="{escape(meaning)}"' if meaning else ""
    button = f'<button type="button" class="sorts"{hint}>{escape(title)}</button>'
    return f'<th role="columnheader" scope="col" aria-sort="none">{button}</th>'


def _row(condition, columns: tuple[Column, ...], last: str) -> str:
    row = VARIANTS[condition.variant]
    place = list(VARIANTS).index(condition.variant)
    title = f"{escape(row.title)} <span>{escape(condition.variant)}</span>"
    html = f'<th role="rowheader" scope="row" data-sort="{place}">{title}</th>'
    for column in columns:
        value, head = column.value(condition), escape(column.title)
        text = escape(column.write(condition))
        html += f'<td role="cell" data-head="{head}" data-sort="{value:.6g}">{text}</td>'
    return f'<tr role="row">{html}{last}</tr>'


def _button(query: str | None, condition) -> str:
    if query is None:
        return '<td role="cell"></td>'
    label = escape(f"Play a typical run of {VARIANTS[condition.variant].title}")
    button = f'<button type="button" data-value="{escape(query)}" aria-label="{label}">Play</button>'
    return f'<td role="cell" class="open">{button}</td>'


def _restorations(found: Measured, names: list[str]) -> Callable[[Any], str | None]:
    """A function from a condition to the query of a run of its typical image, among those called `names`."""
    available = found.rows.loc[found.rows["picture"].isin(names)]
    rows: Iterable[Any] = results.typical(available).itertuples()
    typical = {_key(row): (row.picture, row.run_seed) for row in rows}

    def query(condition) -> str | None:
        if _key(condition) not in typical:
            return None
        picture, seed = typical[_key(condition)]
        return query_of(_settings(condition, start=condition.start, seed=seed), picture)

    return query


def _key(row) -> tuple[Any, ...]:
    return tuple(getattr(row, name) for name in results.CONDITION_COLUMNS)


def _samples(condition) -> str:
    return query_of(_settings(condition, mode="generate"))


def _settings(condition, **settings) -> RunSettings:
    same = {
        name: getattr(condition, name)
        for name in ("variant", "brightness", "light", "steps", "sampler", "variance_type")
    }
    return run_settings(**same, **settings)


def _metric(title: str, meaning: str, name: str, form: str) -> Column:
    return Column(
        title, meaning, lambda row: _written(getattr(row, name), form), lambda row: getattr(row, name)
    )


def _written(value: float, form: str) -> str:
    # Adding 0.0 turns a rounded -0.0 into 0.0; an undefined value differs from itself.
    digits = int(form[-2])
    return "n/a" if value != value else format(round(value, digits) + 0.0, form).replace("-", "−")


def _deviations(title: str, meaning: str, name: str) -> Column:

    def read(condition) -> list[float]:
        return [getattr(condition, f"{name}_{axis}") for axis in "rgb"]

    return Column(
        title,
        meaning,
        lambda row: " ".join(f"{value:.1f}" for value in read(row)),
        lambda row: max(read(row)),
    )


def _shifts(against: str) -> Iterator[Column]:
    for axis, colour in (("r", "red"), ("g", "green"), ("b", "blue")):
        yield _metric(f"Δ{axis.upper()}", f"{colour} − {against}, of 255", f"shift_{axis}", "+.1f")


_HOW = (
    Column(
        "Dimming",
        "brightness of the images, 1 is undimmed, and how they were dimmed",
        lambda row: (
            f"{row.brightness:.2f}" + ("" if row.light == results.USUAL["light"] else f", {row.light}")
        ),
        lambda row: row.brightness + list(LIGHTS).index(row.light) / 100,
    ),
    Column(
        "Sampler",
        "how a step is computed, and which variance it adds",
        steps_in_words,
        lambda row: list(SAMPLERS).index(row.sampler) + list(VARIANCES).index(row.variance_type) / 10,
    ),
)
_RESTORED = (
    *_shifts("the input's"),
    _metric("Colour shift", "RMS over R, G, B of one image, of 255, as at full brightness", "tint", ".1f"),
    _metric("ΔE", "distance of the mean colours, 1 is just noticeable", "delta_e", ".1f"),
    _metric("SSIM", "structural similarity, 1 is equal", "ssim", ".3f"),
    _metric("PSNR", "dB, higher is closer", "psnr", ".1f"),
    _metric("Detail", "high-frequency detail / the input's, 1 is equal", "detail", ".2f"),
)
_GENERATED = (
    *_shifts("the training set's"),
    _deviations(
        "Background varies", "standard deviation of the border's R, G, B between images", "border_std"
    ),
    _deviations("In training", "the same of its training images", "training_border_std"),
    _metric(
        "Background error",
        "median distance of a border from the training set's mean one, of 255, as at full brightness",
        "ground_median",
        ".1f",
    ),
    Column(
        "Off",
        f"images whose background error exceeds {results.OFF:g} of 255",
        lambda row: f"{row.ground_share:.0%}",
        lambda row: row.ground_share,
    ),
    _deviations("Distance", "Wasserstein-1 from the training set's mean R, G, B, of 255", "distance_mean"),
    _deviations("By chance", "what as many training images come to", "chance_mean"),
    _metric("Nearest", "median distance to the nearest training image, of 255", "nearest", ".1f"),
    _metric("Held out", "the same of images that were held out", "held_out_nearest", ".1f"),
)


def darkness(rows: pd.DataFrame) -> str:
    """HTML: where networks lose, and a row for every method; `rows` is dark_photographs.method_table()."""
    if rows.empty:
        return NO_DARK
    sentences = "".join(f"<li>{escape(sentence)}</li>" for sentence in losses(rows))
    heads = "".join(f'<th role="columnheader" scope="col">{escape(head)}</th>' for head, _, _ in FIGURES)
    lines = "".join(_method(str(name), group) for name, group in rows.groupby("method", sort=False))
    caption = f"Means over {rows.pair.nunique()} photographs."
    return (
        f'<ul class="how">{sentences}</ul>'
        f'<table class="cells plain" role="table"><caption>{caption}</caption>'
        f'<thead role="rowgroup"><tr role="row"><th role="columnheader" scope="col">Method</th>{heads}</tr>'
        f'</thead><tbody role="rowgroup">{lines}</tbody></table>'
    )


def _method(name: str, group: pd.DataFrame) -> str:
    cells = "".join(
        f'<td role="cell" data-head="{escape(head)}">{format(group[column].mean(), form)}</td>'
        for head, column, form in FIGURES
    )
    return f'<tr role="row"><th role="rowheader" scope="row">{escape(name)}</th>{cells}</tr>'
