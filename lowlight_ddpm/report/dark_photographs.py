"""Photographs that were taken in the dark: what networks make of them, compared with plain methods."""

import math
from typing import Any

import pandas as pd

from lowlight_ddpm.figures import Inputs, Missing
from lowlight_ddpm.report.measurements import table
from lowlight_ddpm.study import dark_methods, dark_photographs
from lowlight_ddpm.study.camera_response import MOST_SATURATED

# (heading, column, the format of its mean) of what is shown of each method.
FIGURES = (
    ("SSIM", "ssim", ".3f"),
    ("PSNR (dB)", "psnr", ".1f"),
    ("ΔE of mean colours", "delta_e", ".1f"),
    ("mean ΔE of pixels", "mean_delta_e", ".1f"),
    ("detail over the lit one's", "detail", ".2f"),
)
# Shown where they have been measured: the study's first measurements lack them.
MORE = (
    ("SSIM at the lit one's mean", "ssim_matched", ".3f"),
    ("PSNR at the lit one's mean", "psnr_matched", ".1f"),
    ("s per megapixel", "seconds_per_megapixel", ".1f"),
)
_ALONE = "exposure"  # the plainest method: all others are held against it
_MEANS = ("measured", "by the other pairs' curve", "by sRGB's own")


def exposures(inputs: Inputs) -> str:
    """A line for every pair: the dark image's mean colour and two predictions of it, with their errors."""
    rows = dark_photographs.exposure_table(inputs.results)
    if rows.empty:
        raise Missing(f"{inputs.results.name}/ holds no pairs of photographs yet")
    heads = ("pair", *(f"mean R, G, B {what}" for what in _MEANS), "its error", "sRGB's", "saturated")
    lines = [
        (
            row.pair,
            *(_colour(row, what) for what in ("dark", "predicted", "srgb")),
            _shown(row.error, ".1%"),
            _shown(row.srgb_error, ".1%"),
            f"{row.saturated:.0%}",
        )
        for _, row in rows.iterrows()
    ]
    clear = rows[(rows.saturated < MOST_SATURATED) & rows.error.notna()]
    if clear.empty:
        return f"No pair is fit to test a curve on.\n\n{table(heads, lines)}"
    said = (
        f"Median error over the {len(clear)} pairs with a lit picture under {MOST_SATURATED:.0%} saturated: "
        f"**{clear.error.median():.1%}**, with sRGB's own curve {clear.srgb_error.median():.1%}."
    )
    return f"{said}\n\n{table(heads, lines)}"


def methods(inputs: Inputs) -> str:
    """A sentence for every network, then a line for every method: means over all pairs."""
    rows = _rows(inputs)
    figures = [*FIGURES, *(figure for figure in MORE if figure[1] in rows)]
    heads = ("method", *(heading for heading, _, _ in figures))
    lines = [
        (str(name), *(_shown(group[column].mean(), form) for _, column, form in figures))
        for name, group in rows.groupby("method", sort=False)
    ]
    return "\n".join([*(f"- {sentence}" for sentence in losses(rows)), "", table(heads, lines)])


def pairs(inputs: Inputs) -> str:
    """SSIM with the lit image: a line for every pair, a column for every method; the best in bold."""
    rows = _rows(inputs)
    found = rows.pivot(index="pair", columns="method", values="ssim")[list(rows.method.unique())]
    found = found.loc[rows.pair.unique()]
    lines = [
        (pair, *(f"**{value:.3f}**" if value == figures.max() else _shown(value, ".3f") for value in figures))
        for pair, figures in found.iterrows()
    ]
    return table(("pair", *found.columns), lines)


def losses(rows: pd.DataFrame) -> list[str]:
    """In how many pairs each network, from the start that is best for it, is beaten by plain methods."""
    similarity = rows.pivot(index="pair", columns="method", values="ssim")
    plain = [name for name in dark_methods.PLAIN if name in similarity]
    if _ALONE not in plain:
        return []
    best_plain = similarity[plain].max(axis=1)
    said = []
    for network in dict.fromkeys(name.partition(" from ")[0] for name in similarity if " from " in name):
        runs = similarity[[name for name in similarity if name.startswith(f"{network} from ")]]
        best = str(runs.mean().idxmax())
        lost, beaten = (runs[best] < similarity[_ALONE]).sum(), (runs[best] < best_plain).sum()
        said.append(
            f"{network} is at its best from {best.rpartition(' ')[2]}; by SSIM it loses to exposure alone "
            f"in {lost} of {len(runs)} pairs, and to the best plain method in {beaten}."
        )
    return said


def _rows(inputs: Inputs) -> pd.DataFrame:
    rows = dark_photographs.method_table(inputs.results, inputs.root)
    if rows.empty:
        raise Missing(f"{inputs.results.name}/ holds nothing of photographs taken in the dark yet")
    figures = [column for column in rows if column not in ("method", "pair")]
    return rows.astype(dict.fromkeys(figures, float))  # undefined ones are None


def _shown(value: Any, form: str) -> str:
    """A figure, or a dash where it is undefined."""
    return format(value, form) if math.isfinite(value) else "–"


def _colour(row, what: str) -> str:
    return " ".join(f"{getattr(row, f'{what}_{axis}'):.1f}" for axis in "rgb")
