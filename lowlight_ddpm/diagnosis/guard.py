"""What is looked at of a folder from anywhere before a network of it is built: how large it would be.

A file can claim any size in a few bytes, and diffusers builds what it claims.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import torch
from diffusers.models.unets.unet_2d import UNet2DModel
from safetensors import safe_open

from lowlight_ddpm.errors import Refusal

# What plain models of images stay far below.
_MOST = {"num_train_timesteps": 100_000, "layers_per_block": 32, "sample_size": 4096}
_BLOCKS, _WIDTH = 16, 16_384  # of block_out_channels: how many, and how wide


@dataclass(frozen=True)
class Limits:
    """What a server takes: weights of a network, and pixels a side of its images."""

    weights: int
    side: int


def check_numbers(place: str, config: dict[str, Any]) -> None:
    """Raise Refusal where a configuration, of a network or a scheduler, has a number that no model has."""
    for name, most in _MOST.items():
        value = config.get(name)
        if value is not None and not (type(value) is int and 0 < value <= most):
            raise Refusal(f"“{place}” says {name} = {_short(value)}: a whole number up to {most:,} is taken.")
    widths = config.get("block_out_channels", ())
    fine = isinstance(widths, list | tuple) and len(widths) <= _BLOCKS
    if not fine or not all(type(width) is int and 0 < width <= _WIDTH for width in widths):
        raise Refusal(
            f"“{place}” says block_out_channels = {_short(widths)}: up to {_BLOCKS} whole numbers "
            f"up to {_WIDTH:,} are taken."
        )


def check_weights(
    place: str,
    config: dict[str, Any],
    network: type[UNet2DModel],
    files: Iterable[Path],
    limits: Limits | None,
) -> None:
    """Raise ValueError unless the files' tensors are as many weights as the configuration's network has.

    Raises Refusal for more than `limits` allow. No weight is read or allocated: the network is counted on the
    meta device, and the files by their headers. Raises as diffusers and safetensors do where they cannot.
    """
    with torch.device("meta"):
        built: Any = network.from_config(config)
    wanted = sum(weight.numel() for weight in built.state_dict().values())
    if limits and wanted > limits.weights:
        raise Refusal(
            f"“{place}” has {wanted:,} weights: up to {limits.weights:,} are taken here, "
            "and any number on the command line."
        )
    side = config.get("sample_size") or 0
    if limits and side > limits.side:
        raise Refusal(
            f"“{place}” is of {side} pixels a side: up to {limits.side} are taken here, "
            "and any size on the command line."
        )
    found = 0
    for file in files:
        with safe_open(file, "pt") as opened:
            found += sum(prod(opened.get_slice(name).get_shape()) for name in opened.keys())  # noqa: SIM118
    if found != wanted:
        raise ValueError(f"{found} weights in files, {wanted} in the network")


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:40]}…"
