"""Where images are compared nothing is clipped: white is below the top, and backgrounds above it differ."""

import numpy as np
import pytest
import torch

from lowlight_ddpm.images.display import WHITE, curve, show, to_image
from lowlight_ddpm.images.photometry import expose


def shown(level, brightness=1.0):
    """The pixel on the screen of a background `level` of 255, as at full brightness."""
    x = torch.full((3, 4, 4), 2 * level * brightness / 255 - 1)
    return int(np.asarray(to_image(x, 1 / brightness))[0, 0, 0])


@pytest.mark.parametrize("brightness", [1.0, 0.5, 0.25])
def test_white_stands_at_178_at_every_brightness(brightness):
    assert shown(255, brightness) == WHITE == 178
    assert shown(0, brightness) == 0


def test_backgrounds_10_apart_stay_4_apart_up_to_1_4_times_white():
    for level in np.arange(0, 1.4 * 255 - 10, 0.25):  # at half brightness, where such backgrounds exist
        assert shown(level + 10, 0.5) - shown(level, 0.5) >= 4, level
    assert int(expose(torch.tensor(2 * 280 * 0.5 / 255 - 1), 2)) == 255  # as it was shown before


def test_up_to_white_pixel_values_are_proportional():
    assert [shown(level) for level in (51, 102, 204)] == pytest.approx([35.6, 71.2, 142.4], abs=0.5)


def test_it_rises_all_the_way_and_never_passes_the_top():
    levels = curve(torch.linspace(-2, 6, 4001))
    assert levels.min() == 0
    assert levels.max() <= 255
    assert (levels.diff() >= 0).all()
    assert shown(510, 0.5) > shown(420, 0.5) > shown(357, 0.5)


def test_without_a_gain_pixels_are_those_of_the_network():
    x = torch.rand(2, 3, 8, 8) * 2 - 1
    assert torch.equal(show(x), expose(x))
