"""What a run looks like in words and figures."""

import re
from base64 import b64decode
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from lowlight_ddpm.diffusion.settings import run_settings
from lowlight_ddpm.images import decoding, draw
from lowlight_ddpm.images.display import WHITE
from lowlight_ddpm.images.photometry import to_image
from lowlight_ddpm.ui.components import run_view
from lowlight_ddpm.ui.messages import about, duration
from lowlight_ddpm.ui.session import Picked, Watched


def pixels(uri):
    """The picture in a PNG's data-URI, uint8 (H, W, 3)."""
    return np.asarray(Image.open(BytesIO(b64decode(uri.removeprefix("data:image/png;base64,")))))


def shown(run, brightened=False):
    """The pictures on the stage."""
    html = run_view.stage(run, brightened, "")
    return [pixels(uri) for uri in re.findall(r'src="([^"]+)"', html)]


def test_the_stage_is_empty_until_there_is_something_to_see(make_run, finished):
    assert [picture.shape for picture in shown(make_run())] == [(64, 64, 3)]
    assert "press Run" in run_view.stage(make_run(), False, "")
    assert len(shown(finished)) == 3


def test_the_noised_image_is_there_before_the_first_step_and_the_run_before_beside_it(make_run, finished):
    watched = make_run(start=300, seed=1)
    html = run_view.stage(watched, False, "", finished, watched.noised)
    _, noised, previous = (pixels(uri) for uri in re.findall(r'src="([^"]+)"', html))
    np.testing.assert_array_equal(noised, to_image(watched.noised[0]))
    np.testing.assert_array_equal(previous, to_image(finished.run.x0[0]))
    assert "Changed: start timestep 600 → 300, seed 0 → 1." in html
    assert "Changed" not in run_view.stage(finished, False, "", finished)


def test_a_run_that_has_ended_is_judged_in_two_sentences(make_run, finished):
    assert run_view.stage(finished, False, "").count('class="verdict"') == 2
    finished.aside = "7 of 100 seeds show it."
    assert "7 of 100 seeds show it." in run_view.stage(finished, False, "")
    watched = make_run()
    under_way = watched.walk()
    next(under_way)
    assert "verdict" not in run_view.stage(watched, False, "")


def test_a_dark_photograph_is_shown_at_a_fair_exposure(make_run):
    dark = draw(0, 64).point(lambda value: value // 8)
    watched = Watched(run_settings(brightness=1, steps=4), Picked("dark", dark, exposure=7.0))
    as_is, fair = (shown(watched, brightened)[0].astype(float).max() for brightened in (False, True))
    assert fair == pytest.approx(7 * as_is * WHITE / 255, abs=7)


def test_the_stage_shows_the_latest_step_to_the_last_bit(finished):
    last = finished.run.steps[-1]
    truth = (finished.run.dim[0], last.x_t[0], last.x0[0])
    for picture, x in zip(shown(finished), truth, strict=True):
        np.testing.assert_array_equal(picture, to_image(x))


def test_brightened_white_stands_where_it_does_at_every_brightness(make_run):
    watched = make_run(brightness=0.25)
    as_is, bright = (shown(watched, brightened)[0].astype(float) for brightened in (False, True))
    assert as_is.max() == pytest.approx(64, abs=1)
    np.testing.assert_allclose(bright, as_is * 4 * 178 / 255, atol=2)


def test_generated_pictures_are_brightened_by_what_was_learned(make_run):
    watched = make_run(mode="generate", brightness=0.25)
    assert run_view.gain(watched.run.settings, brightened=True) == 2
    assert "starts from pure noise" in run_view.stage(watched, True, "")


def test_the_counter_counts_from_one_and_says_how_long_is_left(make_run):
    watched = make_run()
    walk = watched.walk()
    next(walk), next(walk)
    watched.seconds = 4.0
    text = run_view.progress(watched)
    assert "step 2 of 4, timestep 450, about 4 s left" in text
    assert 'max="4" value="2"' in text


def test_the_outcome_tells_done_from_stopped(make_run):
    watched = make_run()
    walk = watched.walk()
    next(walk)
    assert "Stopped after step 1 of 4" in run_view.outcome(watched)
    list(walk)
    assert "Done: 4 of 4 steps" in run_view.outcome(watched)


def test_where_the_shift_sets_in_is_marked_once_the_run_is_over(finished):
    finished.__dict__["onset"] = 2
    assert "shift sets in at step 3" in run_view.stage(finished, False, "")
    finished.over = False
    assert "sets in" not in run_view.stage(finished, False, "")


def test_a_run_made_beforehand_says_so(finished):
    finished.beforehand = True
    assert "made beforehand" in run_view.outcome(finished)


def test_the_stage_says_what_was_done_to_the_picture_and_no_profile_s_name_is_html():
    picture = draw(0, 64).resize((300, 40))
    picture.info[decoding.PROFILE] = "<img src=x onerror=alert(1)>"
    watched = Watched(run_settings(steps=4), Picked("strip", picture))
    html = run_view.stage(watched, False, "")
    assert html.count('<p class="note">') == 2
    assert "Colours: &lt;img src=x onerror=alert(1)&gt;, converted to sRGB." in html
    assert "The ends are cut: of 300×40 pixels, only the middle 40×40 are used." in html
    assert len(run_view.report(watched.run)["notes"]) == 2
    generated = Watched(run_settings(mode="generate", steps=4), Picked("strip", picture))
    assert "note" not in run_view.stage(generated, False, "")


def test_a_report_can_be_written_as_json(finished):
    report = run_view.report(finished.run)
    assert report["settings"]["steps"] == 4
    assert report["measures"]["mse"] > 0
    assert report["verdict"].endswith(".")


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.4, "under 1 s"), (4.2, "4 s"), (89.0, "89 s"), (150, "2 min")]
)
def test_durations_are_said_as_people_say_them(seconds, said):
    assert duration(seconds) == said
    assert about(seconds).endswith(said)
