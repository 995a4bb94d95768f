import pytest
import torch

from lowlight_ddpm.diffusion.sampling import add_noise
from lowlight_ddpm.images import draw, stack
from lowlight_ddpm.images.photometry import prepare
from lowlight_ddpm.study.baselines import FILTERS, filtered

BRIGHTNESS, ALPHA_BAR = 0.5, 0.9


@pytest.fixture(scope="module")
def pair():
    clean = prepare(stack([draw(0, 64)], 64), BRIGHTNESS)[0]
    noise = torch.randn(clean.shape, generator=torch.Generator().manual_seed(0))
    return clean, add_noise(clean, noise, ALPHA_BAR)


@pytest.mark.parametrize("kind", FILTERS, ids=lambda kind: kind.name)
def test_a_filter_at_its_best_brings_the_picture_nearer(kind, pair):
    clean, noised = pair
    errors = [
        (filtered(kind, strength, noised, ALPHA_BAR, BRIGHTNESS) - clean).square().mean().item()
        for strength in kind.strengths
    ]
    untouched = (noised / ALPHA_BAR**0.5 - clean).square().mean().item()
    assert min(errors) < untouched / 2


@pytest.mark.parametrize("kind", FILTERS, ids=lambda kind: kind.name)
def test_a_filter_stays_in_the_dimmed_range(kind, pair):
    output = filtered(kind, kind.strengths[0], pair[1], ALPHA_BAR, BRIGHTNESS)
    assert output.min() >= -1
    assert output.max() <= 2 * BRIGHTNESS - 1 + 1e-6
