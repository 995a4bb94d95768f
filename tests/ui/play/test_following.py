"""What follows a change of the controls: the noised image at once, and a quick run by itself."""

import re

import gradio as gr
import numpy as np
import pytest

from lowlight_ddpm.diffusion.settings import run_settings
from lowlight_ddpm.images.display import to_image
from lowlight_ddpm.images.gallery import drawn_gallery
from lowlight_ddpm.ui.components.controls import values_of
from lowlight_ddpm.ui.play import following, visit
from lowlight_ddpm.ui.session import Session, Watched

SKIPPED = str(gr.skip())


@pytest.fixture
def session(monkeypatch):
    monkeypatch.setattr(following, "seconds", lambda settings, picture: settings.steps / 10)
    session = Session(drawn_gallery())
    session.staged = Watched(run_settings(start=300, steps=3), session.picked)
    return session


def follow(session, by_itself=True, **values):
    """(stage, player, lights, ask) for settings of a few steps."""
    return following.follow(session, by_itself, *values_of(run_settings(**({"steps": 3} | values))))[2:]


def run(session, **values):
    visit.begin(session, True, *values_of(run_settings(**({"steps": 3} | values))))
    list(visit.stream(session))
    visit.conclude(session)


def test_the_noised_image_follows_the_noise_without_a_network_call(session, decoded, monkeypatch):
    monkeypatch.setattr(Watched, "walk", None)
    for start in (200, 500):
        stage, player, *_ = follow(session, start=start)
        pictures = re.findall(r'src="([^"]+)"', stage)
        truth = Watched(run_settings(start=start, steps=3), session.picked).noised[0]
        np.testing.assert_array_equal(decoded(pictures[1]), to_image(truth, 2.0))
        assert player is None


def test_a_finished_run_goes_to_the_side_and_comes_back_with_its_settings(session):
    run(session, start=300)
    stage, player, *_ = follow(session, start=400)
    assert "Changed: start timestep 300 → 400." in stage
    assert "press Run" in stage
    stage, player, *_ = follow(session, start=300)
    assert "Done: 3 of 3" in stage
    assert len(player["x0"]) == 3
    assert session.staged is session.finished


def test_a_run_under_way_keeps_the_stage(session):
    visit.begin(session, True, *values_of(run_settings(steps=3)))
    staged = session.staged
    stage, player, _, ask = follow(session, start=200)
    assert (str(stage), str(player), ask) == (SKIPPED, SKIPPED, 0)
    assert session.staged is staged


def test_a_quick_run_is_asked_for_and_a_long_one_is_not(session):
    first, second = (follow(session, start=start)[-1] for start in (200, 201))
    assert 0 != first != second != 0
    stage, *_, ask = follow(session, steps=20)
    assert ask == 0, "it takes two seconds"
    assert following.PRESS in stage
    assert follow(session, start=202, by_itself=False)[-1] == 0


def test_the_same_settings_once_more_take_nothing_back(session):
    assert follow(session, start=200)[-1]
    assert str(follow(session, start=200)[-1]) == SKIPPED


def test_where_others_wait_nothing_runs_by_itself(session, monkeypatch):
    monkeypatch.setattr(following, "ahead", lambda: 1)
    assert follow(session, start=200)[-1] == 0


def test_one_s_own_run_that_goes_by_itself_is_followed_by_the_next(session, monkeypatch):
    visit.begin_by_itself(session, *values_of(run_settings(start=200, steps=3)))
    stream = visit.stream(session)
    next(stream)
    monkeypatch.setattr(following, "ahead", lambda: 1)
    assert follow(session, start=250)[-1]
    stream.close()


def test_settings_that_cannot_be_are_told_in_the_plan_and_leave_the_stage(session):
    _, plan, stage, player, lights, ask = following.follow(
        session, True, *(run_settings().model_dump() | {"start": 3}).values()
    )
    assert "at most 4 steps" in plan
    assert (str(stage), str(player), lights, ask) == (SKIPPED, SKIPPED, "", 0)


def test_each_light_is_shown_beside_the_other_and_follows_what_is_picked(session):
    _, _, lights, _ = follow(session, start=200, light="camera")
    assert lights.count("data:image/png") == len(set(re.findall(r'src="([^"]+)"', lights))) == 2
    assert re.search(r'class="chosen"><img alt="[^"]*camera', lights)
    session.index = 3
    assert follow(session, start=200, light="camera")[2] not in ("", lights)
    assert follow(session, mode="generate")[2] == ""
