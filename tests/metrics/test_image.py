"""An image against its original: the toy faults to tell apart, exact identities, images without colour."""

import dataclasses
import json
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy.ndimage import gaussian_filter
from skimage.color import deltaE_ciede2000, lab2rgb, rgb2lab, rgb2xyz, xyz2lab, xyz2rgb
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from lowlight_ddpm.metrics import image, sets


def to_model(pixels):
    return torch.tensor(np.asarray(pixels) * 2 - 1, dtype=torch.float32)


def plain(rgb, side=8):
    """A picture of one colour, model range."""
    return to_model(np.broadcast_to(np.reshape(rgb, (3, 1, 1)), (3, side, side)))


def plain_lab(lab):
    return plain(lab2rgb(np.array(lab, dtype=float)))


def random_picture(seed, side=16):
    return to_model(np.random.default_rng(seed).random((3, side, side)))


def butterfly(side=64):
    """Orange wings with dark veins on white paper, at brightness 0.5: pixel values (3, side, side)."""
    y, x = np.mgrid[:side, :side] / (side - 1) - 0.5
    wings = (abs(x) - 0.22) ** 2 / 0.035 + y**2 / 0.09 < 1
    veins = wings & ((abs(x) < 0.04) | (np.cos(40 * (x**2 + y**2) ** 0.5) > 0.7))
    picture = np.full((3, side, side), 0.95)
    picture[:, wings] = np.array([[0.8], [0.5], [0.2]])
    picture[:, veins] = 0.15
    return 0.5 * picture


@pytest.fixture(scope="module")
def faults():
    """The science notes' toy faults, each measured against the same dim butterfly."""
    clean = butterfly()
    tint = np.array([0.03, 0.03, -0.065]).reshape(3, 1, 1)
    noise = np.random.default_rng(0).normal(0, 0.0436, clean.shape)
    faulty = {
        "tint": clean + tint,
        "blur": gaussian_filter(clean, (0, 1.6, 1.6)),
        "lift": clean + 0.06,
        "noise": clean + noise,
    }
    return {name: image.measure(to_model(p), to_model(clean), 0.5) for name, p in faulty.items()}


def test_mse_ranks_the_tint_below_the_blur_and_beside_the_noise(faults):
    assert faults["tint"].mse < 0.7 * faults["blur"].mse
    assert faults["tint"].psnr > faults["blur"].psnr
    assert faults["tint"].ssim > faults["blur"].ssim
    assert faults["tint"].mse == pytest.approx(faults["noise"].mse, rel=0.1)


def test_mean_colour_and_angle_find_the_tint(faults):
    others = [faults["blur"], faults["noise"]]
    assert faults["tint"].delta_e > 8
    assert max(m.delta_e for m in others) < 1
    assert faults["tint"].reproduction_angle > 8
    assert max(m.reproduction_angle for m in others) < 1


def test_pixelwise_delta_e_cannot_tell_noise_from_a_tint(faults):
    assert faults["noise"].mean_delta_e == pytest.approx(faults["tint"].mean_delta_e, rel=0.35)


def test_angle_is_blind_to_a_grey_lift_and_delta_e_is_not(faults):
    assert faults["lift"].reproduction_angle < 1
    assert faults["lift"].delta_e > 4
    assert faults["lift"].delta_l > abs(faults["lift"].delta_b)


@pytest.mark.parametrize(("fault", "share"), [("tint", 1), ("lift", 1), ("blur", 0), ("noise", 0)])
def test_shift_share_of_mse(faults, fault, share):
    measures = faults[fault]
    assert measures.mse_shift / measures.mse == pytest.approx(share, abs=0.005)


def test_yellow_tint_has_the_signs_of_yellow(faults):
    tint = faults["tint"]
    assert (tint.shift_r, tint.shift_g, tint.shift_b) == pytest.approx((7.65, 7.65, -16.575), abs=1e-3)
    assert tint.delta_b > 5
    assert tint.delta_b > abs(tint.delta_a)


@pytest.mark.parametrize("seed", range(3))
def test_mse_is_shift_plus_structure(seed):
    measures = image.measure(random_picture(seed), random_picture(seed + 10))
    assert measures.mse_shift > 0
    assert measures.mse == pytest.approx(measures.mse_shift + measures.mse_structure, rel=1e-12)


def test_a_picture_equals_itself():
    picture = random_picture(0)
    values = dataclasses.asdict(image.measure(picture, picture))
    one = {"ssim": 1, "chroma_ratio": 1}
    for name in values.keys() - {"psnr", "hue_shift"}:
        assert values[name] == pytest.approx(one.get(name, 0), abs=1e-6), name
    assert values["psnr"] is None


def test_swapping_the_pictures_turns_the_signs():
    here, there = random_picture(1), random_picture(2) * 0.5
    forth, back = image.measure(here, there), image.measure(there, here)
    for name in ("mse", "mse_shift", "psnr", "ssim", "delta_e", "mean_delta_e"):
        assert getattr(forth, name) == pytest.approx(getattr(back, name)), name
    for name in ("shift_r", "shift_g", "shift_b", "delta_l", "delta_a", "delta_b"):
        assert getattr(forth, name) == pytest.approx(-getattr(back, name)), name


def test_equals_scikit_image():
    output, reference = random_picture(3), random_picture(4)
    out, ref = ((x.double().numpy() + 1) / 2 for x in (output, reference))
    measures = image.measure(output, reference, 0.5)
    lab_out, lab_ref = rgb2lab(out, channel_axis=0), rgb2lab(ref, channel_axis=0)
    pixelwise = deltaE_ciede2000(lab_ref, lab_out, channel_axis=0)
    assert measures.ssim == pytest.approx(structural_similarity(ref, out, channel_axis=0, data_range=0.5))
    assert measures.psnr == pytest.approx(peak_signal_noise_ratio(ref, out, data_range=0.5))
    assert measures.mean_delta_e == pytest.approx(pixelwise.mean())
    light_out, light_ref = (rgb2xyz(x, channel_axis=0).mean((1, 2)) for x in (out, ref))
    afar = deltaE_ciede2000(xyz2lab(light_ref), xyz2lab(light_out))
    assert measures.delta_e == pytest.approx(afar, rel=1e-3)
    np.testing.assert_allclose(image.delta_e_map(output, reference).numpy(), pixelwise, rtol=1e-5)
    np.testing.assert_allclose(image.signed_error(output, reference).numpy(), 255 * (out - ref), atol=1e-4)


def approx(value):
    """Equal up to what sRGB matrices of four digits and float32 pixels leave of Lab."""
    return pytest.approx(value, abs=0.02)


@pytest.mark.parametrize(
    ("reference", "output", "turn", "ratio"),
    [
        ((60, 20, 0), (60, 0, 20), approx(90), approx(1)),
        ((60, 20, -4), (60, 20, 4), approx(22.62), approx(1)),
        ((60, -20, 2), (60, -20, -2), approx(11.42), approx(1)),
        ((60, 10, 10), (60, 5, 5), approx(0), approx(0.5)),
        ((60, 10, 10), (60, 2, 2), None, approx(0.2)),
        ((60, 0.2, 0.2), (60, 10, 10), None, None),
    ],
)
def test_hue_and_chroma(reference, output, turn, ratio):
    measures = image.measure(plain_lab(output), plain_lab(reference))
    assert (measures.hue_shift, measures.chroma_ratio) == (turn, ratio)


def shown(linear):
    """A plain picture of linear RGB; skimage's matrix read off the primaries, linear as they stand."""
    return plain(xyz2rgb(linear @ rgb2xyz(np.eye(3))))


def test_reproduction_angle_is_taken_in_linear_light():
    light = np.array([0.4, 0.3, 0.2])
    halved = image.measure(shown(light / 2), shown(light))
    tinted = image.measure(shown(light * [1, 1, 0.5]), shown(light))
    assert halved.reproduction_angle == pytest.approx(0, abs=1e-3)
    # r = (1, 1, 2): arccos(4 / (√3·√6)).
    assert tinted.reproduction_angle == pytest.approx(math.degrees(math.acos(4 / math.sqrt(18))), abs=1e-3)


def test_reproduction_angle_has_no_value_for_a_black_channel():
    assert image.measure(plain((0.5, 0.5, 0)), plain((0.5, 0.5, 0.5))).reproduction_angle is None


@pytest.mark.parametrize("side", [3, 4, 6, 7])
def test_ssim_takes_the_largest_window_that_fits(side):
    out, ref = (random_picture(seed, side) for seed in (0, 1))
    window = side if side % 2 else side - 1
    expected = structural_similarity(
        (ref.double().numpy() + 1) / 2,
        (out.double().numpy() + 1) / 2,
        win_size=window,
        channel_axis=0,
        data_range=1,
    )
    assert image.measure(out, ref).ssim == pytest.approx(expected)


def test_values_out_of_range_are_clipped():
    bright, white = plain((1.5, 1, 3)), plain((1, 1, 1))
    assert image.measure(bright, white).mse == 0
    assert image.signed_error(bright, white).abs().max() == 0
    assert sets.compare_sets(bright[None], white[None]).means == (255, 255, 255)


@pytest.mark.parametrize(
    ("output", "reference", "data_range", "words"),
    [
        (torch.zeros(3, 8, 8), torch.zeros(3, 8, 9), 1, "9×8 and 8×8 pixels"),
        (torch.zeros(1, 3, 8, 8), torch.zeros(1, 3, 8, 8), 1, "of shape"),
        (torch.full((3, 8, 8), torch.nan), torch.zeros(3, 8, 8), 1, "NaN"),
        (torch.zeros(3, 8, 8), torch.zeros(3, 8, 8), 0, "data range"),
    ],
)
def test_measure_refuses(output, reference, data_range, words):
    with pytest.raises(ValueError, match=words):
        image.measure(output, reference, data_range)


pixel = st.floats(0, 1, width=32)


@settings(max_examples=40, deadline=None)
@given(st.tuples(*[st.floats(-0.25, 0.25)] * 3), st.integers(0, 99))
def test_a_constant_tint_is_exactly_the_shift(tint, seed):
    ref = 0.3 + 0.4 * np.random.default_rng(seed).random((3, 8, 8))
    measures = image.measure(to_model(ref + np.reshape(tint, (3, 1, 1))), to_model(ref))
    shifts = measures.shift_r, measures.shift_g, measures.shift_b
    assert shifts == pytest.approx([255 * d for d in tint], abs=1e-4)
    assert measures.mse_structure == pytest.approx(0, abs=1e-12)
    assert measures.mse == pytest.approx(np.square(tint).mean(), abs=1e-7)


@settings(max_examples=60, deadline=None)
@given(st.data(), st.integers(1, 9), st.integers(1, 9))
def test_measures_are_finite_for_any_picture(data, height, width):
    any_picture = st.one_of(
        st.sampled_from([0.0, 0.5, 1.0]).map(lambda v: np.full((3, height, width), v)),
        arrays.arrays(np.float64, (3, height, width), elements=pixel),
    )
    measures = image.measure(to_model(data.draw(any_picture)), to_model(data.draw(any_picture)))
    json.dumps(dataclasses.asdict(measures), allow_nan=False)
    assert (measures.ssim is None) == (min(height, width) < 3)


def test_a_pattern_has_the_colour_of_its_light():
    """Black and white in equal parts are as light as half the light, and not as half the pixel value."""
    checks = to_model(np.indices((8, 8)).sum(axis=0) % 2 * np.ones((3, 1, 1)))
    half = 1.055 * 0.5 ** (1 / 2.4) - 0.055
    assert image.measure(checks, plain((half, half, half))).delta_e == pytest.approx(0, abs=1e-3)
    assert image.measure(checks, plain((0.5, 0.5, 0.5))).delta_e > 10
    assert image.mean_lab(checks) == pytest.approx([76.07, 0, 0], abs=0.02)  # 116 · 0.5^(1/3) − 16


def test_shifts_are_given_before_clipping_too():
    half_out = to_model(np.broadcast_to([0.9, 1.3], (3, 8, 2)).repeat(4, axis=2))
    measures = image.measure(half_out, plain((1, 1, 1)))
    assert measures.shift_r == pytest.approx(-0.05 * 255, abs=1e-4)
    assert measures.raw_shift_r == pytest.approx(0.1 * 255, abs=1e-4)
    inside = image.measure(random_picture(1), random_picture(2))
    for axis in "rgb":
        assert getattr(inside, f"raw_shift_{axis}") == pytest.approx(
            getattr(inside, f"shift_{axis}"), abs=1e-4
        )


def test_channel_means_see_beyond_the_range():
    x = torch.stack([plain((0, 0.5, 1)), plain((2, -1, 0.25))])
    expected = torch.tensor([[0, 127.5, 255], [510, -255, 63.75]])
    torch.testing.assert_close(image.channel_means(x), expected)
    torch.testing.assert_close(image.channel_means(x[1]), expected[1:])


def test_channel_means_do_not_sum_in_half_precision():
    x = random_picture(5, 64).to(torch.bfloat16)
    torch.testing.assert_close(image.channel_means(x), image.channel_means(x.float()))
