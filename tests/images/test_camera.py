"""A sensor in little light: exposure is exact, noise has the size that physics gives it, seeds tell."""

import math

import pytest
import torch

from lowlight_ddpm.images.photometry import LIGHTS, Camera, linear, photograph, prepare, srgb, stops

CLEAN = Camera(white_electrons=1e9, read_noise=0, black_level=0, bits=16)
EVERY_VALUE = torch.arange(256, dtype=torch.uint8).repeat(3).reshape(1, 3, 16, 16)


def flat(value, side=128):
    """uint8 (1, 3, side, side), all of one value."""
    return torch.full((1, 3, side, side), value, dtype=torch.uint8)


def light_of(pixels):
    """Linear light of uint8 pixels."""
    return linear(pixels.double() / 255)


def test_srgb_and_linear_light_are_each_other_s_inverse():
    values = torch.linspace(0, 1, 1001, dtype=torch.float64)
    torch.testing.assert_close(srgb(linear(values)), values, atol=1e-6, rtol=0)
    assert linear(torch.tensor(0.5)).item() == pytest.approx(0.21404, abs=1e-5)


def test_full_exposure_on_a_perfect_sensor_changes_nothing():
    assert torch.equal(photograph(EVERY_VALUE, 0.0, camera=CLEAN), EVERY_VALUE)


@pytest.mark.parametrize("exposure", [-1.0, -3.0])
def test_a_stop_halves_the_light(exposure):
    taken = photograph(EVERY_VALUE, exposure, camera=CLEAN)
    expected = (srgb(light_of(EVERY_VALUE) * 2**exposure) * 255).round()
    assert (taken - expected).abs().max() <= 1


def test_the_least_brightness_that_a_number_holds_is_black():
    for row in LIGHTS.values():
        assert row.dim(flat(255), 5e-324, 0).mean() < -0.95


@pytest.mark.parametrize("brightness", [1.0, 0.5, 0.25, 0.1])
def test_white_is_as_bright_in_every_light(brightness):
    assert 2 ** stops(brightness) == pytest.approx(linear(torch.tensor(brightness).double()).item())
    dim = [row.dim(flat(255), brightness, 0) for row in LIGHTS.values()]
    assert dim[1].mean().item() == pytest.approx(dim[0].mean().item(), abs=2 / 127.5)


def test_shadows_lose_more_to_a_camera_than_to_halving():
    halved, taken = (row.dim(flat(40), 0.5, 0) for row in LIGHTS.values())
    assert taken.mean() < halved.mean()
    assert halved.std() < 1e-6 < taken.std()


@pytest.mark.parametrize("value", [255, 160])
def test_shot_noise_is_the_root_of_the_electrons(value):
    camera = Camera(white_electrons=400, read_noise=0, black_level=0, bits=16)
    electrons = light_of(photograph(flat(value), -1.0, camera=camera)) * 400
    expected = light_of(torch.tensor([value])).item() * 400 / 2
    assert electrons.mean().item() == pytest.approx(expected, rel=0.02)
    assert electrons.std().item() == pytest.approx(math.sqrt(expected), rel=0.03)


def test_reading_adds_its_own_noise():
    camera = Camera(white_electrons=1000, read_noise=30, black_level=0, bits=16)
    grey = light_of(photograph(flat(186), 0.0, camera=camera)) * 1000
    electrons = light_of(torch.tensor([186])).item() * 1000
    assert grey.std().item() == pytest.approx(math.hypot(30, math.sqrt(electrons)), rel=0.03)


@pytest.mark.parametrize("level", [0.0, 0.01])
def test_where_no_light_falls_the_black_level_is_read(level):
    dark = photograph(flat(0), 0.0, camera=Camera(1e6, 0, black_level=level, bits=16))
    assert light_of(dark).mean().item() == pytest.approx(level, rel=0.05)


def test_a_converter_of_few_bits_counts_in_steps():
    ramp = EVERY_VALUE
    levels = [
        len(photograph(ramp, 0.0, camera=Camera(1e9, 0, black_level=0, bits=bits)).unique())
        for bits in (3, 16)
    ]
    assert levels == [8, 256]


def test_a_wrong_white_balance_tints_what_was_grey():
    warm = photograph(flat(128), 0.0, camera=Camera(1e9, 0, 0, 16, red=1.2, blue=0.8))
    red, green, blue = light_of(warm).mean(dim=(0, 2, 3)).tolist()
    assert (red / green, blue / green) == pytest.approx((1.2, 0.8), rel=0.02)


def test_a_seed_is_a_photograph_and_a_picture_s_place_in_the_batch_a_seed():
    pictures = flat(100, 16).repeat(3, 1, 1, 1)
    taken = photograph(pictures, -2.0, seed=5)
    assert torch.equal(taken, photograph(pictures, -2.0, seed=5))
    assert torch.equal(taken[1], photograph(pictures, -2.0, seed=6)[0])
    assert not torch.equal(taken[0], taken[1])


def test_halved_pixels_are_what_they_were():
    assert torch.equal(LIGHTS["pixels"].dim(EVERY_VALUE, 0.5, 7), prepare(EVERY_VALUE, 0.5))
