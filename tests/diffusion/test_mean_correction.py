"""The mean correction: its formula, and a network that is blind to the mean as good as an exact one."""

from dataclasses import dataclass, replace
from itertools import pairwise
from types import SimpleNamespace

import pytest
import torch

from lowlight_ddpm.diffusion.mean_correction import ColourPrior, with_mean
from lowlight_ddpm.diffusion.perfect_sampler import shifts
from lowlight_ddpm.diffusion.samplers import SAMPLERS
from lowlight_ddpm.diffusion.sampling import denoise
from lowlight_ddpm.diffusion.schedule import (
    colour_gain,
    missing_colour,
    signal_and_noise,
    trailing_timesteps,
)
from lowlight_ddpm.diffusion.settings import run_settings
from lowlight_ddpm.errors import Refusal
from tests.helpers.spy import draw, generators, last

SIDE = 8
MEAN = torch.tensor([-0.3, -0.1, -0.4]).double()
COVARIANCE = torch.tensor([[2.0, 1, 1], [1, 2, 1], [1, 1, 3]]).double() / 25
PRIOR = ColourPrior(MEAN, COVARIANCE)
TEXTURE = 0.2  # deviation of a pixel from its image's mean


@dataclass(frozen=True)
class Network:
    """Answers exactly for images of normal mean colours with independent normal texture, or blind to means.

    Blind, the noise that it predicts has no mean: whatever tints x_t then tints x0, as in trained networks.
    """

    levels: torch.Tensor
    blind: bool
    config = SimpleNamespace(sample_size=SIDE)
    device = torch.device("cpu")

    def __call__(self, x_t, timestep):
        level = self.levels[int(timestep[0])].item()
        signal, noise = signal_and_noise(level)
        mean, _ = PRIOR.given(x_t, level)
        texture = x_t - x_t.mean(dim=(2, 3), keepdim=True)
        gain = signal * TEXTURE**2 / (level * TEXTURE**2 + 1 - level)
        x0 = mean[:, :, None, None] + gain * texture
        epsilon = (x_t - signal * x0) / noise
        if self.blind:
            epsilon = epsilon - epsilon.mean(dim=(2, 3), keepdim=True)
        return SimpleNamespace(sample=epsilon)


@pytest.fixture
def networks(tiny_checkpoint):
    """The exact one and the blind one, with the record of a training set of those colours."""
    record = tiny_checkpoint.record | {
        "channel_mean": MEAN.tolist(),
        "channel_covariance": COVARIANCE.tolist(),
    }
    return tuple(
        replace(tiny_checkpoint, unet=Network(tiny_checkpoint.alphas_cumprod, blind), record=record)
        for blind in (False, True)
    )


def images(count):
    """Images of the distribution that the exact network knows."""
    texture = TEXTURE * draw((count, 3, SIDE, SIDE), generators(count, seed=90))
    colours = (
        MEAN + draw((count, 3), generators(count, seed=70)).double() @ torch.linalg.cholesky(COVARIANCE).T
    )
    return (texture - texture.mean(dim=(2, 3), keepdim=True) + colours[:, :, None, None]).float()


@pytest.mark.parametrize("offset", [0.0, 0.1])
@pytest.mark.parametrize("level", [0.9, 0.3, 1e-3])
def test_what_a_noised_image_tells_of_its_mean_is_what_regression_finds(level, offset):
    signal, noise = signal_and_noise(level)
    sources = [torch.Generator().manual_seed(seed) for seed in range(3)]
    count = 200_000
    z, texture, shared = (torch.randn(count, 3, generator=source).double() for source in sources)
    means = MEAN + z @ torch.linalg.cholesky(COVARIANCE).T
    x_t = signal * means + noise * (texture / SIDE + offset * shared)
    slopes = torch.linalg.lstsq(torch.cat([x_t, torch.ones(count, 1)], dim=1), means).solution
    found, spread = PRIOR.given(x_t[:, :, None, None].expand(-1, -1, SIDE, SIDE), level, offset)
    fitted = torch.cat([x_t, torch.ones(count, 1)], dim=1) @ slopes
    torch.testing.assert_close(found, fitted, atol=1e-2, rtol=0)
    torch.testing.assert_close(spread, (means - fitted).T.cov(), atol=1e-3, rtol=0)


def test_without_any_signal_the_mean_is_the_prior_s():
    found, spread = PRIOR.given(torch.randn(2, 3, SIDE, SIDE), 0.0)
    torch.testing.assert_close(found, MEAN.expand(2, 3))
    torch.testing.assert_close(spread, COVARIANCE)


def test_a_wide_prior_is_uniform_between_two_colours():
    prior = ColourPrior.wide(torch.tensor([-1.0, -1, -1]), torch.tensor([0.0, 0, 1]))
    torch.testing.assert_close(prior.mean, torch.tensor([-0.5, -0.5, 0]).double())
    torch.testing.assert_close(prior.covariance, torch.tensor([1 / 12, 1 / 12, 4 / 12]).double().diag())


@pytest.mark.parametrize("limits", [(-1.0, 1.0), (-1.0, 0.0), None])
def test_images_are_moved_to_a_mean_and_stay_within_their_limits(limits):
    x, aim = torch.randn(4, 3, 6, 6), torch.linspace(-0.9, -0.1, 12).reshape(4, 3, 1, 1)
    moved = with_mean(x, aim, limits)
    torch.testing.assert_close(moved.mean(dim=(2, 3), keepdim=True), aim, atol=1e-5, rtol=0)
    if limits is None:
        torch.testing.assert_close(moved - aim, x - x.mean(dim=(2, 3), keepdim=True))
    else:
        assert moved.min() >= limits[0]
        assert moved.max() <= limits[1]
        inside = (moved > limits[0]) & (moved < limits[1])
        away = (moved - x).masked_fill(~inside, torch.nan).flatten(2)
        assert (away - away.nanmean(dim=2, keepdim=True)).abs().nan_to_num().max() < 1e-5  # one constant each


def test_a_mean_outside_of_the_limits_becomes_the_nearer_limit():
    moved = with_mean(torch.randn(1, 3, 6, 6), torch.tensor([-2.0, 0.5, 3]).reshape(1, 3, 1, 1), (-1.0, 1.0))
    torch.testing.assert_close(moved[0, ::2].mean(dim=(1, 2)), torch.tensor([-1.0, 1]), atol=1e-5, rtol=0)


@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize(
    "asked", [{"mode": "generate"}, {"mode": "generate", "leak_start": True}, {"start": 500}]
)
def test_a_blind_network_corrected_gives_an_exact_one_s_images(networks, sampler, asked):
    exact, blind = networks
    settings = {"steps": 20, "sampler": sampler, "clip": False} | asked
    image = images(4) if "start" in asked else None
    wanted = last(exact, run_settings(**settings), image, 4)
    corrected = last(blind, run_settings(**settings, mean_correction="training"), image, 4)
    torch.testing.assert_close(corrected, wanted, atol=1e-4, rtol=0)
    assert (last(blind, run_settings(**settings), image, 4) - wanted).abs().max() > 0.05


@pytest.mark.parametrize(
    ("sampler", "steps", "stochastic"), [("ddpm", 501, True), ("ddim", 251, False), ("dpm++", 100, False)]
)
def test_what_an_image_s_colour_leaves_in_a_result_is_the_closed_form_s(networks, sampler, steps, stochastic):
    """W of it by a stochastic sampler, √W by an ODE: the same noise, with and without the image."""
    settings = run_settings(start=500, steps=steps, sampler=sampler, clip=False)
    level, shown = settings.alphas_cumprod[500].item(), images(2)
    results = [last(networks[0], settings, start) for start in (shown, torch.zeros_like(shown))]
    measured = (results[0] - results[1]).mean(dim=(2, 3)).double()
    means = shown.mean(dim=(2, 3)).double()
    closed = missing_colour(means, COVARIANCE, level, SIDE**2, stochastic=stochastic)
    torch.testing.assert_close(measured, closed, atol=2e-3, rtol=0)
    other = missing_colour(means, COVARIANCE, level, SIDE**2, stochastic=not stochastic)
    assert (measured - other).abs().max() > 0.05


@pytest.mark.parametrize(("sampler", "steps", "stochastic"), [("ddpm", 150, True), ("dpm++", 40, False)])
def test_an_exact_network_shifts_colours_as_a_perfect_sampler_of_them(networks, sampler, steps, stochastic):
    settings, count = run_settings(start=500, steps=steps, sampler=sampler, clip=False), 250
    shown, level = images(count), settings.alphas_cumprod[500].item()
    moved = (last(networks[0], settings, shown) - shown).mean(dim=(2, 3)).double()
    perfect = shifts(networks[0].variant, networks[0].record, level, SIDE**2, stochastic)
    expected = torch.from_numpy(perfect).T.cov() / 127.5**2
    variance = expected.diag()
    error = ((expected**2 + variance.outer(variance)) / count).sqrt()  # of a covariance of normal numbers
    assert ((moved.T.cov() - expected).abs() < 3.5 * error).all()


SPREAD = {
    "dpm++ 20": {"sampler": "dpm++", "steps": 20, "leak_start": True, "mean_correction": "training"},
    "ddpm 10, drawn": {"steps": 10, "mean_correction": "drawn"},
}


@pytest.mark.parametrize("how", SPREAD)
def test_generated_colours_are_distributed_as_the_training_set_s(networks, how):
    count = 2000
    x0 = last(networks[1], run_settings(mode="generate", clip=False, **SPREAD[how]), None, count)
    means = x0.mean(dim=(2, 3)).double()
    assert ((means.mean(dim=0) - MEAN).abs() < 3 * (COVARIANCE.diag() / count).sqrt()).all()
    ratio = means.std(dim=0) / COVARIANCE.diag().sqrt()
    torch.testing.assert_close(ratio, torch.ones(3).double(), atol=3 / (2 * count) ** 0.5, rtol=0)


def spread_by(steps):
    """Deviation of colours after so many DDPM steps, of Σ's: moments of a linear recursion, no sampling."""
    levels = run_settings().alphas_cumprod[trailing_timesteps(999, steps)].tolist()
    ratios = []
    for variance in torch.linalg.eigvalsh(COVARIANCE).tolist():  # of x_t's mean, about √ᾱ·μ
        of_x_t = 1 / SIDE**2
        for level, before in pairwise([*levels, 1.0]):
            noise = 1 / SIDE**2
            gain = level**0.5 * variance / (level * variance + (1 - level) * noise)
            beta = 1 - level / before
            of_x0, of_x = (
                before**0.5 * beta / (1 - level),
                (level / before) ** 0.5 * (1 - before) / (1 - level),
            )
            result = gain**2 * of_x_t
            of_x_t = (of_x0 * gain + of_x) ** 2 * of_x_t + (1 - before) / (1 - level) * beta * noise
        ratios.append((result / variance) ** 0.5)
    return ratios


def test_many_steps_of_ddpm_spread_colours_as_the_training_set_and_few_do_not(networks):
    assert spread_by(250) == pytest.approx([1, 1, 1], abs=0.03)
    assert max(spread_by(10)) < 0.9
    settings, count = run_settings(mode="generate", steps=10, clip=False, mean_correction="training"), 2000
    means = last(networks[1], settings, None, count).mean(dim=(2, 3)).double()
    values, vectors = torch.linalg.eigh(COVARIANCE)
    found = (means @ vectors).std(dim=0) / values.sqrt()
    torch.testing.assert_close(found, torch.tensor(spread_by(10)).double(), atol=0.05, rtol=0)


TIED = torch.tensor([[1.0, 0.9], [0.9, 1.0]]).double() * 0.04  # Σ of a colour and of how strong a pattern is
PATTERN = torch.linspace(-1, 1, SIDE).expand(SIDE, SIDE) / torch.linspace(-1, 1, SIDE).std(correction=0)


def colour_and_pattern(x):
    """Of each channel its mean and the strength of PATTERN: (B, 3, 2)."""
    return torch.stack([x.mean(dim=(2, 3)), (x * PATTERN).mean(dim=(2, 3))], dim=-1).double()


@dataclass(frozen=True)
class TiedNetwork(Network):
    """Exact, or blind to means, for images whose colour and pattern are correlated by 0.9."""

    def __call__(self, x_t, timestep):
        level = self.levels[int(timestep[0])].item()
        signal, noise = signal_and_noise(level)
        gain = colour_gain(TIED, level, SIDE**2)
        colour, strength = (colour_and_pattern(x_t) @ gain.T).float()[..., None, None].unbind(2)
        epsilon = (x_t - signal * (colour + strength * PATTERN)) / noise
        return SimpleNamespace(sample=epsilon - self.blind * epsilon.mean(dim=(2, 3), keepdim=True))


def test_what_a_colour_tells_of_the_structure_is_not_corrected(tiny_checkpoint):
    record = {"channel_mean": [0.0] * 3, "channel_covariance": (TIED[0, 0] * torch.eye(3)).tolist()}
    tied = {}
    for corrected, blind in (("off", False), ("training", True), ("off", True)):
        network = TiedNetwork(tiny_checkpoint.alphas_cumprod, blind)
        checkpoint = replace(tiny_checkpoint, unet=network, record=tiny_checkpoint.record | record)
        settings = run_settings(mode="generate", steps=50, clip=False, mean_correction=corrected)
        found = colour_and_pattern(last(checkpoint, settings, None, 500)).flatten(0, 1)
        tied[corrected, blind] = found.T.corrcoef()[0, 1].item(), found[:, 0].std().item() / 0.2
    assert tied["off", False] == pytest.approx((0.9, 1), abs=0.05)
    correlation, spread = tied["training", True]
    assert spread == pytest.approx(1, abs=0.1)
    assert (
        0.65 < correlation < 0.85
    )  # lost: the pattern follows what tint the noise had, not the colour it gets
    assert tied["off", True][1] > 10


@pytest.mark.parametrize(("mode", "taken"), [("generate", "training"), ("restore", "wide")])
def test_switched_on_it_takes_training_s_colours_or_any_for_an_image(mode, taken):
    assert run_settings(mode=mode, mean_correction=True).mean_correction == taken
    assert run_settings(mode=mode, mean_correction=False).mean_correction == "off"


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ({"mode": "generate", "mean_correction": "wide"}, "mean_correction training"),
        ({"mean_correction": "drawn", "sampler": "dpm++"}, "take ddpm"),
        ({"mean_correction": "wide", "anchor": True}, "leave one of them out"),
        ({"mean_correction": "strong"}, "one of off, training, wide, drawn"),
    ],
)
def test_what_it_cannot_do_is_refused(asked, named, one_sentence):
    with pytest.raises(Refusal, match=named) as refusal:
        run_settings(**asked)
    one_sentence(refusal)


def test_a_wide_range_keeps_a_tint_that_no_training_image_has(networks):
    image = images(2) * 0.3 + torch.tensor([-0.05, -0.9, -0.05])[:, None, None]
    settings = {"start": 500, "steps": 20, "brightness": 0.5, "sampler": "dpm++"}
    wide, training = (
        last(networks[1], run_settings(**settings, mean_correction=prior), image).mean(dim=(2, 3))
        for prior in ("wide", "training")
    )
    aim = image.mean(dim=(2, 3))
    assert (wide - aim).abs().mean() < (training - aim).abs().mean()


def test_a_correction_stays_within_what_x0_is_clipped_to(networks):
    steps = list(
        denoise(
            networks[1],
            run_settings(mode="generate", steps=8, clip_to_data=True, mean_correction="training"),
            count=2,
        )
    )
    assert all(step.x0.min() >= -1 and step.x0.max() <= 0 for step in steps)
