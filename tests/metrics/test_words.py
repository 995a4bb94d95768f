"""Sentences about a colour shift: every hue, every branch, whole sentences compared."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lowlight_ddpm.metrics.colour import measure
from lowlight_ddpm.metrics.words import in_words


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
    ("shift", "brightness", "floor", "sentence"),
    [
        ((2, 1, -4), 1, None, f"{YELLOW} 1)."),
        ((2, 1, -4), 0.5, None, f"{YELLOW} 0.5). {FULL}"),
        ((2, 1, -4), 1, 1.25, f"{YELLOW} 1): more than noise alone gives (up to about ±2.5)."),
        ((2, 1, -4), 0.5, 1.25, f"{YELLOW} 0.5): more than noise alone gives (up to about ±2.5). {FULL}"),
        ((2, 1, -4), 0.5, 2.5, f"{YELLOW} 0.5): within what noise alone gives (up to about ±5.0). {FULL}"),
        ((0.5, 0.5, -0.04), 1, None, f"{NOTHING} 1)."),
        ((0.5, 0.5, -0.04), 0.5, 2, f"{NOTHING} 0.5) and within what noise alone gives (up to about ±4.0)."),
        (
            (0.5, 0.5, -0.04),
            0.5,
            0.1,
            f"{NOTHING} 0.5), though more than noise alone gives (up to about ±0.2).",
        ),
    ],
)
def test_whole_sentences(shift, brightness, floor, sentence):
    assert in_words(tinted(shift), brightness, floor) == sentence


@settings(max_examples=60, deadline=None)
@given(st.tuples(*[st.floats(-60, 60)] * 3), st.floats(0.05, 1), st.none() | st.floats(0, 20))
def test_any_shift_makes_one_or_two_sentences(shift, brightness, floor):
    measures = tinted(shift)
    words = in_words(measures, brightness, floor)
    assert words.startswith("Too " if measures.delta_e >= 1 else "No visible shift")
    assert words.endswith(".")
    assert words.count(". ") == (measures.delta_e >= 1 and brightness < 1)
    assert "-0.0" not in words
    beyond = (
        floor is not None and np.abs([measures.shift_r, measures.shift_g, measures.shift_b]).max() > 2 * floor
    )
    assert ("more than noise" in words) == beyond


@pytest.mark.parametrize("brightness", [0, 1.5])
def test_refuses_a_brightness_that_is_none(brightness):
    with pytest.raises(ValueError, match="brightness must be above 0"):
        in_words(tinted((0, 0, 0)), brightness)
