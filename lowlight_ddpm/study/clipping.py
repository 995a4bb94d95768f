"""Clip, noise and correction: what each does to the colours of images from pure noise, on the same noise.

Every estimate of x0 is clipped to a range of its own choice; the noise, the first and what is added at every
step, is as it is or freed of its mean; the mean is corrected or not. The reverse process is sampling's own.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import ClassVar

import pandas as pd
import torch
from torch import Tensor

from lowlight_ddpm.diffusion.samplers import Respaced
from lowlight_ddpm.diffusion.sampling import Request, Trajectory, denoise_together
from lowlight_ddpm.diffusion.settings import run_settings
from lowlight_ddpm.images import HELD_OUT
from lowlight_ddpm.models.checkpoints import ROOT, Checkpoint, available, load
from lowlight_ddpm.paths import RESULTS
from lowlight_ddpm.study import protocol, store
from lowlight_ddpm.study.protocol import colour_rows, network_id
from lowlight_ddpm.study.store import Measurement

NETWORKS = ("bright", "dim", "dim-quarter", "dim-v", "dim-groups1")
CLIPS = {
    "[-1, 1]": (-1.0, 1.0),
    "[-1, 0.5]": (-1.0, 0.5),
    "[-1, 0]": (-1.0, 0.0),
    "[-1.5, 1]": (-1.5, 1.0),
    "none": None,
}
NOISES = {"ordinary": False, "mean-free": True}
CORRECTIONS = ("off", "training")  # `mean_correction`


class MeanFreeNoise(Respaced):
    """The reverse process of another by DDPM, its noise freed of its mean over each image and channel."""

    def __init__(self, process: Respaced) -> None:
        vars(self).update(vars(process))

    def step(self, index: int, x0: Tensor, x_t: Tensor, generators: list[torch.Generator]) -> Tensor:
        """As `Respaced.step`. A step is linear, so that one from nothing to nothing is its noise alone."""
        again = [generator.clone_state() for generator in generators]
        nothing = torch.zeros_like(x_t)
        noise = super().step(index, nothing, nothing, again)
        return super().step(index, x0, x_t, generators) - _mean(noise)


@dataclass(frozen=True, eq=False)
class ClippedRequest(Request):
    """A request from pure noise by DDPM, whose estimates are clipped to `limits` in model range, or not."""

    limits: tuple[float, float] | None = None
    mean_free: bool = False

    def begin(self, checkpoint: Checkpoint) -> Trajectory:
        """The run, before its first network call."""
        return _ClippedTrajectory(checkpoint, self)


class _ClippedTrajectory(Trajectory):
    _chosen: tuple[float, float] | None = None

    def _begin(self, checkpoint: Checkpoint, request: Request, level: float) -> None:
        super()._begin(checkpoint, request, level)
        assert isinstance(request, ClippedRequest)  # nothing else begins one
        self._chosen = request.limits
        if request.mean_free:
            self._first = self._first - _mean(self._first)
            self._process = MeanFreeNoise(self._process)

    @property
    def _limits(self) -> tuple[float, float] | None:
        """Here it is not the settings that decide."""
        return self._chosen


@dataclass(frozen=True)
class ClippedSamples(Measurement):
    """Colours of images that one network generates, by one clip range, kind of noise and correction."""

    variant: str
    clip: str
    noise: str
    correction: str
    folder: Path = RESULTS
    root: Path = ROOT
    kind: ClassVar[str] = "clipping"

    @property
    def key(self) -> str:
        """What is chosen: of another network there is a newer line."""
        return f"{self.clip} {self.noise} {self.correction}"

    @property
    def path(self) -> Path:
        """The variant's file."""
        return self.folder / f"{self.variant}.jsonl"

    @property
    def claim(self) -> Path:
        """What stands for it while it is run: the key is the same for all variants."""
        return self.folder / f"{self.kind}-{self.variant} {self.key}.lock"

    @property
    def done(self) -> bool:
        """Whether it is there, of this network."""
        found = self.record
        return found is not None and found["network"] == network_id(self.variant, self.root)

    def run(self) -> None:
        """Generate the images, and write their colours."""
        report = {
            "variant": self.variant,
            "network": network_id(self.variant, self.root),
            "clip": self.clip,
            "noise": self.noise,
            "mean_correction": self.correction,
            "rows": list(self._rows(load(self.variant, self.root))),
        }
        self.keep(report)

    def _rows(self, checkpoint: Checkpoint) -> Iterator[dict]:
        for seed in range(0, protocol.SAMPLES, HELD_OUT):
            settings = run_settings(
                variant=checkpoint.variant,
                mode="generate",
                steps=protocol.STEPS,
                variance_type="fixed_small",
                mean_correction=self.correction,
                seed=seed,
            )
            request = ClippedRequest(
                settings, count=HELD_OUT, limits=CLIPS[self.clip], mean_free=NOISES[self.noise]
            )
            *_, last = denoise_together([request], lambda name: checkpoint)
            colours = colour_rows(last[0].x0.cpu())
            yield from ({"seed": seed + place, **row} for place, row in enumerate(colours))


def conditions(name: str, folder: Path = RESULTS, root: Path = ROOT) -> Iterator[ClippedSamples]:
    """All of one network: ranges, kinds of noise, and without the correction before with it."""
    for correction, noise, clip in product(CORRECTIONS, NOISES, CLIPS):
        yield ClippedSamples(name, clip, noise, correction, folder, root)


def table(folder: Path = RESULTS, root: Path = ROOT) -> pd.DataFrame:
    """A row for every image, of every network that is still the one measured.

    Columns `variant`, `clip`, `noise`, `mean_correction`, `seed` and `protocol.COLOURS`, in 1/255.
    """
    there, rows = available(root), []
    for report in store.records(folder, ClippedSamples.kind):
        name = report["variant"]
        if name in there and report["network"] == network_id(name, root):
            of_all = {key: report[key] for key in ("variant", "clip", "noise", "mean_correction")}
            rows += [of_all | row for row in report["rows"]]
    return pd.DataFrame(rows)


def _mean(noise: Tensor) -> Tensor:
    return noise.mean(dim=(-2, -1), keepdim=True)
