"""The schedule, its curves and its signal leak, against diffusers where it is right, else closed formulae."""

import math
from typing import get_args

import pytest
import torch
from diffusers import DDIMScheduler, DDPMScheduler
from hypothesis import given
from hypothesis import strategies as st

from lowlight_ddpm.diffusion.samplers import Respaced
from lowlight_ddpm.diffusion.schedule import (
    SNR_LIMIT,
    Curves,
    alphas_cumprod,
    estimate_x0,
    leaked_share,
    matching_timesteps,
    missing_colour,
    timestep_with,
    trailing_timesteps,
    trained_scheduler,
)
from lowlight_ddpm.diffusion.settings import VarianceType, run_settings
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.variants import PREDICTION_TYPES, VARIANTS

BETAS = [(1e-4, 0.02), (5e-4, 0.015), (5e-4, 0.15)]
POST = [(1e-4, 0.02), (1e-3, 0.01), (5e-4, 0.015), (5e-4, 0.15)]
COVARIANCE = torch.tensor(
    [[0.02, 0.015, 0.01], [0.015, 0.02, 0.012], [0.01, 0.012, 0.03]], dtype=torch.float64
)


@pytest.mark.parametrize("betas", BETAS)
@pytest.mark.parametrize("kind", ["linear", "scaled_linear", "squaredcos_cap_v2"])
def test_levels_are_those_of_diffusers(betas, kind):
    ours, theirs = alphas_cumprod(*betas, kind), DDPMScheduler(1000, *betas, kind)
    assert torch.equal(ours.float(), theirs.alphas_cumprod)
    product = (1 - theirs.betas.double()).cumprod(0)
    torch.testing.assert_close(ours, product, rtol=1e-5, atol=1e-38)


@pytest.mark.parametrize("name", VARIANTS)
def test_a_variant_is_trained_on_its_own_levels(name):
    row = VARIANTS[name]
    levels = alphas_cumprod(row.beta_start, row.beta_end, row.beta_schedule, row.zero_terminal_snr)
    assert torch.equal(trained_scheduler(row).alphas_cumprod.double(), levels)


@pytest.mark.parametrize("steps", [1, 2, 3, 7, 10, 20, 37, 50, 243, 333, 999, 1000])
def test_timesteps_from_the_last_are_diffusers_trailing_ones(steps):
    theirs = DDPMScheduler(1000, timestep_spacing="trailing")
    theirs.set_timesteps(steps)
    assert trailing_timesteps(999, steps).tolist() == theirs.timesteps.tolist()


@given(st.integers(0, 999).flatmap(lambda start: st.tuples(st.just(start), st.integers(1, start + 1))))
def test_timesteps_fall_from_the_start_evenly_and_never_repeat(start_and_steps):
    start, steps = start_and_steps
    timesteps = trailing_timesteps(start, steps)
    gaps = -timesteps.diff()
    assert len(timesteps) == steps
    assert timesteps[0] == start
    assert timesteps[-1] >= 0
    assert (gaps >= 1).all()
    assert steps < 3 or gaps.max() - gaps.min() <= 1


@pytest.mark.parametrize(("start", "steps"), [(0, 2), (9, 11), (999, 1001)])
def test_more_steps_than_timesteps_are_refused(start, steps, one_sentence):
    with pytest.raises(Refusal, match=f"at most {start + 1} steps") as refusal:
        trailing_timesteps(start, steps)
    one_sentence(refusal)


@pytest.mark.parametrize("prediction_type", PREDICTION_TYPES)
@pytest.mark.parametrize("timestep", [0, 300, 999])
def test_the_right_answer_gives_the_picture_back(prediction_type, timestep):
    x0, noise = torch.randn(2, 2, 3, 8, 8, generator=torch.Generator().manual_seed(0)).double()
    scheduler, when = DDPMScheduler(1000, 1e-4, 0.02), torch.tensor([timestep])
    x_t = scheduler.add_noise(x0, noise, when)
    answers = {"epsilon": noise, "v_prediction": scheduler.get_velocity(x0, noise, when), "sample": x0}
    level = scheduler.alphas_cumprod[timestep].item()
    found = estimate_x0(answers[prediction_type], x_t, level, prediction_type)
    torch.testing.assert_close(found, x0, atol=1e-4, rtol=0)


@pytest.mark.parametrize("prediction_type", PREDICTION_TYPES)
@pytest.mark.parametrize("scheduler", [DDPMScheduler, DDIMScheduler])
@pytest.mark.parametrize("timestep", [0, 300, 980])
def test_any_answer_is_read_as_diffusers_reads_it(prediction_type, scheduler, timestep):
    answer, x_t = torch.randn(2, 2, 3, 8, 8, generator=torch.Generator().manual_seed(0)).double()
    theirs = scheduler(1000, 1e-4, 0.02, clip_sample=False, prediction_type=prediction_type)
    theirs.set_timesteps(50)
    expected = theirs.step(answer, timestep, x_t).pred_original_sample
    level = theirs.alphas_cumprod[timestep].double()
    torch.testing.assert_close(estimate_x0(answer, x_t, level, prediction_type), expected, rtol=1e-5, atol=0)


@pytest.mark.parametrize("prediction_type", ["x0", "velocity", ""])
def test_an_unknown_answer_is_never_read_as_epsilon(prediction_type):
    with pytest.raises(KeyError):
        estimate_x0(torch.zeros(1), torch.zeros(1), 0.5, prediction_type)


def test_without_any_signal_v_and_x0_still_tell_the_picture():
    x0, noise = torch.randn(2, 2, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    assert torch.equal(estimate_x0(-x0, noise, 0.0, "v_prediction"), x0)
    assert torch.equal(estimate_x0(x0, noise, 0.0, "sample"), x0)


def test_zero_terminal_snr_leaves_nothing_of_a_picture_and_the_first_level_alone():
    plain, rescaled = alphas_cumprod(1e-4, 0.02), alphas_cumprod(1e-4, 0.02, zero_terminal_snr=True)
    assert rescaled[-1] == 0
    assert rescaled[0].item() == pytest.approx(plain[0].item(), abs=1e-6)
    roots = plain.sqrt()
    expected = (roots - roots[-1]) * roots[0] / (roots[0] - roots[-1])  # Lin et al. 2024, algorithm 1
    torch.testing.assert_close(rescaled.sqrt(), expected, atol=1e-4, rtol=0)


def test_betas_that_leave_no_picture_long_before_the_end_can_be_rescaled():
    levels = alphas_cumprod(0.1, 0.999, zero_terminal_snr=True)
    assert levels[0] > 0.5
    assert levels[-1] == 0
    assert (levels.diff() <= 0).all()


@pytest.mark.parametrize("betas", BETAS[:2])
def test_matching_is_the_identity_where_the_schedules_are_equal(betas):
    levels = alphas_cumprod(*betas)
    assert matching_timesteps(levels, levels).tolist() == list(range(1000))


@pytest.mark.parametrize("betas", BETAS)
def test_matching_keeps_the_order_and_the_noise_level(betas):
    new, trained = alphas_cumprod(*betas), alphas_cumprod(1e-4, 0.02)
    matched = matching_timesteps(new, trained)
    assert (matched.diff() >= 0).all()
    reachable = (new > trained[-1]) & (new < trained[0])
    assert (new.sqrt() - trained[matched].sqrt()).abs()[reachable].max() < 0.01


def test_matching_takes_a_level_without_any_signal():
    trained = alphas_cumprod(1e-4, 0.02)
    assert matching_timesteps(torch.tensor([1.0, 0.0], dtype=torch.float64), trained).tolist() == [0, 999]


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
    assert curves.signal_leak(COVARIANCE, 4096) == 0


def test_where_nothing_is_left_a_timestep_replaces_everything_by_noise():
    curves = Curves(0.1, 0.999, zero_terminal_snr=True)
    assert curves.signal[-2:].tolist() == [0, 0]
    assert curves.betas[-2:].tolist() == curves.large[-2:].tolist() == [1, 1]
    assert curves.small_of_large[0] == 1


def test_independent_equal_channels_keep_bayes_share_of_a_colour():
    curves = Curves(1e-3, 0.01)
    level = curves.alphas_cumprod[-1].item()
    expected = 0.02 / (0.02 + (1 - level) / (level * 4096))
    assert curves.signal_leak(0.02 * torch.eye(3).double(), 4096) == pytest.approx(expected)


def test_the_kept_share_is_the_variance_that_the_last_timestep_explains():
    curves, draws = Curves(1e-3, 0.01), torch.Generator().manual_seed(0)
    level, pixels, offset = curves.alphas_cumprod[-1].item(), 4096, 0.02
    root = torch.linalg.cholesky(COVARIANCE)
    colours = torch.randn(100_000, 3, generator=draws).double() @ root.T
    spread = ((1 - level) / level * (1 / pixels + offset**2)) ** 0.5
    seen = colours + spread * torch.randn(100_000, 3, generator=draws).double()
    missed = colours - seen @ leaked_share(COVARIANCE, level, 1 / (1 / pixels + offset**2)).T
    explained = 1 - (missed**2).sum() / (colours**2).sum()
    assert curves.signal_leak(COVARIANCE, pixels, offset) == pytest.approx(explained.item(), abs=0.01)


def test_the_lower_the_last_level_the_less_colour_is_kept():
    low, middle, usual, high = (
        Curves(*betas).signal_leak(COVARIANCE, 4096) for betas in (POST[1], POST[2], POST[0], POST[3])
    )
    assert low > middle > usual > high >= 0


def test_independent_channels_follow_the_scalar_formula():
    share = leaked_share(0.01 * torch.eye(3).double(), 0.004, 128 * 128)
    alone = 0.01 / (0.01 + 0.996 / (0.004 * 128 * 128))
    torch.testing.assert_close(share, alone * torch.eye(3).double())
    assert alone == pytest.approx(0.40, abs=0.01)


def test_nothing_leaks_without_signal_and_everything_without_noise():
    assert not leaked_share(COVARIANCE, 0.0, 4096).any()
    torch.testing.assert_close(leaked_share(COVARIANCE, 1.0, 4096), torch.eye(3).double())


def test_more_pixels_and_more_signal_leak_more():
    def strength(alpha_bar, pixels):
        return leaked_share(COVARIANCE, alpha_bar, pixels).trace().item()

    assert strength(4e-5, 4096) < strength(4e-3, 4096) < strength(4e-3, 16384) < 3


def test_it_is_the_regression_of_a_mean_colour_on_its_noised_mean():
    """The best linear guess of m from y = m + noise, over many draws, is W."""
    draws = torch.Generator().manual_seed(0)
    alpha_bar, pixels = 0.004, 4096
    colours = torch.randn(200_000, 3, generator=draws).double() @ torch.linalg.cholesky(COVARIANCE).T
    spread = ((1 - alpha_bar) / alpha_bar / pixels) ** 0.5
    seen = colours + spread * torch.randn(200_000, 3, generator=draws).double()
    regression = torch.linalg.lstsq(seen, colours).solution.T
    torch.testing.assert_close(leaked_share(COVARIANCE, alpha_bar, pixels), regression, atol=0.01, rtol=0)


def test_the_missing_colour_is_the_share_of_each_mean():
    means = torch.tensor([[-0.2, -0.3, -0.4], [0.1, 0.0, 0.0]])
    share = leaked_share(COVARIANCE, 0.004, 4096).float()
    expected = torch.stack([share @ mean for mean in means])
    torch.testing.assert_close(missing_colour(means, COVARIANCE, 0.004, 4096), expected)


@pytest.mark.parametrize(("signal", "timestep"), [(1.0, 0), (0.0, 999)])
def test_the_timestep_of_a_signal_is_the_nearest(signal, timestep):
    levels = run_settings().alphas_cumprod
    assert timestep_with(signal, levels) == timestep
    for t in (50, 300, 800):
        assert timestep_with(levels[t].item() ** 0.5, levels) == t
