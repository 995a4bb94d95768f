"""What figures are drawn from: checkpoints, results and images; what is not there yet is Missing.

The figures are the rows of `table`. It needs matplotlib, which is not loaded from here: documents and model
cards need the inputs alone.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from PIL import Image
from torch import Tensor

from lowlight_ddpm.diffusion.sampling import denoise
from lowlight_ddpm.diffusion.settings import RunSettings, run_settings
from lowlight_ddpm.images import HELD_OUT, open_source
from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.paths import BENCHMARKS
from lowlight_ddpm.study import clipping, protocol, results, small_networks, step_counts
from lowlight_ddpm.study.findings import Judged, judge
from lowlight_ddpm.study.protocol import EvaluationSet, evaluation_set
from lowlight_ddpm.variants import find_variant


class Missing(Exception):
    """A figure cannot be drawn yet; the text is half a sentence that says what is not there."""


@dataclass(frozen=True)
class Inputs:
    """Folders of checkpoints, results and benchmarks' records; images are synthetic, or from `images`."""

    root: Path = field(default_factory=lambda: checkpoints.ROOT)
    results: Path = field(default_factory=lambda: protocol.RESULTS)
    images: str | None = None
    benchmarks: Path = BENCHMARKS

    def checkpoint(self, name: str) -> checkpoints.Checkpoint:
        """The trained variant `name`."""
        self.require(name)
        return checkpoints.load(name, self.root)

    def require(self, *names: str) -> None:
        """Raise Missing unless all these variants are trained."""
        untrained = [name for name in names if name not in self.trained]
        if untrained:
            raise Missing(f"{_list(untrained)} {'is' if len(untrained) == 1 else 'are'} not trained yet")

    @property
    def trained(self) -> list[str]:
        """The variants that are there, in the table's order."""
        return checkpoints.available(self.root)

    def samples(self, name: str, count: int = HELD_OUT, variance_type: str | None = None) -> Tensor:
        """The first `count` images that `name` generates from pure noise: model range (count, 3, H, W).

        They are those that evaluation measures under the variance type, the variant's own if it is left out.
        """
        self.require(name)
        settings = run_settings(
            variant=name, mode="generate", steps=protocol.STEPS, variance_type=variance_type
        )
        batches = [_sixteen(settings, self.root, seed) for seed in range(0, count, HELD_OUT)]
        return torch.cat(batches)[:count]

    @property
    def source(self) -> str:
        """The label of the images' source, as results have it."""
        return open_source(self.images or "drawn").label

    @cached_property
    def opened(self) -> list[tuple[str, Image.Image]]:
        """The first sixteen images of the source, with their names."""
        return [pair for pair, _ in zip(open_source(self.images or "drawn"), range(HELD_OUT), strict=False)]

    def unseen(self, name: str) -> EvaluationSet:
        """The images of the source that the variant `name` has not learned from."""
        checkpoint = self.checkpoint(name)
        held_out = checkpoint.record["held_out"]
        return evaluation_set(self.images or "drawn", held_out, checkpoint.size)

    @cached_property
    def rows(self) -> pd.DataFrame:
        """results.table(): every denoised image and every sample of the variants that are there."""
        return self._some(results.table(self.results, self.root), "holds no results of a trained variant yet")

    def restored(self, **condition: Any) -> pd.DataFrame:
        """Rows of denoised images as each variant was trained, with columns equal to `condition`."""
        return self._condition("restore", condition)

    def sampled(self, **condition: Any) -> pd.DataFrame:
        """Rows of samples from pure noise as each variant was trained, with columns equal to `condition`."""
        return self._condition("generate", condition)

    def _condition(self, mode: str, condition: dict[str, Any]) -> pd.DataFrame:
        own = self.rows.as_trained.astype(bool) & self.rows.leaks.astype(bool)
        rows = self.rows.loc[(self.rows["mode"] == mode) & own, :]
        for column, value in condition.items():
            rows = rows[rows[column] == value]
        said = ", ".join(f"{column} {value}" for column, value in condition.items())
        return self._some(rows, f"holds no {_MODES[mode]} of {said or 'any variant'} yet")

    @cached_property
    def judged(self) -> Judged:
        """findings.judge(): the verdicts on all headlines, on the photographs."""
        return judge(self.rows, self.photographs)

    @cached_property
    def photographs(self) -> str:
        """The label in results of the photographs that variants learned from: 16 were held out."""
        for name in self.trained:
            data = checkpoints.record(name, self.root).get("data")
            if data and not find_variant(name).source:
                return data["source"]
        raise Missing("no trained variant says which photographs it learned from")

    def learned(self, name: str) -> pd.DataFrame:
        """The colours of the images that a variant learned from."""
        try:
            return results.training_set(name, self.results)
        except KeyError:
            raise Missing(f"{self.results.name}/ does not describe the training set of {name} yet") from None

    @cached_property
    def tint_transmission(self) -> pd.DataFrame:
        """results.transmissions(): how much of x_t's colour every variant lets through."""
        rows = results.transmissions(self.results, self.root)
        return self._some(rows, "does not say yet how much of the noise's colour is kept")

    @cached_property
    def step_counts(self) -> pd.DataFrame:
        """step_counts.distances(): how far each sampler's sets are from DDPM's many steps."""
        rows = step_counts.distances(self.results, self.root)
        return self._some(rows, "does not say yet how few steps are enough")

    @cached_property
    def clipped(self) -> pd.DataFrame:
        """clipping.table(): images from pure noise by what x0 is clipped to, noise and correction."""
        rows = clipping.table(self.results, self.root)
        return self._some(rows, "does not say yet what clipping does")

    @cached_property
    def small_networks(self) -> pd.DataFrame:
        """small_networks.table(): the transmission of every small network."""
        return self._some(small_networks.table(self.results), "holds no small network yet")

    def training_means(self, name: str) -> np.ndarray:
        """Mean R, G, B of a variant's training images, as its record has them: (3,) in 1/255."""
        mean, _ = checkpoints.colours(find_variant(name), checkpoints.record(name, self.root))
        return (np.array(mean) + 1) * 127.5

    def _some(self, rows: pd.DataFrame, lack: str) -> pd.DataFrame:
        """The rows; where there are none, what results/ lacks is Missing."""
        if rows.empty:
            raise Missing(f"{self.results.name}/ {lack}")
        return rows

    def record(self, name: str, target: str | None = None) -> dict[str, Any]:
        """What a benchmark has recorded in NAME.json; `make TARGET` (or NAME) makes it."""
        path = self.benchmarks / f"{name}.json"
        if not path.exists():
            raise Missing(f"`make {target or name}` has not been run")
        return json.loads(path.read_text(encoding="utf-8"))

    def traces(
        self, mode: str, source: str | None, start: int, steps: int
    ) -> Iterator[tuple[str, list[Any]]]:
        """results.traces(): how x0's mean colour went along the trajectory, by training defaults."""
        return results.traces(mode, source, start, steps, self.results, self.root)


_MODES = {"restore": "restored pictures", "generate": "samples from pure noise"}


@cache
def _sixteen(settings: RunSettings, root: Path, seed: int) -> Tensor:
    """Samples seed to seed + 15: a batch as evaluation makes them, cached for the figures that share it."""
    settings = settings.model_copy(update={"seed": seed})
    *_, last = denoise(checkpoints.load(settings.variant, root), settings, count=HELD_OUT)
    return last.x0.cpu()


def _list(names: Iterable[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last
