"""The network: a UNet2DModel, as deep, wide and large as its row says, and the scale of its input."""

import math
from dataclasses import dataclass
from typing import Any

import torch
from diffusers.models.unets.unet_2d import UNet2DModel
from torch import Tensor

from lowlight_ddpm.images.photometry import white
from lowlight_ddpm.variants import CHANNELS, RESOLUTION, Variant

GROUPS = 8  # of channels, each normalised by itself, where so many divide the widths (Wu & He 2018)


def build_unet(
    layers_per_block: int = 2,
    channels: tuple[int, ...] = CHANNELS,
    resolution: int = RESOLUTION,
    attention_head_dim: int | None = None,
    norm_num_groups: int | None = None,
) -> UNet2DModel:
    """A fresh UNet2DModel, (B, 3, H, W) and timesteps in, (B, 3, H, W) out.

    `channels` has one entry for each level of the U, each half as wide as the one before: H and W are
    multiples of 8 where there are four. Self-attention is at the last level but one, where a 64 px image is
    16 px wide on four levels: deep enough to be cheap, fine enough to tie the two wings together. It has
    heads of `attention_head_dim` channels, a single head if that is None. GroupNorm (Wu & He 2018) splits
    every layer's channels into `norm_num_groups` and normalises each group by itself; None means GROUPS, or
    as many as divide all of `channels`.
    """
    levels = len(channels)
    attends = [level == levels - 2 for level in range(levels)]
    return UNet2DModel(
        sample_size=resolution,
        layers_per_block=layers_per_block,
        block_out_channels=channels,
        down_block_types=tuple("AttnDownBlock2D" if attention else "DownBlock2D" for attention in attends),
        up_block_types=tuple(
            "AttnUpBlock2D" if attention else "UpBlock2D" for attention in reversed(attends)
        ),
        attention_head_dim=attention_head_dim or channels[-2],
        norm_num_groups=norm_num_groups or math.gcd(GROUPS, *channels),
    )


def image_side(unet: Any) -> int:
    """Pixels a side of the images that a network takes; of a UNet2DModel, or whatever has its `config`."""
    return unet.config.sample_size


@dataclass(frozen=True)
class Frame:
    """x_net = (x − origin) / scale, with `origin` (3, 1, 1) in model range and `scale` above 0.

    Noise is added after it, so it changes what the network has to learn, not the images.
    An image's values lie between −1 and `highest`, both in model range.
    """

    origin: Tensor
    scale: float = 1.0
    highest: float = 1.0

    @classmethod
    def of(cls, variant: Variant, channel_mean: list[float]) -> "Frame":
        """That of `variant`, whose training images have the mean colour `channel_mean` (3)."""
        if variant.centred:
            return cls(torch.tensor(channel_mean)[:, None, None])
        if variant.renormalised:  # dimming maps 0 to b − 1 and divides distances by 1 / b: photometry.prepare
            b = variant.brightness
            return cls(torch.full((3, 1, 1), b - 1), scale=b, highest=white(b))
        return cls(torch.zeros(3, 1, 1))

    def enter(self, x: Tensor) -> Tensor:
        """From model range to the network's input, (..., 3, H, W)."""
        return (x - self.origin.to(x.device)) / self.scale

    def enter_covariance(self, covariance: Tensor) -> Tensor:
        """Σ (3, 3) of colours, from model range to the network's input; the origin does not matter."""
        return covariance / self.scale**2

    def empty(self, x: Tensor) -> Tensor:
        """The image that adds nothing to x_t but noise: in model range, of the shape of `x`."""
        return self.leave(torch.zeros_like(x))

    def leave(self, x: Tensor) -> Tensor:
        """From the network's input back to model range, (..., 3, H, W)."""
        return x * self.scale + self.origin.to(x.device)
