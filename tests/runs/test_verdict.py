"""What a run has come to, in two sentences."""

from dataclasses import replace

import pytest
import torch

from lowlight_ddpm.diffusion.sampling import Step
from lowlight_ddpm.diffusion.settings import run_settings
from lowlight_ddpm.images.photometry import prepare
from lowlight_ddpm.runs.run import Run
from lowlight_ddpm.runs.verdict import ALIKE, CLOSE, FROM_NOISE, alike, backgrounds, verdict
from lowlight_ddpm.variants import find_variant


def ended(settings, x0, pixels=None, checkpoint=None):
    """A run whose only step has this estimate."""
    run = Run(settings, pixels, checkpoint=checkpoint)
    run.history.keep(Step(0, 1, settings.start, 0.5, x0, x0))
    return run


def on_paper(inside=80, paper=255):
    pixels = torch.full((3, 64, 64), paper, dtype=torch.uint8)
    pixels[:, 16:48, 16:48] = inside
    pixels[:, 20:30, 20:44] = 255 - inside
    return pixels


def test_a_generated_image_should_have_the_white_that_was_learned():
    settings = run_settings(mode="generate", steps=1)
    pink = torch.tensor([1.0, 0.9, 0.95])[:, None, None].expand(3, 64, 64) * 0.5 * 2 - 1
    colours, image = verdict(ended(settings, pink[None]))
    assert colours == "Background: should be white, is pink by 16 of 255."
    assert image == FROM_NOISE


def test_a_restored_image_should_keep_its_paper():
    settings = run_settings(start=300, steps=1)
    pixels = on_paper()
    x0 = prepare(pixels, 0.5) - torch.tensor([0.0, 0.06, 0.03])[:, None, None]
    colours, image = verdict(ended(settings, x0[None], pixels))
    assert colours.startswith("Background: should be white, is pink by ")
    assert image.startswith("Image: the original, ")


def test_where_there_is_no_paper_the_whole_image_counts(tiny_checkpoint):
    settings = run_settings(start=300, steps=1)
    pixels = on_paper(paper=120)
    colours, _ = verdict(ended(settings, prepare(pixels, 0.5)[None] - 0.1, pixels, tiny_checkpoint))
    assert "CIEDE2000" in colours


def test_of_a_network_that_is_not_the_study_s_no_background_is_known(tiny_checkpoint):
    row = replace(find_variant("dim"), name="mine")
    own = replace(tiny_checkpoint, variant=row)
    settings = run_settings(variant=row, mode="generate", steps=1)
    colours, _ = verdict(ended(settings, torch.zeros(1, 3, 64, 64), checkpoint=own))
    assert "Background" not in colours


@pytest.mark.parametrize(
    ("ssim", "said"),
    [
        (1.0, "the original, 100%"),
        (CLOSE, "close to the original, 50%"),
        (-0.1, "not the original any more"),
    ],
)
def test_how_alike_it_is(ssim, said):
    assert said in alike(ssim)
    assert ALIKE > CLOSE


def test_each_image_of_a_batch_has_its_background():
    images = torch.stack([torch.zeros(3, 32, 32), torch.full((3, 32, 32), -0.1)])
    assert [round(one.error) for one in backgrounds(images, 0.5)] == [0, 26]
