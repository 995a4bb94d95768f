"""Tests that the synthetic butterflies in four hues are of those hues, repeatable, and not for the page."""

from functools import cache

import numpy as np
import pytest
from skimage.color import rgb2lab

from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.images.gallery import SUBJECTS
from lowlight_ddpm.images.sources import OURS, drawn_picture, is_drawn, open_picture, open_source
from lowlight_ddpm.images.synthetic.butterflies import draw, draw_hue
from lowlight_ddpm.images.synthetic.designs import HUES

EACH = 15  # butterflies looked at in every hue
GREEN, RED, VIOLET, PALE = range(4)

# Mean R, G, B in 0..255 of drawn butterflies 0, 7, 1000 and 10000 at 32 pixels, before there were these hues.
LEARNED_FROM = (
    (221.580, 205.947, 185.084),
    (231.486, 215.375, 193.695),
    (202.201, 176.492, 204.641),
    (225.166, 224.875, 221.262),
)


def test_a_butterfly_s_number_decides_its_hue():
    assert tuple(HUES) == ("green", "red", "violet", "pale")


@cache
def _specimens(hue: int) -> list[np.ndarray]:
    """CIELAB colours (n, 3) of each specimen's pixels, the background left out."""
    pictures = [np.asarray(draw_hue(4 * turn + hue, 64)) / 255 for turn in range(EACH)]
    return [rgb2lab(picture)[picture.min(-1) < 0.98] for picture in pictures]


def _means(hue: int) -> np.ndarray:
    """Mean L*, a*, b* of each specimen: three arrays."""
    return np.transpose([pixels.mean(0) for pixels in _specimens(hue)])


def _angles(hue: int) -> np.ndarray:
    """Hue angle of each specimen's mean colour in CIELAB, degrees in 0..360."""
    _, a, b = _means(hue)
    return np.degrees(np.arctan2(b, a)) % 360


@pytest.mark.parametrize(
    ("hue", "lowest", "highest"),
    # a red, a green and a violet of sRGB lie at 40°, 136° and 306°
    [(GREEN, 110, 170), (RED, 2, 48), (VIOLET, 285, 335)],
)
def test_every_butterfly_has_the_hue_of_its_number(hue, lowest, highest):
    angles = _angles(hue)
    assert lowest < angles.min()
    assert angles.max() < highest


@pytest.mark.parametrize("hue", [GREEN, RED, VIOLET])
def test_the_three_colours_are_saturated(hue):
    _, a, b = _means(hue)
    assert np.hypot(a, b).min() > 15


def test_pale_ones_are_light_and_nearly_grey():
    light, a, b = _means(PALE)
    assert light.min() > 68
    assert np.hypot(a, b).max() < 25


def test_pale_ones_stand_out_from_the_white_background():
    for pixels in _specimens(PALE):
        assert np.percentile(pixels[:, 0], 95) < 98
        assert (100 - pixels[:, 0] + np.hypot(pixels[:, 1], pixels[:, 2])).mean() > 20


def test_no_design_is_shared_with_the_other_butterflies_or_with_another_number():
    hues = {draw_hue(number, 24).tobytes() for number in range(24)}
    assert len(hues) == 24
    assert hues.isdisjoint(draw(number, 24).tobytes() for number in range(24))


def test_a_source_of_them_is_opened_by_count_and_first_number():
    source = open_source("hues:3:7")
    assert (source.label, source.card) == ("synthetic butterflies in four hues", {"kind": OURS})
    assert [name for name, _ in source] == ["hues_0007", "hues_0008", "hues_0009"]
    assert next(iter(source))[1].tobytes() == draw_hue(7).tobytes()


def test_one_of_them_is_opened_by_its_number_or_its_row_s_name():
    assert open_picture("hues:3").tobytes() == drawn_picture("hues_0003").tobytes() == draw_hue(3).tobytes()
    assert is_drawn("hues_0003")
    assert not is_drawn("hues_3")


@pytest.mark.parametrize("spec", ["hues:0", "hues:few", "hues:-3", "hues:2:x"])
def test_what_is_no_number_of_them_is_refused(spec):
    with pytest.raises(Refusal, match="write hues, hues:COUNT or hues:COUNT:FIRST"):
        open_source(spec)


def test_a_number_or_a_size_that_cannot_be_drawn_is_refused():
    with pytest.raises(ValueError, match="whole number from 0"):
        draw_hue(-1)
    with pytest.raises(ValueError, match="16 to 1024"):
        draw_hue(0, 15)


def test_the_page_does_not_offer_them():
    assert SUBJECTS == {"drawn": "Butterflies", "fruit": "Fruit"}


def test_the_other_butterflies_are_those_that_networks_have_learned_from():
    # Coarse enough that another processor, which may round a rare pixel one level off, says the same.
    means = np.array([np.asarray(draw(number, 32), float).mean((0, 1)) for number in (0, 7, 1000, 10_000)])
    np.testing.assert_allclose(means, LEARNED_FROM, atol=0.02)
