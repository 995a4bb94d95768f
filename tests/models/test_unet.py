"""The network: its shapes, what a row says of it, the committed ones, and diffusers' own tutorial's."""

import json

import pytest
import torch
from diffusers import UNet2DModel
from torch.nn import GroupNorm

from lowlight_ddpm.images import open_source, stack
from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.models.unet import build_unet
from lowlight_ddpm.training.loop import Recipe, Training
from lowlight_ddpm.variants import VARIANTS, Variant

pytestmark = pytest.mark.slow

# "Train a diffusion model" of diffusers' documentation trains this network on the same butterflies.
TUTORIAL = Variant(
    "tutorial",
    "The tutorial's network",
    "At 128 pixels, with 113.7 million weights.",
    brightness=1.0,
    size=128,
    layers_per_block=2,
    channels=(128, 128, 256, 256, 512, 512),
    attention_head_dim=8,
    norm_num_groups=32,
)
TUTORIAL_CODE = {
    "sample_size": 128,
    "in_channels": 3,
    "out_channels": 3,
    "layers_per_block": 2,
    "block_out_channels": (128, 128, 256, 256, 512, 512),
    "down_block_types": (*["DownBlock2D"] * 4, "AttnDownBlock2D", "DownBlock2D"),
    "up_block_types": ("UpBlock2D", "AttnUpBlock2D", *["UpBlock2D"] * 4),
}


def network_of(row):
    return build_unet(
        row.layers_per_block, row.channels, row.size, row.attention_head_dim, row.norm_num_groups
    )


def shapes(unet):
    return {name: weight.shape for name, weight in unet.state_dict().items()}


@pytest.mark.parametrize("shape", [(1, 3, 16, 16), (2, 3, 24, 8)])
def test_the_output_has_the_input_s_shape(shape):
    unet = build_unet(1, channels=(8, 8, 8, 8), resolution=16)
    with torch.inference_mode():
        assert unet(torch.zeros(shape), 5).sample.shape == shape


@pytest.mark.parametrize("name", VARIANTS)
def test_a_row_s_network_is_as_deep_and_as_small_as_it_may_be(name):
    row = VARIANTS[name]
    with torch.device("meta"):
        unet = network_of(row)
    config = unet.config
    assert (config.in_channels, config.out_channels, config.sample_size) == (3, 3, row.size)
    assert [len(block.resnets) for block in unet.down_blocks] == [row.layers_per_block] * len(row.channels)
    # The hosts of our checkpoints take files under 10 MB, and fp16 is two bytes a weight.
    assert 2 * unet.num_parameters() < 10e6


@pytest.mark.parametrize(
    "name", [row.name for row in VARIANTS.values() if (checkpoints.ROOT / row.name).is_dir()]
)
def test_a_committed_network_is_the_one_that_its_row_builds(name):
    """Its configuration to the last setting, and its weights by their names and shapes."""
    folder = checkpoints.ROOT / name
    with torch.device("meta"):
        unet = network_of(VARIANTS[name])
    written = json.loads((folder / "unet" / "config.json").read_text())
    assert written == json.loads(unet.to_json_string()) | {
        "_diffusers_version": written["_diffusers_version"]
    }
    assert shapes(checkpoints.load(name, checkpoints.ROOT).unet) == shapes(unet)


def test_attention_sits_at_the_last_level_but_one():
    with torch.device("meta"):
        config = build_unet().config
    assert [kind.startswith("Attn") for kind in config.down_block_types] == [False, False, True, False]
    assert [kind.startswith("Attn") for kind in config.up_block_types] == [False, True, False, False]


@pytest.mark.parametrize(("asked", "built"), [(None, 8), (1, 1), (4, 4)])
def test_every_norm_has_the_groups_that_are_asked_for(asked, built):
    with torch.device("meta"):
        unet = build_unet(norm_num_groups=asked)
    assert {norm.num_groups for norm in unet.modules() if isinstance(norm, GroupNorm)} == {built}


def test_the_tutorial_s_network_is_a_row_and_no_code():
    with torch.device("meta"):
        ours, theirs = network_of(TUTORIAL), UNet2DModel(**TUTORIAL_CODE)
        answer = ours(torch.empty(16, 3, 128, 128), torch.empty(16, dtype=torch.long)).sample
    assert ours.to_json_string() == theirs.to_json_string()
    assert shapes(ours) == shapes(theirs)
    assert ours.num_parameters() == 113_673_219
    assert answer.shape == (16, 3, 128, 128)


@pytest.mark.skipif(
    not torch.cuda.is_available(),
    reason="its 113.7 million weights want a GPU: CUDA_VISIBLE_DEVICES=0 shows it",
)
def test_the_tutorial_s_network_learns():
    pictures = stack([picture for _, picture in open_source("drawn:16")], TUTORIAL.size)
    network = {"channels": TUTORIAL.channels, "attention_head_dim": TUTORIAL.attention_head_dim}
    recipe = Recipe(epochs=60, learning_rate=1e-4, warmup_steps=5, **network)
    losses = [step.loss for step in Training(TUTORIAL, pictures, recipe, "bf16")]
    assert sum(losses[-10:]) < 0.7 * sum(losses[:10])


def test_a_seed_gives_the_same_first_weights():
    def first(seed):
        torch.manual_seed(seed)
        return build_unet(1, channels=(8, 16), resolution=16).conv_in.weight

    assert torch.equal(first(3), first(3))
    assert not torch.equal(first(3), first(4))
