"""Untrained checkpoints that answer in milliseconds: everything but the network is looked at with them."""

from collections.abc import Iterable
from pathlib import Path

import torch

from lowlight_ddpm.diffusion.schedule import trained_scheduler
from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.models.unet import RESOLUTION, build_unet
from lowlight_ddpm.variants import find_variant

MEAN = (-0.2, -0.25, -0.3)
COVARIANCE = [[0.02, 0.01, 0.01], [0.01, 0.02, 0.01], [0.01, 0.01, 0.03]]


def save_tiny(
    root: Path,
    names: Iterable[str],
    channels: tuple[int, ...] = (8, 8, 8, 8),
    side: int = RESOLUTION,
    mean: tuple[float, ...] = MEAN,
) -> Path:
    """Fill a folder with variants of these names, each from a seed of its own; returns the folder."""
    colours = {"channel_mean": list(mean), "channel_covariance": COVARIANCE}
    record = {"command": "none", "held_out": [], **colours}
    for number, name in enumerate(names):
        torch.manual_seed(number)
        unet, scheduler = build_unet(1, channels, side), trained_scheduler(find_variant(name))
        checkpoints.save(root / name, unet, scheduler, record, f"# {name}\n")
    return root
