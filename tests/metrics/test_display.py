"""Signed errors as colours, and shares of pixel values."""

import pytest
import torch

from lowlight_ddpm.images.photometry import expose
from lowlight_ddpm.metrics.image import (
    BINS,
    ERROR_COLOURS,
    coloured,
    highest_of,
    histogram,
    limit_for,
    signed_error,
)


def shown(error, limit):
    return tuple(expose(coloured(torch.full((1, 1), float(error)), limit)).flatten().tolist())


@pytest.mark.parametrize(("error", "colour"), list(zip((-10, 0, 10), ERROR_COLOURS, strict=True)))
def test_the_ends_and_the_middle_have_their_colours(error, colour):
    assert shown(error, 10) == colour
    assert shown(3 * error, 10) == colour


def test_between_them_lies_a_straight_line():
    half = [round((zero + high) / 2) for zero, high in zip(*ERROR_COLOURS[1:], strict=True)]
    assert shown(5, 10) == pytest.approx(half, abs=1)


def test_a_tint_of_a_known_size_is_seen_where_it_is():
    reference = torch.full((3, 8, 8), -0.5)
    tinted = reference.clone()
    tinted[0, :, 4:] += 20 / 127.5
    red, green, _ = signed_error(tinted, reference)
    assert expose(coloured(red, 20))[:, 0, 0].tolist() == list(ERROR_COLOURS[1])
    assert expose(coloured(red, 20))[:, 0, 7].tolist() == list(ERROR_COLOURS[2])
    assert expose(coloured(green, 20))[:, 0, 7].tolist() == list(ERROR_COLOURS[1])


def test_no_eye_confuses_too_bright_with_too_dark():
    low, _, high = (torch.tensor(colour).float() for colour in ERROR_COLOURS)
    assert high[0] - low[0] > 150
    assert low[2] - high[2] > 150


@pytest.mark.parametrize(("error", "limit"), [(0, 5), (5, 5), (6, 10), (80, 100), (254, 255)])
def test_the_scale_is_the_smallest_round_one_that_nearly_all_errors_fit(error, limit):
    errors = torch.full((3, 20, 20), float(-error))
    errors[0, 0, 0] = 255  # one pixel alone does not darken all others
    assert limit_for(errors) == limit


def flat(*values):
    """A picture whose R, G, B are so many 255ths everywhere."""
    return (torch.tensor(values) / 127.5 - 1)[:, None, None].expand(3, 4, 4)


def test_every_pixel_is_counted_once_in_its_own_bin():
    shares = histogram(flat(5.0, 51.0, 95.0), 96)
    assert shares.shape == (3, BINS)
    torch.testing.assert_close(shares.sum(dim=1), torch.ones(3))
    assert shares.argmax(dim=1).tolist() == [2, 25, 47]


def test_shares_are_those_of_the_pixels():
    picture = flat(10.0, 10.0, 10.0).clone()
    picture[:, 0] = 40 / 127.5 - 1
    assert sorted(histogram(picture, 48)[0].unique().tolist()) == [0, 0.25, 0.75]


def test_what_cannot_be_shown_counts_as_the_nearest_that_can():
    shares = histogram(flat(-30.0, 300.0, 10.0), 255)
    assert shares[0, 0] == 1
    assert shares[1, -1] == 1


@pytest.mark.parametrize(
    ("values", "highest"), [((0.0, 0.0, 0.0), 16), ((1.0, 2.0, 127.4), 128), ((300.0,) * 3, 255)]
)
def test_the_axis_ends_where_the_highest_value_fits(values, highest):
    assert highest_of([flat(0.0, 0.0, 0.0), flat(*values)]) == highest
