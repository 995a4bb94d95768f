"""The log: one line a run, that says how it ended and shows nothing of the picture."""

import json
import logging

import pytest

from lowlight_ddpm.diffusion.settings import run_settings
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.ui.worker import logs, source


@pytest.fixture
def lines(caplog):
    """A function that gives what was logged of runs so far."""
    caplog.set_level(logging.INFO, logger="lowlight_ddpm.runs")
    return lambda: [json.loads(record.getMessage().removeprefix("run ")) for record in caplog.records]


def test_a_run_is_one_line_with_its_settings_digest_time_and_outcome(make_run, lines):
    watched = make_run(steps=3, seed=5)
    list(watched.walk())
    (line,) = lines()
    assert line.pop("seconds") >= 0
    assert line == {
        "settings": logs.digest(watched.run.settings),
        "variant": "dim",
        "mode": "restore",
        "steps": 3,
        "outcome": "done",
    }


def test_a_run_that_is_left_and_one_that_fails_say_so(make_run, lines, monkeypatch):
    run = make_run(steps=3)
    next(iter(run.walk()))

    def broken(*_):
        raise Refusal("No.")
        yield

    monkeypatch.setattr(source.sampling, "denoise_together", broken)
    with pytest.raises(Refusal):
        list(make_run().walk())
    assert [line["outcome"] for line in lines()] == ["stopped", "Refusal"]


def test_equal_settings_have_one_digest():
    assert logs.digest(run_settings(seed=1)) == logs.digest(run_settings(seed=1))
    assert logs.digest(run_settings(seed=1)) != logs.digest(run_settings(seed=2))


@pytest.mark.parametrize(
    ("arguments", "environment", "level"),
    [
        ([], None, logging.INFO),
        ([], "error", logging.ERROR),
        (["--log-level", "debug"], "error", logging.DEBUG),
    ],
)
def test_the_level_is_an_option_or_the_environment_s(monkeypatch, arguments, environment, level):
    logger = logging.getLogger("lowlight_ddpm")
    monkeypatch.setattr(logger, "level", logger.level)
    if environment:
        monkeypatch.setenv("LOWLIGHT_LOG_LEVEL", environment)
    logs.begin(arguments)
    assert logger.level == level
