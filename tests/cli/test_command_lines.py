"""Odd command lines: each is answered, or refused in a sentence, before anything is loaded or made."""

import sys
from io import BytesIO, TextIOWrapper

import pytest

from lowlight_ddpm.images import draw
from lowlight_ddpm.models import checkpoints

pytestmark = pytest.mark.usefixtures("tiny_checkpoints", "desk")


class Terminal(TextIOWrapper):
    """Standard input or output, where a person sits before it."""

    def isatty(self):
        return True


@pytest.fixture
def desk(tmp_path, monkeypatch):
    """A folder with two photographs, a file and a folder that are none, and records of all kinds."""
    monkeypatch.chdir(tmp_path)
    draw(0, 64).save("a.jpg")
    draw(1, 64).save("b.jpg")
    draw(1, 40).save("small.png")
    files = {
        "text.jpg": "no picture",
        "file": "",
        "restored.json": '{"settings": {"mode": "restore", "steps": 2}}',
        "generated.json": '{"settings": {"mode": "generate", "steps": 2}}',
        "odd.json": '{"settings": {"mode": "generate", "steps": 2}, "count": "two"}',
        "none.json": '{"settings": {"mode": "generate", "steps": 2}, "count": 0}',
        "list.json": "[1]",
        "late.json": '{"settings": {"mode": "restore", "colour": 3}}',
        "rows.toml": "[mine]\nbrightness = 2\n",
    }
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    (tmp_path / "folder").mkdir()
    (tmp_path / "results" / "a").mkdir(parents=True)
    (tmp_path / "results" / "b").write_text("")
    return tmp_path


@pytest.fixture
def no_network(monkeypatch):
    """Whoever loads a network, or trains one, has come too far."""

    def loaded(*_, **__):
        raise AssertionError("a network is loaded before what cannot be is refused")

    monkeypatch.setattr(checkpoints, "load", loaded)
    monkeypatch.setattr(checkpoints, "open_network", loaded)


REFUSED = """
denoise
denoise missing.jpg
denoise a.jpg missing.jpg b.jpg
denoise a.jpg text.jpg
denoise folder
denoise a.jpg drawn:x
denoise drawn:-1
denoise a.jpg --out file
denoise a.jpg --out file/below
denoise a.jpg b.jpg --out results
denoise a.jpg b.jpg --out -
denoise a.jpg --out - --json
denoise a.jpg - -
denoise a.jpg --settings missing.json
denoise a.jpg --settings folder
denoise a.jpg --settings a.jpg
denoise a.jpg --settings list.json
denoise a.jpg --settings late.json
denoise a.jpg --settings generated.json
denoise a.jpg --settings restored.json --steps 0
denoise a.jpg --settings restored.json --anchor --mean-correction wide
denoise a.jpg --steps many
denoise a.jpg --steps 1001
denoise a.jpg --start 5
denoise a.jpg --sampler euler
denoise a.jpg --light candle
denoise a.jpg --backend tensorflow
denoise a.jpg --mean-correction true
denoise a.jpg --variance-type learned
denoise a.jpg --brightness nan
denoise a.jpg --seed -1
denoise a.jpg --threads 0
denoise a.jpg --variant dark
denoise a.jpg --variant folder
denoise a.jpg --variant OWNER/NAME/MORE
denoise a.jpg --leak-start
denoise a.jpg --stepps 3
denoise a.jpg --steps
denoise a.jpg --variants rows.toml
denoise a.jpg --variants missing.toml
denoize a.jpg
generate --count 0
generate --count 257
generate a.jpg
generate --settings restored.json
generate --settings odd.json
generate --settings none.json
generate --whole
generate --mean-correction wide
generate --out file
generate --json --out -
measure a.jpg
measure a.jpg missing.jpg
measure a.jpg small.png
measure a.jpg b.jpg --brightness 0
measure a.jpg b.jpg --brightness nan
measure - -
cards nope
evaluate nope
baselines nope --images drawn:32
baselines dim --images missing
train nope
train dim --images missing
train dim --images drawn:40 --out file
train dim --images drawn:40 --precision fp8
specimens missing out
specimens folder file
figures nope
findings nope
exposures missing
dark missing
dark a.jpg b.jpg folder
brighten
brighten missing.jpg
brighten text.jpg
brighten a.jpg --out file/below
brighten a.jpg --level night
publish nope --space OWNER/NAME
publish --space OWNER/NAME
variants --variants missing.toml
--bogus
"""


@pytest.mark.parametrize("line", REFUSED.split("\n")[1:-1])
@pytest.mark.usefixtures("no_network")
def test_what_cannot_be_is_refused_in_a_sentence_before_anything_is_made(run, line, desk, one_sentence):
    before = sorted(desk.rglob("*"))
    status, said, told = run(*line.split())
    assert (status, said) == (2, "")
    one_sentence(told.strip())
    assert sorted(desk.rglob("*")) == before


ANSWERED = """
-h
--help
--version
denoise -h
generate -h
measure a.jpg b.jpg
measure drawn:1 drawn:2
measure a.jpg b.jpg --json
variants
variants --json
denoise a.jpg --steps 1 --out new/folder
denoise ./a.jpg a.jpg fruit:3 --steps 1
denoise a.jpg --steps 1 -q
denoise a.jpg --steps 1 --brightness 1 --out ./
generate --count 2 --steps 1 --json
generate --settings generated.json
denoise a.jpg --settings restored.json --start 700
"""


@pytest.mark.parametrize("line", ANSWERED.split("\n")[1:-1])
def test_what_can_be_is_answered(run, line):
    status, said, told = run(*line.split())
    assert status == 0
    assert bool(said) != ("-q" in line.split())
    assert "Traceback" not in told
    assert "step" not in told, "there is no bar where there is no terminal"


@pytest.mark.parametrize(
    ("name", "value"),
    [("LOWLIGHT_THREADS", "two"), ("GRADIO_NUM_PORTS", "x"), ("RANK", "first"), ("LOCAL_RANK", "0.5")],
)
@pytest.mark.parametrize("line", ["variants", "denoise a.jpg", "generate"])
@pytest.mark.usefixtures("no_network")
def test_a_variable_that_is_no_number_is_refused(run, monkeypatch, name, value, line, one_sentence):
    monkeypatch.setenv(name, value)
    status, said, told = run(*line.split())
    assert (status, said) == (2, "")
    assert name in one_sentence(told.strip())


@pytest.mark.parametrize(
    ("line", "content", "word"),
    [("denoise -", b"", "standard input"), ("denoise a.jpg -", b"text", "standard input")],
)
@pytest.mark.usefixtures("no_network")
def test_what_comes_through_standard_input_and_is_no_picture(
    run, monkeypatch, line, content, word, one_sentence
):
    monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(content)))
    status, said, told = run(*line.split())
    assert (status, said) == (2, "")
    assert word in one_sentence(told.strip())


@pytest.mark.parametrize(("line", "stream"), [("denoise -", "stdin"), ("generate --out -", "stdout")])
@pytest.mark.usefixtures("no_network")
def test_a_terminal_sends_no_picture_and_shows_none(run, monkeypatch, line, stream, one_sentence):
    monkeypatch.setattr(sys, stream, Terminal(BytesIO()))
    status, _, told = run(*line.split())
    assert status == 2
    one_sentence(told.strip())


@pytest.mark.usefixtures("no_network")
def test_a_card_of_a_variant_that_is_not_trained_is_refused(run, monkeypatch, desk, one_sentence):
    monkeypatch.setattr(checkpoints, "ROOT", desk / "folder")
    status, _, told = run("cards", "dim")
    assert status == 2
    assert "train it first" in one_sentence(told.strip())


def test_what_the_machine_does_not_allow_is_said(run, monkeypatch, desk, one_sentence):
    (desk / "out" / "result.png").mkdir(parents=True)
    status, _, told = run("denoise", "a.jpg", "--steps", 1)
    assert status == 1
    assert "out/result.png" in one_sentence(told.splitlines()[-1])
