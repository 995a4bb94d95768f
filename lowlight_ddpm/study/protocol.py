"""The post's protocol on every variant: the same pictures and the same noise for all.

A condition is one line of the protocol: a network, a set of pictures or pure noise, a start, a number of
steps, a variance type. What is measured is one line of results/VARIANT.jsonl (see `store`), with a hash of
everything that it depends on as its key, so that a condition that is there is never run again.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from lowlight_ddpm.diffusion.samplers import SAMPLERS
from lowlight_ddpm.diffusion.sampling import Step, denoise
from lowlight_ddpm.diffusion.schedule import missing_colour
from lowlight_ddpm.diffusion.settings import LAST_TIMESTEP, RunSettings, run_settings
from lowlight_ddpm.images import HELD_OUT, Source, open_source, stack
from lowlight_ddpm.images.photometry import digest, prepare
from lowlight_ddpm.metrics.image import channel_means, coherence, detail_ratio, measure
from lowlight_ddpm.metrics.sets import nearest, set_colours
from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.models.checkpoints import ROOT, Checkpoint, load
from lowlight_ddpm.paths import RESULTS
from lowlight_ddpm.study.equal_signal import equal_signal_starts
from lowlight_ddpm.study.store import NO_NETWORK, Measurement, append, claimed, files, mentions, record
from lowlight_ddpm.variants import RESOLUTION, find_variant

STEPS_FROM = {50: 10, 300: 50, 600: 50, 999: 50}  # start timestep -> network calls
NOISE_SEEDS = 2
SAMPLES = 64
MEAN_COLOURS = "linear light"  # what delta_e is of; of mean CIELAB where a condition does not say so
CONDITION, TRAINING_SET = "condition", "training-set"  # kinds of lines in the store
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
class Condition(Measurement):
    """One line of the protocol for one network; `pictures` is None where it starts from pure noise.

    Where `leaks` is False, a restoration starts from its noise alone, without the picture's part in x_t: what
    that changes is the leak. Its rows say as `leak_r`, `leak_g`, `leak_b` what the closed form predicts.
    A `kind` of its own keeps what another study measures out of the protocol's results. Every image is
    restored with `seeds` noises.
    """

    settings: RunSettings
    network: str
    pictures: EvaluationSet | None
    training: EvaluationSet | None
    leaks: bool
    folder: Path
    root: Path
    kind: str = CONDITION
    seeds: int = NOISE_SEEDS

    @cached_property
    def key(self) -> str:
        """A hash of all that its rows depend on: equal for variants with the same network."""
        # Defaults are left out, so that a setting that is new to RunSettings leaves older results in place.
        what = self.settings.model_dump(exclude={"variant"}, exclude_defaults=True) | {
            "network": self.network,
            "pictures": self.pictures and self.pictures.checksum,
            "leaks": self.leaks,
            "count": self.seeds if self.pictures else SAMPLES,
        }
        return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()[:12]

    @property
    def path(self) -> Path:
        """The variant's file, or that of a variant with the same network that has been measured already."""
        own = self.folder / f"{self.settings.variant}.jsonl"
        places = own, *files(self.folder)
        return next((path for path in places if mentions(path, self.kind, self.key)), own)

    @property
    def done(self) -> bool:
        """Whether it is there, under this name or that of a variant with the same network."""
        found = self.record
        # Samples that were made where no training picture was at hand are compared with them later.
        needs_training = self.training and not self.pictures
        return found is not None and (not needs_training or "nearest" in found["rows"][0])

    def run(self) -> None:
        """Run it, and write its line."""
        checkpoint = load(self.settings.variant, self.root)
        figures = self._restored(checkpoint, self.pictures) if self.pictures else self._generated(checkpoint)
        report = {
            "variant": self.settings.variant,
            "network": self.network,
            "source": self.pictures and self.pictures.label,
            "leaks": self.leaks,
            "mean_colours": MEAN_COLOURS,
            "settings": self.settings.model_dump(),
        }
        self.keep(report | figures)

    def _restored(self, checkpoint: Checkpoint, pictures: EvaluationSet) -> dict[str, Any]:
        """Every picture with every noise seed; no two share noise. `trace`: mean shift of x0 at each step."""
        rows, traces = [], []
        for seed in range(self.seeds):
            settings = self.settings.model_copy(update={"seed": seed * len(pictures.names)})
            clean = settings.dim(pictures.unseen)  # by seed, as a camera's grain is
            shown = clean if self.leaks else checkpoint.frame.empty(clean)
            trace, last = _traced(denoise(checkpoint, settings, shown), channel_means(clean))
            traces.append(trace)
            for name, output, picture in zip(pictures.names, last.x0, clean, strict=True):
                figures = asdict(measure(output, picture, self.settings.brightness))
                figures |= {"detail": detail_ratio(output, picture), "coherence": coherence(output, picture)}
                rows.append({"picture": name, "seed": seed, **figures})
        if not self.leaks:
            for row, leak in zip(rows, self.seeds * self._predicted_leak(checkpoint, clean), strict=True):
                row |= {f"leak_{axis}": value for axis, value in zip("rgb", leak, strict=True)}
        return {"rows": rows, "trace": torch.stack(traces).mean(dim=0).tolist()}

    def _predicted_leak(self, checkpoint: Checkpoint, clean: Tensor) -> list[list[float]]:
        """`missing_colour` of every picture, in 1/255: how far its part in x_t moves the result."""
        s, frame, offset_noise = self.settings, checkpoint.frame, checkpoint.variant.offset_noise
        means, pixels = frame.enter(clean).mean(dim=(-2, -1)).double(), clean[0, 0].numel()
        how = s.alphas_cumprod[s.start].item(), pixels, offset_noise, SAMPLERS[s.sampler].stochastic
        missing = missing_colour(means, checkpoint.colour_covariance, *how)
        return (missing * frame.scale * 127.5).tolist()

    def _generated(self, checkpoint: Checkpoint) -> dict[str, Any]:
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


def evaluation_set(source: str, held_out: Sequence[str] = (), size: int = RESOLUTION) -> EvaluationSet:
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


def conditions(
    name: str,
    pictures: Iterable[EvaluationSet],
    training: EvaluationSet | None = None,
    folder: Path = RESULTS,
    root: Path = ROOT,
) -> Iterator[Condition]:
    """The protocol of one variant, what all have in common first, what takes longest last.

    `training` are the photographs that samples are compared with.
    """
    row, network = find_variant(name), network_id(name, root)

    def condition(data: EvaluationSet | None, leaks: bool = True, **settings) -> Condition:
        return Condition(run_settings(variant=name, **settings), network, data, training, leaks, folder, root)

    def restorations(data: EvaluationSet, brightness: float) -> Iterator[Condition]:
        for start, steps in STEPS_FROM.items():
            for kind in VARIANCES:
                yield condition(data, start=start, steps=steps, variance_type=kind, brightness=brightness)

    for kind in VARIANCES:
        yield condition(None, mode="generate", steps=STEPS, variance_type=kind)
    for data in pictures:
        yield from restorations(data, row.brightness)
    for start, equal in equal_signal_starts(row, STEPS_FROM).items():
        for data in pictures if equal not in STEPS_FROM else ():
            yield condition(data, start=equal, steps=STEPS_FROM[start])
    plain = {"steps": STEPS, "variance_type": VARIANCES[0]}
    for data in pictures:
        yield condition(data, leaks=False, start=LAST_TIMESTEP, **plain)
    for sampler in OTHER_SAMPLERS.get(name, ()):
        yield condition(None, mode="generate", sampler=sampler, **plain)
        for data in pictures:
            for start in SAMPLED_FROM:
                yield condition(data, start=start, sampler=sampler, **plain)
    for brightness in UNTRAINED_BRIGHTNESS.get(name, ()):
        for data in pictures:
            yield from restorations(data, brightness)
    for light in UNTRAINED_LIGHT.get(name, ()):
        for data in pictures:
            for start in SAMPLED_FROM:
                yield condition(data, start=start, light=light, steps=STEPS)
    for kind in VARIANCES if name in FINELY_SAMPLED else ():
        yield condition(None, mode="generate", steps=FINE_STEPS, variance_type=kind)


def network_id(name: str, root: Path = ROOT) -> str:
    """A hash of a variant's weights and of how they are used: equal for variants that sample alike."""
    row = find_variant(name)
    what = [checkpoints.record(name, root)["weights_sha256"], list(row.decides_sampling.values())]
    return hashlib.sha256(json.dumps(what).encode()).hexdigest()[:12]


def describe_training_set(data: EvaluationSet, name: str, folder: Path = RESULTS) -> None:
    """Write the training pictures' colours as `name` sees them, and how near unseen pictures come to them."""
    key, brightness = training_set_key(name), find_variant(name).brightness
    path = folder / f"{NO_NETWORK}.jsonl"
    with claimed(folder / f"{TRAINING_SET}-{key}.lock"):
        described = record(path, TRAINING_SET, key)
        if described and described["checksum"] == data.checksum:
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
        append(path, TRAINING_SET, key, report)


def training_set_key(name: str) -> str:
    """What tells a variant's training set from others: those of the study share theirs by subject."""
    row = find_variant(name)
    size = "" if row.size == RESOLUTION else f"-{row.size}px"
    return f"{row.subject or row.name}-{row.brightness:g}{size}"


def colour_rows(pictures: Tensor) -> Iterator[dict[str, Any]]:
    """For each picture its mean R, G, B and its border's (1/255), and its mean L*, a*, b*."""
    for colours in set_colours(pictures).swapaxes(0, 1):
        yield dict(zip(COLOURS, colours.flatten().tolist(), strict=True))


def _traced(walk: Iterator[Step], target: Tensor) -> tuple[Tensor, Step]:
    """(timestep, dR, dG, dB) at every step (N, 4), dR to dB the mean of x0 less `target`; the last step."""
    trace = []
    for step in walk:
        shift = (channel_means(step.x0).cpu() - target).mean(dim=0)
        trace.append(torch.cat([torch.tensor([float(step.timestep)]), shift]))
    return torch.stack(trace), step
