"""A run's memory: every step's colours, and no more pictures than there is room for."""

import json
from dataclasses import asdict

import pytest
import torch

from lowlight_ddpm.diffusion.perfect_sampler import noise_bound
from lowlight_ddpm.diffusion.sampling import Step
from lowlight_ddpm.diffusion.settings import run_settings
from lowlight_ddpm.metrics.colour_shift import in_words
from lowlight_ddpm.metrics.image import measure
from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.runs import run
from lowlight_ddpm.runs.run import History, Run
from lowlight_ddpm.variants import find_variant


def walked(total, stop=None, side=16):
    """A history of `total` steps, given up after `stop` of them."""
    kept = History()
    for index in range(stop or total):
        x0 = torch.full((1, 3, side, side), index / total)
        kept.keep(Step(index, total, 1000 - index, 0.5, torch.zeros_like(x0), x0))
    return kept


def test_all_steps_of_a_small_picture_are_kept():
    kept = walked(50)
    assert [step.index for step in kept.steps] == list(range(50))
    assert kept.done == 50


@pytest.mark.parametrize("room", [1, 2, 3, 10, 49])
@pytest.mark.parametrize("stop", [None, 1, 2, 37])
def test_of_a_large_one_as_many_as_there_is_room_for_are_spread_over_the_run(monkeypatch, room, stop):
    monkeypatch.setattr(run, "BUDGET", room * 2 * 3 * 16 * 16 * 4)
    kept = walked(50, stop)
    indices = [step.index for step in kept.steps]
    assert indices[0] == 0
    assert indices[-1] == (stop or 50) - 1, "the newest is always there"
    assert indices == sorted(set(indices))
    if stop is None:
        assert len(indices) == max(room, 2)
        apart = torch.tensor(indices).diff()
        assert apart.max() - apart.min() <= 1
    assert list(kept.means) == [1000 - index for index in range(stop or 50)], (
        "colours are there of every step"
    )
    reds = [red for red, _, _ in kept.means.values()]
    assert reds == pytest.approx([(index / 50 + 1) * 127.5 for index in range(stop or 50)])


def test_a_batch_has_one_mean_colour():
    x0 = torch.stack([torch.full((3, 8, 8), -1.0), torch.full((3, 8, 8), 1.0)])
    assert run.mean_colour(x0) == pytest.approx((127.5, 127.5, 127.5))


@pytest.mark.parametrize("variant", ["dim", "dim-deep-renorm"])
def test_the_last_estimate_is_measured_against_the_noise_of_the_first_step(variant):
    settings = run_settings(variant=variant, steps=2)
    pixels = torch.full((3, 64, 64), 128, dtype=torch.uint8)
    dim = settings.dim(pixels[None])
    tinted = dim + torch.tensor([0.02, 0.01, -0.05]).view(3, 1, 1)
    made = [Step(0, 2, 600, 0.3, dim, dim), Step(1, 2, 299, 0.9, dim, tinted)]
    shift = Run(settings, pixels, steps=lambda requests: ({0: step} for step in made)).colour_shift
    assert shift.measures == measure(tinted[0], dim[0], settings.brightness)
    record = checkpoints.record(variant)
    assert shift.noise_bound == noise_bound(find_variant(variant), record, 0.3, 64 * 64)
    assert shift.in_words == in_words(shift.measures, settings.brightness, shift.noise_bound)
    assert json.loads(json.dumps(asdict(shift)))["measures"]["shift_b"] < -6
