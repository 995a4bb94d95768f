"""Light: dimming is linear and lands where the networks were trained, and the way back loses nothing."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lowlight_ddpm.images.photometry import (
    channel_statistics,
    expose,
    picture_grid,
    prepare,
    taken_apart,
    to_image,
)

EVERY_VALUE = torch.arange(256, dtype=torch.uint8).repeat(3).reshape(3, 16, 16)
BRIGHTNESS = st.floats(0.01, 1)


@given(BRIGHTNESS)
def test_dimming_is_b_times_x_plus_b_minus_1(brightness):
    expected = brightness * (EVERY_VALUE.double() / 127.5 - 1) + (brightness - 1)
    torch.testing.assert_close(prepare(EVERY_VALUE, brightness).double(), expected, atol=1e-6, rtol=0)


@given(BRIGHTNESS)
def test_dimmed_pictures_span_from_minus_1_to_2b_minus_1(brightness):
    x = prepare(EVERY_VALUE, brightness)
    assert x.dtype == torch.float32
    assert x.min() == -1
    assert x.max().item() == pytest.approx(2 * brightness - 1, abs=1e-6)


@given(BRIGHTNESS)
def test_exposing_by_1_over_b_undoes_the_dimming(brightness):
    back = expose(prepare(EVERY_VALUE, brightness), 1 / brightness)
    assert back.dtype == torch.uint8
    torch.testing.assert_close(back, EVERY_VALUE, atol=0, rtol=0)


def test_every_8_bit_value_comes_back_at_full_brightness():
    assert torch.equal(expose(prepare(EVERY_VALUE)), EVERY_VALUE)


def test_what_a_screen_cannot_show_is_clipped():
    x = torch.tensor([-3.0, -1, 0, 1, 3]).reshape(1, 1, 5).expand(3, 1, 5)
    assert expose(x)[0, 0].tolist() == [0, 0, 128, 255, 255]
    assert expose(x, gain=2)[0, 0].tolist() == [0, 0, 255, 255, 255]


def test_a_batch_is_prepared_like_its_pictures():
    batch = torch.stack([EVERY_VALUE, EVERY_VALUE.flip(-1)])
    assert torch.equal(prepare(batch, 0.5)[1], prepare(batch[1], 0.5))


def test_an_image_holds_the_exposed_pixels():
    image = to_image(prepare(EVERY_VALUE, 0.5), gain=2)
    assert (image.mode, image.size) == ("RGB", (16, 16))
    assert list(image.tobytes()) == EVERY_VALUE.permute(1, 2, 0).flatten().tolist()


@pytest.mark.parametrize("brightness", [0.5, 1.0])
def test_the_statistics_are_of_the_pictures_mean_colours(brightness):
    pixels = torch.randint(256, (9, 3, 8, 8), generator=torch.Generator().manual_seed(1)).to(torch.uint8)
    mean, covariance = channel_statistics(pixels, brightness)
    means = torch.stack([prepare(picture, brightness).mean((1, 2)) for picture in pixels]).double()
    torch.testing.assert_close(mean, means.mean(0))
    off = means - means.mean(0)
    torch.testing.assert_close(covariance, off.T @ off / 8)


def test_a_grid_is_taken_apart_as_it_was_joined():
    pictures = torch.rand(16, 3, 8, 8) * 2 - 1
    torch.testing.assert_close(taken_apart(picture_grid(pictures), 6), pictures[:6], atol=1 / 127, rtol=0)
