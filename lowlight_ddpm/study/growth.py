"""How networks grew: what their trainings kept on the way, after chosen epochs."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.variants import find_variant

SIGNAL = 0.08  # √ᾱ at which one transmission stands for all: timestep 700 of the post's betas


@dataclass(frozen=True)
class Milestone:
    """A network after `epoch` epochs, weights averaged.

    `sheet` is the file with what it generates from the noises of seeds 0 to 15, as dark as it generates it.
    `error` is the mean squared error of the epsilon in its predictions for images that it has not learned,
    over timesteps. `transmission` is the part of a grey tint of x_t that is in x0, by √ᾱ. `background_sd` is
    how far the backgrounds of the sixteen deviate from each other, R, G, B in 1/255.
    """

    epoch: int
    sheet: Path
    error: float
    transmission: dict[float, float]
    background_sd: list[float]

    @property
    def passed(self) -> float:
        """The part of the tint at SIGNAL."""
        return self.transmission[SIGNAL]

    @property
    def scatter(self) -> float:
        """How far backgrounds deviate, mean over channels in 1/255."""
        return fmean(self.background_sd)


def milestones(root: Path | None = None) -> Iterator[tuple[str, list[Milestone]]]:
    """(name, milestones in the order of epochs) of every training that is there and has kept any.

    Variants that share a training's weights have none of their own. `root` None is checkpoints.ROOT.
    """
    places = {} if root is None else {"root": root}
    for name in checkpoints.available(**places):
        kept = checkpoints.record(name, **places).get("milestones", [])
        if kept and find_variant(name).trained_as == name:
            yield name, list(_read(kept, (root or checkpoints.ROOT) / name / "milestones"))


def _read(kept: list[dict[str, Any]], folder: Path) -> Iterator[Milestone]:
    sheets = {path.stem: path for path in folder.glob("epoch-*.*")}
    for found in kept:
        if sheet := sheets.get(f"epoch-{found['epoch']}"):
            transmission = {float(level): part for level, part in found["tint_transmission"].items()}
            error = fmean(found["epsilon_errors"].values())
            yield Milestone(found["epoch"], sheet, error, transmission, found["background_sd"])
