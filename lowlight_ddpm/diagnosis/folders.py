"""A diffusers folder as a model: its JSON files are checked, its safetensors loaded, nothing of it is run."""

import json
from pathlib import Path
from typing import Any

import torch
from diffusers.models.unets.unet_2d import UNet2DModel
from diffusers.schedulers.scheduling_ddim import DDIMScheduler
from diffusers.schedulers.scheduling_ddpm import DDPMScheduler

from lowlight_ddpm.diagnosis.guard import Limits, check_numbers, check_weights
from lowlight_ddpm.diagnosis.model import (
    CONDITIONED,
    OTHERWISE,
    Model,
    check_config,
    known_arguments,
    of_parts,
)
from lowlight_ddpm.diffusion.corrected_unet import MeanCorrectedUNet
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.models.checkpoints import GPU_IS_LENT, folder_of
from lowlight_ddpm.models.pipelines import RECORD

_PIPELINES = ("DDPMPipeline", "DDIMPipeline")
_NETWORKS = {kind.__name__: kind for kind in (UNet2DModel, MeanCorrectedUNet)}
_SCHEDULERS = {kind.__name__: kind for kind in (DDPMScheduler, DDIMScheduler)}
_WEIGHTS = "diffusion_pytorch_model"
_MOST_JSON = 20_000_000  # bytes of a file: the betas of 100,000 timesteps are 2 MB
# low_cpu_mem_usage would create all tensors of the process without data meanwhile, in any thread.
_HOW = {"local_files_only": True, "low_cpu_mem_usage": False, "use_safetensors": True}


def open_folder(
    place: str, label: int | None = None, device: str | None = None, limits: Limits | None = None
) -> Model:
    """The model in a folder, at OWNER/NAME of the Hub, or of a variant's name; computed in float32.

    A folder is that of a DDPMPipeline or a DDIMPipeline, or has unet/ and scheduler/ side by side. Raises
    Refusal, in one sentence, for whatever it is else, where a file is missing or damaged, and where the
    network is beyond `limits`, before anything of it is allocated.
    """
    folder = folder_of(place)
    kind = _pipeline_kind(place, folder)
    config, steps = (
        _read(place, folder, "unet/config.json"),
        _read(place, folder, "scheduler/scheduler_config.json"),
    )
    network = _NETWORKS.get(str(config.get("_class_name")))
    if network is None:
        raise Refusal(f"“{place}” has a {config.get('_class_name')}: a UNet2DModel is taken, {OTHERWISE}.")
    check_config(place, config)
    check_numbers(place, config)
    check_numbers(place, steps)
    record = _read(place, folder, RECORD) if (folder / RECORD).exists() else {}
    if not isinstance(record.get("variant", {}), dict):
        raise _damaged(place, RECORD)
    scheduler = _scheduler(place, kind, steps)
    where = device or ("cuda" if torch.cuda.is_available() and not GPU_IS_LENT else "cpu")
    variant, files = _weights(place, folder)
    try:
        check_weights(place, config, network, files, limits)
        unet: Any = network.from_pretrained(folder / "unet", variant=variant, **_HOW)
        unet = unet.float().eval().requires_grad_(False).to(where)
    except Refusal:
        raise
    except Exception as error:  # diffusers raises many kinds for a folder that is not whole
        raise _damaged(place, "unet") from error
    revision = folder.name if folder.parent.name == "snapshots" else None
    facts = {"revision": revision} if revision else {}
    return of_parts(unet, scheduler, None, label, place, facts=facts, record=record)


def _pipeline_kind(place: str, folder: Path) -> str:
    """The class of the pipeline; of a folder without model_index.json, that of DDPM."""
    if not (folder / "model_index.json").exists():
        if not all((folder / part).is_dir() for part in ("unet", "scheduler")):
            raise Refusal(
                f"“{place}” holds no diffusers pipeline: give a folder with unet and scheduler, {OTHERWISE}."
            )
        return _PIPELINES[0]
    index = _read(place, folder, "model_index.json")
    if why := next((why for part, why in CONDITIONED.items() if part in index), None):
        raise Refusal(f"“{place}” {why}: give a DDPM or DDIM pipeline of images themselves, {OTHERWISE}.")
    if index.get("_class_name") not in _PIPELINES:
        raise Refusal(
            f"“{place}” is a {index.get('_class_name')}: a {' or a '.join(_PIPELINES)} is taken, {OTHERWISE}."
        )
    return index["_class_name"]


def _scheduler(place: str, pipeline: str, config: dict[str, Any]) -> Any:
    """The scheduler that the pipeline samples with: DDIMPipeline makes DDIM's of any."""
    kind = _SCHEDULERS.get(str(config.get("_class_name")))
    if kind is None:
        raise Refusal(
            f"“{place}” has a {config.get('_class_name')}: save it with a DDPMScheduler or a DDIMScheduler "
            "of the same betas."
        )
    kind = DDIMScheduler if pipeline == "DDIMPipeline" else kind
    try:
        return kind(**known_arguments(kind, config))
    except Exception as error:  # a value of any kind may stand in the file
        raise _damaged(place, "scheduler/scheduler_config.json") from error


def _weights(place: str, folder: Path) -> tuple[str | None, list[Path]]:
    """Which of a folder's safetensors to load, and their files: plain ones, else those of half precision."""
    for variant, ending in ((None, ""), ("fp16", ".fp16")):
        whole, index = f"{_WEIGHTS}{ending}.safetensors", f"{_WEIGHTS}.safetensors.index{ending}.json"
        if (folder / "unet" / whole).is_file():
            return variant, [folder / "unet" / whole]
        if (folder / "unet" / index).is_file():
            parts = _read(place, folder, f"unet/{index}").get("weight_map")
            names: set[Any] = set(parts.values()) if isinstance(parts, dict) else {None}
            if not all(isinstance(name, str) and Path(name).name == name for name in names):
                raise _damaged(place, f"unet/{index}")
            return variant, [folder / "unet" / name for name in sorted(names)]
    raise Refusal(
        f"“{place}” has no unet/{_WEIGHTS}.safetensors: save it with safe_serialization, since no pickle is "
        "opened here."
    )


def _read(place: str, folder: Path, name: str) -> dict[str, Any]:
    try:
        if (folder / name).stat().st_size > _MOST_JSON:
            raise ValueError("too long")
        found = json.loads((folder / name).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise _damaged(place, name) from error
    if not isinstance(found, dict):
        raise _damaged(place, name)
    return found


def _damaged(place: str, name: str) -> Refusal:
    return Refusal(
        f"“{place}” is damaged or incomplete at {name}: save the model again with save_pretrained."
    )
