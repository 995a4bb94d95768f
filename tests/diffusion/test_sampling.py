"""The walk back: equal to diffusers, and master of its noise."""

from dataclasses import replace
from types import SimpleNamespace
from typing import get_args

import pytest
import torch
from diffusers import DDPMPipeline, DDPMScheduler, UNet2DModel

from lowlight_ddpm.diffusion.sampling import denoise
from lowlight_ddpm.diffusion.schedule import alphas_cumprod, trailing_timesteps
from lowlight_ddpm.diffusion.settings import VarianceType, run_settings
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.variants import VARIANTS
from tests.helpers.spy import Spy, draw, generators, last, pictures

# diffusers hands tensors to numpy in a way that a later numpy wants otherwise.
pytestmark = pytest.mark.filterwarnings("ignore:__array:DeprecationWarning")

VARIANCE_TYPES = get_args(VarianceType)


def test_generating_on_every_timestep_is_diffusers_pipeline(tiny_checkpoint):
    torch.manual_seed(0)
    unet = UNet2DModel(  # one level, as both walks are a thousand calls
        sample_size=8,
        layers_per_block=1,
        block_out_channels=(8,),
        down_block_types=("DownBlock2D",),
        up_block_types=("UpBlock2D",),
        norm_num_groups=8,
        add_attention=False,
    ).eval()
    pipeline = DDPMPipeline(unet, DDPMScheduler(1000, 1e-4, 0.02, variance_type="fixed_large"))
    pipeline.set_progress_bar_config(disable=True)
    expected = torch.from_numpy(pipeline(2, generators(2, seed=5), output_type="np").images)

    settings = run_settings(mode="generate", steps=1000, variance_type="fixed_large", seed=5)
    ours = last(replace(tiny_checkpoint, unet=unet), settings, None, 2)
    torch.testing.assert_close((ours / 2 + 0.5).clamp(0, 1), expected.permute(0, 3, 1, 2), atol=1e-5, rtol=0)


@pytest.mark.parametrize("clip", [True, False])
@pytest.mark.parametrize("kind", ["fixed_small", "fixed_small_log", "fixed_large"])
@pytest.mark.parametrize("steps", [1, 2, 7, 25])
def test_a_shorter_grid_is_diffusers_strided_loop(tiny_checkpoint, steps, kind, clip):
    theirs = DDPMScheduler(1000, timestep_spacing="trailing", variance_type=kind, clip_sample=clip)
    theirs.set_timesteps(steps)
    settings = run_settings(mode="generate", steps=steps, variance_type=kind, clip=clip, seed=3)
    sources = generators(2, seed=3)
    x = draw((2, 3, 16, 16), sources)
    for step, timestep in zip(denoise(tiny_checkpoint, settings, None, 2), theirs.timesteps, strict=True):
        with torch.inference_mode():
            expected = theirs.step(tiny_checkpoint.unet(x, timestep).sample, timestep, x, sources)
        scale = max(1, expected.pred_original_sample.abs().max().item())
        assert step.timestep == timestep
        assert (step.x_t - x).abs().max() < 1e-5 * scale
        assert (step.x0 - expected.pred_original_sample).abs().max() < 1e-5 * scale
        x = expected.prev_sample


def test_a_centred_network_is_the_plain_one_on_pictures_less_the_mean(tiny_checkpoint):
    row, image = VARIANTS["dim-deep-centred"], pictures(2)
    mean = torch.tensor(tiny_checkpoint.record["channel_mean"])[:, None, None]
    plain = list(denoise(tiny_checkpoint, run_settings(steps=5, clip=False), image - mean))
    settings = run_settings(variant=row.name, variance_type="fixed_small", steps=5, clip=False)
    for ours, theirs in zip(
        denoise(replace(tiny_checkpoint, variant=row), settings, image), plain, strict=True
    ):
        torch.testing.assert_close(ours.x_t, theirs.x_t + mean, atol=1e-5, rtol=0)
        torch.testing.assert_close(ours.x0, theirs.x0 + mean, atol=1e-5, rtol=1e-5)


def test_a_renormalised_network_restores_a_dim_picture_as_the_bright_one_it_stands_for(tiny_checkpoint):
    row, bright = VARIANTS["dim-deep-renorm"], pictures(2) * 2 + 1
    plain = last(tiny_checkpoint, run_settings(steps=5), bright)
    settings = run_settings(variant=row.name, variance_type="fixed_small", steps=5)
    ours = last(replace(tiny_checkpoint, variant=row), settings, pictures(2))
    torch.testing.assert_close(ours, 0.5 * plain - 0.5, atol=1e-4, rtol=0)


@pytest.mark.parametrize("mode", ["restore", "generate"])
def test_offset_noise_is_in_the_first_noise_one_colour_a_picture(tiny_checkpoint, mode):
    row = VARIANTS["dim-deep-offset"]
    settings = run_settings(variant=row.name, mode=mode, steps=1, seed=4)
    image = None if mode == "generate" else pictures(2)
    plain, offset = (
        next(denoise(replace(tiny_checkpoint, variant=variant), settings, image, 2))
        for variant in (VARIANTS["dim-deep"], row)
    )
    added = offset.x_t - plain.x_t
    sources = generators(2, seed=4)
    draw(added.shape, sources)
    expected = 0.1 * draw((2, 3, 1, 1), sources)
    if mode == "restore":
        expected = expected * (1 - plain.alpha_bar) ** 0.5
    torch.testing.assert_close(added, expected.expand_as(added), atol=1e-6, rtol=0)


def test_restoring_starts_from_the_picture_and_its_own_noise_exactly(tiny_checkpoint):
    image, level = pictures(2), tiny_checkpoint.alphas_cumprod[300].item()
    first = next(denoise(tiny_checkpoint, run_settings(start=300, steps=9, seed=8), image))
    noise = draw(image.shape, generators(2, seed=8))
    torch.testing.assert_close(first.x_t, level**0.5 * image + (1 - level) ** 0.5 * noise, atol=1e-6, rtol=0)
    assert first.alpha_bar == pytest.approx(level)


def test_the_noised_picture_has_the_mean_and_deviation_of_eq_4(tiny_checkpoint):
    image = torch.full((4, 3, 64, 64), -0.5)
    first = next(denoise(tiny_checkpoint, run_settings(start=600, steps=1), image))
    level = tiny_checkpoint.alphas_cumprod[600].item()
    assert first.x_t.mean().item() == pytest.approx(-0.5 * level**0.5, abs=0.02)
    assert first.x_t.std().item() == pytest.approx((1 - level) ** 0.5, abs=0.02)


@pytest.mark.parametrize(("start", "steps"), [(999, 1), (600, 50), (613, 37), (5, 6), (0, 1)])
def test_every_network_call_is_a_step(tiny_checkpoint, start, steps):
    spy = Spy(tiny_checkpoint.unet)
    settings = run_settings(start=start, steps=steps)
    walk = list(denoise(replace(tiny_checkpoint, unet=spy), settings, pictures(1)))
    timesteps = trailing_timesteps(start, steps).tolist()
    assert spy.fed == timesteps == [step.timestep for step in walk]
    assert [step.index for step in walk] == list(range(steps))
    assert {step.total for step in walk} == {steps}
    assert [step.alpha_bar for step in walk] == tiny_checkpoint.alphas_cumprod[timesteps].tolist()
    assert {(step.x_t.shape, step.x0.shape) for step in walk} == {((1, 3, 16, 16),) * 2}
    assert {step.x0.dtype for step in walk} == {torch.float32}


def test_changed_betas_are_fed_at_the_trained_noise_level(tiny_checkpoint):
    spy = Spy(tiny_checkpoint.unet)
    settings = run_settings(mode="generate", steps=10, beta_start=5e-4, beta_end=0.015)
    walk = list(denoise(replace(tiny_checkpoint, unet=spy), settings))
    new, trained = alphas_cumprod(5e-4, 0.015), tiny_checkpoint.alphas_cumprod
    assert [step.timestep for step in walk] == trailing_timesteps(999, 10).tolist()
    assert spy.fed != [step.timestep for step in walk]
    for step, fed in zip(walk, spy.fed, strict=True):
        assert new[step.timestep].sqrt().item() == pytest.approx(trained[fed].sqrt().item(), abs=6e-3)


@pytest.mark.parametrize("kind", VARIANCE_TYPES)
@pytest.mark.parametrize("betas", [(5e-4, 0.15), (0.1, 0.999)])
@pytest.mark.parametrize("steps", [1, 5, 20])
def test_strong_betas_give_numbers(tiny_checkpoint, kind, betas, steps):
    settings = run_settings(
        mode="generate", steps=steps, variance_type=kind, beta_start=betas[0], beta_end=betas[1]
    )
    assert last(tiny_checkpoint, settings).isfinite().all()


def test_the_log_types_are_the_plain_ones(tiny_checkpoint):
    image = pictures(1)
    small, small_log, large, large_log = (
        last(tiny_checkpoint, run_settings(steps=20, variance_type=kind), image) for kind in VARIANCE_TYPES
    )
    torch.testing.assert_close(small_log, small, atol=1e-5, rtol=0)
    torch.testing.assert_close(large_log, large, atol=1e-5, rtol=0)
    assert (large - small).abs().max() > 0.01


@pytest.mark.parametrize("start", [0, 300, 999])
def test_one_step_does_not_depend_on_the_variance_type(tiny_checkpoint, start):
    results = [
        last(tiny_checkpoint, run_settings(start=start, steps=1, variance_type=kind), pictures(1))
        for kind in VARIANCE_TYPES
    ]
    assert all(torch.equal(result, results[0]) for result in results)


def test_no_noise_is_added_after_the_last_call(tiny_checkpoint, monkeypatch):
    """With a network that finds no noise, the result is the last x_t over √ᾱ, and as many draws as calls."""
    draws = []
    monkeypatch.setattr(
        "diffusers.schedulers.scheduling_ddpm.randn_tensor",
        lambda shape, **_: draws.append(shape) or torch.ones(shape),
    )
    monkeypatch.setattr(tiny_checkpoint.unet, "forward", lambda x, _: SimpleNamespace(sample=0 * x))
    settings = run_settings(start=300, steps=4, clip=False, variance_type="fixed_large")
    *_, step = denoise(tiny_checkpoint, settings, pictures(1))
    torch.testing.assert_close(step.x0, step.x_t / step.alpha_bar**0.5)
    assert len(draws) == 3


def test_a_picture_does_not_depend_on_its_batch(tiny_checkpoint):
    image, settings = pictures(3), run_settings(steps=20, seed=40)
    batch = last(tiny_checkpoint, settings, image)
    for i in range(3):
        alone = last(tiny_checkpoint, settings.model_copy(update={"seed": 40 + i}), image[i : i + 1])
        torch.testing.assert_close(batch[i : i + 1], alone, atol=1e-5, rtol=0)
    assert (batch[0] - batch[1]).abs().max() > 0.1


def test_generated_pictures_do_not_depend_on_their_batch(tiny_checkpoint):
    settings = run_settings(mode="generate", steps=10, seed=2**32 - 1)
    batch = last(tiny_checkpoint, settings, None, 2)
    alone = last(tiny_checkpoint, settings.model_copy(update={"seed": 0}), None, 1)
    torch.testing.assert_close(batch[1:], alone, atol=1e-5, rtol=0)


def test_the_same_settings_give_the_same_bytes_and_another_seed_does_not(tiny_checkpoint):
    image, settings = pictures(2), run_settings(steps=10)
    once = last(tiny_checkpoint, settings, image)
    assert torch.equal(last(tiny_checkpoint, settings, image), once)
    assert not torch.equal(last(tiny_checkpoint, run_settings(steps=10, seed=9), image), once)


def test_runs_side_by_side_do_not_disturb_each_other(tiny_checkpoint):
    plans = [run_settings(steps=8), run_settings(steps=8, start=999, variance_type="fixed_large", seed=7)]
    image = pictures(1)
    *_, (one, two) = zip(*(denoise(tiny_checkpoint, plan, image) for plan in plans), strict=True)
    assert torch.equal(one.x0, last(tiny_checkpoint, plans[0], image))
    assert torch.equal(two.x0, last(tiny_checkpoint, plans[1], image))


def test_steps_keep_their_tensors_while_the_walk_goes_on(tiny_checkpoint):
    image, settings = pictures(1), run_settings(steps=5)
    kept = [(step, step.x_t.clone(), step.x0.clone()) for step in denoise(tiny_checkpoint, settings, image)]
    assert all(torch.equal(step.x_t, x_t) and torch.equal(step.x0, x0) for step, x_t, x0 in kept)


def test_the_picture_given_is_left_as_it_was(tiny_checkpoint):
    image = pictures(1)
    last(tiny_checkpoint, run_settings(steps=3), image)
    assert torch.equal(image, pictures(1))


def test_closing_a_walk_early_stops_the_network(tiny_checkpoint):
    spy = Spy(tiny_checkpoint.unet)
    walk = denoise(replace(tiny_checkpoint, unet=spy), run_settings(steps=50), pictures(1))
    next(walk)
    next(walk)
    walk.close()
    assert len(spy.fed) == 2
    assert not torch.is_inference_mode_enabled()
    assert list(walk) == []


@pytest.mark.parametrize("clip", [True, False])
def test_clipping_is_a_choice(tiny_checkpoint, clip):
    steps = denoise(tiny_checkpoint, run_settings(start=900, steps=3, clip=clip), pictures(1))
    assert (max(step.x0.abs().max().item() for step in steps) <= 1) is clip


def test_generating_begins_with_noise_at_the_last_timestep(tiny_checkpoint):
    first = next(denoise(tiny_checkpoint, run_settings(mode="generate", steps=4, seed=1), None, 2))
    assert first.timestep == 999
    assert torch.equal(first.x_t, draw((2, 3, 16, 16), generators(2, seed=1)))


def test_larger_pictures_than_the_training_s_are_restored(tiny_checkpoint):
    assert last(tiny_checkpoint, run_settings(steps=2), pictures(1, side=25)).shape == (1, 3, 25, 25)


@pytest.mark.parametrize("shape", [(1, 3, 12, 16), (1, 3, 16, 8), (3, 16, 16)])
def test_a_picture_that_does_not_fit_is_refused(tiny_checkpoint, shape, one_sentence):
    with pytest.raises(Refusal) as refusal:
        next(denoise(tiny_checkpoint, run_settings(), torch.zeros(shape)))
    one_sentence(refusal)


def test_restoring_without_a_picture_is_refused(tiny_checkpoint, one_sentence):
    with pytest.raises(Refusal, match="no picture to restore") as refusal:
        next(denoise(tiny_checkpoint, run_settings()))
    one_sentence(refusal)
