"""The callbacks of the tab Play, without a browser."""

import random

import gradio as gr
import pytest
from starlette.requests import Request

from lowlight_ddpm.diffusion.settings import run_settings
from lowlight_ddpm.images import draw
from lowlight_ddpm.images.gallery import Gallery, drawn_gallery
from lowlight_ddpm.ui.components.choices import named, opening
from lowlight_ddpm.ui.components.controls import shown, values_of
from lowlight_ddpm.ui.components.words import FIELDS
from lowlight_ddpm.ui.play import visit
from lowlight_ddpm.ui.play.picking import bring
from lowlight_ddpm.ui.play.results import UNCHANGED
from lowlight_ddpm.ui.session import Session, Watched, parse, query_of

SKIPPED = str(gr.skip())


@pytest.fixture
def session():
    session = Session(drawn_gallery())
    session.staged = Watched(run_settings(start=300), session.picked)
    return session


def start(session, locked=True, **values):
    return visit.begin(session, locked, *values_of(run_settings(**({"steps": 3} | values))))


def request(query):
    scope = {"type": "http", "query_string": query.encode(), "headers": []}
    return gr.Request(Request(scope))


def test_a_run_goes_from_begin_over_stream_to_conclude(session):
    seed, run, stop, stage, player, link = start(session, seed=5)
    assert player is None, "the run before is not played over this one"
    assert seed == 5
    assert (run.interactive, stop.interactive) == (False, True)
    assert "Waiting for the network" in stage
    assert link["query"].startswith("variant=dim&steps=3&seed=5&picture=drawn_0000&trained=")
    frames = list(visit.stream(session))
    assert "step 3 of 3" in frames[-1]
    run, stop, _, film, findings, *_ = visit.conclude(session)
    assert (run.interactive, stop.interactive) == (True, False)
    assert len(film["x0"]) == 3
    assert "CIEDE2000" in findings
    assert not session.running


def test_the_same_run_again_stays_beside_the_one_before_it(session):
    for seed in (5, 6, 6):
        start(session, seed=seed)
        list(visit.stream(session))
        visit.conclude(session)
    assert session.previous.run.settings.seed == 5


def test_an_unlocked_seed_is_drawn_anew_and_used(session):
    seeds = {start(session, locked=False, seed=5)[0] for _ in range(5)}
    assert len(seeds) > 1
    assert session.staged.run.settings.seed in seeds


def test_a_stopped_run_shows_what_is_done(session):
    start(session, steps=500)
    stream = visit.stream(session)
    next(stream)
    visit.halt(session)
    assert len(list(stream)) <= 1
    film, findings = visit.conclude(session)[3:5]
    assert len(film["x0"]) == len(session.finished.run.steps) <= 2
    assert findings


def test_while_a_run_goes_nothing_is_concluded(session):
    start(session, steps=500)
    stream = visit.stream(session)
    next(stream)
    assert set(map(str, visit.conclude(session))) == {SKIPPED}
    assert session.running
    stream.close()


def test_a_run_stopped_in_the_queue_leaves_the_last_results_and_frees_the_page(session):
    start(session)
    visit.halt(session)
    run, stop, stage, *results = visit.conclude(session)
    assert (run.interactive, stop.interactive) == (True, False)
    assert "Ready" in stage
    assert tuple(results) == UNCHANGED
    assert not session.running


def test_a_place_in_the_queue_serves_the_newest_run_and_no_run_twice(session):
    start(session, steps=2)
    visit.halt(session)
    start(session, steps=3)
    assert session.staged.run.history.done == 0
    assert "step 3 of 3" in list(visit.stream(session))[-1]
    assert list(visit.stream(session)) == []
    assert len(session.staged.run.steps) == 3


def test_refusals_reach_the_user_as_their_sentence(session):
    with pytest.raises(gr.Error, match="checkpoint bright is damaged"):
        start(session, variant="bright", mode="generate")
    assert not session.running


def test_what_nobody_has_foreseen_is_said_in_a_sentence(session, monkeypatch):
    start(session)
    monkeypatch.setattr(Watched, "walk", lambda _: 1 / 0)
    with pytest.raises(gr.Error, match="ZeroDivisionError"):
        list(visit.stream(session))


def test_stop_says_so_at_once(session):
    start(session, steps=500)
    stream = visit.stream(session)
    next(stream)
    assert "Stopping." in visit.halt(session)
    list(stream)
    visit.conclude(session)
    assert visit.halt(session) == gr.skip(), "nothing runs any more"


def test_the_run_before_stays_beside_the_new_one(session):
    for steps in (2, 3):
        start(session, steps=steps)
        list(visit.stream(session))
        *_, stage = visit.conclude(session)[:3]
    assert "Changed: steps 2 → 3." in stage
    assert session.previous is session.former
    assert session.former.run.settings.steps == 2
    assert "Changed: steps 3 → 4." in start(session, steps=4)[3]


def by_itself(session, **values):
    return visit.begin_by_itself(session, *values_of(run_settings(**({"steps": 3} | values))))


def test_of_runs_that_follow_changes_the_latest_wins_and_no_stale_one_is_shown(session):
    by_itself(session, steps=500)
    stream, former = visit.stream(session), session.staged
    next(stream)
    _, run, stop, *_ = by_itself(session, steps=2)
    assert (run.interactive, stop.interactive) == (True, True)
    assert former.stopped
    assert list(stream) == [], "nothing of the former is shown after the new one has begun"
    assert "step 2 of 2" in list(visit.stream(session))[-1]
    visit.conclude(session)
    assert session.finished.run.settings.steps == 2


def test_a_run_that_was_asked_for_is_not_ended_by_a_change(session):
    start(session, steps=500)
    staged = session.staged
    assert set(map(str, by_itself(session, steps=2))) == {SKIPPED}
    assert session.staged is staged
    assert not staged.stopped


def test_what_is_on_the_stage_already_is_not_run_again_by_itself(session):
    start(session)
    list(visit.stream(session))
    visit.conclude(session)
    assert set(map(str, by_itself(session))) == {SKIPPED}
    assert list(visit.stream(session)) == []


def test_an_image_that_is_picked_is_noised_and_not_noise_alone(session):
    told, *answered = visit.picked(session, *values_of(opening("dim", "generate")))
    assert "task unconditional sampling → denoise an image" in told
    assert named(tuple(answered[: len(FIELDS)]))["start"] == 300
    assert visit.picked(session, *values_of(opening("dim")))[0] == ""


def test_a_dark_photograph_is_not_dimmed_again_and_small_at_first(session, tmp_path):
    draw(1, 64).point(lambda value: value // 8).save(tmp_path / "dark.png")
    bring(session, str(tmp_path / "dark.png"))
    told, *answered = visit.picked(session, *values_of(run_settings(start=300, whole=True, light="camera")))
    after = named(tuple(answered[: len(FIELDS)]))
    assert (after["brightness"], after["light"], after["whole"]) == (1.0, "pixels", False)
    assert visit.DARK_ALREADY in told
    assert "brightness 0.5 → 1" in told


def test_exposure_shows_the_same_run_again_without_the_network(session, monkeypatch):
    start(session)
    list(visit.stream(session))
    visit.conclude(session)
    monkeypatch.setattr(Watched, "walk", None)
    stage, film, findings, _, _, wipe, *_ = visit.expose(session, "as the model sees it")
    bright = visit.expose(session, "brightened")
    assert stage != bright[0]
    assert film["x0"] != bright[1]["x0"]
    assert wipe != bright[5]
    assert findings == bright[2]


def test_a_link_sets_every_control_and_makes_the_run_ready(session):
    settings = run_settings(start=200, steps=4, seed=9, clip=False, epsilon_scale=1.006)
    outcome = visit.reopen(session, visit.want(query_of(settings, "drawn_0007")))
    assert list(outcome[: len(FIELDS)]) == values_of(settings)
    count = len(shown(settings.model_dump()))
    gallery, upload, run, _, stage, _, link, tabs = outcome[count:]
    assert (gallery.selected_index, session.picked.name) == (7, "drawn_0007")
    assert upload == gr.skip()
    assert not run.interactive
    assert "Waiting for the network" in stage
    assert tabs.selected == "play"
    assert session.staged.run.settings == settings
    assert session.running
    list(visit.stream(session))
    visit.conclude(session)
    assert session.finished.query == link["query"]
    assert parse(link["query"]) == (settings, "drawn_0007")


def test_a_link_ends_the_run_under_way(session):
    start(session, steps=500)
    former = session.staged
    visit.reopen(session, visit.want("variant=dim&steps=2&picture=drawn_0001"))
    assert former.stopped
    assert session.staged.run.settings.steps == 2


def test_a_link_to_an_upload_asks_for_the_file_and_goes_on_when_it_has_come(session, tmp_path, recwarn):
    for number, name in enumerate(("mine.png", "other.png")):
        draw(number, 32).save(tmp_path / name)
    bring(session, str(tmp_path / "mine.png"))
    start(session)
    wanted = visit.want(session.staged.query)

    user = Session(drawn_gallery())
    user.staged = Watched(run_settings(), user.picked)
    with pytest.raises(gr.Error, match="choose that very file"):
        visit.reopen(user, wanted)
    assert not user.running
    bring(user, str(tmp_path / "other.png"))
    assert visit.resume(user, wanted) == gr.skip()
    assert any("another file" in str(warning.message) for warning in recwarn)
    bring(user, str(tmp_path / "mine.png"))
    again = visit.resume(user, wanted)
    assert again != wanted
    visit.reopen(user, again)
    assert user.staged.query == session.staged.query
    assert visit.resume(user, again) == gr.skip(), "a later upload starts nothing"


def test_a_drawn_picture_is_there_whatever_the_gallery_shows():
    session = Session(Gallery("photographs", [draw(40, 32)], ["row 0001"]))
    session.staged = Watched(run_settings(), session.picked)
    visit.reopen(session, visit.want("variant=dim&steps=2&picture=drawn_0002"))
    assert session.picked.name == "drawn_0002"
    assert session.picked.image.tobytes() == draw(2).tobytes()


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("variant=dim&picture=nowhere.jpg", "no picture “nowhere.jpg”"),
        ("variant=dim&start=3", "at most 4 steps"),
        ("variant=bright&picture=drawn_0000", "checkpoint bright is damaged"),
        ("variant=dim&volume=11", "no setting 'volume'"),
    ],
)
def test_a_link_that_leads_nowhere_is_refused_and_changes_nothing(session, query, said):
    staged = session.staged
    with pytest.raises(gr.Error, match=said):
        visit.reopen(session, visit.want(query))
    assert session.staged is staged
    assert not session.running


def test_the_page_opens_the_run_of_its_address_and_otherwise_none(session):
    assert visit.arrive(session, request("__theme=dark"))[-1] == gr.skip()
    _, query = visit.arrive(session, request("__theme=dark&variant=dim&seed=4&picture=drawn_0003"))[-1]
    assert query == "variant=dim&seed=4&picture=drawn_0003"


def test_the_same_link_may_be_followed_twice():
    assert visit.want("variant=dim") != visit.want("variant=dim")


def test_surprises_differ_and_are_runs_that_can_be_opened(session, monkeypatch):
    monkeypatch.setattr(visit.checkpoints, "available", lambda: ["dim"])
    random.seed(0)  # twenty by chance are all of images once in some hundred times
    queries = {visit.surprise(session)[1] for _ in range(20)}
    assert len(queries) == 20
    assert any("mode=generate" in query for query in queries)
    for query in queries:
        visit.reopen(session, visit.want(query))
        session.running = False
