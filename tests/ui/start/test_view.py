"""The tab Start without a browser: its words, its sheets, and the eight stops with their verdicts."""

import re

import pandas as pd
import pytest

from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.study import claims, protocol
from lowlight_ddpm.study.findings import NOT_MEASURED, Finding, Outcome
from lowlight_ddpm.study.stops import POST, STOPS
from lowlight_ddpm.study.verdicts import CONTRARY, HOLDS, NO_DIFFERENCE, OPEN, Effect
from lowlight_ddpm.ui.findings import claims_view
from lowlight_ddpm.ui.findings.claims_view import Measured, measured
from lowlight_ddpm.ui.session import parse
from lowlight_ddpm.ui.start import prepared, view

KEYS = ["diffusion", "data", "brightness", "variance", "depth", "betas", "mse", "correction"]


def words(html):
    return re.sub(r"<[^>]+>", " ", html).split()


OUTCOME = Outcome(Effect(0.05, 0.01, 9.0), "5 networks")


def found(verdict, outcome=OUTCOME):
    """Every claim has this verdict."""
    every = (*claims.CLAIMS, *claims.CORRECTIONS, *claims.LIGHTS)
    tests = {
        claim.key: [claims_view.Tested(Finding(claim, claim.comparisons[0], outcome, verdict), None)]
        for claim in every
    }
    return Measured(pd.DataFrame(), tests)


def articles(html):
    return dict(re.findall(r'<article class="stop" data-key="(\w+)"(.*?)</article>', html, re.DOTALL))


def test_the_tab_has_at_most_120_words_and_names_the_shift():
    html = view.sheets()
    assert "RGB shift" in html
    assert len(words(html)) <= 120


def test_three_sheets_with_their_measured_errors():
    html = view.sheets()
    assert re.findall(r'<figure data-name="(\w+)"', html) == ["bright", "dim", "corrected"]
    for name in view.SHEETS:
        assert f"Paper off by <b>{prepared.record()[name]['error']:.0f} of 255</b>" in html


def test_sheets_by_other_networks_say_so(monkeypatch):
    monkeypatch.setattr(prepared, "current", lambda name: True)
    assert view.OTHERS not in view.sheets()
    monkeypatch.setattr(prepared, "current", lambda name: False)
    assert view.OTHERS in view.sheets()


def test_a_page_without_prepared_images_still_leads_on(monkeypatch):
    monkeypatch.setattr(prepared, "record", dict)
    assert "<img" not in view.sheets()
    assert view.sheets().count("data-stop") == 10
    assert len(articles(view.stops())) == 8


def test_eight_stops_in_the_post_s_order_each_with_the_post_and_its_claim():
    assert [stop.key for stop in STOPS] == KEYS
    for stop, html in zip(STOPS, articles(view.stops()).values(), strict=True):
        assert POST in html
        assert "The post:" in html
        assert stop.said.split("“")[1].split("”")[0][:20] in html
        assert 'data-value="' in html or view.ANEW in html


@pytest.mark.parametrize(
    ("verdict", "answer"),
    [(HOLDS, "Yes."), (CONTRARY, "No, the contrary."), (NO_DIFFERENCE, "No, it"), (OPEN, "cannot be told")],
)
def test_a_stop_says_yes_or_no_as_measured_with_the_number(verdict, answer):
    html = articles(view.stops(found(verdict)))["variance"]
    assert answer in html
    assert "1.05 times as large" in html
    assert 'data-claim="the-larger-variance-corrects-the-shift"' in html


def test_a_claim_that_is_not_measured_and_a_network_that_is_not_there(monkeypatch):
    known = ["dim", "dim-deep", "dim-deep-low", "dim-deep-high"]
    monkeypatch.setattr(checkpoints, "available", lambda root=None: known)
    assert "Not measured on a set of images yet." in articles(view.stops(found(NOT_MEASURED, None)))["betas"]
    known.remove("dim-deep-low")
    html = articles(view.stops(found(NOT_MEASURED, None)))["betas"]
    assert view.ANEW in html
    assert "low betas" not in html


def test_what_is_not_measured_yet_is_counted_in_the_pairs_shown(monkeypatch):
    shown = {
        name: known | {"errors": [4.0, 7.0, 1.0] if name == "corrected" else [5.0, 6.0, 7.0]}
        for name, known in prepared.record().items()
    }
    monkeypatch.setattr(prepared, "record", lambda: shown)
    html = articles(view.stops(found(NOT_MEASURED, None)))["correction"]
    assert "Of the 3 pairs shown here, the paper is nearer white in the second in 2." in html


def test_do_it_yourself_sets_a_whole_run_that_the_page_can_open():
    html = view.stops()
    queries = [query.replace("&amp;", "&") for query in re.findall(r'data-value="([^"]+)"', html)]
    assert queries
    for query in queries:
        settings, picture = parse(query)
        assert settings.variant in checkpoints.available()
        assert (picture is None) == (settings.mode == "generate")


def test_times_stand_on_the_buttons_once_verdicts_do():
    html = articles(view.stops(found(HOLDS)))["diffusion"]
    assert re.search(r"Do it yourself: dim network \((about \d+|under 1)", html)


def test_the_committed_results_give_every_stop_an_answer(monkeypatch):
    monkeypatch.setattr(protocol, "RESULTS", protocol.RESULTS)
    html = view.stops(measured())
    assert "are being read" not in html
    assert set(articles(html)) == set(KEYS)


def test_every_claim_has_a_key_of_its_own():
    every = (*claims.CLAIMS, *claims.CAUSE_CLAIMS, *claims.CORRECTIONS, *claims.LIGHTS, *claims.SUBJECTS)
    assert len({claim.key for claim in every}) == len(every)
    assert all(re.fullmatch(r"[a-z0-9-]+", claim.key) for claim in every)
