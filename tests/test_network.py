"""The network: its shapes, its depth as the one thing that varies, and where it attends."""

import pytest
import torch

from lowlight_ddpm.network import build_unet
from lowlight_ddpm.variants import VARIANTS


@pytest.mark.parametrize("shape", [(1, 3, 16, 16), (2, 3, 24, 8)])
def test_the_output_has_the_input_s_shape(shape):
    unet = build_unet(1, channels=(8, 8, 8, 8), resolution=16)
    with torch.inference_mode():
        assert unet(torch.zeros(shape), 5).sample.shape == shape


@pytest.mark.parametrize("layers", {row.layers_per_block for row in VARIANTS.values()})
def test_every_variant_has_three_channels_64_pixels_and_its_own_depth(layers):
    with torch.device("meta"):
        unet = build_unet(layers)
    config = unet.config
    assert (config.in_channels, config.out_channels, config.sample_size) == (3, 3, 64)
    assert [len(block.resnets) for block in unet.down_blocks] == [layers] * 4
    # The hosts of our checkpoints take files under 10 MB, and fp16 is two bytes a weight.
    assert 2 * unet.num_parameters() < 10e6


def test_attention_sits_at_the_last_level_but_one():
    with torch.device("meta"):
        config = build_unet().config
    assert [kind.startswith("Attn") for kind in config.down_block_types] == [False, False, True, False]
    assert [kind.startswith("Attn") for kind in config.up_block_types] == [False, True, False, False]


def test_a_seed_gives_the_same_first_weights():
    def first(seed):
        torch.manual_seed(seed)
        return build_unet(1, channels=(8, 16), resolution=16).conv_in.weight

    assert torch.equal(first(3), first(3))
    assert not torch.equal(first(3), first(4))
