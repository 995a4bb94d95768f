"""Several images in one call, images through pipes, JSON, and what a shell completes."""

import json
import sys
from io import BytesIO, TextIOWrapper

import pytest
from PIL import Image

from lowlight_ddpm import cli
from lowlight_ddpm.diffusion.samplers import SAMPLERS
from lowlight_ddpm.images import draw
from lowlight_ddpm.variants import VARIANTS

pytestmark = pytest.mark.usefixtures("tiny_checkpoints")
FILES = ["measures.json", "result.png", "steps.gif", "steps.png"]


@pytest.fixture
def photos(tmp_path, monkeypatch):
    """Three photographs, two of which have one name."""
    monkeypatch.chdir(tmp_path)
    for number, name in enumerate(("a.jpg", "b.jpg", "other/A.png")):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        draw(number, 64).save(tmp_path / name)
    return tmp_path


@pytest.fixture
def piped(monkeypatch):
    """Run a command with bytes on standard input; (status, bytes on standard output)."""

    def call(content, *arguments):
        out = TextIOWrapper(BytesIO(), encoding="utf-8")
        monkeypatch.setattr(sys, "argv", ["lowlight-ddpm", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(content)))
        monkeypatch.setattr(sys, "stdout", out)
        with pytest.raises(SystemExit) as stop:
            cli.main()
        out.flush()
        return stop.value.code or 0, out.buffer.getvalue()

    return call


def test_several_images_have_a_folder_each_and_every_run_is_that_of_its_image_alone(run, photos):
    options = "--steps", 2, "--seed", 3
    names = "a.jpg", "b.jpg", "other/A.png", "drawn:1"
    status, said, _ = run("denoise", *names, *options, "--out", "all")
    assert status == 0
    assert sorted(path.name for path in (photos / "all").iterdir()) == ["A-2", "a", "b", "drawn_1"]
    for name, folder in zip(names, ("a", "b", "A-2", "drawn_1"), strict=True):
        run("denoise", name, *options, "--out", "alone")
        for file in FILES:
            assert (photos / "alone" / file).read_bytes() == (photos / "all" / folder / file).read_bytes()
    assert [line.split(":")[0] for line in said.splitlines() if " of 255" in line][:2] == ["a.jpg", "b.jpg"]


def test_json_is_a_line_for_each_run_and_what_measures_json_holds(run, photos):
    _, said, _ = run("denoise", "a.jpg", "b.jpg", "--steps", 2, "--json")
    lines = [json.loads(line) for line in said.splitlines()]
    assert lines == [json.loads((photos / "out" / name / "measures.json").read_text()) for name in "ab"]
    _, said, _ = run("generate", "--count", 2, "--steps", 2, "--json")
    assert json.loads(said) == json.loads((photos / "out" / "measures.json").read_text())


def test_a_picture_goes_through_pipes_from_command_to_command(run, piped, photos):
    run("denoise", "a.jpg", "--steps", 2)
    (photos / "kept").mkdir()
    before = sorted(photos.rglob("*"))
    status, png = piped((photos / "a.jpg").read_bytes(), "denoise", "-", "--steps", 2, "--out", "-")
    assert (status, png) == (0, (photos / "out" / "result.png").read_bytes())
    assert sorted(photos.rglob("*")) == before
    status, said = piped(png, "measure", "out/result.png", "-", "--json")
    assert json.loads(said)["mse"] == 0
    status, png = piped(b"", "generate", "--count", 2, "--steps", 2, "--out", "-")
    assert Image.open(BytesIO(png)).size == (20 + 4, 2 * 20 + 4)


def test_what_was_piped_is_on_record_as_its_file_would_be(piped, photos):
    content = (photos / "a.jpg").read_bytes()
    _, through = piped(content, "denoise", "-", "--steps", 1, "--json")
    _, named = piped(b"", "denoise", "a.jpg", "--steps", 1, "--json")
    picture, other = (json.loads(said)["picture"] for said in (through, named))
    assert (picture.pop("name"), other.pop("name")) == ("stdin", "a.jpg")
    assert picture == other


def test_who_asks_for_quiet_has_the_files_alone(run, photos):
    Image.open("a.jpg").resize((300, 64)).save("long.png")
    for arguments in (["denoise", "long.png"], ["denoise", "long.png", "--whole"], ["generate"]):
        assert run(*arguments, "--steps", 1, "--quiet", "--out", "quiet") == (0, "", "")
    assert sorted(path.name for path in (photos / "quiet").iterdir()) == FILES
    assert json.loads(run("denoise", "long.png", "--steps", 1, "-q", "--json")[1])["count"] == 1


def test_a_bar_is_drawn_on_a_terminal_alone(run, photos, monkeypatch):
    assert "step" not in run("denoise", "a.jpg", "--steps", 2)[2]
    seen = TextIOWrapper(BytesIO(), encoding="utf-8", write_through=True)
    seen.isatty = lambda: True
    monkeypatch.setattr(sys, "stderr", seen)
    run("denoise", "a.jpg", "--steps", 2)
    assert "2/2" in seen.buffer.getvalue().decode()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("denoise --variant dim-deep-", [name for name in VARIANTS if name.startswith("dim-deep-")]),
        ("train bri", ["bright", "bright-groups1", "bright-deep"]),
        ("cards fruit", ["fruit-bright", "fruit-dim"]),
        ("generate --sampler ", list(SAMPLERS)),
        ("generate --light", []),
        ("den", ["denoise"]),
    ],
)
def test_a_shell_completes_commands_variants_and_choices(run, monkeypatch, words, expected):
    monkeypatch.setenv("_LOWLIGHT_DDPM_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", f"lowlight-ddpm {words}")
    monkeypatch.setenv("COMP_CWORD", str(1 + words.count(" ")))
    status, said, told = run()
    assert (status, told) == (0, "")
    assert said.split() == expected


def test_the_script_for_a_shell_is_that_of_the_installed_command(run, monkeypatch):
    monkeypatch.setenv("_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION", "1")
    status, said, _ = run("--show-completion", "bash")
    assert status == 0
    assert "_LOWLIGHT_DDPM_COMPLETE=complete_bash" in said


@pytest.mark.parametrize("command", ["denoise", "generate"])
def test_choices_are_shown_as_choices(run, monkeypatch, command):
    monkeypatch.setenv("COLUMNS", "200")
    said = run(command, "-h")[1]
    assert "|".join(SAMPLERS) in said
    assert "fixed_small|fixed_small_log|fixed_large|fixed_large_log" in said
    assert "torch|onnx" in said
