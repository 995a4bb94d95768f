"""How much of a tint of x_t is kept: networks whose answer is known, and files that are made once."""

from dataclasses import replace

import pytest
import torch

from lowlight_ddpm.diffusion import transmission
from lowlight_ddpm.diffusion.sampling import randn
from lowlight_ddpm.figures import Inputs
from lowlight_ddpm.report import written
from lowlight_ddpm.study import results, store
from lowlight_ddpm.study.protocol import Transmission, evaluation_set
from lowlight_ddpm.variants import PREDICTION_TYPES, find_variant
from tests.helpers.as_row import as_row

GREY, HUE = (torch.tensor(colour) for colour in transmission.TINTS.values())
TIMESTEPS = [100, 500, 999]


class Known:
    """A network that answers with a function of x_t."""

    def __init__(self, unet, answer):
        self.config, self.device, self.answer = unet.config, unet.device, answer

    def __call__(self, x_t, timestep):
        return type("Output", (), {"sample": self.answer(x_t)})


def known(checkpoint, answer, **row):
    """The checkpoint with a network of that answer, and another row."""
    return as_row(checkpoint, replace(checkpoint.variant, **row), unet=Known(checkpoint.unet, answer))


@pytest.fixture
def pictures():
    return randn((4, 3, 16, 16), [torch.Generator().manual_seed(i) for i in range(4)]).mul(0.3).clip(-1, 0)


@pytest.mark.parametrize("timestep", TIMESTEPS)
@pytest.mark.parametrize("tint", [GREY, HUE], ids=transmission.TINTS)
def test_a_blind_network_keeps_all_of_a_tint_by_epsilon_alpha_bar_of_it_by_v_and_none_by_x0(
    tiny_checkpoint, pictures, timestep, tint
):
    def blind(x_t):
        return torch.full_like(x_t, 0.3)

    level = tiny_checkpoint.alphas_cumprod[timestep].item()
    for prediction_type, expected in (("epsilon", 1.0), ("v_prediction", level), ("sample", 0.0)):
        network = known(tiny_checkpoint, blind, prediction_type=prediction_type)
        found = transmission.tint_transmission(network, pictures, timestep, tint)
        assert found == pytest.approx(expected, rel=1e-3, abs=1e-6)


@pytest.mark.parametrize("timestep", TIMESTEPS)
def test_one_that_takes_all_colour_for_noise_keeps_none(tiny_checkpoint, pictures, timestep):
    level = tiny_checkpoint.alphas_cumprod[timestep].item()
    network = known(tiny_checkpoint, lambda x_t: x_t / (1 - level) ** 0.5)
    assert transmission.tint_transmission(network, pictures, timestep, GREY) == pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize("timestep", TIMESTEPS)
def test_one_that_takes_all_colour_for_the_image_s_keeps_all(tiny_checkpoint, pictures, timestep):
    level = tiny_checkpoint.alphas_cumprod[timestep].item()
    network = known(tiny_checkpoint, lambda x_t: x_t / level**0.5, prediction_type="sample")
    assert transmission.tint_transmission(network, pictures, timestep, GREY) == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("row", [{}, {"centred": True}, {"renormalised": True}, {"offset_noise": 0.1}])
@pytest.mark.parametrize("tint", [GREY, HUE], ids=transmission.TINTS)
@pytest.mark.parametrize("kind", PREDICTION_TYPES)
def test_a_perfect_denoiser_s_share_is_what_is_measured_of_one(tiny_checkpoint, pictures, row, tint, kind):
    """Bayes' rule for the mean colour alone, which is all that the measurement looks at."""
    timestep = 700
    level = tiny_checkpoint.alphas_cumprod[timestep].item()
    covariance = torch.tensor(tiny_checkpoint.record["channel_covariance"], dtype=torch.float64)
    row = row | {"prediction_type": kind}
    variant = replace(tiny_checkpoint.variant, **row)
    sigma = covariance / (variant.brightness**2 if variant.renormalised else 1)
    noise = (1 - level) / level * (1 / 16**2 + variant.offset_noise**2)
    share = (sigma @ torch.linalg.inv(sigma + noise * torch.eye(3).double())).float()

    def perfect(x_t):
        seen = x_t.mean(dim=(2, 3)) / level**0.5
        x0 = (seen @ share.T)[:, :, None, None].expand_as(x_t)
        epsilon = (x_t - level**0.5 * x0) / (1 - level) ** 0.5
        v = level**0.5 * epsilon - (1 - level) ** 0.5 * x0
        return {"epsilon": epsilon, "v_prediction": v, "sample": x0}[kind]

    network = known(tiny_checkpoint, perfect, **row)
    told = transmission.perfect_transmission(network, timestep, tint)
    assert transmission.tint_transmission(network, pictures, timestep, tint) == pytest.approx(told, abs=2e-3)
    assert 0 < told < 1


def test_levels_that_a_schedule_does_not_reach_are_left_out(tiny_checkpoint, pictures):
    weak = as_row(tiny_checkpoint, find_variant("dim-deep-low"))
    every, some = (
        {found.signal for found in transmission.transmissions(one, pictures)}
        for one in (tiny_checkpoint, weak)
    )
    assert every == set(transmission.LEVELS)
    assert some == {0.08, 0.16, 0.32, 0.64, 0.9}  # 6 % of the signal are left at its last timestep


@pytest.fixture
def job(tmp_path, checkpoint_root):
    return Transmission("dim", evaluation_set("drawn:2", size=16), tmp_path, checkpoint_root)


def test_what_is_there_is_not_measured_again_until_pictures_or_network_change(job, tmp_path):
    assert not job.done
    job.run()
    assert job.done
    assert not replace(job, pictures=evaluation_set("drawn:3", size=16)).done
    store.append(job.path, job.kind, job.key, job.record | {"network": "another"})
    assert not job.done
    assert results.transmissions(job.folder, job.root).empty


def test_the_table_has_a_row_for_every_level_and_tint(job):
    job.run()
    rows = results.transmissions(job.folder, job.root)
    assert list(rows.variant.unique()) == ["dim"]
    assert list(rows.signal) == [signal for signal in transmission.LEVELS for _ in transmission.TINTS]
    assert rows.perfect.between(0, 1).all()


def test_the_report_tells_each_level_or_that_nothing_is_measured(job, tmp_path, checkpoint_root):
    inputs = Inputs(checkpoint_root, tmp_path)
    assert written("gain", inputs).startswith("Not measured yet: ")
    job.run()
    heads, _, line = written("gain", Inputs(checkpoint_root, tmp_path)).splitlines()
    first = results.transmissions(job.folder, job.root).iloc[0]
    assert heads.startswith("| variant | √ᾱ = 0.01 |")
    assert line.startswith(f"| dim | {first.kept:.2f} / {first.perfect:.2f} |")
