"""Sentences about a colour shift, whole ones compared, and where a shift sets in."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lowlight_ddpm.metrics.colour_shift import in_words, onset
from lowlight_ddpm.metrics.image import measure


def tinted(shift_255, grey=0.4):
    """Measures of a plain grey picture against itself plus a tint in /255."""
    shift = torch.tensor(shift_255, dtype=torch.float32).reshape(3, 1, 1) * 2 / 255
    reference = torch.full((3, 4, 4), grey * 2 - 1)
    return measure(reference + shift, reference)


@pytest.mark.parametrize(
    ("shift", "word"),
    [
        ((20, 0, 0), "red"),
        ((20, 10, 0), "orange"),
        ((15, 15, -15), "yellow"),
        ((0, 20, 0), "green"),
        ((-20, 10, 10), "cyan"),
        ((0, 0, 20), "blue"),
        ((12, -12, 20), "purple"),
        ((20, -8, 10), "pink"),
        ((20, 20, 20), "light"),
        ((-20, -20, -20), "dark"),
    ],
)
def test_names_the_direction(shift, word):
    assert in_words(tinted(shift), 1).startswith(f"Too {word} by ")


YELLOW = "Too yellow by 2.9 CIEDE2000 (red +2.0, green +1.0, blue -4.0 of 255, at brightness"
FULL = "At full brightness that would be red +4.0, green +2.0, blue -8.0."
NOTHING = "No visible shift: less than 1 CIEDE2000 (red +0.5, green +0.5, blue +0.0 of 255, at brightness"


@pytest.mark.parametrize(
    ("shift", "brightness", "bound", "sentence"),
    [
        ((2, 1, -4), 1, None, f"{YELLOW} 1)."),
        ((2, 1, -4), 0.5, None, f"{YELLOW} 0.5). {FULL}"),
        ((2, 1, -4), 1, 2.5, f"{YELLOW} 1): more than noise alone gives (up to about ±2.5)."),
        ((2, 1, -4), 0.5, 2.5, f"{YELLOW} 0.5): more than noise alone gives (up to about ±2.5). {FULL}"),
        ((2, 1, -4), 0.5, 5, f"{YELLOW} 0.5): within what noise alone gives (up to about ±5.0). {FULL}"),
        ((0.5, 0.5, -0.04), 1, None, f"{NOTHING} 1)."),
        ((0.5, 0.5, -0.04), 0.5, 4, f"{NOTHING} 0.5) and within what noise alone gives (up to about ±4.0)."),
        (
            (0.5, 0.5, -0.04),
            0.5,
            0.2,
            f"{NOTHING} 0.5), though more than noise alone gives (up to about ±0.2).",
        ),
    ],
)
def test_whole_sentences(shift, brightness, bound, sentence):
    assert in_words(tinted(shift), brightness, bound) == sentence


@settings(max_examples=60, deadline=None)
@given(st.tuples(*[st.floats(-60, 60)] * 3), st.floats(0.05, 1), st.none() | st.floats(0, 20))
def test_any_shift_makes_one_or_two_sentences(shift, brightness, bound):
    measures = tinted(shift)
    words = in_words(measures, brightness, bound)
    assert words.startswith("Too " if measures.delta_e >= 1 else "No visible shift")
    assert words.endswith(".")
    assert words.count(". ") == (measures.delta_e >= 1 and brightness < 1)
    assert "-0.0" not in words
    shifts = np.abs([measures.shift_r, measures.shift_g, measures.shift_b])
    beyond = bound is not None and round(float(shifts.max()), 1) > round(bound, 1)
    assert ("more than noise" in words) == beyond


def test_what_reads_no_higher_than_the_bound_is_not_called_more():
    words = in_words(tinted((0, 0, -4.04)), 1, 4.0)
    assert "blue -4.0" in words
    assert "within what noise alone gives (up to about ±4.0)" in words


@pytest.mark.parametrize("brightness", [0, 1.5])
def test_refuses_a_brightness_that_is_none(brightness):
    with pytest.raises(ValueError, match="brightness must be above 0"):
        in_words(tinted((0, 0, 0)), brightness)


PICTURE = torch.full((3, 16, 16), -0.4)
BOUND = 1.0  # of 255


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
    assert onset(traced(reds), PICTURE, BOUND) == first


def test_what_noise_explains_is_no_onset():
    estimates = traced([0, 20, 20])
    assert onset(estimates, PICTURE, 19.8) == 1
    assert onset(estimates, PICTURE, 20.2) is None


def test_what_nobody_sees_is_no_onset():
    assert onset(traced([0, 1, 1]), PICTURE, 0.2) is None


def test_grain_without_a_tint_is_no_onset():
    checks = torch.tensor([[1.0, -1], [-1, 1]]).repeat(8, 8) * 0.02
    assert onset([PICTURE + checks], PICTURE, 0.0) is None
