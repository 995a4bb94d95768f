"""The axis of all charts: where values lie, and which are labelled."""

import pytest

from lowlight_ddpm.ui.html.charts import LABEL_GAP, Axis, apart, plot


def test_a_value_lies_at_its_share_of_a_linear_and_of_a_logarithmic_axis():
    assert [Axis(0, 200).place(value) for value in (0, 50, 200)] == [0, 25, 100]
    assert [Axis(1, 100, logarithmic=True).place(value) for value in (1, 10, 100)] == [0, 50, 100]
    assert str(Axis(8, -8).place(8)) == "0.0", "not -0.0"


@pytest.mark.parametrize("logarithmic", [False, True])
@pytest.mark.parametrize(("low", "high"), [(1, 100), (0.02, 0.9), (3, 3)])
def test_of_a_vertical_axis_higher_values_lie_higher_and_all_inside(low, high, logarithmic):
    axis = Axis.vertical(low, high, logarithmic=logarithmic)
    assert 0 < axis.place(high) <= axis.place(low) < 100
    assert all(low <= tick <= high for tick in axis.ticks)


def test_a_logarithmic_axis_is_labelled_at_1_2_and_5_or_at_powers_alone():
    assert Axis.vertical(0.01, 0.5, logarithmic=True).ticks == pytest.approx(
        [0.01, 0.02, 0.05, 0.1, 0.2, 0.5]
    )
    assert Axis.vertical(0.001, 100, logarithmic=True).ticks == pytest.approx([0.001, 0.01, 0.1, 1, 10, 100])


def test_labels_that_would_overlap_are_moved_apart_inside_the_plot():
    high, middle, low = apart([99.0, 100.0, 100.0])
    assert (middle - high, low - middle, low) == (LABEL_GAP, LABEL_GAP, 100)


def test_a_plot_has_its_summary_its_grid_and_the_labels_of_both_axes():
    html = plot("a <b>", Axis(0, 10, (0, 10), "{:g} s".format), Axis.vertical(0, 1), "<path/>", "<i/>")
    assert 'role="img" aria-label="a &lt;b&gt;"' in html
    assert html.count('class="grid"') == html.count('class="tick"') == 6
    assert html.index('class="grid"') < html.index("<path/>") < html.index("<i/>")
    assert '<span style="left:100.0%">10 s</span>' in html
