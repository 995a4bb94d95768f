"""What was measured of causes, as Markdown: hypotheses with their predictions, and the tables behind them."""

import math
from collections.abc import Callable, Iterator
from typing import cast

import numpy as np
import pandas as pd

from lowlight_ddpm.diffusion.transmission import CYCLES
from lowlight_ddpm.figures import Inputs, Missing
from lowlight_ddpm.report.measurements import outcome_difference, table, value
from lowlight_ddpm.study.clipping import CLIPS
from lowlight_ddpm.study.findings import NOT_MEASURED
from lowlight_ddpm.study.hypotheses import HYPOTHESES, Evidence, Prediction, lies
from lowlight_ddpm.study.small_networks import ARMS, PREDICTS, SIGNALS, Arm, of_arm
from lowlight_ddpm.variants import find_variant

_AXES = "rgb"


def predictions(_: Inputs) -> str:
    """Every hypothesis with what it predicts."""
    lines = [
        (h.text if place == 0 else "", p.compared, _range(p))
        for h in HYPOTHESES
        for place, p in enumerate(h.predictions)
    ]
    return table(("hypothesis", "compared", "predicted"), lines)


def hypotheses(inputs: Inputs) -> str:
    """The same with what was measured, and where its interval lies."""
    evidence, lines = _evidence(inputs), []
    for hypothesis in HYPOTHESES:
        for place, p in enumerate(hypothesis.predictions):
            outcome = p.of(evidence)
            found = ("–", "–", NOT_MEASURED)
            if outcome:
                found = outcome_difference(outcome, p.measure), outcome.basis, lies(p, outcome)
            lines.append((hypothesis.text if place == 0 else "", p.compared, _range(p), *found))
    heads = ("hypothesis", "compared", "predicted", "measured (95 %)", "of", "the interval lies")
    return table(heads, lines)


def frequencies(inputs: Inputs, signal: float) -> str:
    """A line for every variant, a column for every number of cycles: the part of a grey tint."""
    rows = inputs.tint_transmission
    rows = rows.loc[(rows.signal == signal) & (rows.tint == "grey"), :]
    waves = rows.loc[rows.cycles > 0, "variant"].unique()
    if not len(waves):
        raise Missing("results/ holds no transmission by frequency of a trained variant yet")
    lines = []
    for name, group in rows.loc[rows.variant.isin(waves), :].groupby("variant", sort=False):
        found = {row.cycles: _parts(row.kept, row.perfect) for row in group.itertuples()}
        lines.append((name, *(found.get(cycles, "–") for cycles in CYCLES)))
    return table(("variant", "mean", *(_cycles(cycles) for cycles in CYCLES[1:])), lines)


def clipping(inputs: Inputs) -> str:
    """A line for every network, kind of noise and correction, a column for every range that x0 is clipped to.

    Each entry has the mean colour of the images, the error of their background as `ground` has it, and the
    deviation of the background from image to image, mean over channels; all in 1/255.
    """
    groups = inputs.clipped.groupby(["variant", "noise", "mean_correction"], sort=False)
    lines = []
    for key, group in groups:
        name, noise, correction = cast(tuple[str, str, str], key)
        found = {clip: _colours(inputs, name, rows) for clip, rows in group.groupby("clip")}
        lines.append((name, noise, correction, *(found.get(clip, "–") for clip in CLIPS)))
    return table(("variant", "noise", "correction", *(f"clip {clip}" for clip in CLIPS)), lines)


def small_networks(inputs: Inputs) -> str:
    """A line for every arm: the part of the mean and of one cycle that is passed on, and its seeds' range."""
    rows = inputs.small_networks
    lines = []
    for arm in ARMS:
        if len(found := of_arm(rows, arm)):
            lines.append((*_arm_words(arm), str(found.seed.nunique()), *_arm_parts(found)))
    heads = ("normalization", "predicts", "loss", "steps", "seeds")
    measured = (f"{what}, √ᾱ = {signal:g}" for what in ("mean", "1 cycle") for signal in SIGNALS)
    return table((*heads, *measured), lines)


def _arm_words(arm: Arm) -> Iterator[str]:
    yield arm.normalization
    yield PREDICTS[arm.prediction_type]
    loss = f"mean weighted {arm.mean_weight:,.0f}" if arm.mean_weight != 1 else "plain"
    yield f"offset noise {arm.offset_noise:g}" if arm.offset_noise else loss
    yield f"{arm.steps:,}"


def _arm_parts(rows: pd.DataFrame) -> Iterator[str]:
    for cycles in (0, 1):
        for signal in SIGNALS:
            of_one = rows.loc[(rows.cycles == cycles) & (rows.signal == signal), :]
            low, high = of_one.kept.min(), of_one.kept.max()
            yield f"{_parts(of_one.kept.mean(), of_one.perfect.iloc[0])} ({low:.2f} to {high:.2f})"


def _colours(inputs: Inputs, name: str, rows: pd.DataFrame) -> str:
    learned, brightness = inputs.learned(name), find_variant(name).brightness
    borders = [f"border_{axis}" for axis in _AXES]
    means = " ".join(f"{rows[f'mean_{axis}'].mean():.0f}" for axis in _AXES)
    error = ((rows[borders] - learned[borders].mean()) ** 2).mean(axis=1) ** 0.5 / brightness
    return f"{means}; {np.mean(error):.1f}; {np.std(rows[borders].to_numpy(), axis=0).mean():.1f}"


def _evidence(inputs: Inputs) -> Evidence:
    source = _there(lambda: inputs.photographs, None)
    return Evidence(
        _there(lambda: inputs.rows, pd.DataFrame()),
        _there(lambda: inputs.tint_transmission, pd.DataFrame()),
        _there(lambda: inputs.small_networks, pd.DataFrame()),
        _there(lambda: inputs.clipped, pd.DataFrame()),
        inputs.training_means,
        source,
    )


def _there(get: Callable, otherwise):
    try:
        return get()
    except Missing:
        return otherwise


def _range(p: Prediction) -> str:
    low, high = (value(end, p.measure) for end in (p.low, p.high))
    if math.isinf(p.low):
        return f"at most {high}"
    return f"at least {low}" if math.isinf(p.high) else f"{low} to {high}"


def _parts(kept: float, perfect: float | None) -> str:
    return f"{kept:.2f} / –" if perfect is None or math.isnan(perfect) else f"{kept:.2f} / {perfect:.2f}"


def _cycles(count: int) -> str:
    return f"{count} cycle{'s' if count > 1 else ''}"
