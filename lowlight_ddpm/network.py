"""The network: one UNet2DModel for every variant, which differ in depth alone."""

from diffusers import UNet2DModel

RESOLUTION = 64  # pixels a side that the networks are trained at
CHANNELS = (24, 32, 64, 128)


def build_unet(
    layers_per_block: int = 2, channels: tuple[int, ...] = CHANNELS, resolution: int = RESOLUTION
) -> UNet2DModel:
    """A fresh UNet2DModel, (B, 3, H, W) and timesteps in, (B, 3, H, W) out, H and W in multiples of 8.

    Self-attention sits at the last level but one, where a 64 px picture is 16 px wide: deep enough to be
    cheap, fine enough to tie the two wings together.
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
        attention_head_dim=channels[-2],
        norm_num_groups=8,
    )
