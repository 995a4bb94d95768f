"""Every sampler with a network whose answers are exact: the walk ends where the closed form says."""

from dataclasses import replace
from itertools import pairwise
from types import SimpleNamespace

import pytest
import torch
from diffusers import PNDMScheduler
from hypothesis import given
from hypothesis import strategies as st

from lowlight_ddpm.diffusion.samplers import SAMPLERS
from lowlight_ddpm.diffusion.sampling import denoise
from lowlight_ddpm.diffusion.schedule import trailing_timesteps, trained_scheduler
from lowlight_ddpm.diffusion.settings import run_settings
from lowlight_ddpm.variants import PREDICTION_TYPES, VARIANTS
from tests.helpers.as_row import as_row
from tests.helpers.spy import Spy, draw, generators, last, pictures

# diffusers hands tensors to numpy in a way that a later numpy wants otherwise.
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore:__array:DeprecationWarning")]


class Gaussian:
    """The exact network for pixels that are independent N(mean, deviation²), and the walk's closed form.

    It answers with epsilon, or with what else the prediction type `kind` is.
    """

    config, device = SimpleNamespace(sample_size=64), torch.device("cpu")

    def __init__(self, mean, deviation, levels, kind="epsilon"):
        self.mean, self.variance, self.levels, self.kind = mean, deviation**2, levels, kind

    def __call__(self, x, timestep):
        level = self.levels[timestep[0]].item()
        signal, noise = level**0.5, (1 - level) ** 0.5
        away = (x - signal * self.mean) / (level * self.variance + 1 - level)
        x0, epsilon = self.mean + signal * self.variance * away, noise * away
        v = signal * epsilon - noise * x0
        return SimpleNamespace(sample={"epsilon": epsilon, "v_prediction": v, "sample": x0}[self.kind])

    def result(self, timesteps, large):
        """Mean and deviation of the last x0, from noise on: moments of a linear recursion, no sampling."""
        mean, variance = 0.0, 1.0
        kept = [*self.levels[timesteps].tolist(), 1.0]
        for level, before in pairwise(kept):
            gain = level**0.5 * self.variance / (level * self.variance + 1 - level)
            x0_mean = self.mean + gain * (mean - level**0.5 * self.mean)
            beta = 1 - level / before
            of_x0 = before**0.5 * beta / (1 - level)
            of_x = (level / before) ** 0.5 * (1 - before) / (1 - level)
            x0_variance = gain**2 * variance
            noise = beta if large else (1 - before) / (1 - level) * beta
            mean, variance = of_x0 * x0_mean + of_x * mean, (of_x0 * gain + of_x) ** 2 * variance + noise
        return x0_mean, x0_variance**0.5


@pytest.mark.parametrize(("mean", "deviation"), [(-0.4, 0.2), (0.1, 0.1)])
@pytest.mark.parametrize("kind", ["fixed_small", "fixed_large"])
def test_an_exact_network_gives_the_closed_form_s_mean_and_deviation(tiny_checkpoint, mean, deviation, kind):
    levels = tiny_checkpoint.alphas_cumprod
    gaussian = Gaussian(mean, deviation, levels)
    checkpoint = replace(tiny_checkpoint, unet=gaussian)
    errors = []
    for steps in (10, 80, 320):
        settings = run_settings(mode="generate", steps=steps, variance_type=kind, clip=False)
        x0 = last(checkpoint, settings, None, 2)
        expected = gaussian.result(trailing_timesteps(999, steps), large=kind == "fixed_large")
        assert (x0.mean().item(), x0.std().item()) == pytest.approx(expected, abs=5e-3)
        assert x0.mean().item() == pytest.approx(mean, abs=0.02)
        errors.append(abs(x0.std().item() - deviation))
    assert errors[0] > errors[1] > errors[2]


@pytest.mark.parametrize("kind", ["fixed_small", "fixed_large"])
@pytest.mark.parametrize("prediction_type", ["v_prediction", "sample"])
def test_an_exact_network_at_zero_terminal_snr_ends_in_the_same_place(tiny_checkpoint, prediction_type, kind):
    row = replace(VARIANTS["dim-deep-zsnr"], prediction_type=prediction_type)
    scheduler = trained_scheduler(row)
    gaussian = Gaussian(-0.4, 0.2, scheduler.alphas_cumprod.double(), prediction_type)
    checkpoint = replace(tiny_checkpoint, variant=row, scheduler=scheduler, unet=gaussian)
    for steps, allowed in ((20, 0.1), (320, 0.015)):
        settings = run_settings(
            variant=row.name, mode="generate", steps=steps, variance_type=kind, clip=False
        )
        x0 = last(checkpoint, settings, None, 2)
        assert x0.mean().item() == pytest.approx(-0.4, abs=5e-3)
        assert x0.std().item() == pytest.approx(0.2, abs=allowed)


@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize("start", [999, 613])
def test_every_sampler_comes_nearer_to_an_exact_network_s_pictures(tiny_checkpoint, sampler, start):
    checkpoint = replace(tiny_checkpoint, unet=Gaussian(-0.4, 0.2, tiny_checkpoint.alphas_cumprod))
    image = -0.4 + 0.2 * draw((2, 3, 64, 64), generators(2, seed=90))
    errors = []
    for steps in (10, 20, 37, 50):
        x0 = last(checkpoint, run_settings(start=start, steps=steps, sampler=sampler, clip=False), image)
        assert x0.mean().item() == pytest.approx(-0.4, abs=0.02)
        errors.append(abs(x0.std().item() - 0.2))
    assert all(next_one < one for one, next_one in pairwise(errors))
    assert errors[-1] < 0.045


@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize("asked", [{"mode": "generate"}, {"start": 613}, {"start": 999, "anchor": True}])
@pytest.mark.parametrize("clip", [True, False])
def test_an_exact_network_ends_in_the_same_place_whatever_it_predicts(tiny_checkpoint, sampler, asked, clip):
    levels, image = tiny_checkpoint.alphas_cumprod, -0.4 + 0.2 * draw((2, 3, 64, 64), generators(2, seed=90))
    settings = run_settings(steps=20, sampler=sampler, clip=clip, **asked)
    ends = []
    for kind in PREDICTION_TYPES:
        variant = replace(tiny_checkpoint.variant, prediction_type=kind)
        checkpoint = as_row(tiny_checkpoint, variant, unet=Gaussian(-0.4, 0.2, levels, kind))
        ends.append(last(checkpoint, settings, image, 2))
    for end in ends[1:]:
        torch.testing.assert_close(end, ends[0], atol=1e-4, rtol=0)


@pytest.mark.parametrize("steps", [20, 50])
def test_pndm_ends_where_diffusers_own_does(tiny_checkpoint, steps):
    """diffusers calls twice at its second timestep, which changes nothing so near to pure noise."""
    gaussian = Gaussian(-0.4, 0.2, tiny_checkpoint.alphas_cumprod)
    settings = run_settings(mode="generate", steps=steps, sampler="pndm", clip=False)
    walk = list(denoise(replace(tiny_checkpoint, unet=gaussian), settings, count=2))
    betas = tiny_checkpoint.scheduler.betas.tolist()
    scheduler = PNDMScheduler(
        1000,
        trained_betas=betas,
        skip_prk_steps=True,
        set_alpha_to_one=True,
        timestep_spacing="trailing",
    )
    scheduler.set_timesteps(steps)
    assert [step.timestep for step in walk] == list(dict.fromkeys(scheduler.timesteps.tolist()))
    x = walk[0].x_t
    for timestep in scheduler.timesteps:
        x = scheduler.step(gaussian(x, timestep[None]).sample, int(timestep), x).prev_sample
    torch.testing.assert_close(walk[-1].x0, x, atol=1e-5, rtol=0)


def test_what_pndm_ends_in_is_clipped_as_its_estimates_are(tiny_checkpoint):
    checkpoint = replace(tiny_checkpoint, unet=Gaussian(0.9, 0.2, tiny_checkpoint.alphas_cumprod))
    for clip, highest in ((True, 1.0), (False, 1.2)):
        settings = run_settings(mode="generate", steps=9, sampler="pndm", clip=clip)
        found = last(checkpoint, settings, None, 2).max().item()
        assert found == 1 if clip else found > highest


@pytest.mark.parametrize("sampler", ["pndm", "dpm++", "unipc", "deis"])
def test_a_solver_of_higher_order_beats_ddim(tiny_checkpoint, sampler):
    checkpoint = replace(tiny_checkpoint, unet=Gaussian(-0.4, 0.2, tiny_checkpoint.alphas_cumprod))
    first, second = (
        last(checkpoint, run_settings(mode="generate", steps=50, sampler=name, clip=False), None, 2).std()
        for name in ("ddim", sampler)
    )
    assert abs(second.item() - 0.2) < 0.6 * abs(first.item() - 0.2)


@given(
    sampler=st.sampled_from(sorted(SAMPLERS)),
    start_and_steps=st.integers(0, 999).flatmap(
        lambda start: st.tuples(st.just(start), st.integers(1, min(60, start + 1)))
    ),
)
def test_every_sampler_asks_the_network_as_often_as_it_should(tiny_checkpoint, sampler, start_and_steps):
    start, steps = start_and_steps
    spy = Spy(Gaussian(-0.4, 0.2, tiny_checkpoint.alphas_cumprod))
    settings = run_settings(start=start, steps=steps, sampler=sampler)
    walk = list(denoise(replace(tiny_checkpoint, unet=spy), settings, pictures(1, side=64)))
    assert spy.fed == trailing_timesteps(start, steps).tolist() == [step.timestep for step in walk]
    assert all(step.x_t.isfinite().all() and step.x0.isfinite().all() for step in walk)


@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize(
    ("name", "betas"),
    [("dim-deep-zsnr", (1e-4, 0.02)), ("dim-deep-zsnr", (0.1, 0.999)), ("dim", (5e-4, 0.15))],
)
@pytest.mark.parametrize("clip", [True, False])
def test_every_sampler_gives_numbers_where_nothing_is_left_of_a_picture(
    tiny_checkpoint, sampler, name, betas, clip
):
    row = VARIANTS[name]
    checkpoint = replace(tiny_checkpoint, variant=row, scheduler=trained_scheduler(row))
    for steps in (1, 2, 9):
        settings = run_settings(
            variant=name,
            mode="generate",
            steps=steps,
            beta_start=betas[0],
            beta_end=betas[1],
            clip=clip,
            sampler=sampler,
        )
        for step in denoise(checkpoint, settings):
            assert step.x_t.isfinite().all()
            assert step.x0.isfinite().all()


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_only_a_sampler_that_adds_noise_heeds_the_variance_type(tiny_checkpoint, sampler):
    image = pictures(1)
    small, again, large = (
        last(tiny_checkpoint, run_settings(steps=9, sampler=sampler, variance_type=kind), image)
        for kind in ("fixed_small", "fixed_small", "fixed_large")
    )
    assert torch.equal(small, again)
    assert torch.equal(small, large) is not SAMPLERS[sampler].stochastic
