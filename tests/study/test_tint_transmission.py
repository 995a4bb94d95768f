"""How much of a tint of x_t is kept: networks whose answer is known, and files that are made once."""

from dataclasses import replace

import pytest
import torch

from lowlight_ddpm.diffusion import transmission
from lowlight_ddpm.diffusion.sampling import randn
from lowlight_ddpm.figures import Inputs
from lowlight_ddpm.report import written
from lowlight_ddpm.study import results, store
from lowlight_ddpm.study.protocol import evaluation_set
from lowlight_ddpm.study.transmission import Transmission
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


RESPONSE = {0: 0.9, 1: 0.4, 2: 0.25, 4: 0.7, 7: 0.05}  # of a network of 16 px, by cycles from side to side


def filtered(x, response):
    """x (B, 3, H, W), of which each wave across or down is multiplied by the response, all else by 0.3."""
    side = x.shape[-1]
    gains = torch.full((side, side), 0.3)
    for cycles, gain in response.items():
        for row, column in ((cycles, 0), (-cycles, 0), (0, cycles), (0, -cycles)):
            gains[row, column] = gain
    return torch.fft.ifft2(torch.fft.fft2(x) * gains).real


@pytest.mark.parametrize("timestep", TIMESTEPS)
@pytest.mark.parametrize("cycles", RESPONSE)
def test_a_linear_network_lets_through_what_it_was_built_to_at_every_frequency(
    tiny_checkpoint, pictures, timestep, cycles
):
    level = tiny_checkpoint.alphas_cumprod[timestep].item()

    def epsilon(x_t):
        return (x_t - filtered(x_t, RESPONSE)) / (1 - level) ** 0.5

    found = transmission.tint_transmission(known(tiny_checkpoint, epsilon), pictures, timestep, GREY, cycles)
    assert found == pytest.approx(RESPONSE[cycles], abs=2e-3)


def test_a_network_that_is_blind_to_the_mean_alone_is_told_apart(tiny_checkpoint, pictures):
    """Of the mean it lets everything through, of waves what a perfect denoiser does."""
    level = tiny_checkpoint.alphas_cumprod[700].item()
    exact = dict.fromkeys((0, 1, 2, 4), 0.1)
    for response, of_mean in ((exact, 0.1), (exact | {0: 1.0}, 1.0)):
        network = known(tiny_checkpoint, lambda x, r=response: (x - filtered(x, r)) / (1 - level) ** 0.5)
        rows = transmission.transmissions(network, pictures, levels=[level**0.5])
        kept = {row.cycles: row.kept for row in rows if row.tint == "grey"}
        assert kept == pytest.approx({0: of_mean, 1: 0.1, 2: 0.1, 4: 0.1}, abs=2e-3)


@pytest.mark.parametrize("cycles", [1, 4])
def test_noise_is_as_strong_along_every_wave_as_in_its_mean(cycles):
    waves = transmission.waves(16, 32, cycles).flatten(1)
    torch.testing.assert_close(waves @ waves.T / waves.shape[1], torch.eye(4), atol=1e-5, rtol=0)
    assert transmission.waves(16, 32, 0).unique().tolist() == [1]


def test_a_perfect_denoiser_of_waves_knows_how_strong_they_are_in_what_was_learned(tiny_checkpoint):
    """Images are sums of the four waves of two cycles, each of a grey of variance 0.09."""
    sources = [torch.Generator().manual_seed(i) for i in range(4000)]
    heights = 0.3 * randn((4000, 4, 1, 1), sources)
    images = (heights * transmission.waves(16, 16, 2)).sum(dim=1, keepdim=True).expand(-1, 3, -1, -1)
    covariance = transmission.wave_covariance(images, 2)
    torch.testing.assert_close(covariance, torch.full((3, 3), 0.09).double(), rtol=0.05, atol=0)
    assert transmission.wave_covariance(images, 3).abs().max() < 1e-9
    level, noise = 0.04, 0.96 / 16**2
    timestep = int((tiny_checkpoint.alphas_cumprod - level).abs().argmin())
    level = tiny_checkpoint.alphas_cumprod[timestep].item()
    found = transmission.perfect_transmission(tiny_checkpoint, timestep, GREY, 2, covariance)
    grey = 3 * 0.09  # along (1, 1, 1)
    assert found == pytest.approx(level * grey / (level * grey + noise), rel=0.03)
    rows = {row.cycles: row for row in transmission.transmissions(tiny_checkpoint, images[:4], images, [0.2])}
    assert rows[2].perfect == pytest.approx(found, rel=0.02)
    unknown = {row.cycles: row.perfect for row in transmission.transmissions(tiny_checkpoint, images[:4])}
    assert unknown[0] is not None
    assert unknown[1] is unknown[4] is None


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
    shown = [probe for probe in transmission.PROBES if probe[1] < 8]  # of 16 px
    assert list(rows.signal) == [signal for signal in transmission.LEVELS for _ in shown]
    assert rows[rows.cycles == 0].perfect.between(0, 1).all()
    assert rows[rows.cycles > 0].perfect.isna().all()


def test_waves_are_measured_against_the_training_images_once_these_are_at_hand(job):
    job.run()
    learned = replace(job, training=evaluation_set("drawn:6", ["drawn_0001"], size=16))
    assert job.done
    assert not learned.done
    learned.run()
    assert learned.done
    assert job.done, "what is known more does not make it be measured again"
    rows = results.transmissions(job.folder, job.root)
    assert rows.perfect.between(0, 1).all()
    text = written("frequencies", Inputs(job.root, job.folder))
    first = rows[(rows.signal == 0.08) & (rows.cycles == 1)].iloc[0]
    assert f"| {first.kept:.2f} / {first.perfect:.2f} |" in text
    assert text.splitlines()[0] == "| variant | mean | 1 cycle | 2 cycles | 4 cycles | 8 cycles |"
    assert text.endswith("| – |")


def test_results_older_than_waves_are_of_the_mean(job):
    job.run()
    older = {key: value for key, value in job.record.items() if key not in ("cycles", "training")}
    rows = [row for row in older["rows"] if row.pop("cycles") == 0]
    store.append(job.path, job.kind, job.key, older | {"rows": rows})
    assert not job.done
    inputs = Inputs(job.root, job.folder)
    assert set(results.transmissions(job.folder, job.root).cycles) == {0}
    assert "| dim | " in written("gain", inputs)
    assert written("frequencies", inputs).startswith("Not measured yet: ")


def test_the_report_tells_each_level_or_that_nothing_is_measured(job, tmp_path, checkpoint_root):
    inputs = Inputs(checkpoint_root, tmp_path)
    assert written("gain", inputs).startswith("Not measured yet: ")
    job.run()
    heads, _, line = written("gain", Inputs(checkpoint_root, tmp_path)).splitlines()
    first = results.transmissions(job.folder, job.root).iloc[0]
    assert heads.startswith("| variant | √ᾱ = 0.01 |")
    assert line.startswith(f"| dim | {first.kept:.2f} / {first.perfect:.2f} |")
