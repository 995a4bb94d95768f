"""The post's protocol on every variant: the same pictures and the same noise for all, one file a cell.

A cell is one line of the protocol: a network, a set of pictures or pure noise, a start, a number of steps, a
variance type. Its figures go to results/NAME-KEY.json, KEY being a hash of everything that they depend on, so
a cell that is there is never run again.
"""

import hashlib
import json
import math
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path

import torch
from torch import Tensor

from lowlight_ddpm.diffusion.sampling import denoise
from lowlight_ddpm.diffusion.settings import LAST_TIMESTEP, RunSettings, run_settings
from lowlight_ddpm.diffusion.signal_leak import missing_colour
from lowlight_ddpm.diffusion.trajectory import Step
from lowlight_ddpm.images import HELD_OUT, Source, open_source, stack
from lowlight_ddpm.images.photometry import digest, prepare
from lowlight_ddpm.metrics.colour import channel_means, measure, set_colours
from lowlight_ddpm.metrics.detail import detail_ratio
from lowlight_ddpm.metrics.memorisation import nearest
from lowlight_ddpm.models.checkpoints import ROOT, Checkpoint, load, record
from lowlight_ddpm.paths import RESULTS
from lowlight_ddpm.study.job_queue import claimed
from lowlight_ddpm.variants import RESOLUTION, find_variant

STEPS_FROM = {50: 10, 300: 50, 600: 50, 999: 50}  # start timestep -> network calls
NOISE_SEEDS = 2
SAMPLES = 64
TRAINING_SET = "training-set-"  # what names of files begin with that are no cells
STEPS, FINE_STEPS = 50, 250
VARIANCES = ("fixed_small", "fixed_large")
FINELY_SAMPLED = ("bright", "dim", "dim-deep", "dim-deep-zsnr")
OTHER_SAMPLERS = {"dim": ("ddim", "pndm")}  # those that the post has read of, from SAMPLED_FROM and noise
SAMPLED_FROM = (300, 600)
UNTRAINED_BRIGHTNESS = {"bright": (0.5,), "dim": (0.25, 1.0)}  # pictures unlike those that they learned
UNTRAINED_LIGHT = {"dim": ("camera",), "dim-deep-zsnr": ("camera",)}  # from SAMPLED_FROM
COLOURS = tuple(
    f"{kind}_{axis}" for kind, axes in (("mean", "rgb"), ("border", "rgb"), ("lab", "lab")) for axis in axes
)


@dataclass(frozen=True)
class EvaluationSet:
    """Unseen pictures with their names, and those that were learned: uint8 (N, 3, size, size) both."""

    label: str
    names: list[str]
    unseen: Tensor
    learned: Source

    @cached_property
    def seen(self) -> Tensor:
        """The learned pictures, opened when they are first needed: there may be a thousand."""
        return stack([picture for _, picture in self.learned], self.unseen.shape[-1])

    @property
    def checksum(self) -> str:
        """sha256 of the unseen pictures: what a restoration depends on."""
        return digest(self.unseen)


@dataclass(frozen=True)
class Cell:
    """One line of the protocol for one network; `pictures` is None where it starts from pure noise.

    Where `leaks` is False, a restoration starts from its noise alone, without the picture's part in x_t: what
    that changes is the leak. Its rows say as `leak_r`, `leak_g`, `leak_b` what the closed formula predicts.
    """

    settings: RunSettings
    network: str
    pictures: EvaluationSet | None
    training: EvaluationSet | None
    leaks: bool
    folder: Path
    root: Path

    @property
    def path(self) -> Path:
        """Where its figures are, or go."""
        # Defaults are left out, so that a setting that is new to RunSettings leaves older results in place.
        what = self.settings.model_dump(exclude={"variant"}, exclude_defaults=True) | {
            "network": self.network,
            "pictures": self.pictures and self.pictures.checksum,
            "leaks": self.leaks,
            "count": NOISE_SEEDS if self.pictures else SAMPLES,
        }
        key = hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()[:12]
        return self.folder / f"{self.settings.variant}-{key}.json"

    @property
    def done(self) -> bool:
        """Whether its figures are there, under this name or that of a variant with the same network."""
        found = self._found
        if found is None:
            return False
        # Samples that were made where no training picture was at hand are compared with them later.
        return (
            not self.training or bool(self.pictures) or "nearest" in json.loads(found.read_text())["rows"][0]
        )

    @property
    def claim(self) -> Path:
        """What stands for it while it is run, whatever variant of the same network it is run for."""
        return (self.folder / self._key).with_suffix(".lock")

    @property
    def _found(self) -> Path | None:
        if self.path.exists():  # looking through a full folder takes longer
            return self.path
        return next(iter(self.folder.glob(f"*-{self._key}")), None)

    @property
    def _key(self) -> str:
        return self.path.name.rpartition("-")[2]

    def run(self) -> None:
        """Run it and write its file, whole or not at all."""
        checkpoint = load(self.settings.variant, self.root)
        figures = self._restored(checkpoint) if self.pictures else self._generated(checkpoint)
        report = {
            "variant": self.settings.variant,
            "network": self.network,
            "source": self.pictures and self.pictures.label,
            "leaks": self.leaks,
            "settings": self.settings.model_dump(),
            **figures,
        }
        write(self._found or self.path, report)

    def _restored(self, checkpoint: Checkpoint) -> dict:
        """Every picture with every noise seed; no two share noise. `trace`: mean shift of x0 at each step."""
        rows, traces = [], []
        for seed in range(NOISE_SEEDS):
            settings = self.settings.model_copy(update={"seed": seed * len(self.pictures.names)})
            clean = settings.dim(self.pictures.unseen)  # by seed, as a camera's grain is
            shown = clean if self.leaks else checkpoint.frame.empty(clean)
            trace, last = _traced(denoise(checkpoint, settings, shown), channel_means(clean))
            traces.append(trace)
            for name, output, picture in zip(self.pictures.names, last.x0, clean, strict=True):
                figures = asdict(measure(output, picture, self.settings.brightness))
                detail = detail_ratio(output, picture)
                rows.append({"picture": name, "seed": seed, **figures, "detail": detail})
        if not self.leaks:
            for row, leak in zip(rows, NOISE_SEEDS * self._predicted_leak(checkpoint, clean), strict=True):
                row |= {f"leak_{axis}": value for axis, value in zip("rgb", leak, strict=True)}
        return {"rows": rows, "trace": torch.stack(traces).mean(dim=0).tolist()}

    def _predicted_leak(self, checkpoint: Checkpoint, clean: Tensor) -> list[list[float]]:
        """`missing_colour` of every picture, in 1/255: how far its part in x_t moves the result."""
        frame, offset_noise = checkpoint.frame, checkpoint.variant.offset_noise
        level = self.settings.alphas_cumprod[self.settings.start].item()
        entered, pixels = frame.enter(clean), clean[0, 0].numel()
        means = entered.mean(dim=(-2, -1)).double()
        missing = missing_colour(means, checkpoint.colour_covariance, level, pixels, offset_noise)
        return (missing * frame.scale * 127.5).tolist()

    def _generated(self, checkpoint: Checkpoint) -> dict:
        """The colours of every sample; `trace`: mean colour of x0 at each step. Seeds are the samples'."""
        rows, traces = [], []
        for seed in range(0, SAMPLES, HELD_OUT):
            settings = self.settings.model_copy(update={"seed": seed})
            trace, last = _traced(denoise(checkpoint, settings, count=HELD_OUT), torch.zeros(3))
            traces.append(trace)
            found = [{"seed": seed + i, **row} for i, row in enumerate(colour_rows(last.x0))]
            if self.training:
                shown = prepare(self.training.seen, self.settings.brightness)
                distances, places = nearest(last.x0, shown)
                for row, distance, place in zip(found, distances.tolist(), places.tolist(), strict=True):
                    row |= {"nearest": distance, "nearest_picture": place}
            rows += found
        return {"rows": rows, "trace": torch.stack(traces).mean(dim=0).tolist()}


def evaluation_set(source: str, held_out: list[str] = (), size: int = RESOLUTION) -> EvaluationSet:
    """The pictures of `source` that are named in `held_out`, and the rest.

    A source that holds none of them is new to the network: its first 16 pictures are the unseen ones.
    """
    opened = open_source(source)
    opened = replace(opened, rows=list(opened.rows))  # looked through several times
    names = [row["name"] for row in opened.rows]
    unseen = [name for name in held_out if name in names] or names[:HELD_OUT]
    pictures = dict(opened.only(unseen))
    learned = opened.only(set(names) - set(unseen))
    tensor = stack([pictures[name] for name in unseen], size)
    return EvaluationSet(opened.label, unseen, tensor, learned if learned.rows else opened)


def cells(
    name: str,
    pictures: Iterable[EvaluationSet],
    training: EvaluationSet | None = None,
    folder: Path = RESULTS,
    root: Path = ROOT,
) -> Iterator[Cell]:
    """The protocol of one variant, what all have in common first, what takes longest last.

    `training` are the photographs that samples are compared with.
    """
    row, network = find_variant(name), network_id(name, root)

    def cell(data: EvaluationSet | None, leaks: bool = True, **settings) -> Cell:
        return Cell(run_settings(variant=name, **settings), network, data, training, leaks, folder, root)

    def restorations(data: EvaluationSet, brightness: float) -> Iterator[Cell]:
        for start, steps in STEPS_FROM.items():
            for kind in VARIANCES:
                yield cell(data, start=start, steps=steps, variance_type=kind, brightness=brightness)

    for kind in VARIANCES:
        yield cell(None, mode="generate", steps=STEPS, variance_type=kind)
    for data in pictures:
        yield from restorations(data, row.brightness)
    plain = {"steps": STEPS, "variance_type": VARIANCES[0]}
    for data in pictures:
        yield cell(data, leaks=False, start=LAST_TIMESTEP, **plain)
    for sampler in OTHER_SAMPLERS.get(name, ()):
        yield cell(None, mode="generate", sampler=sampler, **plain)
        for data in pictures:
            for start in SAMPLED_FROM:
                yield cell(data, start=start, sampler=sampler, **plain)
    for brightness in UNTRAINED_BRIGHTNESS.get(name, ()):
        for data in pictures:
            yield from restorations(data, brightness)
    for light in UNTRAINED_LIGHT.get(name, ()):
        for data in pictures:
            for start in SAMPLED_FROM:
                yield cell(data, start=start, light=light, steps=STEPS)
    for kind in VARIANCES if name in FINELY_SAMPLED else ():
        yield cell(None, mode="generate", steps=FINE_STEPS, variance_type=kind)


def network_id(name: str, root: Path = ROOT) -> str:
    """A hash of a variant's weights and of how they are used: equal for variants that sample alike."""
    row = find_variant(name)
    what = [record(name, root)["weights_sha256"], list(row.decides_sampling.values())]
    return hashlib.sha256(json.dumps(what).encode()).hexdigest()[:12]


def describe_training_set(data: EvaluationSet, name: str, folder: Path = RESULTS) -> None:
    """Write the training pictures' colours as `name` sees them, and how near unseen pictures come to them."""
    path, brightness = training_set_path(name, folder), find_variant(name).brightness
    with claimed(path.with_suffix(".lock")):
        if path.exists() and json.loads(path.read_text())["checksum"] == data.checksum:
            return
        seen = prepare(data.seen, brightness)
        distances, _ = nearest(prepare(data.unseen, brightness), seen)
        report = {
            "source": data.label,
            "checksum": data.checksum,
            "brightness": brightness,
            "held_out_nearest": distances.tolist(),
            "rows": list(colour_rows(seen)),
        }
        write(path, report)


def training_set_path(name: str, folder: Path = RESULTS) -> Path:
    """Where the description of a variant's training set at its brightness is, or goes."""
    row = find_variant(name)
    size = "" if row.size == RESOLUTION else f"-{row.size}px"
    return folder / f"{TRAINING_SET}{row.subject}-{row.brightness:g}{size}.json"


def colour_rows(pictures: Tensor) -> Iterator[dict]:
    """For each picture its mean R, G, B and its border's (1/255), and its mean L*, a*, b*."""
    for colours in set_colours(pictures).swapaxes(0, 1):
        yield dict(zip(COLOURS, colours.flatten().tolist(), strict=True))


def write(path: Path, report: dict) -> None:
    """Write JSON to a temporary name, then rename: a killed run leaves no half of a file behind.

    A list has one item a line, so that a difference between two versions can be read.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    fields = (f"{json.dumps(name)}: {_lines(_rounded(value))}" for name, value in report.items())
    temporary.write_text("{\n" + ",\n".join(fields) + "\n}\n")
    temporary.replace(path)


def _traced(walk: Iterator[Step], target: Tensor) -> tuple[Tensor, Step]:
    """(timestep, dR, dG, dB) at every step (N, 4), dR to dB the mean of x0 less `target`; the last step."""
    trace = []
    for step in walk:
        shift = (channel_means(step.x0).cpu() - target).mean(dim=0)
        trace.append(torch.cat([torch.tensor([float(step.timestep)]), shift]))
    return torch.stack(trace), step


def _lines(value) -> str:
    items = ",\n".join(json.dumps(item) for item in value) if isinstance(value, list) else None
    return json.dumps(value) if items is None else f"[\n{items}\n]"


def _rounded(value):
    """Seven significant digits for every float: what float32 holds, in a third of the space."""
    if isinstance(value, float):
        return (
            value
            if not value or not math.isfinite(value)
            else round(value, 6 - math.floor(math.log10(abs(value))))
        )
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    return [_rounded(item) for item in value] if isinstance(value, list) else value
