"""Several runs at once: each is the run that it is alone, and networks are asked as rarely as can be."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch

from lowlight_ddpm.diffusion.sampling import Request, denoise, denoise_together
from lowlight_ddpm.diffusion.settings import run_settings
from lowlight_ddpm.errors import Refusal
from tests.helpers.spy import pictures


class Counter:
    """A network that notes how many pictures it is asked for in every call."""

    def __init__(self, unet):
        self.unet, self.config, self.device, self.asked = unet, unet.config, unet.device, []

    def __call__(self, x, timesteps):
        assert timesteps.shape == (len(x),)
        self.asked.append(len(x))
        return self.unet(x, timesteps)


@pytest.fixture
def counted(tiny_checkpoint):
    """A checkpoint that counts, and what gives it for any name."""
    checkpoint = replace(tiny_checkpoint, unet=Counter(tiny_checkpoint.unet))
    return SimpleNamespace(asked=checkpoint.unet.asked, load=lambda name: checkpoint, checkpoint=checkpoint)


def restored(**settings):
    return Request(run_settings(start=300, **settings), pictures(1))


def ended(requests, load):
    """What each came to, by its place."""
    found, refused = {}, {}
    for steps in denoise_together(requests, load, refused):
        found |= steps
    found |= refused
    return [found[place] for place in range(len(requests))]


def test_each_is_the_run_that_it_is_alone(counted):
    requests = [
        restored(steps=6),
        restored(steps=3, sampler="ddim"),
        restored(steps=6, variance_type="fixed_large", seed=4),
        restored(steps=6, beta_start=5e-4, beta_end=0.05),
        Request(run_settings(start=300, steps=6), pictures(1), alter=lambda step: replace(step, x0=-step.x0)),
    ]
    for request, step in zip(requests, ended(requests, counted.load), strict=True):
        *_, alone = denoise(counted.checkpoint, request.settings, request.image, 1, request.alter)
        assert (step.index, step.timestep) == (alone.index, alone.timestep)
        torch.testing.assert_close(step.x0, alone.x0, atol=1e-4, rtol=0)


def test_a_single_one_is_the_same_bytes(counted):
    request = restored(steps=4)
    (step,) = ended([request], counted.load)
    *_, alone = denoise(counted.checkpoint, request.settings, request.image)
    assert torch.equal(step.x0, alone.x0)


def test_what_shares_a_network_shares_its_calls_until_it_ends(counted):
    ended([restored(steps=2), restored(steps=4), restored(steps=4, variant="bright")], counted.load)
    assert counted.asked == [2, 2, 1, 1, *[1] * 4]


def test_no_call_is_larger_than_a_batch_however_many_runs_there_are(counted):
    ended([restored(steps=2, seed=seed) for seed in range(20)], counted.load)
    assert counted.asked == [16, 16, 4, 4]
    counted.asked.clear()
    drawn = run_settings(mode="generate", steps=2)
    ended([Request(drawn, count=16), Request(drawn, count=16), Request(drawn)], counted.load)
    assert counted.asked == [16] * 4 + [1] * 2


def test_large_pictures_are_asked_in_batches_of_tiles(counted):
    """48 pixels are 16 tiles of 16, a quarter of each shared: a batch for each of them."""
    settings = run_settings(start=300, steps=1, whole=True)
    ended([Request(settings, pictures(1, side=48)) for _ in range(2)], counted.load)
    assert counted.asked == [16] * 2


def test_a_refusal_ends_those_runs_alone_that_it_is_about(counted):
    def load(name):
        if name == "bright":
            raise Refusal("The checkpoint bright is damaged.")
        return counted.load(name)

    overflowing = {"steps": 4, "beta_start": 1e-300, "beta_end": 1e-299}
    requests = [
        restored(steps=4),
        Request(run_settings(mode="generate", **overflowing)),
        restored(steps=4, variant="bright"),
        Request(run_settings(start=300, steps=4)),
    ]
    whole, overflowed, damaged, missing = ended(requests, load)
    assert whole.is_last
    assert "overflow in step 2 of 4" in str(overflowed)
    assert "bright is damaged" in str(damaged)
    assert "no picture to restore" in str(missing)
    with pytest.raises(Refusal, match="overflow in step 2 of 4"):
        list(denoise_together(requests, counted.load))


def test_nothing_is_asked_for_nothing(counted):
    assert list(denoise_together([], counted.load)) == []
