"""The schedules: equal to diffusers' where diffusers is right, and to the papers' formulae elsewhere."""

import pytest
import torch
from diffusers import DDIMScheduler, DDPMScheduler
from hypothesis import given
from hypothesis import strategies as st

from lowlight_ddpm.diffusion.schedule import (
    alphas_cumprod,
    estimate_x0,
    matching_timesteps,
    trailing_timesteps,
    trained_scheduler,
)
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.variants import PREDICTION_TYPES, VARIANTS

BETAS = [(1e-4, 0.02), (5e-4, 0.015), (5e-4, 0.15)]


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
