"""Loss curves of the trainings, smooth enough to be compared."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.variants import find_variant

SMOOTHED = 9  # points of a record, about a tenth of a run, that a point of the curve is the mean of


class LossCurve(NamedTuple):
    """Epochs and the mean squared error of what the network predicts, float64 (N,) both."""

    epochs: np.ndarray
    losses: np.ndarray


def loss_curves(root: Path | None = None) -> Iterator[tuple[str, LossCurve]]:
    """(name, curve) of every training that is there and long enough, a mean over SMOOTHED points each.

    Variants that share a training's weights have no curve of their own. `root` None is checkpoints.ROOT.
    """
    places = {} if root is None else {"root": root}
    for name in checkpoints.available(**places):
        record = checkpoints.record(name, **places)
        if find_variant(name).trained_as == name and len(record.get("loss_curve", ())) >= SMOOTHED:
            points = np.array(record["loss_curve"]) * [record["epochs"] / record["steps"], 1]
            window = np.full(SMOOTHED, 1 / SMOOTHED)
            yield name, LossCurve(*(np.convolve(column, window, "valid") for column in points.T))
