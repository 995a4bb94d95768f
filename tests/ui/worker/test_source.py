"""The one source of the page's steps: what a run may cost here, and what is said of one that costs more."""

from pathlib import Path

import pytest

from lowlight_ddpm.diffusion.settings import run_settings
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.ui import interface
from lowlight_ddpm.ui.components.plan import plan
from lowlight_ddpm.ui.worker import source
from lowlight_ddpm.ui.worker.source import Limits


def test_a_space_allows_less_than_a_machine_of_one_s_own(monkeypatch):
    monkeypatch.delenv("SPACE_ID", raising=False)
    own = Limits.here()
    monkeypatch.setenv("SPACE_ID", "someone/space")
    space = Limits.here()
    assert space.seconds < own.seconds
    assert space.pixels < own.pixels
    assert space.upload != own.upload


def test_the_documents_name_every_limit(monkeypatch):
    text = (Path(__file__).parents[3] / "docs" / "reliability.md").read_text()
    monkeypatch.delenv("SPACE_ID", raising=False)
    own = Limits.here()
    monkeypatch.setenv("SPACE_ID", "someone/space")
    space = Limits.here()
    assert f"; {interface.MAX_WAITING} may wait." in text
    for name in vars(own):
        here, there = (getattr(limit, name) for limit in (own, space))
        here, there = (f"{value:.0f}" if name != "upload" else value for value in (here, there))
        assert f"| {here} | {there} | `LOWLIGHT_MAX_{name.upper()}` |" in text


def test_each_limit_can_be_set(monkeypatch):
    monkeypatch.setenv("LOWLIGHT_MAX_SECONDS", "2.5")
    monkeypatch.setenv("LOWLIGHT_MAX_STEPS", "7")
    monkeypatch.setenv("LOWLIGHT_MAX_UPLOAD", "1mb")
    found = Limits.here()
    assert (found.seconds, found.steps, found.upload) == (2.5, 7, "1mb")


@pytest.mark.parametrize(
    ("steps", "pixels", "words"), [(11, 0, "10 steps here"), (1, 101, "100 pixels here")]
)
def test_too_large_a_run_is_refused(steps, pixels, words, one_sentence):
    allowed = Limits(steps=10, pixels=100)
    allowed.check(10, 100)
    with pytest.raises(Refusal, match=words) as refusal:
        allowed.check(steps, pixels)
    one_sentence(refusal)


def test_a_run_that_takes_too_long_keeps_what_it_has_done(monkeypatch, one_sentence):
    clock = iter(range(100))
    monkeypatch.setattr(source.time, "monotonic", lambda: next(clock))
    check, done = Limits(seconds=3).timer(), []

    def walk(check):
        for letter in "abcdef":
            check()
            done.append(letter)

    with pytest.raises(Refusal, match="after 3 s") as refusal:
        walk(check)
    one_sentence(refusal)
    assert done == ["a", "b", "c"]
    walk(Limits(seconds=3).timer(runs=3))
    assert done[3:] == list("abcdef"), "each may take as long"


def test_the_page_says_it_before_the_run_and_the_network_is_never_called(make_run, monkeypatch):
    monkeypatch.setattr(source, "LIMITS", Limits(steps=3))
    watched = make_run(steps=4)
    _, said = plan(watched.run.settings.model_dump(), watched.picked.image)
    assert "A run may have 3 steps here, not 4" in said
    monkeypatch.setattr(source.sampling, "denoise_together", None)
    with pytest.raises(Refusal, match="3 steps"):
        list(watched.walk())


def test_numbers_that_overflow_end_a_run_with_the_step_s_number(make_run, one_sentence):
    watched = make_run(steps=4, mode="generate", beta_start=1e-300, beta_end=1e-299)
    with pytest.raises(Refusal, match="in step 2 of 4, at timestep 749") as refusal:
        list(watched.walk())
    one_sentence(refusal)
    assert watched.over
    assert run_settings(**watched.run.settings.model_dump()) == watched.run.settings
