"""Runs and sessions as the page remembers them."""

import itertools

import pytest
import torch

import lowlight_ddpm
from lowlight_ddpm.diffusion import backends
from lowlight_ddpm.diffusion.settings import run_settings
from lowlight_ddpm.images import draw
from lowlight_ddpm.images.gallery import Gallery
from lowlight_ddpm.ui.session import Picked, Session, Watched
from lowlight_ddpm.ui.worker import queue, source


def test_a_walk_keeps_every_step_and_its_colour(make_run):
    watched = make_run(steps=5)
    assert [step.index for step in watched.walk()] == [0, 1, 2, 3, 4]
    assert len(watched.run.steps) == len(watched.run.means) == 5
    assert watched.seconds == queue.LATEST[-1] > 0
    torch.testing.assert_close(watched.run.x0, watched.run.steps[-1].x0)


def test_the_page_s_run_is_the_one_of_the_command_line_and_notebooks(make_run):
    assert type(make_run().run) is lowlight_ddpm.Run


def test_a_stopped_walk_ends_after_the_step_under_way(make_run):
    watched = make_run(steps=50)
    for step in watched.walk():
        watched.stopped = step.index == 2
    assert len(watched.run.steps) == 3


def test_stop_is_heard_within_a_step_of_a_large_image(monkeypatch):
    watched = Watched(run_settings(steps=3, whole=True), Picked("large", draw(0, 512)))
    asked, call = [], backends._call

    def stop_at_the_second(*arguments):
        asked.append(arguments)
        watched.stopped = len(asked) == 2
        return call(*arguments)

    monkeypatch.setattr(backends, "_call", stop_at_the_second)
    assert list(watched.walk()) == []
    assert watched.ended
    assert len(asked) == 2, "the first step takes seven batches"


def test_an_abandoned_walk_leaves_its_steps(make_run):
    watched = make_run(steps=50)
    walk = watched.walk()
    next(walk), next(walk)
    assert not watched.ended
    walk.close()
    assert watched.ended
    assert len(watched.run.steps) == 2


def test_a_run_stopped_before_its_first_step_never_calls_the_network(make_run, monkeypatch):
    monkeypatch.setattr(source, "steps", lambda *_: pytest.fail("The network is called."))
    watched = make_run()
    watched.stopped = True
    known = list(queue.LATEST)
    assert watched.ended
    assert list(watched.walk()) == []
    assert list(queue.LATEST) == known, "it took no time, but the next one will"


def test_a_run_is_walked_once(make_run):
    watched = make_run()
    assert len(list(watched.walk())) == 4
    assert list(watched.walk()) == []


def test_restoring_aims_at_the_inputs_colour_and_generating_at_the_training_sets(make_run):
    restored, generated = make_run().run, make_run(mode="generate").run
    expected = ((restored.dim[0].mean((1, 2)) + 1) * 127.5).tolist()
    assert restored.target == pytest.approx(expected, abs=1e-3)
    assert generated.target == pytest.approx((102.0, 95.625, 89.25), abs=1e-3)
    assert generated.dim is None


def test_looks_are_spaced_in_time_and_include_first_and_last(monkeypatch):
    clock = itertools.count(0, 0.04)
    monkeypatch.setattr(queue.time, "monotonic", lambda: next(clock))
    pace = queue.Pace(0.1)
    assert [index for index in range(10) if pace.due(index == 9)] == [0, 3, 6, 9]


def test_the_users_own_picture_wins_over_the_gallery():
    session = Session(Gallery("drawn", [draw(0, 16), draw(1, 16)], ["a", "b"]), index=1)
    assert session.picked.name == "b"
    session.own = Picked("mine.png", draw(2, 16))
    assert session.picked.name == "mine.png"
