"""A training run of a few steps that several test files look at."""

from dataclasses import replace

import torch

from lowlight_ddpm.training.loop import Recipe, Training
from lowlight_ddpm.variants import VARIANTS

# Two channels a group, as in a real network at the least: of one alone the timestep's share is normalised
# away, and Muon makes a whole step of a gradient that is nothing but rounding.
DIM = replace(VARIANTS["dim"], norm_num_groups=4)
RECIPE = Recipe(channels=(8, 16), epochs=2, batch_size=4, warmup_steps=2)
LONGER = replace(RECIPE, epochs=4)


def pictures(count=12, side=16):
    pixels = torch.randint(256, (count, 3, side, side), generator=torch.Generator().manual_seed(0))
    return pixels.to(torch.uint8)


def job(variant=DIM, recipe=RECIPE, pixels=None, accumulate=1):
    return Training(variant, pictures() if pixels is None else pixels, recipe, accumulate=accumulate)


def weights(run):
    """Every tensor that a training run ends in: raw and averaged weights."""
    return [*run.raw_unet.state_dict().values(), *run.copy_unet(averaged=True).state_dict().values()]


def equal(one, other):
    return all(torch.equal(a, b) for a, b in zip(one, other, strict=True))
