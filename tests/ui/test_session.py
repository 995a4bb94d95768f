"""Runs and sessions as the page remembers them."""

import itertools

import pytest
import torch

from lowlight_ddpm.diffusion.trajectory import Step
from lowlight_ddpm.images import draw
from lowlight_ddpm.images.gallery import Gallery
from lowlight_ddpm.ui import session as runs
from lowlight_ddpm.ui.session import Picked, Session, paced
from lowlight_ddpm.ui.worker.work import LATEST


def test_a_walk_keeps_every_step_and_its_colour(make_run):
    run = make_run(steps=5)
    assert [step.index for step in run.walk()] == [0, 1, 2, 3, 4]
    assert len(run.steps) == len(run.means) == 5
    assert run.seconds == LATEST[-1] > 0
    torch.testing.assert_close(run.result, run.steps[-1].x0[0])


def test_a_stopped_walk_ends_after_the_step_under_way(make_run):
    run = make_run(steps=50)
    for step in run.walk():
        run.stopped = step.index == 2
    assert len(run.steps) == 3


def test_an_abandoned_walk_leaves_its_steps(make_run):
    run = make_run(steps=50)
    walk = run.walk()
    next(walk), next(walk)
    assert not run.ended
    walk.close()
    assert run.ended
    assert len(run.steps) == 2


def test_a_run_stopped_before_its_first_step_never_calls_the_network(make_run, monkeypatch):
    monkeypatch.setattr(runs.model, "walk", None)
    run = make_run()
    run.stopped = True
    known = list(LATEST)
    assert run.ended
    assert list(run.walk()) == []
    assert list(LATEST) == known, "it took no time, but the next one will"


def test_a_run_is_walked_once(make_run):
    run = make_run()
    assert len(list(run.walk())) == 4
    assert list(run.walk()) == []


def test_restoring_aims_at_the_inputs_colour_and_generating_at_the_training_sets(make_run):
    restored, generated = make_run(), make_run(mode="generate")
    assert restored.target() == pytest.approx(((restored.dim.mean((1, 2)) + 1) * 127.5).tolist(), abs=1e-3)
    assert generated.target() == pytest.approx((102.0, 95.625, 89.25), abs=1e-3)
    assert generated.dim is None


def test_looks_are_spaced_in_time_and_include_first_and_last(monkeypatch):
    clock = itertools.count(0, 0.04)
    monkeypatch.setattr(runs.time, "monotonic", lambda: next(clock))
    steps = (Step(index, 10, 0, 1.0, torch.empty(0), torch.empty(0)) for index in range(10))
    assert [step.index for step in paced(steps, 0.1)] == [0, 3, 6, 9]


def test_the_visitors_own_picture_wins_over_the_gallery():
    session = Session(Gallery("drawn", [draw(0, 16), draw(1, 16)], ["a", "b"]), index=1)
    assert session.picked.name == "b"
    session.own = Picked("mine.png", draw(2, 16))
    assert session.picked.name == "mine.png"
