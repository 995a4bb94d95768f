"""A tint in the middle of a run: kept by a network that trusts what it sees, healed by one that knows."""

from dataclasses import replace
from functools import partial
from types import SimpleNamespace

import pytest
import torch

from lowlight_ddpm.analysis.tint_injection import Tint, probe
from lowlight_ddpm.diffusion.sampling import denoise, denoise_together
from lowlight_ddpm.diffusion.settings import run_settings
from lowlight_ddpm.errors import Refusal

TINT = (20.0, 0.0, -10.0)


@pytest.fixture
def walk(tiny_checkpoint):
    """A function from a network's way to guess x0 to walks by that network."""

    def make(guess):
        def unet(x, timestep):
            level = tiny_checkpoint.alphas_cumprod[timestep][:, None, None, None].float()
            x0 = guess(x, level)
            return SimpleNamespace(sample=(x - level**0.5 * x0) / (1 - level) ** 0.5)

        unet.config, unet.device = tiny_checkpoint.unet.config, tiny_checkpoint.device
        checkpoint = replace(tiny_checkpoint, unet=unet)
        return partial(denoise_together, load=lambda name: checkpoint)

    return make


def trusting(x, level):
    return x.mean(dim=(2, 3), keepdim=True) / level**0.5 + 0 * x


def knowing(x, level):
    return torch.full_like(x, -0.4)


def last(settings, walk, tint=TINT, at=2, picture=None):
    *_, known = probe(settings, picture, Tint(at, tint), walk)
    return known


@pytest.mark.parametrize("sampler", ["ddpm", "ddim"])
def test_a_network_that_trusts_what_it_sees_keeps_all(walk, sampler):
    settings = run_settings(mode="generate", steps=9, clip=False, sampler=sampler)
    known = last(settings, walk(trusting))
    torch.testing.assert_close(known.left[[0, 2]], torch.ones(2), atol=1e-3, rtol=0)
    assert known.left[1].isnan()
    torch.testing.assert_close(
        torch.stack(known.traces), torch.tensor([[0.0] * 3] * 2 + [TINT] * 7), atol=0.02, rtol=0
    )


def test_a_network_that_knows_the_colour_heals_all(walk):
    known = last(run_settings(mode="generate", steps=9, clip=False), walk(knowing))
    assert known.left[[0, 2]].abs().max() < 1e-4
    torch.testing.assert_close(known.traces[2], torch.tensor(TINT), atol=1e-3, rtol=0)
    assert known.traces[3].abs().max() < 1e-3


def test_a_tint_at_the_last_step_stays(walk):
    known = last(run_settings(mode="generate", steps=4), walk(knowing), at=3)
    torch.testing.assert_close(known.left[[0, 2]], torch.ones(2), atol=1e-4, rtol=0)


def test_it_restores_too_and_knows_every_step_on_the_way(walk):
    picture = torch.full((3, 16, 16), 150, dtype=torch.uint8)
    settings = run_settings(start=300, steps=5)
    on_the_way = list(probe(settings, picture, Tint(0, TINT), walk(trusting)))
    assert [(len(known.plain), len(known.tinted)) for known in on_the_way] == [(i, i) for i in range(1, 6)]


def test_a_hook_that_changes_nothing_changes_no_bit(tiny_checkpoint):
    settings = run_settings(mode="generate", steps=5)
    plain, hooked = (
        [step.x0 for step in denoise(tiny_checkpoint, settings, alter=alter)]
        for alter in (None, lambda step: step)
    )
    assert all(torch.equal(one, other) for one, other in zip(plain, hooked, strict=True))


@pytest.mark.parametrize(
    ("at", "tint", "mode", "said"),
    [
        (9, TINT, "generate", "there is no step 10"),
        (-1, TINT, "generate", "there is no step 0"),
        (2, (0, 0, 0), "generate", "without colour"),
        (2, TINT, "restore", "no picture to tint"),
    ],
)
def test_what_cannot_be_tinted_is_refused(walk, one_sentence, at, tint, mode, said):
    with pytest.raises(Refusal) as refusal:
        last(run_settings(mode=mode, steps=9), walk(knowing), tint, at)
    assert said in one_sentence(refusal)
