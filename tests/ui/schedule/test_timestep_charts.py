"""The charts of schedules: well-formed, inside their plots, and told in words too."""

import re
from xml.etree import ElementTree

import pytest
import torch

from lowlight_ddpm.diffusion.settings import LAST_TIMESTEP
from lowlight_ddpm.ui.schedule.view import Chart, Line, draw

RAMP = torch.linspace(0, 1, 1000).double()
PLAIN = Chart("Ramp & line", "a <note>", "{:.2f}".format)
SPLIT = Chart("Ratio", "", "{:.2f}".format, logarithmic=True)


def lines(html):
    """[(kind, [(x, y), ...])] of every curve; the figure must be well-formed XML."""
    found = ElementTree.fromstring(html).iter("polyline")
    return [
        (
            line.get("class"),
            [tuple(map(float, point.split(","))) for point in line.get("points").split()],
        )
        for line in found
    ]


def test_both_schedules_are_drawn_in_one_plot_from_first_to_last_timestep():
    (kind, custom), (other, trained) = lines(draw(PLAIN, [Line(RAMP, RAMP / 2)], 300))
    assert (kind, other) == ("custom", "trained")
    assert [trained[0][0], trained[-1][0]] == [custom[0][0], custom[-1][0]] == [0, 100]
    assert trained[0][1] == custom[0][1]
    assert 0 < trained[-1][1] < custom[-1][1] < 100, "higher values lie higher, and none in the edge"


def test_a_logarithmic_plot_begins_at_timestep_one():
    points = lines(draw(SPLIT, [Line(RAMP, RAMP)], 0))[0][1]
    assert points[0][0] == 0
    assert min(x for x, _ in points[1:]) == pytest.approx(33.3 * 0.301, abs=0.1), "2 is a tenth of the way"


def test_the_timestep_is_marked_and_read_for_both():
    html = draw(PLAIN, [Line(RAMP, RAMP / 2)], 333)
    assert 'class="marker" x1="33.33"' in html
    assert "custom <b>0.17</b>" in html
    assert "trained <b>0.33</b>" in html


def test_it_is_told_in_words():
    html = draw(PLAIN, [Line(RAMP, 1 - RAMP, "up")], 333)
    label = ElementTree.fromstring(html).find("div[@role='img']").get("aria-label")
    assert label == (
        "Ramp & line. up custom: 1.00 at timestep 0, 0.67 at timestep 333, 0.00 at timestep 999; "
        "up trained: 0.00 at timestep 0, 0.33 at timestep 333, 1.00 at timestep 999."
    )


@pytest.mark.parametrize("level", [0.0, 1e-12, 1e-4, 0.37, 60.0])
def test_ticks_are_few_round_and_inside(level):
    html = draw(PLAIN, [Line(RAMP * level, RAMP * level)], LAST_TIMESTEP)
    tops = [float(top) for top in re.findall(r'class="tick" style="top:([\d.]+)%', html)]
    assert 1 <= len(tops) <= 6
    assert level == 0 or len(tops) >= 2
    assert all(0 < top < 100 for top in tops)
    assert lines(html)


def test_names_at_the_ends_of_two_lines_keep_apart():
    html = draw(PLAIN, [Line(RAMP, RAMP, "large"), Line(RAMP, RAMP, "small")], 0)
    high, low = (float(top) for top in re.findall(r'class="end" style="top:([\d.]+)%', html))
    assert low - high >= 8.9
