"""The network: one kind of UNet2DModel for every variant, in the depth, width and size of its row."""

import math
from typing import Any

from diffusers.models.unets.unet_2d import UNet2DModel

from lowlight_ddpm.variants import CHANNELS, RESOLUTION

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
