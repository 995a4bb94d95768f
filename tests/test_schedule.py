"""The schedules: equal to diffusers' where diffusers is right, and to the papers' formulae elsewhere."""

from typing import get_args

import pytest
import torch
from diffusers import DDPMScheduler
from hypothesis import given
from hypothesis import strategies as st

from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.schedule import (
    Respaced,
    VarianceType,
    alphas_cumprod,
    estimate_x0,
    matching_timesteps,
    trailing_timesteps,
    trained_scheduler,
)
from lowlight_ddpm.variants import VARIANTS

BETAS = [(1e-4, 0.02), (5e-4, 0.015), (5e-4, 0.15)]
VARIANCE_TYPES = get_args(VarianceType)
SPACINGS = [(999, 1000), (999, 50), (999, 7), (999, 1), (613, 37), (0, 1)]


@pytest.fixture(params=SPACINGS, ids=str)
def spacing(request):
    """(levels of the default schedule, timesteps that are kept)."""
    return alphas_cumprod(1e-4, 0.02), trailing_timesteps(*request.param)


def posterior(levels, timesteps):
    """β and (1−ᾱ')/(1−ᾱ)·β of the respaced process, in float64, first timestep first."""
    kept = levels[timesteps.flip(0)]
    before = torch.cat([kept.new_ones(1), kept[:-1]])
    beta = 1 - kept / before
    return beta, (1 - before) / (1 - kept) * beta


def deviations(scheduler):
    """Standard deviation of the noise that step() adds at each timestep above 0."""
    deviation = []
    for t in range(1, scheduler.config.num_train_timesteps):
        zero, noise = torch.zeros(1, 1, 64, 64), torch.Generator().manual_seed(t)
        added = scheduler.step(zero, t, zero, generator=noise).prev_sample
        drawn = torch.randn(zero.shape, generator=noise.manual_seed(t))
        deviation.append((added / drawn).median().item())
    return torch.tensor(deviation, dtype=torch.float64)


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


def test_every_timestep_kept_gives_the_trained_betas_back():
    betas = DDPMScheduler(1000, 1e-4, 0.02).betas
    ours = Respaced.over(alphas_cumprod(1e-4, 0.02), trailing_timesteps(999, 1000), "fixed_small")
    torch.testing.assert_close(ours.betas, betas, rtol=1e-3, atol=0)  # levels are float32: 6e-8 of 1e-4


def test_a_respaced_level_is_the_level_of_the_timestep_it_stands_for(spacing):
    levels, timesteps = spacing
    ours = Respaced.over(levels, timesteps, "fixed_small")
    torch.testing.assert_close(ours.alphas_cumprod.double(), levels[timesteps.flip(0)], rtol=1e-7, atol=0)
    assert ours.timesteps.tolist() == list(range(len(timesteps)))[::-1]


@pytest.mark.parametrize("kind", ["fixed_small", "fixed_small_log"])
def test_fixed_small_is_the_posterior_s_variance(spacing, kind):
    _, expected = posterior(*spacing)
    ours = deviations(Respaced.over(*spacing, kind)).square()
    torch.testing.assert_close(ours, expected[1:], rtol=2e-3, atol=0)


@pytest.mark.parametrize("kind", ["fixed_large", "fixed_large_log"])
def test_fixed_large_is_beta(spacing, kind):
    expected, _ = posterior(*spacing)
    ours = deviations(Respaced.over(*spacing, kind))
    assert ours.isfinite().all()
    torch.testing.assert_close(ours, (0.5 * expected[1:].log()).exp(), rtol=1e-3, atol=0)


def test_fixed_small_and_fixed_large_part_where_the_notes_say():
    beta, small = posterior(alphas_cumprod(1e-4, 0.02), trailing_timesteps(999, 1000))
    ratio = small / beta
    assert [round(ratio[t].item(), 3) for t in (1, 10, 50, 500)] == [0.455, 0.864, 0.965, 0.999]


@pytest.mark.parametrize("betas", [*BETAS, (1e-4, 0.5), (0.5, 0.999)])
@pytest.mark.parametrize("kind", VARIANCE_TYPES)
@pytest.mark.parametrize("steps", [1, 5, 50])
def test_a_step_is_finite_however_strong_the_noise(betas, kind, steps):
    scheduler = Respaced.over(alphas_cumprod(*betas), trailing_timesteps(999, steps), kind)
    x = torch.zeros(1, 3, 8, 8)
    for t in range(steps - 1, -1, -1):
        step = scheduler.step(x, t, x, generator=torch.Generator().manual_seed(t))
        assert step.prev_sample.isfinite().all()
        assert step.pred_original_sample.isfinite().all()


@pytest.mark.parametrize("prediction_type", ["epsilon", "v_prediction"])
@pytest.mark.parametrize("timestep", [0, 300, 999])
def test_the_right_answer_gives_the_picture_back(prediction_type, timestep):
    x0, noise = torch.randn(2, 2, 3, 8, 8, generator=torch.Generator().manual_seed(0)).double()
    scheduler, when = DDPMScheduler(1000, 1e-4, 0.02), torch.tensor([timestep])
    x_t = scheduler.add_noise(x0, noise, when)
    answer = noise if prediction_type == "epsilon" else scheduler.get_velocity(x0, noise, when)
    level = scheduler.alphas_cumprod[timestep].item()
    torch.testing.assert_close(estimate_x0(answer, x_t, level, prediction_type), x0, atol=1e-4, rtol=0)


def test_without_any_signal_v_still_tells_the_picture():
    x0, noise = torch.randn(2, 2, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    assert torch.equal(estimate_x0(-x0, noise, 0.0, "v_prediction"), x0)


def test_zero_terminal_snr_leaves_nothing_of_a_picture_and_the_first_level_alone():
    plain, rescaled = alphas_cumprod(1e-4, 0.02), alphas_cumprod(1e-4, 0.02, zero_terminal_snr=True)
    assert rescaled[-1] == 0
    assert rescaled[0].item() == pytest.approx(plain[0].item(), abs=1e-6)
    roots = plain.sqrt()
    expected = (roots - roots[-1]) * roots[0] / (roots[0] - roots[-1])  # Lin et al. 2024, algorithm 1
    torch.testing.assert_close(rescaled.sqrt(), expected, atol=1e-4, rtol=0)


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
