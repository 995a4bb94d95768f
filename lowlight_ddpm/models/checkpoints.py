"""From a variant's name to its network, and from a training run to a folder that diffusers loads."""

import hashlib
import json
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import torch
from diffusers.models.unets.unet_2d import UNet2DModel
from diffusers.pipelines.ddpm.pipeline_ddpm import DDPMPipeline
from diffusers.schedulers.scheduling_ddpm import DDPMScheduler
from torch import Tensor

from lowlight_ddpm import environment
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.models import hub
from lowlight_ddpm.models.unet import Frame, image_side
from lowlight_ddpm.paths import CHECKPOINTS
from lowlight_ddpm.variants import VARIANTS, Variant, find_variant

ROOT = CHECKPOINTS
RECORD = "training.json"
# Where a GPU is lent for a run at a time (ZeroGPU), torch promises one all the time: `ui.worker.source` goes
# there.
GPU_IS_LENT = bool(environment.value("SPACES_ZERO_GPU"))
# low_cpu_mem_usage would create all tensors of the process without data meanwhile, in any thread.
_HOW = {"local_files_only": True, "low_cpu_mem_usage": False}
WEIGHTS = Path("unet") / "diffusion_pytorch_model.safetensors"


@dataclass(frozen=True)
class Checkpoint:
    """A trained variant, ready to sample: network in evaluation mode, its scheduler, and how it was trained.

    `record` is the training record as training.json holds it: settings, command, loss curve, versions,
    held-out files, and the training set's channel mean (3) and covariance (3, 3) in model range.
    """

    variant: Variant
    unet: UNet2DModel = field(repr=False)
    scheduler: DDPMScheduler = field(repr=False)
    record: dict = field(repr=False)

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
        return Frame.of(self.variant, self.record["channel_mean"])

    @property
    def training_means(self) -> Tensor:
        """Mean R, G, B of its training images, dimmed as it saw them: (3,) in 1/255."""
        return (torch.tensor(self.record["channel_mean"]) + 1) * 127.5

    @property
    def colour_covariance(self) -> Tensor:
        """Σ of the training images' mean colours, normalized as the network's input: float64 (3, 3)."""
        covariance = torch.tensor(self.record["channel_covariance"], dtype=torch.float64)
        return self.frame.enter_covariance(covariance)

    @property
    def alphas_cumprod(self) -> Tensor:
        """ᾱ_t of the schedule it was trained on: float64 (1000,)."""
        return self.scheduler.alphas_cumprod.double()


def available(root: Path = ROOT) -> list[str]:
    """Names of the variants that have a folder, or a line in hub.json, in the table's order.

    Where hub.json cannot be read, those with a folder are left; `load` refuses the others.
    """
    try:
        there = hub.published(root)
    except Refusal:
        there = {}
    return [name for name in VARIANTS if (root / name).is_dir() or name in there]


def record(name: str, root: Path = ROOT) -> dict:
    """The training record of a variant, without its network. Raises Refusal as `load` does."""
    return _record(name, _folder(name, root))


def _record(name: str, folder: Path) -> dict:
    try:
        written = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Refusal(_damaged(name)) from error
    if not isinstance(written, dict):
        raise Refusal(_damaged(name))
    return written


@lru_cache(maxsize=8)
def load(name: str, root: Path = ROOT) -> Checkpoint:
    """Load a variant from its folder, offline, onto the GPU where there is one of its own; cached.

    Raises Refusal where the variant is unknown, its folder missing, or a file of it damaged.
    """
    variant, folder = find_variant(name), _folder(name, root)
    written = _record(name, folder)
    try:
        intact = _sha256(folder / WEIGHTS) == written["weights_sha256"]
        pipeline = DDPMPipeline.from_pretrained(folder, **_HOW) if intact else None
    except Exception as error:  # diffusers raises many kinds for a folder that is not whole
        raise Refusal(_damaged(name)) from error
    if pipeline is None:
        raise Refusal(_damaged(name))
    device = "cuda" if torch.cuda.is_available() and not GPU_IS_LENT else "cpu"
    unet = pipeline.unet.float().eval().requires_grad_(False).to(device, memory_format=torch.channels_last)
    return Checkpoint(variant, unet, pipeline.scheduler, written)


def save(folder: Path, unet: UNet2DModel, scheduler: DDPMScheduler, record: dict, card: str) -> None:
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
    local = root / find_variant(name).name
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


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
