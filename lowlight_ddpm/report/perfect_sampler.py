"""Restored images held against a perfect sampler, as Markdown: betas at equal signal, dim against bright."""

import pandas as pd

from lowlight_ddpm.diffusion.schedule import Curves
from lowlight_ddpm.figures import Inputs, Missing
from lowlight_ddpm.report.measurements import signed, table
from lowlight_ddpm.study.bootstrap import Interval, interval, paired_interval
from lowlight_ddpm.study.equal_signal import equal_signal_starts
from lowlight_ddpm.study.protocol import STEPS_FROM
from lowlight_ddpm.variants import find_variant

BETAS = ("dim-deep", "dim-deep-low", "dim-deep-mid", "dim-deep-high")  # the first has the default ones
NOT_MEASURED, NOT_REACHED = "not measured", "never so little"

# What is compared of dim and bright images -> its column, and the unit of a difference.
SCALES = {
    "shift, raw": ("raw", "/255"),
    "shift / brightness": ("tint", "/255"),
    "shift / brightness, beyond a perfect sampler's": ("excess", "/255"),
    "CIEDE2000 of the mean colours": ("delta_e", ""),
}


def betas(inputs: Inputs) -> str:
    """For each start a line for each schedule: from that timestep, and from where as much signal is left."""
    lines = []
    for start in STEPS_FROM:
        for name in BETAS:
            row = find_variant(name)
            signal = f"{Curves.trained(row).signal[start]:.3f}"
            equal = equal_signal_starts(row, STEPS_FROM).get(start)
            at_equal = (NOT_REACHED, "–", "–")
            if equal is not None:
                at_equal = (f"{equal}", *_shift(inputs, name, equal))
            lines.append((f"{start}", name, signal, *_shift(inputs, name, start), *at_equal))
    shift = ("shift", "beyond a perfect sampler's")
    return table(("timestep", "variant", "√ᾱ there", *shift, "at equal √ᾱ, from", *shift), lines)


def dim_against_bright(inputs: Inputs) -> str:
    """In how many starts dim images shift more or less, by each scale; then a line for each of them."""
    lines, said = [], []
    for scale, (column, unit) in SCALES.items():
        differences = []
        for start in STEPS_FROM:
            bright, dim = (_restored(inputs, name, start) for name in ("bright", "dim"))
            differences.append(_difference(bright, dim, column))
            means = (_mean(rows, column) for rows in (bright, dim))
            lines.append((f"{start}", scale, *means, signed(differences[-1], unit)))
        said.append(f"{scale}: {_counted(differences)}")
    lines.sort(key=lambda line: int(line[0]))  # the scales beside each other
    sentence = f"Dim − bright, of {len(STEPS_FROM)} starts: {'; '.join(said)}."
    return f"{sentence}\n\n{table(('from', 'scale', 'bright', 'dim', 'dim − bright (95 %)'), lines)}"


def _difference(bright: pd.DataFrame, dim: pd.DataFrame, column: str) -> Interval | None:
    """Dim − bright on the same images and noise; None where one is missing, or means another CIEDE2000."""
    if bright.empty or dim.empty or set(bright.mean_colours) != set(dim.mean_colours):
        return None
    return paired_interval(dim, bright, column)


def _counted(differences: list[Interval | None]) -> str:
    """At how many starts an interval lies above 0, and below."""
    found = [difference for difference in differences if difference]
    if not found:
        return NOT_MEASURED
    return f"more at {sum(f.low > 0 for f in found)}, less at {sum(f.high < 0 for f in found)}"


def _mean(rows: pd.DataFrame, column: str) -> str:
    return f"{rows[column].mean():.2f}".replace("-", "−") if len(rows) else NOT_MEASURED


def _shift(inputs: Inputs, name: str, start: int) -> tuple[str, str]:
    """The mean shift at full brightness from a start, and with its interval the part beyond a perfect one."""
    rows = _restored(inputs, name, start)
    return _mean(rows, "tint"), signed(interval(rows, "excess")) if len(rows) else NOT_MEASURED


def _restored(inputs: Inputs, name: str, start: int) -> pd.DataFrame:
    """Photographs restored by a variant as it was trained, none where that is not measured."""
    try:
        rows = inputs.restored(source=inputs.photographs, start=start, variant=name)
    except Missing:
        return pd.DataFrame()
    return rows.assign(raw=rows.tint * rows.brightness)
