"""Signed errors as colours."""

import pytest
import torch

from lowlight_ddpm.images.photometry import expose
from lowlight_ddpm.metrics.colour import signed_error
from lowlight_ddpm.metrics.error_map import COLOURS, coloured, limit_for


def shown(error, limit):
    return tuple(expose(coloured(torch.full((1, 1), float(error)), limit)).flatten().tolist())


@pytest.mark.parametrize(("error", "colour"), list(zip((-10, 0, 10), COLOURS, strict=True)))
def test_the_ends_and_the_middle_have_their_colours(error, colour):
    assert shown(error, 10) == colour
    assert shown(3 * error, 10) == colour


def test_between_them_lies_a_straight_line():
    half = [round((zero + high) / 2) for zero, high in zip(*COLOURS[1:], strict=True)]
    assert shown(5, 10) == pytest.approx(half, abs=1)


def test_a_tint_of_a_known_size_is_seen_where_it_is():
    reference = torch.full((3, 8, 8), -0.5)
    tinted = reference.clone()
    tinted[0, :, 4:] += 20 / 127.5
    red, green, _ = signed_error(tinted, reference)
    assert expose(coloured(red, 20))[:, 0, 0].tolist() == list(COLOURS[1])
    assert expose(coloured(red, 20))[:, 0, 7].tolist() == list(COLOURS[2])
    assert expose(coloured(green, 20))[:, 0, 7].tolist() == list(COLOURS[1])


def test_no_eye_confuses_too_bright_with_too_dark():
    low, _, high = (torch.tensor(colour).float() for colour in COLOURS)
    assert high[0] - low[0] > 150
    assert low[2] - high[2] > 150


@pytest.mark.parametrize(("error", "limit"), [(0, 5), (5, 5), (6, 10), (80, 100), (254, 255)])
def test_the_scale_is_the_smallest_round_one_that_nearly_all_errors_fit(error, limit):
    errors = torch.full((3, 20, 20), float(-error))
    errors[0, 0, 0] = 255  # one pixel alone does not darken all others
    assert limit_for(errors) == limit
