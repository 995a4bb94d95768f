"""The callbacks of the tab Watch, without a browser."""

import gradio as gr
import pytest

from lowlight_ddpm.images.picker import drawn_gallery
from lowlight_ddpm.settings import run_settings
from lowlight_ddpm.ui.controls import values_of
from lowlight_ddpm.ui.run import Session
from lowlight_ddpm.ui.tabs import watch


@pytest.fixture
def session():
    session = Session(drawn_gallery())
    watch.preview(session, "dim", "restore", 0.5)
    return session


def start(session, locked=True, **values):
    return watch.begin(session, locked, *values_of(run_settings(**({"steps": 3} | values))))


def test_a_run_goes_from_begin_over_stream_to_conclude(session):
    seed, run, stop, stage = start(session, seed=5)
    assert seed == 5
    assert (run.interactive, stop.interactive) == (False, True)
    assert "Waiting for the network" in stage
    frames = list(watch.stream(session))
    assert "step 3 of 3" in frames[-1]
    run, stop, _, film, _, findings = watch.conclude(session)
    assert (run.interactive, stop.interactive) == (True, False)
    assert len(film["x0"]) == 3
    assert "CIEDE2000" in findings
    assert not session.running


def test_an_unlocked_seed_is_drawn_anew_and_used(session):
    seeds = {start(session, locked=False, seed=5)[0] for _ in range(5)}
    assert len(seeds) > 1
    assert session.staged.settings.seed in seeds


def test_a_stopped_run_shows_what_is_done(session):
    start(session, steps=500)
    stream = watch.stream(session)
    next(stream)
    watch.halt(session)
    assert len(list(stream)) <= 1
    *_, film, _, findings = watch.conclude(session)
    assert len(film["x0"]) == len(session.finished.steps) <= 2
    assert findings


def test_while_a_run_goes_nothing_is_concluded(session):
    start(session, steps=500)
    stream = watch.stream(session)
    next(stream)
    assert set(map(str, watch.conclude(session))) == {str(gr.skip())}
    assert session.running
    stream.close()


def test_a_run_stopped_in_the_queue_leaves_the_last_results_and_frees_the_page(session):
    start(session)
    watch.halt(session)
    run, stop, stage, *results = watch.conclude(session)
    assert (run.interactive, stop.interactive) == (True, False)
    assert "Ready" in stage
    assert results == [gr.skip()] * 3
    assert not session.running


def test_a_place_in_the_queue_serves_the_newest_run_and_no_run_twice(session):
    start(session, steps=2)
    watch.halt(session)
    start(session, steps=3)
    assert len(session.staged.steps) == 0
    assert "step 3 of 3" in list(watch.stream(session))[-1]
    assert list(watch.stream(session)) == []
    assert len(session.staged.steps) == 3


def test_refusals_reach_the_visitor_as_their_sentence(session):
    with pytest.raises(gr.Error, match="checkpoint bright is damaged"):
        start(session, variant="bright", mode="generate")
    assert not session.running


def test_a_preview_leaves_a_run_under_way_alone(session):
    start(session)
    staged = session.staged
    assert watch.preview(session, "dim", "restore", 0.9) == gr.skip()
    assert session.staged is staged


def test_exposure_shows_the_same_run_again_without_the_network(session, monkeypatch):
    start(session)
    list(watch.stream(session))
    watch.conclude(session)
    monkeypatch.setattr(watch.Run, "walk", None)
    as_is = watch.expose(session, "as the model sees it")
    brightened = watch.expose(session, "brightened")
    assert all(dark != light for dark, light in zip(as_is[:3], brightened[:3], strict=True))
