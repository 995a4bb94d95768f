"""Drawn fruit: repeatable, on white, true to size, of many kinds and hues, and no butterflies."""

import numpy as np
import pytest
from PIL import Image

from lowlight_ddpm.images.synthetic.butterflies import draw
from lowlight_ddpm.images.synthetic.fruit import HALF, KINDS, LIGHT, draw_fruit


def pixels(number, size=64):
    return np.asarray(draw_fruit(number, size), np.float32)


def test_a_number_always_draws_the_same_bytes():
    assert draw_fruit(5, 48).tobytes() == draw_fruit(5, 48).tobytes()
    assert draw_fruit(5, 48).tobytes() != draw(5, 48).tobytes()


def test_numbers_draw_different_fruit():
    assert len({draw_fruit(number, 32).tobytes() for number in range(12)}) == 12


@pytest.mark.parametrize("size", [16, 33, 64])
def test_the_picture_is_rgb_of_the_asked_size_with_white_corners(size):
    picture = draw_fruit(2, size)
    assert (picture.mode, picture.size) == ("RGB", (size, size))
    last = size - 1
    assert [picture.getpixel(at) for at in ((0, 0), (last, 0), (0, last))] == [(255, 255, 255)] * 3


@pytest.mark.parametrize("number", range(24))
def test_the_fruit_fills_the_frame_and_its_middle_has_colour(number):
    drawn = pixels(number).min(-1) < 200
    rows, columns = np.flatnonzero(drawn.any(1)), np.flatnonzero(drawn.any(0))
    assert 0.75 * 64 <= max(np.ptp(rows), np.ptp(columns)) + 1 <= 64
    assert 0.25 < drawn.mean() < 0.8
    assert drawn[28:40, 28:36].all()


def test_the_design_does_not_depend_on_the_size():
    shrunk = np.asarray(draw_fruit(3, 192).resize((64, 64), Image.Resampling.BOX), np.float32)
    assert np.abs(shrunk - pixels(3)).mean() < 2 < np.abs(shrunk - pixels(4)).mean()


def test_light_comes_from_above_left():
    """Averaged over fruit, the upper left of the middle is brighter than the lower right."""
    mean = np.mean([pixels(number) for number in range(40)], axis=0).mean(-1)
    assert mean[20:28, 20:28].mean() > mean[40:48, 38:46].mean() + 20
    assert [np.linalg.norm(way) for way in (LIGHT, HALF)] == pytest.approx([1, 1], abs=0.01)


def test_every_kind_is_mirrored_smoothly_and_has_ripenesses():
    for kind in KINDS:
        assert len(kind.outline) == 7
        assert len(kind.ripeness) >= 2


@pytest.mark.parametrize(("number", "size"), [(-1, 64), (1.5, 64), (True, 64), (1, 8), (1, 5000)])
def test_what_cannot_be_drawn_is_an_error(number, size):
    with pytest.raises(ValueError, match="whole number"):
        draw_fruit(number, size)
