"""The RGB trace as HTML."""

import re
from itertools import pairwise

import pytest

from lowlight_ddpm.ui.html.charts import LABEL_GAP, trace

GREY = (100.0, 100.0, 100.0)


def heights(html, pattern):
    return [float(height) for height in re.findall(pattern, html)]


def test_every_step_is_a_point_of_three_lines():
    html = trace([(90.0, 100.0, 110.0), (95.0, 101.0, 105.0), GREY], 5, GREY, "the input")
    lines = re.findall(r'<polyline class="(\w+)" points="([^"]+)"', html)
    assert [name for name, _ in lines] == ["red", "green", "blue"]
    assert [len(points.split()) for _, points in lines] == [3, 3, 3]
    assert lines[0][1].split()[2].startswith("50.0,"), "the third of five steps lies half way"


def test_higher_means_lie_higher_and_all_lie_inside():
    html = trace([(0.0, 128.0, 255.0)], 2, GREY, "the input")
    red, green, blue = heights(html, r'points="[\d.]+,([\d.]+)"')
    assert 100 >= red > green > blue >= 0


def test_the_shift_stands_at_the_end_of_each_line():
    html = trace([(103.2, 98.0, 100.0)], 2, GREY, "the input")
    assert "<b>R</b> 103.2 <i>+3.2</i>" in html
    assert "<b>G</b> 98.0 <i>-2.0</i>" in html


@pytest.mark.parametrize("colour", [GREY, (10.0, 250.0, 250.0), (10.0, 10.0, 250.0)])
def test_labels_keep_apart_and_inside(colour):
    tops = sorted(heights(trace([colour], 2, colour, "the input"), r'class="end \w+" style="top:([\d.]+)%'))
    gaps = [low - high for high, low in pairwise(tops)]
    assert min(gaps) >= LABEL_GAP - 0.01
    assert tops[0] >= 0
    assert tops[-1] <= 100


def test_before_the_first_step_it_shows_what_the_colours_should_be():
    html = trace([], 50, (120.0, 110.0, 90.0), "the input")
    assert html.count('target"') == 3
    assert 'aria-label="the input: red 120.0, green 110.0, blue 90.0 of 255"' in html


def test_one_step_alone_can_be_drawn():
    assert 'points="0.0,' in trace([GREY], 1, GREY, "the input")


def test_text_is_escaped():
    assert "<script>" not in trace([], 2, GREY, "<script>")


@pytest.mark.parametrize(("onset", "side"), [(0, "left:0"), (2, "left:50"), (4, "right:0")])
def test_the_onset_is_a_line_with_a_word_that_stays_inside(onset, side):
    html = trace([GREY] * 5, 5, GREY, "the input", onset=onset)
    assert f'<line class="onset" x1="{25.0 * onset}"' in html
    assert re.search(rf'class="onset" style="{side}[.0-9]*%">shift sets in at step {onset + 1}<', html)
    assert "onset" not in trace([GREY] * 5, 5, GREY, "the input")
