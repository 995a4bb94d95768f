"""The background of an image, measured and said."""

import pytest
import torch

from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.metrics.background import WHITE, Background, background_of


def picture(border, inside=(0.0, 0.0, 0.0), brightness=0.5):
    """An image (3, 32, 32) in model range: R, G, B of 255 at full brightness, then dimmed."""
    image = torch.tensor(inside)[:, None, None].expand(3, 32, 32).clone()
    image[:, :4] = image[:, -4:] = torch.tensor(border)[:, None, None]
    image[:, :, :4] = image[:, :, -4:] = torch.tensor(border)[:, None, None]
    return image * brightness / 127.5 - 1


@pytest.mark.parametrize("brightness", [0.25, 0.5, 1.0])
def test_it_is_the_border_alone_as_at_full_brightness(brightness):
    found = background_of(picture((240.0, 200.0, 210.0), brightness=brightness), brightness)
    assert found == pytest.approx((240, 200, 210), abs=0.01)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ((255, 255, 255), "Background: white, as it should be."),
        ((255, 236, 243), "Background: should be white, is pink by 13 of 255."),
        ((226, 255, 226), "Background: should be white, is green by 24 of 255."),
        ((215, 215, 215), "Background: should be white, is too dark by 40 of 255."),
    ],
)
def test_it_is_said_which_way_and_how_far(found, said):
    assert Background(found, WHITE).in_words == said


def test_another_background_than_paper_is_not_called_white():
    assert not Background((90, 90, 90), (120, 90, 90)).is_paper
    assert "white" not in Background((90, 90, 90), (120, 90, 90)).in_words
    assert Background((120, 90, 90), (120, 90, 90)).in_words == "Background: coloured, as it should be."


def test_the_error_is_the_root_mean_square_over_the_channels():
    assert Background((252, 255, 251), WHITE).error == pytest.approx((25 / 3) ** 0.5)


def test_a_brightness_that_cannot_be_is_refused():
    with pytest.raises(Refusal, match="brightness"):
        background_of(picture(WHITE), 0)
