"""Respaced processes: DDPM's variances in closed form, and every other sampler as diffusers has it."""

from typing import get_args

import pytest
import torch
from diffusers import (
    DDIMScheduler,
    DDPMScheduler,
    DEISMultistepScheduler,
    DPMSolverMultistepScheduler,
    UniPCMultistepScheduler,
)

from lowlight_ddpm.diffusion.samplers import SAMPLERS, Respaced
from lowlight_ddpm.diffusion.schedule import alphas_cumprod, trailing_timesteps
from lowlight_ddpm.diffusion.settings import SamplerName, VarianceType

# diffusers hands tensors to numpy in a way that a later numpy wants otherwise.
pytestmark = pytest.mark.filterwarnings("ignore:__array:DeprecationWarning")

BETAS = [(1e-4, 0.02), (5e-4, 0.015), (5e-4, 0.15)]
STRONG = [(5e-4, 0.15), (1e-4, 0.5), (0.1, 0.999), (0.5, 0.999)]
LEVELS = alphas_cumprod(*BETAS[0])
NOISELESS = [name for name, row in SAMPLERS.items() if not row.stochastic]
KINDS = [("ddpm", kind) for kind in get_args(VarianceType)] + [(name, "fixed_small") for name in NOISELESS]
SPACINGS = [(999, 1000), (999, 50), (999, 7), (999, 1), (613, 37), (0, 1)]


@pytest.fixture(params=SPACINGS, ids=str)
def spacing(request):
    """(levels of the default schedule, timesteps that are kept)."""
    return LEVELS, trailing_timesteps(*request.param)


def posterior(levels, timesteps):
    """β and (1−ᾱ')/(1−ᾱ)·β of the respaced process, in float64, first timestep of the walk first."""
    kept = levels[timesteps]
    before = torch.cat([kept[1:], kept.new_ones(1)])
    beta = 1 - kept / before
    return beta, (1 - before) / (1 - kept) * beta


def deviations(process):
    """Standard deviation of the noise that each step adds but the last, which adds none."""
    deviation = []
    for index in range(len(process.levels) - 1):
        zero, noise = torch.zeros(1, 1, 64, 64), torch.Generator().manual_seed(index)
        added = process.step(index, zero, zero, noise)
        drawn = torch.randn(zero.shape, generator=noise.manual_seed(index))
        deviation.append((added / drawn).median().item())
    return torch.tensor(deviation, dtype=torch.float64)


def walk(process, x, denoise):
    """x_t of every call and after the last, where `denoise(x_t, level)` estimates x0."""
    yield x
    for index, level in enumerate(process.levels):
        x = process.step(index, denoise(x, level), x, [torch.Generator().manual_seed(index)])
        yield x


def shrink(x, level):
    """x0 of the exact network for pixels from N(−0.4, 0.2²), without clipping."""
    gain = level**0.5 * 0.04 / (level * 0.04 + 1 - level)
    return -0.4 + gain * (x + 0.4 * level**0.5)


def noise():
    return torch.randn(1, 3, 8, 8, generator=torch.Generator().manual_seed(0))


def test_the_table_holds_what_settings_may_name():
    assert tuple(SAMPLERS) == get_args(SamplerName)
    assert [name for name in SAMPLERS if name not in NOISELESS] == ["ddpm"]


def test_every_timestep_kept_gives_the_trained_betas_back():
    betas = DDPMScheduler(1000, 1e-4, 0.02).betas
    ours = Respaced("ddpm", LEVELS, trailing_timesteps(999, 1000), "fixed_small").scheduler.betas
    torch.testing.assert_close(ours, betas, rtol=1e-3, atol=0)  # levels are float32: 6e-8 of 1e-4


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_respaced_level_is_the_level_of_the_timestep_it_stands_for(sampler, spacing):
    levels, timesteps = spacing
    ours = Respaced(sampler, levels, timesteps, "fixed_small")
    torch.testing.assert_close(ours.levels.double(), levels[timesteps], rtol=1e-7, atol=0)
    assert torch.equal(ours.scheduler.alphas_cumprod.flip(0), ours.levels)


@pytest.mark.parametrize("kind", ["fixed_small", "fixed_small_log"])
def test_fixed_small_is_the_posterior_s_variance(spacing, kind):
    _, expected = posterior(*spacing)
    ours = deviations(Respaced("ddpm", *spacing, kind)).square()
    torch.testing.assert_close(ours, expected[:-1], rtol=2e-3, atol=0)


@pytest.mark.parametrize("kind", ["fixed_large", "fixed_large_log"])
def test_fixed_large_is_beta(spacing, kind):
    expected, _ = posterior(*spacing)
    ours = deviations(Respaced("ddpm", *spacing, kind))
    assert ours.isfinite().all()
    torch.testing.assert_close(ours, (0.5 * expected[:-1].log()).exp(), rtol=1e-3, atol=0)


def test_fixed_small_and_fixed_large_part_late():
    beta, small = posterior(LEVELS, trailing_timesteps(999, 1000))
    ratio = (small / beta).flip(0)
    assert [round(ratio[t].item(), 3) for t in (1, 10, 50, 500)] == [0.455, 0.864, 0.965, 0.999]


@pytest.mark.parametrize(("sampler", "kind"), KINDS)
@pytest.mark.parametrize("rescaled", [False, True])
def test_a_step_is_finite_however_strong_the_noise(sampler, kind, rescaled):
    for betas in [*BETAS, *STRONG]:
        levels = alphas_cumprod(*betas, zero_terminal_snr=rescaled)
        for steps in (1, 5, 50):
            timesteps = trailing_timesteps(999, steps)
            for estimate in (shrink, lambda x, level: x.clamp(-1, 1)):
                process = Respaced(sampler, levels, timesteps, kind)
                assert all(x.isfinite().all() for x in walk(process, noise(), estimate)), (betas, steps)


@pytest.mark.parametrize("steps", [2, 8, 25, 50])
@pytest.mark.parametrize(
    ("sampler", "theirs"),
    [
        ("ddim", DDIMScheduler),
        ("dpm++", DPMSolverMultistepScheduler),
        ("unipc", UniPCMultistepScheduler),
        ("deis", DEISMultistepScheduler),
    ],
)
def test_a_sampler_from_the_last_timestep_is_diffusers_own_on_its_strided_grid(sampler, theirs, steps):
    scheduler = theirs(1000, 1e-4, 0.02, timestep_spacing="trailing", prediction_type="sample")
    scheduler.set_timesteps(steps)
    ours, expected = Respaced(sampler, LEVELS, trailing_timesteps(999, steps), "fixed_small"), noise()
    *before, _ = walk(ours, noise(), shrink)
    for x, timestep in zip(before, scheduler.timesteps, strict=True):
        torch.testing.assert_close(x, expected, atol=2e-5, rtol=0)
        x0 = shrink(expected, LEVELS[timestep].float())
        expected = scheduler.step(x0, timestep, expected).prev_sample


@pytest.mark.parametrize(("start", "steps"), [(999, 12), (613, 37), (30, 3), (9, 2), (0, 1)])
def test_pndm_is_the_linear_multi_step_of_its_paper(start, steps):
    """Liu et al. 2022: eq. 12 for the noise of up to four calls, eq. 9 for the step."""
    orders = [[1], [3 / 2, -1 / 2], [23 / 12, -16 / 12, 5 / 12], [55 / 24, -59 / 24, 37 / 24, -9 / 24]]
    timesteps = trailing_timesteps(start, steps)
    kept = [*LEVELS[timesteps].tolist(), 1.0]
    x, found = noise().double(), []
    for index, ours in enumerate(walk(Respaced("pndm", LEVELS, timesteps, "fixed_small"), noise(), shrink)):
        torch.testing.assert_close(ours.double(), x, atol=1e-4, rtol=0)
        if index == steps:
            break
        level, after = kept[index], kept[index + 1]
        found.insert(0, (x - level**0.5 * shrink(x, level)) / (1 - level) ** 0.5)
        weights = orders[min(len(found), 4) - 1]
        epsilon = sum(w * e for w, e in zip(weights, found, strict=False))
        x0 = (x - (1 - level) ** 0.5 * epsilon) / level**0.5
        x = after**0.5 * x0 + (1 - after) ** 0.5 * epsilon


@pytest.mark.parametrize("sampler", NOISELESS)
def test_a_solver_waits_where_nothing_is_left_of_a_picture(sampler):
    levels = alphas_cumprod(5e-4, 0.15)
    timesteps = trailing_timesteps(999, 20)
    gone = int((levels[timesteps] < SAMPLERS[sampler].smallest_alpha_bar).sum())
    assert gone > 5
    steps = list(walk(Respaced(sampler, levels, timesteps, "fixed_small"), noise(), shrink))
    assert all(torch.equal(x, noise()) for x in steps[:gone])
    assert not torch.equal(steps[gone], noise())
    assert len({x.sum().item() for x in steps[gone:-1]}) == len(steps) - 1 - gone


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_two_processes_do_not_share_their_memory(sampler):
    pair = [Respaced(sampler, LEVELS, trailing_timesteps(999, 9), "fixed_small") for _ in range(2)]
    alone = list(walk(pair[0], noise(), shrink))
    assert all(torch.equal(a, b) for a, b in zip(walk(pair[1], noise(), shrink), alone, strict=True))
