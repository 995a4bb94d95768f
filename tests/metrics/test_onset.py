"""Where a shift sets in, on traces whose onset is known."""

import pytest
import torch

from lowlight_ddpm.metrics.onset import onset

PICTURE = torch.full((3, 16, 16), -0.4)
FLOOR = 0.5  # of 255


def traced(reds):
    """Estimates whose red is off by so many 255ths, and nothing else."""
    return [PICTURE + torch.tensor([red * 2 / 255, 0, 0])[:, None, None] for red in reds]


@pytest.mark.parametrize(
    ("reds", "first"),
    [
        ([0, 0, 0, 0], None),
        ([20, 20, 20, 20], 0),
        ([0, 0, 12, 14, 16], 2),
        ([0, 20, 0, 12, 14], 3),  # what comes and goes again is no onset
        ([20, 20, 20, 0], None),  # healed in the end
        ([0, 0, 0, -20], 3),
        ([], None),
    ],
)
def test_the_onset_is_where_the_colour_goes_off_for_good(reds, first):
    assert onset(traced(reds), PICTURE, FLOOR) == first


def test_what_noise_explains_is_no_onset():
    estimates = traced([0, 20, 20])
    assert onset(estimates, PICTURE, 9.9) == 1
    assert onset(estimates, PICTURE, 10.1) is None


def test_what_nobody_sees_is_no_onset():
    assert onset(traced([0, 1, 1]), PICTURE, 0.1) is None


def test_grain_without_a_tint_is_no_onset():
    checks = torch.tensor([[1.0, -1], [-1, 1]]).repeat(8, 8) * 0.02
    assert onset([PICTURE + checks], PICTURE, 0.0) is None
