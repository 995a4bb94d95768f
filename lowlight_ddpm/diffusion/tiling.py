"""Pictures larger than those a network learned from: asked tile by tile, the answers blended into one.

The tiles share one x_t, so there is one field of noise and one timestep at a time; what is blended is the
prediction of one call, before the step is taken.
"""

import math
from itertools import islice, product

import torch
from diffusers import UNet2DModel
from torch import Tensor

BATCH = 16  # tiles in one network call: bounds the memory, whatever the picture's size
OVERLAP = 0.25  # of a tile's side, that neighbours share at least


def predict(unet: UNet2DModel, x_t: Tensor, timestep: Tensor) -> Tensor:
    """What the network answers to x_t (B, 3, H, W), float32 of the same shape.

    `timestep` is one for all, or (B,), one for each.

    H and W are at least the network's own size, at which it is asked as it is. In a larger picture each
    pixel's answer is a mean over the tiles that hold it. A tile's weight falls to nothing at its border, so
    that no seam is left there.
    """
    side = unet.config.sample_size
    timesteps = timestep.expand(len(x_t))
    if x_t.shape[-2:] == (side, side):
        return _ask(unet, x_t, timesteps)
    window = _window(side).to(x_t.device)
    answer, weight = torch.zeros_like(x_t), torch.zeros_like(x_t[:, :1])
    places = iter(list(product(range(len(x_t)), corners(x_t.shape[-2], side), corners(x_t.shape[-1], side))))
    while batch := list(islice(places, BATCH)):
        tiles = [(i, slice(None), slice(top, top + side), slice(left, left + side)) for i, top, left in batch]
        of = [i for i, *_ in tiles]
        told = _ask(unet, torch.stack([x_t[tile] for tile in tiles]), timesteps[of])
        for tile, prediction in zip(tiles, told, strict=True):
            answer[tile] += window * prediction
            weight[tile] += window
    return answer / weight


def tile_count(height: int, width: int, side: int) -> int:
    """How many tiles of `side` pixels a picture is asked in."""
    return len(corners(height, side)) * len(corners(width, side))


def corners(length: int, side: int) -> list[int]:
    """Where tiles begin along an axis, from one end to the other, evenly, sharing OVERLAP or more."""
    between = math.ceil((length - side) / math.floor(side * (1 - OVERLAP)))
    return [round(place * (length - side) / max(between, 1)) for place in range(between + 1)]


def _ask(unet: UNet2DModel, x_t: Tensor, timesteps: Tensor) -> Tensor:
    return unet(x_t.contiguous(memory_format=torch.channels_last), timesteps).sample


def _window(side: int) -> Tensor:
    """sin² along both axes, (side, side): above 0 everywhere, and next to nothing at the border."""
    ramp = torch.sin(torch.pi * (torch.arange(side) + 0.5) / side) ** 2
    return ramp[:, None] * ramp
