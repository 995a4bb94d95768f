"""Fine structure: blur takes it, noise adds as much as theory says."""

import pytest
import torch
from torchvision.transforms.v2.functional import gaussian_blur

from lowlight_ddpm.metrics.image import coherence, detail_ratio


@pytest.fixture
def picture():
    return torch.rand(3, 64, 64, generator=torch.Generator().manual_seed(0)) - 1


def test_a_picture_has_its_own_detail_whatever_its_colour(picture):
    assert detail_ratio(picture, picture) == pytest.approx(1)
    assert detail_ratio(picture + 0.3, picture) == pytest.approx(1, rel=1e-5)


def test_contrast_counts_squared(picture):
    assert detail_ratio(picture / 2, picture) == pytest.approx(0.25)


def test_blur_takes_detail_and_noise_adds_twenty_times_its_variance(picture):
    assert detail_ratio(gaussian_blur(picture, 5), picture) < 0.1
    noise = 0.1 * torch.randn(3, 64, 64, generator=torch.Generator().manual_seed(1))
    ramp = torch.linspace(-1, 0, 64).expand(3, 64, 64) + 0.5 * picture
    added = detail_ratio(ramp + noise, ramp) - 1
    assert added * 20 * 0.25 / 12 == pytest.approx(20 * 0.01, rel=0.1)  # picture / 2 has variance 0.25 / 12


def test_noise_of_as_much_energy_has_no_coherence(picture):
    noise = torch.rand(3, 64, 64, generator=torch.Generator().manual_seed(2)) - 1
    assert detail_ratio(noise, picture) == pytest.approx(1, rel=0.05)
    assert coherence(noise, picture) == pytest.approx(0, abs=0.03)
    assert coherence(picture + noise, picture) == pytest.approx(0.5**0.5, abs=0.03)


def test_coherence_is_of_structure_and_not_of_contrast_or_colour(picture):
    assert coherence(0.3 * picture + 0.2, picture) == pytest.approx(1)
    assert coherence(-picture, picture) == pytest.approx(-1)
