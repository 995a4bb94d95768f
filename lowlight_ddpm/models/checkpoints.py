"""From a variant's name, or a folder, to its network; from a training run to a folder for diffusers."""

import hashlib
import json
import os
import re
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from inspect import signature
from pathlib import Path
from typing import Any

import torch
from diffusers.models.unets.unet_2d import UNet2DModel
from diffusers.pipelines.ddpm.pipeline_ddpm import DDPMPipeline
from diffusers.schedulers.scheduling_ddpm import DDPMScheduler
from torch import Tensor

from lowlight_ddpm import environment
from lowlight_ddpm.environment import home
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.models import hub
from lowlight_ddpm.models.pipelines import RECORD, WEIGHTS, Pipeline, check_record, check_schedule
from lowlight_ddpm.models.unet import Frame, image_side
from lowlight_ddpm.paths import CHECKPOINTS
from lowlight_ddpm.variants import OR_OWN, VARIANTS, Variant, find_variant, register

ROOT = CHECKPOINTS
# Where a GPU is lent for a run at a time (ZeroGPU), torch promises one all the time: `ui.worker.source` goes
# there.
GPU_IS_LENT = bool(environment.value("SPACES_ZERO_GPU"))
# low_cpu_mem_usage would create all tensors of the process without data meanwhile, in any thread.
_HOW = {"local_files_only": True, "low_cpu_mem_usage": False, "use_safetensors": True}
_OFFERED: dict[str, Path] = {}  # folders that `offer` has put into the table, by the names of their rows


@dataclass(frozen=True)
class Checkpoint:
    """A trained variant, ready to sample: network in evaluation mode, its scheduler, and how it was trained.

    `variant` has the settings that it is sampled with: whatever samples it reads them here. `record` is the
    training record as training.json holds it: settings, command, loss curve, versions, held-out files, and
    the training set's channel mean (3) and covariance (3, 3) in model range; a network from elsewhere lacks
    most of it, and what needs it raises Refusal. Raises Refusal for a scheduler that contradicts the variant.
    """

    variant: Variant
    unet: UNet2DModel = field(repr=False)
    scheduler: DDPMScheduler = field(repr=False)
    record: dict[str, Any] = field(repr=False)

    def __post_init__(self) -> None:
        check_schedule(self.variant, self.scheduler.config)

    @property
    def device(self) -> torch.device:
        """Where the network is."""
        return self.unet.device

    @property
    def size(self) -> int:
        """Pixels a side of the images that the network takes."""
        return image_side(self.unet)

    @property
    def frame(self) -> Frame:
        """The normalization of the network's input."""
        return frame_of(self.variant, self.record)

    @property
    def training_means(self) -> Tensor:
        """Mean R, G, B of its training images, dimmed as it saw them: (3,) in 1/255."""
        return (self.training_mean + 1) * 127.5

    @property
    def training_mean(self) -> Tensor:
        """The same in model range: (3,)."""
        return torch.tensor(colours(self.variant, self.record)[0])

    @property
    def colour_covariance(self) -> Tensor:
        """Σ of the training images' mean colours, normalized as the network's input: float64 (3, 3)."""
        covariance = torch.tensor(colours(self.variant, self.record)[1], dtype=torch.float64)
        return self.frame.enter_covariance(covariance)

    @property
    def alphas_cumprod(self) -> Tensor:
        """ᾱ_t of the schedule it was trained on: float64 (1000,)."""
        return self.scheduler.alphas_cumprod.double()


def colours(row: Variant, record: dict[str, Any]) -> tuple[list[float], list[list[float]]]:
    """Mean (3) and covariance (3, 3) of the training images' mean colours, in model range.

    Raises Refusal where the record of `row` has none.
    """
    try:
        return record["channel_mean"], record["channel_covariance"]
    except KeyError:
        raise Refusal(
            f"The colours that {row.name} has learned from are not known, since it has no training record: "
            "load it in Python with mean and covariance or with images, or choose another network."
        ) from None


def frame_of(row: Variant, record: dict[str, Any]) -> Frame:
    """The normalization of the input of the network of `row`. Raises Refusal as `colours` does."""
    return Frame.of(row, colours(row, record)[0] if row.centred else [])


def available(root: Path = ROOT) -> list[str]:
    """Names of the variants that have a folder, or a line in hub.json, in the table's order.

    Where hub.json cannot be read, those with a folder are left; `load` refuses the others.
    """
    try:
        there = hub.published(root)
    except Refusal:
        there = {}
    return [name for name in VARIANTS if name in _OFFERED or (root / name).is_dir() or name in there]


def record(name: str, root: Path = ROOT) -> dict[str, Any]:
    """The training record of a variant, without its network. Raises Refusal as `load` does."""
    return _record(name, _folder(name, root))


def _record(name: str, folder: Path) -> dict[str, Any]:
    try:
        if name in _OFFERED and not (folder / RECORD).exists():
            weights = folder / WEIGHTS
            return {"weights_sha256": _hashed(weights, weights.stat().st_mtime_ns)}
        written = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Refusal(_damaged(name)) from error
    if not isinstance(written, dict):
        raise Refusal(_damaged(name))
    return written


def load(name: str, root: Path = ROOT) -> Checkpoint:
    """Load a variant from its folder, offline, onto the GPU where there is one of its own; cached.

    Raises Refusal where the variant is unknown, its folder missing, a file of it damaged, or where the folder
    contradicts the variant's row.
    """
    return _loaded(find_variant(name), root)


@lru_cache(maxsize=8)
def _loaded(row: Variant, root: Path) -> Checkpoint:
    folder = _folder(row.name, root)
    return _network(row, _record(row.name, folder), folder)


def open_network(place: str) -> Checkpoint:
    """Load the network at `place`: a variant's name, a folder of a pipeline, or OWNER/NAME of the Hub.

    The name by which a page offers one of LOWLIGHT_NETWORKS will do, too. Such a pipeline is an
    unconditional one of diffusers, DDPM or DDIM, with weights as safetensors: none of its own code is run.
    Raises Refusal as `load` and `row_at` do.
    """
    if place in VARIANTS:
        return load(place)
    folder = _located(place)
    row = _row(folder, place)
    written = _record(place, folder) if (folder / RECORD).exists() else {}
    if "weights_sha256" not in written:
        written |= {"weights_sha256": _sha256(folder / WEIGHTS)}
    return _network(row, written, folder)


def row_at(place: str) -> Variant:
    """The row of the network at `place`, without loading it. Raises Refusal where there is none."""
    return VARIANTS[place] if place in VARIANTS else _row(_located(place), place)


def offer(place: str) -> Variant:
    """Put a folder of a pipeline, or OWNER/NAME of the Hub, into the table, by the last part of its name.

    `load` and whatever takes the name of a variant find it from then on, by `place` as well. Raises
    Refusal as `row_at` and `register` do.
    """
    folder = _located(place)
    row = register(replace(_row(folder, place), name=home(place).resolve().name), also=place)
    _OFFERED[row.name] = folder
    return row


def folder_of(place: str) -> Path:
    """The folder of what `open_network` takes. Raises Refusal where there is none."""
    return _folder(place, ROOT) if place in VARIANTS else _located(place)


def _located(place: str) -> Path:
    folder = home(place)
    if os.path.isdir(folder):  # Path.is_dir raises for what no file can be called
        return folder
    if re.fullmatch(r"[\w-][\w.-]*/[\w-][\w.-]*", place, re.ASCII):
        return hub.fetch_repository(place)
    if "/" not in place:
        if served := environment.network_called(place):
            return _located(served)
        find_variant(place, OR_OWN)  # refuses it with the names that there are
    raise Refusal(f"There is no folder “{place}”: give that of a network, OWNER/NAME, or a variant.")


def _row(folder: Path, place: str) -> Variant:
    try:
        pipeline = Pipeline.read(folder)
    except (OSError, ValueError, KeyError) as error:
        raise Refusal(
            f"The folder “{place}” holds no whole diffusers pipeline: give one with model_index.json, "
            "unet and scheduler."
        ) from error
    return pipeline.row(place)


def _network(row: Variant, written: dict[str, Any], folder: Path) -> Checkpoint:
    """The checkpoint in a folder. Raises Refusal where a file is damaged or contradicts the row."""
    try:
        if _sha256(folder / WEIGHTS) != written["weights_sha256"]:
            raise ValueError("other weights than those of the record")
        scheduler = _scheduler(Pipeline.read(folder).scheduler)
        unet: Any = UNet2DModel.from_pretrained(folder / "unet", **_HOW)
    except Exception as error:  # diffusers raises many kinds for a folder that is not whole
        raise Refusal(_damaged(row.name)) from error
    check_record(row, written)
    device = "cuda" if torch.cuda.is_available() and not GPU_IS_LENT else "cpu"
    unet = unet.float().eval().requires_grad_(False).to(device, memory_format=torch.channels_last)
    return Checkpoint(row, unet, scheduler, written)


def _scheduler(config: dict[str, Any]) -> DDPMScheduler:
    """DDPM's, whichever scheduler a configuration is of: a run takes its timesteps and its sampler itself."""
    known = signature(DDPMScheduler.__init__).parameters
    return DDPMScheduler(**{name: value for name, value in config.items() if name in known})


def save(
    folder: Path, unet: UNet2DModel, scheduler: DDPMScheduler, record: dict[str, Any], card: str
) -> None:
    """Write a diffusers pipeline folder: fp16 safetensors, scheduler, training.json and a model card.

    `record` is completed with the weights' sha256, by which `load` recognises a damaged file. `unet` is
    converted to half precision.
    """
    DDPMPipeline(unet.half(), scheduler).save_pretrained(folder)
    (folder / WEIGHTS).chmod(0o644)  # safetensors lets its owner alone read it
    record = record | {"weights_sha256": _sha256(folder / WEIGHTS)}
    (folder / RECORD).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    (folder / "README.md").write_text(card, encoding="utf-8")


def _folder(name: str, root: Path) -> Path:
    """The folder of a variant: the local one, else that from the Hub. Raises Refusal where there is none."""
    local = _OFFERED.get(name, root / find_variant(name).name)
    folder = local if local.is_dir() else hub.fetch(name, root)
    if folder is None:
        raise Refusal(
            f"The variant {name} has no checkpoint in {root} (the first that is there of "
            "LOWLIGHT_CHECKPOINTS, ./checkpoints and the checkout's), nor does hub.json in it name one on "
            "the Hub: train it, or choose another variant."
        )
    return folder


def _damaged(name: str) -> str:
    return f"The checkpoint {name} is damaged or incomplete: restore its folder with git or download it anew."


@cache
def _hashed(path: Path, changed: int) -> str:
    """The sha256 of a file that was `changed` then: the page asks for it at every run of such a network."""
    return _sha256(path)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
