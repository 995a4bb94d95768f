"""What is shown of a finished run, below the stage."""

import re
from dataclasses import replace

import numpy as np
import pytest
import torch

from lowlight_ddpm.images.gallery import drawn_gallery
from lowlight_ddpm.images.photometry import to_image
from lowlight_ddpm.metrics.image import BINS, signed_error
from lowlight_ddpm.ui.html.charts import histograms
from lowlight_ddpm.ui.html.images import errors
from lowlight_ddpm.ui.play.results import choices, choose, findings, results, wipe
from lowlight_ddpm.ui.session import OPENING_PAIR, Session


@pytest.fixture
def session(finished):
    session = Session(drawn_gallery(), finished=finished)
    session.brightened = False
    return session


@pytest.fixture
def generated(make_run):
    watched = make_run(mode="generate")
    list(watched.walk())
    return watched


@pytest.fixture
def sides(decoded):
    """A function from a wipe to the pictures (before, after) in it, and their names."""

    def split(html):
        under, over = (decoded(uri) for uri in re.findall(r'src="([^"]+)"', html))
        return over, under, re.findall(r"<span>([^<]+)</span>", html)

    return split


def ended_with(watched, result):
    """Give a run another last estimate."""
    steps = watched.run.steps
    steps[-1] = replace(steps[-1], x0=result[None])


def test_a_restoration_is_held_against_its_input(session, finished, sides):
    film, said, before, after, wiped, maps, spread = results(session)
    assert len(film["x0"]) == 4
    assert "CIEDE2000" in said
    assert (before.value, after.value) == OPENING_PAIR
    first, second, names = sides(wiped)
    np.testing.assert_array_equal(first, to_image(finished.run.dim[0]))
    np.testing.assert_array_equal(second, to_image(finished.run.x0[0]))
    assert names == ["Dimmed input", "Result"]
    assert maps.count("<img") == 4
    assert spread.count("<svg") == 3


def test_findings_say_what_was_measured(finished):
    said = findings(finished)
    for label in ("ΔR", "ΔE", "SSIM", "PSNR", "MSE", "MSE from shift"):
        assert f"<dt>{label}</dt>" in said
    assert "butterfly 0, brightness 0.5, from timestep 600 in 4 steps" in said


def test_a_sample_is_set_beside_the_training_set_alone(generated):
    said = findings(generated)
    assert "red, training set 102.0" in said
    assert "SSIM" not in said
    assert "no input" in errors(generated.run)
    assert "<polygon" not in histograms(generated.run)
    assert [key for _, key in choices(generated.run)] == ["start", "1", "2", "3", "4", "result"]


@pytest.mark.parametrize("step", [1, 3])
def test_any_step_can_be_laid_over_any_other_picture(session, finished, sides, step):
    first, second, names = sides(choose(session, str(step), "result"))
    np.testing.assert_array_equal(first, to_image(finished.run.steps[step - 1].x0[0]))
    np.testing.assert_array_equal(second, to_image(finished.run.x0[0]))
    assert names == [f"x0 at step {step}", "Result"]


def test_the_original_is_shown_as_bright_as_the_others(session, sides):
    original, dim, names = sides(choose(session, "original", "start"))
    assert np.abs(original.astype(int) - dim).max() <= 1
    assert names[0] == "Original, shown at brightness 0.5"
    session.brightened = True
    bright, _, names = sides(wipe(session))
    assert bright.max() == 178, "white, where the curve has it"
    assert names[0] == "Original"


def test_a_pair_stays_from_run_to_run_while_there_is_one(session, generated):
    choose(session, "original", "3")
    results(session)
    assert session.pair == ("original", "3")
    session.finished = generated
    assert results(session)[2].value == "start"
    assert session.pair == OPENING_PAIR


def test_what_a_run_has_not_is_not_chosen(session):
    assert "src" not in str(choose(session, "7", "result"))
    assert session.pair == OPENING_PAIR
    session.finished = None
    assert "src" not in str(choose(session, "start", "result"))
    assert "After a run" in wipe(session)


def test_error_maps_say_how_far_each_channel_is_off(finished):
    red = torch.tensor([10 / 127.5, 0, 0])[:, None, None]
    ended_with(finished, finished.run.dim[0] + red)
    html = errors(finished.run)
    assert re.findall(r"(\w+) <b>([-+.\d]+)</b>", html) == [
        ("Mean", "+3.3"),
        ("Red", "+10.0"),
        ("Green", "+0.0"),
        ("Blue", "+0.0"),
    ]
    assert "−10 too dark" in html


def test_error_maps_do_not_depend_on_the_exposure(session):
    maps = results(session)[5]
    session.brightened = True
    assert results(session)[5] == maps


def test_error_maps_are_orange_where_it_is_too_bright_and_blue_where_too_dark(finished, decoded):
    ended_with(
        finished, torch.where(torch.arange(64) < 32, finished.run.dim[0] - 0.2, finished.run.dim[0] + 0.2)
    )
    html = errors(finished.run)
    red_map = decoded(re.findall(r'src="([^"]+)"', html)[1])
    error = signed_error(finished.run.x0[0], finished.run.dim[0])[0]
    assert error[32, 0] < 0 < error[32, 63]
    assert red_map[32, 0, 2] > red_map[32, 0, 0]
    assert red_map[32, 63, 0] > red_map[32, 63, 2]


def test_histograms_of_equal_pictures_lie_on_each_other(finished):
    ended_with(finished, finished.run.dim[0])
    html = histograms(finished.run)
    for name in ("red", "green", "blue"):
        area, line = (
            re.search(rf'<{kind} class="{name}" points="([^"]+)"', html)[1]
            for kind in ("polygon", "polyline")
        )
        assert area == line
        assert len(line.split()) == 2 * BINS + 2
    red = finished.run.target[0]
    assert f"red: mean {red:.1f} of 255, of the input {red:.1f}" in html
