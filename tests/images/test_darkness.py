"""A photograph that is dark already is known from one that is not."""

import numpy as np
import pytest
from PIL import Image

from lowlight_ddpm.images import draw
from lowlight_ddpm.images.darkness import FAIR, fair_exposure, highlights, is_dark


def dimmed(factor):
    return draw(2, 128).point(lambda value: round(value * factor))


def test_a_dark_photograph_is_told_from_a_bright_one_and_from_one_dimmed_to_half():
    assert [is_dark(dimmed(factor)) for factor in (1, 0.5, 0.15, 0.05)] == [False, False, True, True]


def test_a_few_lamps_make_no_photograph_bright():
    pixels = np.full((100, 100, 3), 20, np.uint8)
    pixels[:5, :10] = 255  # half a per cent
    assert is_dark(Image.fromarray(pixels))


@pytest.mark.parametrize("factor", [0.2, 0.1])
def test_it_is_shown_with_its_highlights_nearly_white(factor):
    picture = dimmed(factor)
    assert highlights(picture) * fair_exposure(picture) == pytest.approx(FAIR, abs=0.01)


def test_others_are_shown_as_they_are_and_black_is_not_enlarged_for_ever():
    assert fair_exposure(dimmed(1)) == 1
    assert fair_exposure(Image.new("RGB", (64, 64))) == 16
