"""What the networks draw from pure noise, against the training set; and whether they repeat it."""

from collections.abc import Iterator

import pandas as pd

from lowlight_ddpm.figures.inputs import Inputs
from lowlight_ddpm.report.markdown import signed, table
from lowlight_ddpm.study import results
from lowlight_ddpm.study.bootstrap import Interval, interval
from lowlight_ddpm.study.protocol import FINE_STEPS, STEPS
from lowlight_ddpm.variants import VARIANTS

_AXES = "rgb"
_RATIO = 4  # that the cure must be better by


def colours(inputs: Inputs) -> str:
    """Mean colour of 64 samples of every variant less the training set's, raw and at full brightness."""
    heads = ("variant", "ΔR", "ΔG", "ΔB", "ΔR, ΔG, ΔB / brightness", "border's deviation", "training set's")
    return table(heads, _colour_lines(inputs))


def means(inputs: Inputs) -> str:
    """Mean colour of 64 samples of every variant and of its training set, raw, in 1/255."""
    lines = []
    for name, group in _by_variant(inputs):
        learned = inputs.learned(name)
        lines.append(
            (name, *(" ".join(f"{rows[f'mean_{a}'].mean():.1f}" for a in _AXES) for rows in (group, learned)))
        )
    return table(("variant", "its pictures, R G B", "what it learned from"), lines)


def cure(inputs: Inputs) -> str:
    """Zero terminal SNR with v beside the same network without: shift and the grounds' deviation."""
    lines = []
    for steps in (STEPS, FINE_STEPS):
        for name in ("dim-deep", "dim-deep-zsnr"):
            cell = _samples(inputs, name, steps)
            if cell is not None:
                shift, border = _worst(cell, "shift"), _worst(cell, "border_std")
                lines.append((name, str(steps), f"{shift:.2f}", f"{border:.2f}"))
    return table(("variant", "steps", "largest channel shift", "largest border deviation"), lines)


def repetition(inputs: Inputs) -> str:
    """How near samples come to the nearest training picture, beside pictures that were held out."""
    lines = []
    for name, group in _by_variant(inputs):
        if "nearest" not in group or group.nearest.isna().all():
            continue
        brightness = group.brightness.iloc[0]
        distances = group.nearest / brightness
        unseen = pd.Series(results.held_out_nearest(name, inputs.results)) / brightness
        nearer = (distances < unseen.min()).mean()
        figures = (distances.median(), distances.min(), unseen.median(), unseen.min())
        lines.append((name, *(f"{figure:.1f}" for figure in figures), f"{nearer:.0%}"))
    heads = (
        "variant", "samples, median", "samples, least", "held out, median", "held out, least",
        "samples nearer than any held out",
    )  # fmt: skip
    return table(heads, lines)


def _colour_lines(inputs: Inputs) -> Iterator[tuple[str, ...]]:
    for name, group in _by_variant(inputs):
        brightness, learned = VARIANTS[name].brightness, inputs.learned(name)
        shifts = []
        for axis in _AXES:
            column = f"mean_{axis}"
            own = group.assign(**{column: group[column] - learned[column].mean()})
            shifts.append(interval(own, column))
        full = ", ".join(f"{shift.mean / brightness:+.1f}".replace("-", "−") for shift in shifts)
        borders = (_deviations(rows) for rows in (group, learned))
        yield name, *(signed(Interval(*shift)) for shift in shifts), full, *borders


def _deviations(rows: pd.DataFrame) -> str:
    """The deviation of the border's R, G, B from picture to picture, in 1/255."""
    return " ".join(f"{rows[f'border_{axis}'].std(ddof=0):.1f}" for axis in _AXES)


def _by_variant(inputs: Inputs):
    """(variant, its 64 samples) as trained, in the table's order."""
    return inputs.sampled(steps=STEPS).groupby("variant", sort=False)


def _samples(inputs: Inputs, name: str, steps: int) -> pd.Series | None:
    rows = results.samples(inputs.sampled(), inputs.results)
    found = rows[(rows.variant == name) & (rows.steps == steps)]
    return None if found.empty else found.iloc[0]


def _worst(cell: pd.Series, column: str) -> float:
    return max(abs(cell[f"{column}_{axis}"]) for axis in _AXES)
