"""The tab Compare without a browser: its trials, its cards and sentences, its wipe and its sheets."""

import re
from dataclasses import replace

import gradio as gr
import numpy as np
import pytest
import torch

from lowlight_ddpm.diffusion.settings import run_settings
from lowlight_ddpm.images.display import show
from lowlight_ddpm.ui.compare import sheet, tab, trials
from lowlight_ddpm.ui.components.jobs import Course, Slot, halt
from lowlight_ddpm.ui.worker import source

SHARED = (300, 3, 0, tab.OWN)  # start, steps, seed, brightness
COURSE = Course(tab.make, tab.draw)


@pytest.fixture
def both_work(monkeypatch):
    """`bright` runs too, on the network of `dim`."""
    load = source.checkpoints.load
    monkeypatch.setattr(source.checkpoints, "load", lambda name: load("dim"))


def run(session, slot, names=("dim",), shared=SHARED, course=COURSE):
    """The frames of one press of the button, to the end."""
    course.begin(session, slot, list(names), *shared)
    frames = list(course.stream(session, slot))
    return frames, course.conclude(session, slot)


def titles(html):
    return re.findall("<h4>([^<]+)</h4>", html)


def found(job, *figures):
    """The job with outcomes of the given (mse, ΔE), one for each of its trials."""
    made = trials.Outcome.of(run_settings(), job.input(run_settings()), job.input(run_settings()))
    job.found = [
        replace(made, settings=settings, measures=replace(made.measures, mse=mse * b**2), delta_e=eye)
        for settings, (mse, eye) in zip(job.wanted, figures, strict=True)
        for b in [settings.brightness]
    ]
    return job


def test_cards_stand_there_from_the_first_moment_and_fill_as_runs_finish(session, both_work):
    slot = Slot()
    before = COURSE.begin(session, slot, ["dim", "bright"], *SHARED)[-1]
    assert titles(before) == ["Bright control", "Dim control"], "the post's order"
    assert before.count("<img") == 0
    scenes = [scene for _, scene in COURSE.stream(session, slot) if isinstance(scene, str)]
    assert [scene.count("<img") for scene in scenes] == [0, 1, 1, 2]
    assert all(scene.count('class="trial"') == 2 for scene in scenes)
    assert [scene.count("running") for scene in scenes] == [1, 0, 1, 0]
    run_button, stop, counter, _ = COURSE.conclude(session, slot)
    assert (run_button.interactive, stop.interactive) == (True, False)
    assert "Done: 2 of 2 finished." in counter


def test_every_network_gets_the_same_picture_and_noise_at_its_own_brightness(session, both_work, walks):
    run(session, Slot(), ("bright", "dim"), (300, 2, 7, tab.OWN))
    assert [(s.variant, s.brightness, s.start, s.steps, s.seed) for s in walks] == [
        ("bright", 1.0, 300, 2, 7),
        ("dim", 0.5, 300, 2, 7),
    ]
    run(session, Slot(), ("bright", "dim"), (300, 2, 7, 0.25))
    assert [s.brightness for s in walks[2:]] == [0.25, 0.25]


def test_a_trial_is_the_very_run_that_watch_makes(session, make_run):
    slot = Slot()
    run(session, slot, shared=(600, 3, 0, tab.OWN))
    watched = make_run(steps=3, variant="dim", start=600)
    watched = type(watched)(watched.run.settings, session.picked)
    assert len(list(watched.walk())) == 3
    np.testing.assert_array_equal(slot.job.outcomes[0].result, watched.run.x0[0])


def test_what_has_been_measured_is_there_at_once_and_never_run_again(session, walks):
    slot = Slot()
    _, (*_, scene) = run(session, slot)
    assert len(walks) == 1
    assert COURSE.stage(session, slot, ["dim"], *SHARED) == scene
    _, (_, _, counter, again) = run(session, slot)
    assert again == scene
    assert "Done: 1 of 1" in counter
    assert len(walks) == 1
    session.index = 3
    assert "<img" not in COURSE.stage(session, slot, ["dim"], *SHARED), "another picture"
    run(session, slot)
    assert len(walks) == 2


def test_a_stopped_comparison_keeps_what_is_finished_and_goes_on_from_there(session, both_work, walks):
    slot = Slot()
    COURSE.begin(session, slot, ["bright", "dim"], *SHARED)
    for _ in COURSE.stream(session, slot):
        if slot.job.outcomes:
            halt(slot)
    assert len(slot.job.outcomes) == 1
    assert "Stopped: 1 of 2 finished." in COURSE.conclude(session, slot)[2]
    assert not slot.busy
    run(session, slot, ("bright", "dim"))
    assert [settings.variant for settings in walks].count("bright") == 1
    assert slot.job.complete


def test_while_it_goes_changed_controls_leave_it_alone(session):
    slot = Slot()
    COURSE.begin(session, slot, ["dim"], *SHARED)
    job = slot.job
    assert COURSE.stage(session, slot, ["bright"], *SHARED) == gr.skip()
    assert slot.job is job
    assert set(map(str, COURSE.conclude(session, slot))) == {str(gr.skip())}
    halt(slot)
    assert not slot.busy, "its place in the queue is given up"


def test_inputs_changed_at_the_last_moment_leave_a_job_that_may_be_run(session, both_work):
    slot = Slot()
    COURSE.begin(session, slot, ["dim"], *SHARED)
    list(COURSE.stream(session, slot))
    COURSE.stage(session, slot, ["bright"], *SHARED)  # before `conclude` has come
    run_button, stop, *rest = COURSE.conclude(session, slot)
    assert run_button.interactive
    assert not stop.interactive
    assert set(map(str, rest)) == {str(gr.skip())}


def test_a_damaged_network_says_so_in_its_card_and_the_others_run(session):
    slot = Slot()
    _, (*_, scene) = run(session, slot, ("bright", "dim"))
    assert "checkpoint bright is damaged" in scene
    assert scene.count("<img") == 1
    assert titles(scene) == ["Dim control", "Bright control"], "what has no rank comes last"


@pytest.mark.parametrize(
    ("names", "shared", "said"),
    [([], SHARED, "No network is chosen"), (["dim"], (2, 50, 0, 0.0), "at most 3 steps")],
)
def test_what_cannot_be_compared_is_answered_in_place_and_at_the_button(session, names, shared, said):
    slot = Slot()
    assert re.search(rf'role="alert">[^<]*{said}', COURSE.stage(session, slot, names, *shared))
    with pytest.raises(gr.Error, match=said):
        COURSE.begin(session, slot, names, *shared)
    assert not slot.busy


def test_cards_are_ranked_by_the_eye_and_disagreements_get_a_sentence(session):
    job = found(tab.make(session, ["bright", "dim"], *SHARED), (0.01, 6.0), (0.02, 2.0))
    scene = tab.draw(session, job)
    assert titles(scene) == ["Dim control", "Bright control"]
    assert "By ΔE <b>1</b> <span>ΔE 2.0</span></li><li>By MSE <b>2</b> <span>0.0200" in scene
    assert scene.count("ranks apart") == 2
    words = re.sub("<[^>]+>", "", scene)
    assert "In the only pair MSE prefers the one with the visibly worse colour:" in words
    assert "MSE prefers Bright control (0.0100 to 0.0200), whose colour is visibly further off" in words
    assert trials.wipe_pair(job) == ("bright", "dim")


def test_agreement_is_said_too(session):
    job = found(tab.make(session, ["bright", "dim"], *SHARED), (0.01, 2.0), (0.02, 2.5))
    scene = tab.draw(session, job)
    assert "does not rank the one pair against ΔE" in scene
    assert "ranks apart" not in scene
    assert trials.wipe_pair(job) == ("dim", "bright")


def test_the_wipe_lays_two_results_or_the_input_over_each_other(session, both_work, decoded):
    slot = Slot()
    run(session, slot, ("bright", "dim"))
    under, over, html = tab.lay(session, slot)
    assert {under.value, over.value} == {"bright", "dim"}
    assert [name for _, name in over.choices] == ["bright", "dim", trials.INPUT]
    assert html.count("<img") == 2
    assert 'type="range"' in html
    shown = tab.wipe(session, slot, trials.INPUT, "dim")
    picture, result = (decoded(uri).astype(int) for uri in re.findall('src="([^"]+)"', shown))
    as_dim = (np.asarray(slot.job.input(run_settings())).transpose(1, 2, 0) + 1) * 127.5
    np.testing.assert_allclose(picture, as_dim, atol=1)
    assert (picture != result).any()
    session.brightened = True
    bright, _ = re.findall('src="([^"]+)"', tab.wipe(session, slot, trials.INPUT, "dim"))
    expected = show(torch.tensor(picture) / 127.5 - 1, 2)
    np.testing.assert_allclose(decoded(bright), expected, atol=2)


def test_a_wipe_without_results_says_what_it_is_for(session):
    job = tab.make(session, ["dim"], *SHARED)
    assert "finished results are laid over each other" in trials.wipe(job, None, None, False)
    assert trials.wipe_pair(job) == (None, None)


def test_the_picture_chosen_in_watch_is_the_one_compared(session, decoded):
    first = tab.picked(session)
    session.index = 2
    second = tab.picked(session)
    assert session.gallery.names[2] in second
    assert re.search('src="([^"]+)"', first)[1] != re.search('src="([^"]+)"', second)[1]


def test_a_sheet_forms_one_batch_a_network_and_gives_the_mean_shift(session, both_work, walks, decoded):
    course, slot = Course(sheet.make, sheet.draw), Slot()
    before = course.stage(session, slot, "dim", "bright", *SHARED)
    assert titles(before) == ["Dim control", "Bright control"]
    assert before.count("as they go in") == 2
    course.begin(session, slot, "dim", "bright", *SHARED)
    frames = list(course.stream(session, slot))
    *_, counter, scene = course.conclude(session, slot)
    assert [settings.variant for settings in walks] == ["dim", "bright"]
    assert "as they go in" in frames[0][1], "the second sheet is still to come"
    assert "16 pictures at once, step 6 of 6" in counter
    dim, bright = (decoded(uri) for uri in re.findall('src="([^"]+)"', scene))
    side = 4 * 64 + 5 * sheet.GAP
    assert dim.shape == bright.shape == (side, side, 3)
    shift = slot.job.sides[0].shift
    assert f"ΔR {shift.mean[0]:+.1f}, ΔG {shift.mean[1]:+.1f}" in scene
    assert course.stage(session, slot, "dim", "bright", *SHARED) == scene, "coming back to the tab"
    session.brightened = True
    assert sheet.draw(session, slot.job) != scene
    assert "as they go in" in course.stage(session, slot, "dim", "dim", *SHARED)


def test_a_scene_that_was_staged_while_a_job_began_does_not_replace_it(session):
    slot, begun = Slot(), []

    def slow(session, *inputs):
        begun.append(COURSE.begin(session, slot, ["dim"], *SHARED))
        return tab.make(session, *inputs)

    assert Course(slow, tab.draw).stage(session, slot, ["bright"], *SHARED) == gr.skip()
    assert slot.job.wanted[0].variant == "dim"
    assert slot.busy


def test_each_picture_of_a_sheet_is_the_run_from_the_next_seed(session, make_run):
    work = sheet.make(session, "dim", "dim", 300, 2, 5, 0.0)
    assert all(changed is False for changed in work.walk())
    single = make_run(steps=2, variant="dim", start=300, seed=5 + 3)
    single = type(single)(single.run.settings, replace(session.picked, image=session.gallery.pictures[3]))
    assert len(list(single.walk())) == 2
    np.testing.assert_allclose(work.sides[0].step.x0[3], single.run.x0[0], atol=1e-4)
