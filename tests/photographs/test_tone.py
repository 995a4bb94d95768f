"""Tones: what level they reach, and what they never do."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage import data

from lowlight_ddpm.photographs.tone import LEAST_SPAN, LEVELS, LUMA, find_tone, span


def luma(pixels):
    return float((pixels / 255 @ LUMA).mean())


def dark(factor=0.15):
    """A photograph as a factor of its pixel values."""
    return (data.astronaut()[::4, ::4] * factor).round().astype(np.uint8)


@pytest.mark.parametrize("level", [LEVELS["dusk"], LEVELS["day"], 0.6])
def test_a_dark_photograph_reaches_the_level(level):
    tone = find_tone(dark(), level)
    assert luma(tone.apply(dark())) == pytest.approx(level, abs=0.01) == pytest.approx(tone.after, abs=0.01)
    assert tone.before == pytest.approx(luma(dark()))


@given(st.integers(0, 2**32 - 1), st.floats(0.01, 0.99), st.booleans())
def test_no_pixel_is_darkened_and_no_order_reversed(seed, level, white_balance):
    noise = np.random.default_rng(seed)
    low, high = sorted(noise.integers(0, 256, 2))
    pixels = noise.integers(low, high + 1, (9, 11, 3)).astype(np.uint8)
    tone = find_tone(pixels, level, white_balance)
    assert (tone.apply(pixels) >= pixels).all()
    assert (np.diff(tone.tables.astype(int), axis=1) >= 0).all()


def test_what_is_bright_already_keeps_every_value():
    pixels = data.astronaut()[::4, ::4]
    tone = find_tone(pixels, luma(pixels) - 0.01)
    assert not tone.changes
    assert (tone.apply(pixels) == pixels).all()


def test_a_photograph_almost_as_bright_is_hardly_changed():
    pixels = data.astronaut()[::4, ::4]
    changed = find_tone(pixels, luma(pixels) + 0.005).apply(pixels).astype(int) - pixels
    assert changed.max() > 0
    assert np.percentile(changed, 99) <= 6


def test_greys_stay_grey():
    grey = np.repeat(dark()[..., :1], 3, axis=2)
    toned = find_tone(grey, 0.4).apply(grey)
    assert (toned == toned[..., :1]).all()


@pytest.mark.parametrize("value", [5, 50, 200])
def test_a_flat_picture_reaches_a_level_above_its_own(value):
    flat = np.full((8, 8, 3), value, np.uint8)
    assert find_tone(flat, 0.9).after == pytest.approx(0.9, abs=0.01)


def test_black_has_nothing_to_brighten():
    tone = find_tone(np.zeros((8, 8, 3), np.uint8), 0.4, white_balance=True)
    assert not tone.changes


def test_points_are_percentiles_of_all_channels_jointly():
    values = np.tile(np.arange(256) / 255, (3, 1))
    counts = np.zeros((3, 256))
    counts[0, 10], counts[1, 100], counts[2, 200] = 1000, 1000, 5  # 0.25 % of all are 200
    assert span(counts, values) == (10 / 255, 100 / 255)
    counts[2, 200] = 1000
    assert span(counts, values) == (10 / 255, 200 / 255)
    narrow = np.zeros((3, 256))
    narrow[:, 100:103] = 1
    black, white = span(narrow, values)
    assert white - black == pytest.approx(LEAST_SPAN)
    assert (black + white) / 2 == pytest.approx(101 / 255)


def test_white_balance_takes_a_cast_away_but_not_a_scene_s_colour():
    grey = np.random.default_rng(0).integers(30, 90, (32, 32, 1)).repeat(3, axis=2)
    cast = (grey * (1.0, 0.95, 0.8)).round().astype(np.uint8)
    balanced, plain = (find_tone(cast, 0.4, chosen).apply(cast).mean(axis=(0, 1)) for chosen in (True, False))
    assert np.ptp(balanced) < 3 < np.ptp(plain)
    red = (grey * (1.0, 0.3, 0.2)).round().astype(np.uint8)
    assert np.ptp(find_tone(red, 0.4, True).apply(red).mean(axis=(0, 1))) > 20
