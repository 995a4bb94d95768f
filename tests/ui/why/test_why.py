"""The tab Why without a browser: what it asks, how it shows the answers, and the tint."""

import re
from types import SimpleNamespace

import gradio as gr
import numpy as np
import pytest
import torch

from lowlight_ddpm.analysis.tint_injection import Probe
from lowlight_ddpm.diffusion import sampling
from lowlight_ddpm.images.display import show
from lowlight_ddpm.images.gallery import drawn_gallery
from lowlight_ddpm.images.photometry import to_image
from lowlight_ddpm.ui.components.jobs import Slot
from lowlight_ddpm.ui.session import Session, Watched
from lowlight_ddpm.ui.why import jobs, tab


@pytest.fixture
def session(make_run):
    """A user whose last run is a restoration in four steps."""
    session = Session(drawn_gallery())
    session.brightened = False
    session.staged = session.finished = make_run(start=300, seed=3)
    session.finished.begun = True
    return session


def asked(session, mode="restore"):
    return tab.explanation_job(session, Slot(), mode)


@pytest.fixture
def answered(session):
    job = asked(session)
    job.launched = True
    job.changes = list(job.walk())
    return job


def tinted(session, *values, slot=None):
    return tab.tint_job(session, slot or Slot(), "restore", *values)


def rows(html):
    found = {}
    for row in re.findall(r'<li class="part.*?</div></li>', html):
        title = re.search("<h4>(.*?)</h4>", row)[1]
        found[title] = SimpleNamespace(
            numbers=re.findall("<b>([^<]*)</b>", row),
            widths=[float(width) for width in re.findall(r"width:([\d.]+)%", row)],
            lefts=[float(left) for left in re.findall(r"left:([\d.]+)%", row)],
            pictures=re.findall(r'src="([^"]+)"', row),
            alts=re.findall(r'alt="([^"]+)"', row),
        )
    return found


PARTS = [
    "The whole shift",
    "Clipping",
    "Remainder",
    "Interaction",
    "Variance type",
    "Sampler",
    "Input image",
]


def test_every_part_has_its_place_before_anything_is_known(session):
    found = rows(tab.draw(session, asked(session)))
    assert list(found) == PARTS
    assert all(row.numbers == ["", "", ""] for row in found.values())
    assert [len(row.pictures) for row in found.values()] == [1, 0, 0, 0, 0, 0, 0]
    assert "repeated 5 times" in tab.draw(session, asked(session))


def test_all_is_answered_and_said(session, answered, decoded):
    known = answered.explanation
    html = tab.draw(session, answered)
    found = rows(html)
    assert known.complete
    assert "CIEDE2000" in re.search('class="verdict">([^<]+)<', html)[1]
    assert found["The whole shift"].numbers == [f"{value:+.1f}" for value in known.total.tolist()]
    assert [len(row.pictures) for row in found.values()] == [2, 2, 2, 0, 2, 2, 2]
    clipping = known.causes[0].trial
    for uri, trial in zip(found["Clipping"].pictures, (known.run, clipping), strict=True):
        np.testing.assert_array_equal(decoded(uri), np.asarray(to_image(known.found[trial].x0[0])))
    assert found["Clipping"].alts == ["Clipping: unchanged", "Clipping: removed"]
    assert found["Sampler"].alts[1] == "Sampler: replaced"


def test_bars_are_signed_on_one_scale(session, answered):
    html = tab.draw(session, answered)
    scales = [float(scale) for scale in re.findall("to the edge, is <b>([^<]+)</b>", html)]
    assert len(scales) == 2
    widest = 0
    for title, row in rows(html).items():
        scale = scales[PARTS.index(title) > PARTS.index("Interaction")]
        for number, left, width in zip(row.numbers, row.lefts, row.widths, strict=True):
            value = float(number)
            assert width == pytest.approx(50 * abs(value) / scale, abs=50 * 0.1 / scale)
            assert left == pytest.approx(50 - width if value < 0 else 50, abs=0.1)
            widest = max(widest, width)
    assert widest == pytest.approx(50, abs=0.1)


def test_runs_of_one_network_share_its_calls_and_the_scene_is_told_when_they_end(answered):
    assert answered.changes == [False, False, False, True]
    assert sum(trial.settings.steps for trial in answered.explanation.trials) == 20
    assert answered.count == (20, 0)
    assert answered.said == "5 of 5 finished"


@pytest.fixture
def in_pairs(monkeypatch):
    """A network is asked for two pictures at once, not more."""
    monkeypatch.setattr(sampling, "BATCH", 2)


def test_a_stopped_job_keeps_what_is_done(session, in_pairs):
    job = asked(session)
    job.launched = True
    for changed in job.walk():
        job.stopped = len(job.explanation.found) == 2 and not changed

    assert job.said == "2 of 5 finished"
    assert job.ended
    found = rows(tab.draw(session, job))
    assert "" not in found["The whole shift"].numbers + found["Clipping"].numbers
    assert found["Sampler"].numbers == ["", "", ""]


def test_how_far_it_is_in_runs_and_steps(session, in_pairs):
    job, said = asked(session), []
    for _ in job.walk():
        said.append(job.said)
    assert said[2:5] == [
        "0 of 5 finished, the next 2 at step 3 of 4",
        "2 of 5 finished",
        "2 of 5 finished, the next 2 at step 1 of 4",
    ]
    assert said[-2:] == ["4 of 5 finished, the next at step 3 of 4", "5 of 5 finished"]


def test_an_answer_is_kept_for_the_very_same_run(session, answered):
    slot = Slot(answered)
    assert tab.explanation_job(session, slot, "restore") is answered
    assert tab.explanation_job(session, slot, "generate") is not answered
    session.finished = Watched(
        session.finished.run.settings.model_copy(update={"seed": 4}), session.finished.picked
    )
    session.finished.begun = True
    assert tab.explanation_job(session, slot, "restore") is not answered
    assert tab.explanation_job(session, Slot(asked(session)), "restore") is not answered, (
        "an open question is asked anew"
    )


def test_the_other_task_keeps_what_it_can(session, make_run):
    session.finished = make_run(steps=400, start=700, anchor=True, seed=9, clip=False)
    session.finished.begun = True
    generated = tab.chosen(session, "generate").settings
    assert (generated.mode, generated.start, generated.steps, generated.anchor) == (
        "generate",
        999,
        400,
        False,
    )
    assert (generated.seed, generated.clip) == (9, False)
    session.finished = make_run(steps=400, mode="generate", leak_start=True)
    session.finished.begun = True
    restored = tab.chosen(session, "restore").settings
    assert (restored.mode, restored.start, restored.steps, restored.leak_start) == (
        "restore",
        300,
        301,
        False,
    )


def test_before_any_run_it_is_asked_what_the_page_proposes(session, make_run):
    session.finished, session.staged = None, make_run(brightness=0.3)
    settings = tab.chosen(session, "restore").settings
    assert (settings.start, settings.steps, settings.brightness) == (300, 20, 0.3)


def test_the_task_follows_watch_until_the_user_has_asked(session, make_run):
    slot = Slot(asked(session))
    assert tab.follow(session, Slot()) == "restore"
    assert tab.follow(session, slot) == gr.skip()
    session.finished = make_run(mode="generate")
    assert tab.follow(session, slot) == "generate"
    slot.job.launched = True
    assert tab.follow(session, slot) == gr.skip()


def test_generating_shows_sixteen_pictures_in_one(session, decoded):
    job = asked(session, "generate")
    for _ in job.walk():
        if len(job.explanation.found) == 1:
            break
    whole = rows(tab.draw(session, job))["The whole shift"]
    assert [decoded(uri).shape for uri in whole.pictures] == [(128, 128, 3)]
    assert whole.alts == ["The whole shift: unchanged"]


def test_a_tint_goes_from_the_controls_to_its_share(session):
    job = tinted(session, 2, "yellow", 30)
    assert job.tint.index == 1
    assert job.tint.colour == (30, 30, 0)
    assert "Does the network keep the tint" in tab.draw_tint(session, job)
    job.launched = True
    assert not any(job.walk())
    html = tab.draw_tint(session, job)
    assert re.search(r"-?\d+% of the tint is left at the end \(red -?\d+%, green -?\d+%\)", html)
    assert html.count("<img") == 3
    assert job.said == "8 of 8 steps, half of them with the tint"
    assert tinted(session, 2, "yellow", 30, slot=Slot(job)) is job
    assert tinted(session, 3, "yellow", 30, slot=Slot(job)) is not job


@pytest.mark.parametrize(
    ("at", "strength", "index", "red"), [(99, 5, 3, 5), (None, None, 3, 20), (1, 100, 0, 100)]
)
def test_odd_fields_still_make_a_tint(session, at, strength, index, red):
    tint = tinted(session, at, "red", strength).tint
    assert (tint.index, tint.colour) == (index, (red, 0, 0))


@pytest.mark.parametrize(
    ("share", "said"),
    [(0.9, "keeps"), (0.4, "removes a part of"), (0.1, "removes most of"), (-0.2, "removes most of")],
)
def test_a_share_in_words(session, share, said):
    job = tinted(session, 1, "red", 20)
    blank = torch.zeros(3, 8, 8)
    moved = blank + torch.tensor([share * 20 / 127.5, 0, 0])[:, None, None]
    job.probe = Probe(job.tint, (blank,) * 4, (moved,) * 4)
    assert (
        f"{share:.0%} of the tint is left at the end (red {share:.0%}): the network {said}"
        in tab.draw_tint(session, job)
    )


def test_the_slider_ends_at_the_run_s_last_step(session):
    which, at = tab.describe(session, "restore")
    assert at["maximum"] == 4
    assert "from timestep 300 in 4 steps" in which


def test_the_exposure_chosen_in_watch_holds_here_too(session, answered, decoded):
    dark = decoded(rows(tab.draw(session, answered))["The whole shift"].pictures[0]) / 127.5 - 1
    session.brightened = True
    light = decoded(rows(tab.draw(session, answered))["The whole shift"].pictures[0])
    np.testing.assert_allclose(light, show(torch.tensor(dark), 2), atol=2)


def test_only_what_an_eye_sees_leads(session, answered, monkeypatch):
    monkeypatch.setattr(jobs, "visible_leader", lambda known: known.causes[0])
    assert tab.draw(session, answered).count('"part leads"') == 1
    monkeypatch.setattr(jobs, "visible_leader", lambda known: None)
    assert '"part leads"' not in tab.draw(session, answered)


def test_a_damaged_network_is_refused(session, make_run):
    session.finished = make_run(variant="bright")
    session.finished.begun = True
    with pytest.raises(ValueError, match="checkpoint bright is damaged"):
        next(asked(session).walk())
