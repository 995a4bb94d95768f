"""A grid of settings: every axis yields valid runs, impossible cells say why, shades can be read."""

import itertools

import pytest
from matplotlib.colors import to_rgb
from skimage.color import rgb2lab, rgb2xyz

from lowlight_ddpm.analysis.sweep import AXES, MEASURES, MOST, settings_grid, shade, share
from lowlight_ddpm.diffusion.settings import RunSettings
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.variants import VARIANTS

GIVEN = {"variant": "dim", "start": 300, "steps": 10, "seed": 4, "brightness": None}


@pytest.mark.parametrize("name", AXES)
def test_every_value_offered_is_one_that_a_run_can_have(name):
    given = GIVEN | {"steps": 1, "beta_end": 0.5 if name == "beta_start" else None}
    other = "seed" if name != "seed" else "clip"
    (row,) = settings_grid(given, name, AXES[name].values, other, AXES[other].values[:1])
    assert [getattr(cell, name) for cell in row] == list(AXES[name].values)
    assert set(AXES[name].proposed) <= set(AXES[name].values)


def test_a_grid_is_row_by_row_and_keeps_what_is_given():
    grid = settings_grid(GIVEN, "steps", (5, 20), "start", (100, 500))
    assert [[(cell.start, cell.steps) for cell in row] for row in grid] == [
        [(100, 5), (100, 20)],
        [(500, 5), (500, 20)],
    ]
    assert {(cell.variant, cell.seed) for row in grid for cell in row} == {("dim", 4)}


def test_over_networks_whatever_is_left_out_is_as_each_was_trained():
    ((bright, low),) = settings_grid(GIVEN, "variant", ("bright", "dim-deep-low"), "clip", (True,))
    assert (bright.brightness, bright.variance_type, bright.beta_start) == (1.0, "fixed_small", 1e-4)
    row = VARIANTS["dim-deep-low"]
    assert (low.brightness, low.variance_type, low.beta_start) == (0.5, row.variance_type, row.beta_start)


def test_an_axis_may_mend_what_is_impossible_as_given(one_sentence):
    grid = settings_grid(GIVEN | {"steps": 50, "start": 5}, "start", (5, 300), "seed", (0,))
    impossible, possible = grid[0]
    assert "at most 6 steps" in one_sentence(impossible)
    assert isinstance(impossible, Refusal)
    assert isinstance(possible, RunSettings)


@pytest.mark.parametrize(
    ("axes", "said"),
    [
        (("steps", (1, 2), "steps", (1, 2)), "Both axes vary steps"),
        (("steps", (), "start", (100,)), "Nothing is chosen for steps"),
        (("steps", (1,), "start", ()), "Nothing is chosen for start timestep"),
        (("seed", tuple(range(9)), "steps", (1, 2, 5)), f"at most {MOST}"),
        (("mode", ("restore",), "steps", (1,)), "There is no axis"),
    ],
)
def test_a_grid_that_cannot_be_is_refused(axes, said, one_sentence):
    with pytest.raises(Refusal, match=said) as refusal:
        settings_grid(GIVEN, *axes)
    one_sentence(refusal)


def test_shades_grow_lighter_evenly_and_ink_can_be_read_on_all():
    shades = [shade(step / 100) for step in range(101)]
    lightness = [rgb2lab(to_rgb(ground))[0] for ground, _ in shades]
    rises = [after - before for before, after in itertools.pairwise(lightness)]
    assert min(rises) > -0.3, "of rounding to 8 bits alone"
    assert max(rises) < 3 * (lightness[-1] - lightness[0]) / 100
    for ground, ink in shades:
        light, dark = sorted((rgb2xyz(to_rgb(colour))[1] for colour in (ground, ink)), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5


def test_a_shade_is_placed_between_the_lowest_and_the_highest():
    assert [share(value, 2, 4) for value in (2, 3, 4)] == [0, 0.5, 1]
    assert share(2, 2, 2) == 0.5


def test_measures_have_a_title_a_meaning_and_a_format():
    assert all(row.title and row.meaning and format(0.5, row.form) for row in MEASURES.values())
