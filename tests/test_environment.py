"""What the environment says: numbers that are none are refused as the page and the command line start."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from lowlight_ddpm import environment
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.paths import REPOSITORY

NUMBERS = [
    "LOWLIGHT_THREADS",
    "LOWLIGHT_MAX_SECONDS",
    "LOWLIGHT_MAX_STEPS",
    "LOWLIGHT_MAX_PIXELS",
    "GRADIO_SERVER_PORT",
    "GRADIO_NUM_PORTS",
    "RANK",
    "LOCAL_RANK",
]


@pytest.fixture(autouse=True)
def _clean(monkeypatch):
    for name in environment.VARIABLES:
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("text", ["nan", "NaN", "inf", "-1", "two", "1,5", "0x10", "1e400", 5000 * "9" + "x"])
def test_a_number_that_is_none_is_refused(monkeypatch, name, text, one_sentence):
    monkeypatch.setenv(name, text)
    for reads in (lambda: environment.value(name), environment.check):
        with pytest.raises(Refusal, match=name) as refusal:
            reads()
        assert len(one_sentence(refusal)) < 160


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("LOWLIGHT_MAX_SECONDS", "0"),
        ("LOWLIGHT_THREADS", "0"),
        ("LOWLIGHT_THREADS", "1000000"),
        ("LOWLIGHT_THREADS", "2.5"),
        ("LOWLIGHT_MAX_UPLOAD", "20"),
        ("LOWLIGHT_MAX_UPLOAD", "mb"),
        ("LOWLIGHT_MAX_UPLOAD", "0mb"),
        ("LOWLIGHT_MAX_UPLOAD", "20 elephants"),
        ("LOWLIGHT_LOG_LEVEL", "loud"),
        ("GRADIO_SERVER_PORT", "65536"),
        ("GRADIO_SERVER_PORT", "7860.0"),
    ],
)
def test_what_cannot_be_meant_is_refused(monkeypatch, name, text, one_sentence):
    monkeypatch.setenv(name, text)
    with pytest.raises(Refusal, match=rf"{name} is “{text}”: set it to .*, or leave it out\.") as refusal:
        environment.check()
    one_sentence(refusal)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("LOWLIGHT_MAX_SECONDS", " 2.5 ", 2.5),
        ("LOWLIGHT_MAX_STEPS", "7", 7),
        ("LOWLIGHT_MAX_UPLOAD", "5 MB", "5 mb"),
        ("LOWLIGHT_LOG_LEVEL", "ERROR", "error"),
        ("LOWLIGHT_THREADS", "", None),
        ("LOWLIGHT_THREADS", "  ", None),
        ("RANK", "0", 0),
        ("HF_HUB_OFFLINE", "1", True),
        ("HF_HUB_OFFLINE", "0", False),
        ("LOWLIGHT_IMAGES", " odd folder ", " odd folder "),
        ("LOWLIGHT_RESULTS", "~/results", Path("/home/one/results")),
    ],
)
def test_what_can_be_meant_is_read(monkeypatch, name, text, value):
    monkeypatch.setenv("HOME", "/home/one")
    monkeypatch.setenv(name, text)
    environment.check()
    assert environment.value(name) == value


def test_every_variable_that_is_read_is_in_the_table_and_every_one_has_a_meaning():
    sources = {path: path.read_text(encoding="utf-8") for path in REPOSITORY.glob("lowlight_ddpm/**/*.py")}
    for path, text in sources.items():
        if path.name != "environment.py":
            assert not re.search(
                r"environ(\.get\(|\[)\"(?!no_proxy|NO_PROXY|GRADIO_ANALYTICS_ENABLED)", text
            ), path
            assert "getenv" not in text, path
    named = set(re.findall(r"\b(LOWLIGHT_[A-Z_]*[A-Z])\b", "\n".join(sources.values())))
    assert named - {"LOWLIGHT_MAX"} <= set(environment.VARIABLES)
    assert all(row.default and row.meaning for row in environment.VARIABLES.values())
    assert all(row.must for row in environment.VARIABLES.values() if row.name in NUMBERS)


def test_the_command_line_refuses_them_before_it_does_anything(monkeypatch, run):
    monkeypatch.setenv("LOWLIGHT_MAX_SECONDS", "nan")
    status, said, told = run("variants")
    assert (status, said) == (2, "")
    assert told == "LOWLIGHT_MAX_SECONDS is “nan”: set it to a number above 0, or leave it out.\n"


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["variants", "--help"], ["denoise", "--help"]])
def test_help_is_given_whatever_the_environment_says(monkeypatch, run, words):
    monkeypatch.setenv("LOWLIGHT_MAX_SECONDS", "nan")
    status, said, told = run(*words)
    assert (status, told) == (0, "")
    assert said


def test_a_process_whose_own_number_is_none_says_so(monkeypatch, run):
    monkeypatch.setenv("RANK", "first")
    assert run("variants")[2].startswith("RANK is “first”")


@pytest.mark.slow
def test_the_page_refuses_them_in_a_sentence_however_it_is_served(one_sentence):
    for command in (["app.py"], ["-m", "uvicorn", "--factory", "lowlight_ddpm.ui.server:create"]):
        done = subprocess.run(
            [sys.executable, *command],
            cwd=REPOSITORY,
            env=os.environ | {"GRADIO_SERVER_PORT": "seven"},
            capture_output=True,
            encoding="utf-8",
            timeout=120,
        )
        assert done.returncode != 0
        assert done.stderr.splitlines()[-1].startswith("GRADIO_SERVER_PORT is “seven”")
        one_sentence(done.stderr.strip())


@pytest.mark.parametrize("threads", ["0", "-1", "100000", "nan"])
def test_threads_of_a_command_are_a_number_that_pytorch_survives(run, threads):
    status, _, told = run("denoise", "drawn:1", "--threads", threads)
    assert status == 2
    assert "--threads" in told
