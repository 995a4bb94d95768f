"""Shares of pixel values."""

import pytest
import torch

from lowlight_ddpm.metrics.histograms import BINS, highest_of, histogram


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
