"""The terminal leak: what the picture's part in the last x_T changes, beside the closed formula."""

import pandas as pd

from lowlight_ddpm.diffusion.settings import LAST_TIMESTEP
from lowlight_ddpm.figures.inputs import Inputs, Missing
from lowlight_ddpm.report.markdown import table
from lowlight_ddpm.study.protocol import STEPS, VARIANCES

_AXES = "rgb"


def leaks(inputs: Inputs) -> str:
    """Mean sizes of the measured and the predicted change of results' colours, in 1/255, and the slope."""
    lines = []
    for name, pairs in changes(inputs).groupby("variant", sort=False):
        measured, predicted = pairs.measured.abs().mean(), pairs.predicted.abs().mean()
        slope = f"{slope_of(pairs):.2f}" if predicted >= 0.005 else "–"
        lines.append((name, f"{measured:.2f}", f"{predicted:.2f}", slope))
    return table(("variant", "measured change", "closed formula", "slope"), lines)


def changes(inputs: Inputs) -> pd.DataFrame:
    """One row for every picture, noise seed and channel: `variant`, and the change `measured`, `predicted`.

    Measured is the colour of the result that started with the picture's part in x_T less that of the one
    that started without, on the same noise; predicted is signal_leak.missing_colour. Both in 1/255. Raises
    Missing where no variant has both.
    """
    rows = inputs.rows
    last = (rows["mode"] == "restore") & (rows.start == LAST_TIMESTEP) & (rows.steps == STEPS)
    rows = rows[last & (rows.variance_type == VARIANCES[0]) & (rows.sampler == "ddpm")]
    leaks = rows.leaks.astype(bool)
    keys = ["variant", "source", "brightness", "picture", "seed"]
    pairs = rows[leaks].merge(rows[~leaks], on=keys, suffixes=("", "_without"))
    if pairs.empty:
        raise Missing("results/ holds no variant started without the picture's part in x_T yet")
    channels = [
        pd.DataFrame(
            {
                "variant": pairs.variant,
                "measured": pairs[f"shift_{axis}"] - pairs[f"shift_{axis}_without"],
                "predicted": pairs[f"leak_{axis}_without"],
            }
        )
        for axis in _AXES
    ]
    return pd.concat(channels, ignore_index=True)


def slope_of(pairs: pd.DataFrame) -> float:
    """The least-squares slope through the origin of measured over predicted changes: Σxy / Σx²."""
    return (pairs.measured * pairs.predicted).sum() / pairs.predicted.pow(2).sum()
