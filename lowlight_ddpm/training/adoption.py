"""Taking a trained network into the study: what is checked of it first, and its move to checkpoints/."""

import re
import shutil
from pathlib import Path
from typing import Any

import torch
from diffusers.pipelines.ddpm.pipeline_ddpm import DDPMPipeline

from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.models.checkpoints import ROOT
from lowlight_ddpm.models.pipelines import WEIGHTS
from lowlight_ddpm.variants import Variant, find_variant

LARGEST = 10_000_000  # bytes of a file of weights: a clone has two dozen of them
_TRIED = 2  # steps of the plain pipeline


def check(name: str, waiting: Path, root: Path = ROOT) -> None:
    """Look at the network of the variant `name` that waits as a folder of that name in `waiting`.

    Raises Refusal, in one sentence, unless its weights are those of its record and small enough, a command of
    this package trained them to the end in fp32, on the training images of its subject's networks in `root`,
    and plain diffusers draws with it.
    """
    row = find_variant(name)
    if not (waiting / name).is_dir():
        raise Refusal(f"No network {name} waits in {waiting}: name the folder with --waiting, or train it.")
    checkpoints.load(name, waiting)  # the digest is checked, and that row and record agree
    record = checkpoints.record(name, waiting)
    learner = find_variant(row.trained_as)
    for is_so, fault in (
        (_size(waiting / name) > LARGEST, f"has more than {LARGEST:,} bytes of weights"),
        (not _is_command(record.get("command"), name), "does not say by which command it was trained"),
        (record.get("precision") != "fp32" or record.get("tf32"), "was not trained in fp32"),
        (record.get("epochs") != learner.epochs, f"was not trained for {learner.epochs} epochs"),
        ("sha256" not in record.get("data", {}), "does not say on which images it was trained"),
    ):
        if is_so:
            raise Refusal(f"The network {name} in {waiting} {fault}: train it anew.")
    _check_images(row, record, root)
    _check_pipeline(name, waiting / name)


def move(name: str, waiting: Path, root: Path = ROOT) -> None:
    """Put the waiting network in the place of the one that `root` has of that variant, if any."""
    shutil.rmtree(root / name, ignore_errors=True)
    shutil.move(waiting / name, root / name)


def _size(folder: Path) -> int:
    return (folder / WEIGHTS).stat().st_size


def _is_command(command: Any, name: str) -> bool:
    return bool(re.match(rf"python -m lowlight_ddpm train {re.escape(name)}( |$)", str(command)))


def _check_images(row: Variant, record: dict[str, Any], root: Path) -> None:
    digest = record["data"]["sha256"]
    for other in checkpoints.available(root):
        alike = find_variant(other).subject == row.subject and other != row.name
        if alike and checkpoints.record(other, root)["data"].get("sha256") != digest:
            raise Refusal(
                f"The network {row.name} has learned from other images than {other}, with which it would be "
                f"compared: train it on those, or take {other} away first."
            )


def _check_pipeline(name: str, folder: Path) -> None:
    try:
        pipeline = DDPMPipeline.from_pretrained(folder, local_files_only=True)
        pipeline.set_progress_bar_config(disable=True)
        noise = torch.Generator().manual_seed(0)
        output: Any = pipeline(num_inference_steps=_TRIED, generator=noise, output_type="np")
        drawn = output.images
    except Exception as error:  # diffusers raises many kinds
        raise Refusal(f"Plain diffusers cannot draw with the network {name} in {folder}: {error}") from error
    side = pipeline.unet.config["sample_size"]
    if drawn.shape != (1, side, side, 3):
        raise Refusal(f"Plain diffusers draws {drawn.shape} with the network {name}: train it anew.")
