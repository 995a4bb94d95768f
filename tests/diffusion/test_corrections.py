"""The corrections: each formula on a tiny tensor, and what each does to a run."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
from diffusers import DDPMScheduler

from lowlight_ddpm.diffusion import corrections
from lowlight_ddpm.diffusion.sampling import denoise
from lowlight_ddpm.diffusion.schedule import estimate_x0
from lowlight_ddpm.diffusion.settings import run_settings
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.variants import PREDICTION_TYPES, VARIANTS
from tests.helpers.as_row import as_row

MEAN, COVARIANCE = torch.tensor([-0.2, -0.2, -0.3]), torch.tensor([[2.0, 1, 1], [1, 2, 1], [1, 1, 3]]) / 100


def draw(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def steps(checkpoint, image=None, count=2, **settings):
    return list(denoise(checkpoint, run_settings(**settings), image, count))


def blind(checkpoint, answer=0.0, **changes):
    """A checkpoint whose network answers `answer` to every pixel."""

    def unet(x, timestep):
        return SimpleNamespace(sample=torch.full_like(x, answer))

    unet.config, unet.device = checkpoint.unet.config, checkpoint.device
    return replace(checkpoint, unet=unet, **changes)


def test_draw_colourss_have_the_training_set_s_mean_and_covariance():
    colours = corrections.draw_colours(MEAN, COVARIANCE, draw(200_000, 3)).flatten(1)
    torch.testing.assert_close(colours.mean(dim=0), MEAN, atol=2e-3, rtol=0)
    torch.testing.assert_close(colours.T.cov(), COVARIANCE, atol=5e-4, rtol=0)


def test_where_all_pictures_have_one_colour_it_leaks_unchanged():
    colours = corrections.draw_colours(MEAN, torch.zeros(3, 3), draw(5, 3))
    assert torch.equal(colours, MEAN[:, None, None].expand(5, 3, 1, 1))


@pytest.mark.parametrize(
    "name", ["dim", "dim-deep-low", "dim-deep-zsnr", "dim-deep-centred", "dim-deep-renorm"]
)
def test_a_leak_start_is_eq_4_of_a_colour_in_the_network_s_frame(tiny_checkpoint, name):
    checkpoint = as_row(tiny_checkpoint, VARIANTS[name])
    frame, asked = checkpoint.frame, {"variant": name, "mode": "generate", "steps": 1, "seed": 4}
    plain, leaked = (steps(checkpoint, **asked, leak_start=on)[0].x_t for on in (False, True))
    level = run_settings(**asked).alphas_cumprod[999].item()
    for i in range(2):
        source = torch.Generator().manual_seed(4 + i)
        torch.randn(3, 16, 16, generator=source)
        colour = corrections.draw_colours(MEAN, COVARIANCE, torch.randn(3, generator=source)[None])[0]
        expected = level**0.5 * frame.enter(colour) + (1 - level) ** 0.5 * frame.enter(plain[i])
        torch.testing.assert_close(frame.enter(leaked[i]), expected, atol=1e-5, rtol=0)


def test_epsilon_is_divided_by_the_scale():
    answer, x_t = draw(2, 1, 3, 4, 4)
    assert torch.equal(corrections.scale_epsilon(answer, x_t, 0.3, "epsilon", 1.25), answer / 1.25)


@pytest.mark.parametrize("timestep", [0, 300, 999])
def test_in_v_the_epsilon_is_divided_by_the_scale_and_x0_is_kept(timestep):
    x0, noise = draw(2, 1, 3, 4, 4).double()
    scheduler, when = DDPMScheduler(1000, 1e-4, 0.02), torch.tensor([timestep])
    v, x_t = scheduler.get_velocity(x0, noise, when), scheduler.add_noise(x0, noise, when)
    level = scheduler.alphas_cumprod[timestep].double()
    expected = scheduler.get_velocity(x0, noise / 1.006, when)
    scaled = corrections.scale_epsilon(v, x_t, level, "v_prediction", 1.006)
    torch.testing.assert_close(scaled, expected, atol=1e-6, rtol=0)


def test_without_any_signal_v_holds_no_epsilon_to_scale():
    v, x_t = draw(2, 1, 3, 4, 4)
    assert torch.equal(corrections.scale_epsilon(v, x_t, 0.0, "v_prediction", 1.2), v)


def test_an_answer_that_is_x0_holds_no_epsilon_to_scale(one_sentence):
    x0, x_t = draw(2, 1, 3, 4, 4)
    with pytest.raises(Refusal, match="leave the epsilon scale at 1") as refusal:
        corrections.scale_epsilon(x0, x_t, 0.3, "sample", 1.006)
    one_sentence(refusal)


def test_a_run_that_would_scale_what_is_not_there_is_refused(tiny_checkpoint):
    network = as_row(tiny_checkpoint, VARIANTS["dim-deep-x0"])
    with pytest.raises(Refusal, match="epsilon scale"):
        steps(network, variant="dim-deep-x0", mode="generate", steps=3, epsilon_scale=1.006)
    assert len(steps(network, variant="dim-deep-x0", mode="generate", steps=3)) == 3


@pytest.mark.parametrize("scale", [1.0, 1.006])
def test_an_unknown_answer_is_never_scaled_as_epsilon(scale):
    with pytest.raises(KeyError):
        corrections.scale_epsilon(*draw(2, 1, 3, 4, 4), 0.3, "x0", scale)


@pytest.mark.parametrize("kind", PREDICTION_TYPES)
def test_a_scale_of_one_changes_no_bit(kind):
    answer, x_t = draw(2, 1, 3, 4, 4)
    assert torch.equal(corrections.scale_epsilon(answer, x_t, torch.tensor(0.3), kind, 1.0), answer)


def test_a_scaled_run_takes_less_noise_away(tiny_checkpoint):
    network, image = blind(tiny_checkpoint, 0.5), draw(1, 3, 16, 16).clamp(-1, 0)
    plain, scaled = (
        steps(network, image, start=600, steps=3, clip=False, epsilon_scale=scale)[0] for scale in (1, 1.25)
    )
    assert torch.equal(plain.x_t, scaled.x_t)
    expected = estimate_x0(torch.tensor(0.4), plain.x_t, plain.alpha_bar, "epsilon")
    torch.testing.assert_close(scaled.x0, expected, atol=1e-5, rtol=1e-5)
    assert (scaled.x0 > plain.x0).all()


@pytest.mark.parametrize("offset", [0.0, 0.1])
def test_the_anchor_moves_a_mean_by_its_weight(offset):
    x0, noised, spread, level = draw(2, 3, 4, 4), draw(2, 3, 4, 4, seed=1), COVARIANCE.diag(), 0.3
    weight = spread / (spread + (1 - level) / level * (1 / 16 + offset**2))
    mean = x0.mean(dim=(2, 3))
    expected = mean + weight * (noised.mean(dim=(2, 3)) / level**0.5 - mean)
    anchored = corrections.anchor(x0, noised, level, spread[:, None, None], offset)
    torch.testing.assert_close(anchored.mean(dim=(2, 3)), expected)
    torch.testing.assert_close(
        anchored - anchored.mean(dim=(2, 3), keepdim=True), x0 - mean[:, :, None, None], atol=1e-6, rtol=0
    )


def test_a_picture_of_which_nothing_is_left_holds_no_anchor():
    x0, noised = draw(2, 2, 3, 4, 4)
    assert torch.equal(corrections.anchor(x0, noised, 0.0, COVARIANCE.diag()[:, None, None], 0.0), x0)


@pytest.mark.parametrize("name", ["dim", "dim-deep-centred", "dim-deep-renorm", "dim-deep-offset"])
def test_an_anchored_run_holds_every_estimate_to_the_start_in_model_range(tiny_checkpoint, name):
    network = blind(as_row(tiny_checkpoint, VARIANTS[name]), 0.3)
    image = draw(2, 3, 16, 16).clamp(-1, 0)
    asked = {"variant": name, "start": 400, "steps": 4, "clip": False}
    first = steps(network, image, **asked)[0]
    level, scale, origin = first.alpha_bar, network.frame.scale, network.frame.origin
    seen = ((first.x_t - origin).mean(dim=(2, 3), keepdim=True) / level**0.5 + origin)[..., 0, 0]
    noise = scale**2 * (1 - level) / level * (1 / 256 + VARIANTS[name].offset_noise ** 2)
    weight = COVARIANCE.diag() / (COVARIANCE.diag() + noise)
    free = first.x0.mean(dim=(2, 3))
    anchored = steps(network, image, **asked, anchor=True)
    expected = free + weight * (seen - free)
    torch.testing.assert_close(anchored[0].x0.mean(dim=(2, 3)), expected, atol=1e-4, rtol=0)
    away = [
        (step.x0.mean(dim=(2, 3)) - seen).abs().max()
        for step in (anchored[-1], steps(network, image, **asked)[-1])
    ]
    assert away[0] < away[1] / 2


@pytest.mark.parametrize("clip", [False, True])
@pytest.mark.parametrize("sampler", ["ddpm", "dpm++"])
def test_a_run_clipped_to_data_stays_there(tiny_checkpoint, clip, sampler):
    asked = {"start": 900, "steps": 3, "brightness": 0.5, "clip": clip, "sampler": sampler}
    image = draw(1, 3, 16, 16).clamp(-1, 0)
    plain, clipped = (
        torch.stack([step.x0 for step in steps(tiny_checkpoint, image, **asked, clip_to_data=on)])
        for on in (False, True)
    )
    assert plain.max() > 0.1
    assert (clipped.min(), clipped.max()) == (-1, 0)
