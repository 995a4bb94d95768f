"""What a perfect sampler of mean colours shifts, against one that is run: image, noise, posterior, draw."""

import numpy as np
import pytest

from lowlight_ddpm.diffusion.perfect_sampler import mean_shift, noise_bound, shifts
from lowlight_ddpm.diffusion.schedule import Curves
from lowlight_ddpm.variants import find_variant

COVARIANCE = np.array([[0.02, 0.01, 0.005], [0.01, 0.015, 0.01], [0.005, 0.01, 0.02]])
RECORD = {"channel_mean": [-0.2, -0.3, -0.4], "channel_covariance": COVARIANCE.tolist()}
DIM, PIXELS = find_variant("dim"), 64 * 64


def sampled(alpha_bar, noise_variance, covariance=COVARIANCE, count=200_000):
    """Shifts of mean colours (count, 3), in model range: from x_t's mean, the clean mean is drawn anew."""
    rng = np.random.default_rng(0)
    colours = rng.multivariate_normal(np.zeros(3), covariance, count)
    noise = (1 - alpha_bar) * noise_variance
    seen = alpha_bar**0.5 * colours + noise**0.5 * rng.normal(size=(count, 3))
    gain = alpha_bar**0.5 * covariance @ np.linalg.inv(alpha_bar * covariance + noise * np.eye(3))
    left = covariance - alpha_bar**0.5 * gain @ covariance
    drawn = seen @ gain.T + rng.multivariate_normal(np.zeros(3), (left + left.T) / 2, count)
    return drawn - colours


@pytest.mark.parametrize("timestep", [50, 300, 600, 999])
def test_it_is_what_a_perfect_sampler_does(timestep):
    level = Curves.trained(DIM).alphas_cumprod[timestep].item()
    found = 127.5 * sampled(level, 1 / PIXELS)
    assert noise_bound(DIM, RECORD, level, PIXELS) == pytest.approx(
        np.quantile(np.abs(found).max(axis=1), 0.95), rel=0.015
    )
    assert mean_shift(DIM, RECORD, level, PIXELS) == pytest.approx(
        2 * np.sqrt((found**2).mean(axis=1)).mean(), rel=0.01
    )


def test_from_nothing_two_images_are_compared_and_from_everything_one_with_itself():
    flat = np.cov(shifts(DIM, RECORD, 0.0, PIXELS).T)
    np.testing.assert_allclose(flat, 2 * 127.5**2 * COVARIANCE, rtol=0.02)
    assert noise_bound(DIM, RECORD, 1 - 1e-9, PIXELS) < 0.01


def test_offset_noise_hides_more():
    offset = find_variant("dim-deep-offset")
    assert noise_bound(offset, RECORD, 0.5, PIXELS) == pytest.approx(
        127.5 * np.quantile(np.abs(sampled(0.5, 1 / PIXELS + offset.offset_noise**2)).max(axis=1), 0.95),
        rel=0.015,
    )


def test_a_network_of_another_input_is_judged_in_the_images_own_range():
    """Stretched to full range, an image is twice as far from the same noise."""
    found = sampled(0.3, 1 / PIXELS, COVARIANCE / 0.5**2) * 0.5 * 127.5
    assert noise_bound(find_variant("dim-deep-renorm"), RECORD, 0.3, PIXELS) == pytest.approx(
        np.quantile(np.abs(found).max(axis=1), 0.95), rel=0.015
    )


def test_images_of_one_colour_are_never_shifted():
    record = RECORD | {"channel_covariance": np.zeros((3, 3)).tolist()}
    assert noise_bound(DIM, record, 0.3, PIXELS) == 0
