"""Tests that drawn butterflies are repeatable, mirrored, on white, true to size, and of every hue."""

import colorsys

import numpy as np
import pytest
from PIL import Image

from lowlight_ddpm.images.synthetic.butterflies import draw


def _pixels(number: int, size: int) -> np.ndarray:
    return np.asarray(draw(number, size), np.float32)


def test_a_number_always_draws_the_same_bytes():
    assert draw(5, 48).tobytes() == draw(5, 48).tobytes()


def test_numbers_draw_different_butterflies():
    assert len({draw(number, 32).tobytes() for number in range(12)}) == 12


@pytest.mark.parametrize("size", [16, 33, 64])
def test_the_picture_is_rgb_of_the_asked_size_on_pure_white(size):
    picture = draw(2, size)
    assert (picture.mode, picture.size) == ("RGB", (size, size))
    bottom = size - 1
    corners = [picture.getpixel(at) for at in ((0, 0), (bottom, 0), (0, bottom), (bottom, bottom))]
    assert corners == [(255, 255, 255)] * 4


@pytest.mark.parametrize("number", range(5))
def test_the_butterfly_fills_the_frame(number):
    drawn = _pixels(number, 64).min(-1) < 250
    rows, columns = np.flatnonzero(drawn.any(1)), np.flatnonzero(drawn.any(0))
    extents = np.ptp(rows) + 1, np.ptp(columns) + 1
    assert 0.8 * 64 <= max(extents) <= 0.98 * 64
    assert 0.2 < drawn.mean() < 0.75


@pytest.mark.parametrize("size", [64, 97])
def test_left_mirrors_right(size):
    pixels = _pixels(3, size)
    assert np.abs(pixels - pixels[:, ::-1]).max() <= 1


@pytest.mark.parametrize("number", [0, 7])
def test_the_design_does_not_depend_on_the_size(number):
    shrunk = draw(number, 192).resize((64, 64), Image.Resampling.BOX)
    same = np.abs(np.asarray(shrunk, np.float32) - _pixels(number, 64)).mean()
    other = np.abs(np.asarray(shrunk, np.float32) - _pixels(number + 1, 64)).mean()
    assert same < 2 < other


def test_the_first_hundred_have_hues_all_round_the_circle():
    sextants = {int(_mean_hue(number) * 6) for number in range(100)}
    assert sextants == set(range(6))


def _mean_hue(number: int) -> float:
    pixels = _pixels(number, 24)
    drawn = pixels[pixels.min(-1) < 200]
    return colorsys.rgb_to_hsv(*(drawn.mean(0) / 255))[0]


@pytest.mark.parametrize("number", [-1, 1.0, "3", None, True])
def test_a_number_that_is_not_whole_from_0_is_refused(number):
    with pytest.raises(ValueError, match="whole number from 0"):
        draw(number)


@pytest.mark.parametrize("size", [15, 1025, 64.0, "64", None])
def test_a_size_out_of_range_is_refused(size):
    with pytest.raises(ValueError, match="16 to 1024"):
        draw(0, size)
