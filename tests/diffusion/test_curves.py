"""The curves of a schedule: against diffusers, against the samplers that runs use, and closed formulae."""

import math
from typing import get_args

import pytest
import torch
from diffusers import DDPMScheduler

from lowlight_ddpm.diffusion.curves import SNR_LIMIT, Curves
from lowlight_ddpm.diffusion.samplers import Respaced
from lowlight_ddpm.diffusion.schedule import VarianceType, trailing_timesteps
from lowlight_ddpm.diffusion.settings import run_settings
from lowlight_ddpm.diffusion.signal_leak import leaked_share
from lowlight_ddpm.variants import VARIANTS

POST = [(1e-4, 0.02), (1e-3, 0.01), (5e-4, 0.015), (5e-4, 0.15)]
COVARIANCE = torch.tensor(
    [[0.02, 0.015, 0.01], [0.015, 0.02, 0.012], [0.01, 0.012, 0.03]], dtype=torch.float64
)


@pytest.mark.parametrize("betas", POST)
def test_betas_rise_in_a_straight_line_and_their_product_is_the_level(betas):
    curves = Curves(*betas)
    torch.testing.assert_close(curves.betas, torch.linspace(*betas, 1000).double())
    torch.testing.assert_close((1 - curves.betas).cumprod(0), curves.alphas_cumprod, rtol=1e-4, atol=1e-30)


@pytest.mark.parametrize("name", VARIANTS)
def test_a_variants_curves_are_those_of_its_runs(name):
    curves = Curves.trained(VARIANTS[name])
    assert torch.equal(curves.alphas_cumprod, run_settings(variant=name).alphas_cumprod)


def test_signal_and_noise_are_the_legs_of_a_right_triangle_and_snr_is_their_ratio():
    curves = Curves(1e-4, 0.02)
    torch.testing.assert_close(curves.signal**2 + curves.noise**2, torch.ones(1000).double())
    decibels = 20 * (curves.signal / curves.noise).log10()
    torch.testing.assert_close(curves.snr, decibels)
    assert curves.snr[0].item() == pytest.approx(10 * math.log10(0.9999 / 1e-4), abs=0.01)


@pytest.mark.parametrize("kind", get_args(VarianceType))
@pytest.mark.parametrize("betas", POST[:3])
@pytest.mark.parametrize("zero_terminal_snr", [False, True])
def test_each_variance_type_adds_what_a_run_over_all_timesteps_adds(kind, betas, zero_terminal_snr):
    """The noise in x_{t−1} of a real step, its generator drawn a second time to divide by."""
    curves = Curves(*betas, zero_terminal_snr=zero_terminal_snr)
    walk = Respaced("ddpm", curves.alphas_cumprod, trailing_timesteps(999, 1000), kind)
    expected = curves.small if "small" in kind else curves.large
    still = torch.zeros(1, 1, 1, 2)
    for timestep in (1, 2, 10, 300, 700, 998, 999):
        noise = torch.randn(still.shape, generator=torch.Generator().manual_seed(1))
        moved = walk.step(999 - timestep, still, still, [torch.Generator().manual_seed(1)])
        assert (moved / noise).mean().item() == pytest.approx(expected[timestep].item(), rel=2e-3)
    assert not walk.step(999, still, still, [torch.Generator()]).any(), "the last step adds nothing"
    assert expected[0] == 0


def test_the_small_variance_is_diffusers_posterior_variance():
    scheduler, curves = DDPMScheduler(1000, 1e-4, 0.02), Curves(1e-4, 0.02)
    theirs = torch.stack([scheduler._get_variance(t, variance_type="fixed_small") for t in range(1000)])
    torch.testing.assert_close(curves.small**2, theirs.double(), rtol=1e-3, atol=1e-9)


def test_the_variance_types_part_only_where_little_noise_is_left():
    ratio = Curves(1e-4, 0.02).small_of_large
    assert ratio[1].item() == pytest.approx((1e-4 / (2e-4 + 0.0199 / 999)) ** 0.5, rel=1e-3)
    assert ratio[100] > 0.98
    assert (ratio <= 1).all()


@pytest.mark.parametrize("betas", [*POST, (1e-6, 2e-6), (0.1, 0.999)])
@pytest.mark.parametrize("zero_terminal_snr", [False, True])
def test_every_curve_is_finite_for_any_betas(betas, zero_terminal_snr):
    curves = Curves(*betas, zero_terminal_snr=zero_terminal_snr)
    for name in ("betas", "signal", "noise", "snr", "small", "large", "small_of_large"):
        values = getattr(curves, name)
        assert values.shape == (1000,)
        assert values.isfinite().all(), name
        assert name == "snr" or (values.min() >= 0 and values.max() <= 1), name
    assert curves.snr.abs().max() <= SNR_LIMIT


def test_zero_terminal_snr_ends_at_nothing():
    curves = Curves(1e-4, 0.02, zero_terminal_snr=True)
    assert (curves.betas[-1], curves.signal[-1], curves.snr[-1]) == (1, 0, -SNR_LIMIT)
    assert curves.kept_colour(COVARIANCE, 4096) == 0


def test_where_nothing_is_left_a_timestep_replaces_everything_by_noise():
    curves = Curves(0.1, 0.999, zero_terminal_snr=True)
    assert curves.signal[-2:].tolist() == [0, 0]
    assert curves.betas[-2:].tolist() == curves.large[-2:].tolist() == [1, 1]
    assert curves.small_of_large[0] == 1


def test_independent_equal_channels_keep_bayes_share_of_a_colour():
    curves = Curves(1e-3, 0.01)
    level = curves.alphas_cumprod[-1].item()
    expected = 0.02 / (0.02 + (1 - level) / (level * 4096))
    assert curves.kept_colour(0.02 * torch.eye(3).double(), 4096) == pytest.approx(expected)


def test_the_kept_share_is_the_variance_that_the_last_timestep_explains():
    curves, draws = Curves(1e-3, 0.01), torch.Generator().manual_seed(0)
    level, pixels, offset = curves.alphas_cumprod[-1].item(), 4096, 0.02
    root = torch.linalg.cholesky(COVARIANCE)
    colours = torch.randn(100_000, 3, generator=draws).double() @ root.T
    spread = ((1 - level) / level * (1 / pixels + offset**2)) ** 0.5
    seen = colours + spread * torch.randn(100_000, 3, generator=draws).double()
    missed = colours - seen @ leaked_share(COVARIANCE, level, 1 / (1 / pixels + offset**2)).T
    explained = 1 - (missed**2).sum() / (colours**2).sum()
    assert curves.kept_colour(COVARIANCE, pixels, offset) == pytest.approx(explained.item(), abs=0.01)


def test_the_lower_the_last_level_the_less_colour_is_kept():
    low, middle, usual, high = (
        Curves(*betas).kept_colour(COVARIANCE, 4096) for betas in (POST[1], POST[2], POST[0], POST[3])
    )
    assert low > middle > usual > high >= 0
