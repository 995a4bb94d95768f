"""What a command says of the images that it is given: how many there are, and what is left out."""

from PIL import Image

from lowlight_ddpm.images import open_source
from lowlight_ddpm.models import checkpoints


def test_a_command_prints_how_many_images_it_found_and_what_it_left_out(run, tmp_path):
    for name in ("a.png", "._a.png"):
        Image.new("RGB", (16, 16)).save(tmp_path / name, format="PNG")
    status, said, told = run("train", "dim", "--images", tmp_path)
    assert (status, said) == (2, "")
    found, refusal = told.splitlines()
    assert found == f"Found 1 image in “{tmp_path.name}”; left out 1: ._a.png (a Mac's resource file)."
    assert refusal.startswith("Training needs at least 32")


def test_a_line_is_printed_once_however_often_a_source_is_opened(run, tmp_path, monkeypatch):
    Image.new("RGB", (16, 16)).save(tmp_path / "a.png")
    monkeypatch.setattr(checkpoints, "available", lambda: [open_source(str(tmp_path)) for _ in "ab"] and [])
    status, _, told = run("variants")
    assert (status, told) == (0, f"Found 1 image in “{tmp_path.name}”.\n")


def test_a_path_may_begin_with_a_tilde(run, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    Image.new("RGB", (16, 16)).save(tmp_path / "a.png")
    status, said, _ = run("measure", "~/a.png", "~/a.png", "--json")
    assert (status, said[0]) == (0, "{")


def test_only_the_main_process_of_a_launch_speaks(run, tmp_path, monkeypatch):
    monkeypatch.setenv("RANK", "1")
    Image.new("RGB", (16, 16)).save(tmp_path / "._a.png")
    assert run("specimens", tmp_path, tmp_path / "out") == (2, "", "")
