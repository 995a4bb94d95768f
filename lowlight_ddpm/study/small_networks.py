"""What hides the mean from a network: small ones that differ in one thing each, trained within minutes.

A training is one line of results/small-networks.jsonl: how much of a grey tint, and of one that comes and
goes once over the image, the network lets through. What has been trained is not trained again.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import cache, partial
from itertools import product
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar, NamedTuple

import numpy as np
import pandas as pd
import torch
from diffusers.models.unets.unet_2d import UNet2DModel
from diffusers.optimization import get_cosine_schedule_with_warmup
from torch import Tensor, nn

from lowlight_ddpm.diffusion.sampling import draw_noise
from lowlight_ddpm.diffusion.schedule import trained_scheduler, training_target
from lowlight_ddpm.diffusion.transmission import transmissions
from lowlight_ddpm.images import HELD_OUT, draw, stack
from lowlight_ddpm.images.photometry import channel_statistics, prepare
from lowlight_ddpm.models.checkpoints import Checkpoint
from lowlight_ddpm.models.unet import GROUPS, build_unet
from lowlight_ddpm.paths import RESULTS
from lowlight_ddpm.study import store
from lowlight_ddpm.study.store import Measurement
from lowlight_ddpm.variants import TRAIN_TIMESTEPS, PredictionType, Variant

FILE = "small-networks.jsonl"
SEEDS = (0, 1, 2)
SIGNALS = (0.02, 0.08, 0.32)  # √ᾱ at which they are measured
PROBES = (("grey", 0), ("grey", 1))
SHORT, LONG = 1000, 4000  # steps


class Recipe(NamedTuple):
    """What all small networks have in common; images are synthetic butterflies, dimmed."""

    size: int = 32
    brightness: float = 0.5
    channels: tuple[int, ...] = (16, 16, 32)
    images: int = 256
    first: int = 10_000  # number of the first image; those that are measured are the first of all
    batch: int = 6
    learning_rate: float = 2e-3
    warmup: int = 50
    gradient_clip: float = 1.0


RECIPE = Recipe()


class PixelRMS(nn.Module):
    """Root-mean-square normalization over the channels of each pixel, (B, C, ...): no mean is taken off."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.RMSNorm(channels)

    def forward(self, x: Tensor) -> Tensor:
        """Normalize `x` (B, C, ...)."""
        return self.norm(x.movedim(1, -1)).movedim(-1, 1)


class MeanBypass(nn.Module):
    """A network whose output has the mean that a small one predicts from the mean of x_t and the timestep.

    After Deck & Bischoff 2023: what a UNet makes of the mean is replaced.
    """

    def __init__(self, unet: UNet2DModel, width: int = 64) -> None:
        super().__init__()
        self.unet, self.config = unet, unet.config
        # In units of the deviation that noise's mean has: 1 over the side.
        self.side = unet.config["sample_size"]
        self.means = nn.Sequential(
            nn.Linear(3 + 2, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU(), nn.Linear(width, 3)
        )

    @property
    def device(self) -> torch.device:
        """Where its weights are."""
        return self.unet.device

    def forward(self, x_t: Tensor, timesteps: Tensor) -> Any:
        """The prediction for x_t (B, 3, H, W) at timesteps (B,), as `sample`."""
        found = self.unet(x_t, timesteps).sample
        place = timesteps[:, None] / TRAIN_TIMESTEPS
        seen = torch.cat([self.side * x_t.mean(dim=(2, 3)), place, place**2], dim=1)
        means = self.means(seen)[:, :, None, None] / self.side
        return SimpleNamespace(sample=found - found.mean(dim=(2, 3), keepdim=True) + means)


class Normalization(NamedTuple):
    """`layer(channels)` takes the place of every GroupNorm of a UNet; `around` is put round the whole."""

    layer: Callable[[int], nn.Module]
    around: Callable[[UNet2DModel], nn.Module] = lambda unet: unet


NORMALIZATIONS = {
    "8 groups": Normalization(partial(nn.GroupNorm, GROUPS)),
    "1 group": Normalization(partial(nn.GroupNorm, 1)),
    "RMS per pixel": Normalization(PixelRMS),
    "none": Normalization(lambda channels: nn.Identity()),
    "8 groups, mean bypass": Normalization(partial(nn.GroupNorm, GROUPS), MeanBypass),
}


class Arm(NamedTuple):
    """What tells trainings apart but for their seeds.

    `mean_weight` is how much the error of the prediction's mean counts in the loss: 1 is the plain loss.
    """

    normalization: str = "8 groups"
    prediction_type: PredictionType = "epsilon"
    mean_weight: float = 1.0
    offset_noise: float = 0.0
    steps: int = SHORT


LOSSES = (Arm(), Arm(mean_weight=42.0), Arm(mean_weight=4096.0), Arm(offset_noise=0.1))
PREDICTS: dict[PredictionType, str] = {"epsilon": "epsilon", "v_prediction": "v", "sample": "x0"}
PREDICTIONS = tuple(PREDICTS)
BY_NORMALIZATION = tuple(Arm(*pair) for pair in product(NORMALIZATIONS, PREDICTIONS))
BY_LOSS = tuple(loss._replace(steps=steps) for steps in (SHORT, LONG) for loss in LOSSES)
ARMS = tuple(dict.fromkeys(BY_NORMALIZATION + BY_LOSS))  # the plain one is in both


@dataclass(frozen=True)
class Training(Measurement):
    """One small network: trained, measured, and not kept."""

    arm: Arm
    seed: int
    folder: Path = RESULTS
    recipe: Recipe = RECIPE
    kind: ClassVar[str] = "small-network"

    @property
    def key(self) -> str:
        """The arm and the seed."""
        return " ".join(str(part).replace(" ", "-") for part in (*self.arm, self.seed))

    @property
    def path(self) -> Path:
        """The file of all."""
        return self.folder / FILE

    @property
    def done(self) -> bool:
        """Whether it is there, by the same recipe."""
        found = self.record
        return found is not None and found["recipe"] == _plain(self.recipe)

    def run(self) -> None:
        """Train it, measure it, and write its line."""
        began = time.process_time()
        learned, unseen = _images(self.recipe)
        checkpoint, losses = trained(self.arm, self.seed, learned, self.recipe)
        shown, known = (prepare(images, self.recipe.brightness) for images in (unseen, learned))
        rows = [asdict(row) for row in transmissions(checkpoint, shown, known, SIGNALS, PROBES)]
        last = losses[-len(losses) // 10 :]
        report = {
            **self.arm._asdict(),
            "seed": self.seed,
            "recipe": _plain(self.recipe),
            "weights": sum(weight.numel() for weight in checkpoint.unet.parameters()),
            "loss": sum(last) / len(last),
            "processor_seconds": time.process_time() - began,
            "rows": rows,
        }
        self.keep(report)


def trainings(folder: Path = RESULTS, recipe: Recipe = RECIPE) -> Iterator[Training]:
    """All of them, a seed of every arm before the next: what is cut short can be compared."""
    for seed in SEEDS:
        for arm in ARMS:
            yield Training(arm, seed, folder, recipe)


def table(folder: Path = RESULTS) -> pd.DataFrame:
    """A row for every `Transmission` of every training, with the fields of its `Arm` and its `seed`."""
    rows = []
    for report in store.records(folder, Training.kind):
        of_all = {name: report[name] for name in (*Arm._fields, "seed")}
        rows += [of_all | row for row in report["rows"]]
    return pd.DataFrame(rows)


def of_arm(rows: pd.DataFrame, arm: Arm) -> pd.DataFrame:
    """Those rows of `table` that are of an arm."""
    return rows.loc[np.logical_and.reduce([rows[name] == held for name, held in arm._asdict().items()]), :]


def trained(arm: Arm, seed: int, images: Tensor, recipe: Recipe = RECIPE) -> tuple[Checkpoint, list[float]]:
    """A network trained on `images`, uint8 (N, 3, size, size), ready to be measured, and its losses."""
    row = Variant(
        "small",
        brightness=recipe.brightness,
        size=recipe.size,
        channels=recipe.channels,
        prediction_type=arm.prediction_type,
        offset_noise=arm.offset_noise,
        seed=seed,
    )
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    network, scheduler = normalized(arm.normalization, recipe), trained_scheduler(row)
    network.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    optimizer = torch.optim.AdamW(network.parameters(), recipe.learning_rate, fused=True)
    rate = get_cosine_schedule_with_warmup(optimizer, recipe.warmup, arm.steps)
    clean, losses = prepare(images, recipe.brightness), []
    for _ in range(arm.steps):
        chosen = torch.randint(len(clean), (recipe.batch,), generator=generator)
        x0 = clean[chosen]
        noise = draw_noise(tuple(x0.shape), [generator] * recipe.batch, arm.offset_noise)
        timesteps: Any = torch.randint(TRAIN_TIMESTEPS, (recipe.batch,), generator=generator)
        x_t = scheduler.add_noise(x0, noise, timesteps).contiguous(memory_format=torch.channels_last)
        error = network(x_t, timesteps).sample - training_target(scheduler, x0, noise, timesteps)
        loss = weighted(error, arm.mean_weight)
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), recipe.gradient_clip)
        optimizer.step()
        rate.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    mean, covariance = channel_statistics(images, recipe.brightness)
    record = {"channel_mean": mean.tolist(), "channel_covariance": covariance.tolist()}
    unet: Any = network.eval().requires_grad_(False)
    return Checkpoint(row, unet, scheduler, record), losses


def weighted(error: Tensor, mean_weight: float) -> Tensor:
    """Mean square of `error` (B, 3, H, W), in which that of each image's mean counts `mean_weight` times."""
    return error.square().mean() + (mean_weight - 1) * error.mean(dim=(2, 3)).square().mean()


def normalized(name: str, recipe: Recipe = RECIPE) -> nn.Module:
    """A fresh network with one of NORMALIZATIONS."""
    row, unet = NORMALIZATIONS[name], build_unet(1, recipe.channels, recipe.size)
    for place, module in [*unet.named_modules()]:
        if isinstance(module, nn.GroupNorm):
            parent, _, attribute = place.rpartition(".")
            setattr(unet.get_submodule(parent), attribute, row.layer(module.num_channels))
    return row.around(unet)


@cache
def _images(recipe: Recipe) -> tuple[Tensor, Tensor]:
    """What is learned, and what is measured: uint8 (N, 3, size, size) both."""
    learned, unseen = (
        stack([draw(number, recipe.size) for number in range(first, first + count)], recipe.size)
        for first, count in ((recipe.first, recipe.images), (0, HELD_OUT))
    )
    return learned, unseen


def _plain(recipe: Recipe) -> dict:
    """As a line of JSON has it."""
    return recipe._asdict() | {"channels": list(recipe.channels)}
