"""The zip that a user takes home."""

import hashlib
import json
import sys
from io import BytesIO
from zipfile import ZipFile

import gradio as gr
import pytest
from PIL import Image

from lowlight_ddpm import cli
from lowlight_ddpm.diffusion.settings import run_settings
from lowlight_ddpm.images import draw
from lowlight_ddpm.images.gallery import drawn_gallery
from lowlight_ddpm.images.photometry import to_image
from lowlight_ddpm.ui.play.results import pack, packed
from lowlight_ddpm.ui.session import Picked, Session, Watched


def finished_run(picked, **values):
    watched = Watched(run_settings(**{"steps": 3, "seed": 5} | values), picked)
    list(watched.walk())
    return watched


@pytest.fixture
def upload(tmp_path):
    """A photograph with all that makes reading hard: another shape, turned by its EXIF, lossy."""
    exif = Image.Exif()
    exif[274] = 6
    draw(3, 150).resize((150, 110)).save(tmp_path / "Mine.JPG", exif=exif)
    return Picked.of_file(tmp_path / "Mine.JPG")


@pytest.fixture
def again(monkeypatch, tmp_path, capsys):
    """A function from the bytes of a zip to the result.png that the command line makes of them."""

    def reproduce(content, command, *arguments):
        with ZipFile(BytesIO(content)) as zipped:
            zipped.extractall(tmp_path / "zip")
        given = [tmp_path / "zip" / name for name in arguments]
        words = [command, *given, "--settings", tmp_path / "zip" / "run.json", "--out", tmp_path / "again"]
        monkeypatch.setattr(sys, "argv", ["lowlight_ddpm", *map(str, words)])
        with pytest.raises(SystemExit) as end:
            cli.main()
        assert not end.value.code
        return (tmp_path / "again" / "result.png").read_bytes()

    return reproduce


def tagged(files):
    """The images that say they are sRGB."""
    pngs = {name: Image.open(BytesIO(data)) for name, data in files.items() if name.endswith(".png")}
    return {name for name, picture in pngs.items() if picture.info.get("srgb") == 0}


def contents(content):
    with ZipFile(BytesIO(content)) as zipped:
        return {name: zipped.read(name) for name in zipped.namelist()}


def test_it_holds_pictures_settings_measures_and_the_input(finished):
    files = contents(packed(finished))
    assert set(files) == {"result.png", "steps.png", "steps.gif", "run.json", "input.png"}
    report = json.loads(files["run.json"])
    assert report["settings"] == finished.run.settings.model_dump()
    assert report["measures"]["mse"] > 0
    assert report["in_words"].endswith(".")
    assert len(report["weights_sha256"]) == 64
    assert report["versions"]["torch"]
    with Image.open(BytesIO(files["result.png"])) as result:
        assert result.tobytes() == to_image(finished.run.x0[0]).tobytes()
    assert tagged(files) == {"result.png", "steps.png", "input.png"}


def test_the_picture_is_named_with_its_sha256_and_an_upload_comes_as_it_was(upload):
    files = contents(packed(finished_run(upload)))
    assert files["input.jpg"] == upload.file.read_bytes()
    picture = json.loads(files["run.json"])["picture"]
    assert picture["name"] == "Mine.JPG"
    assert picture["sha256"] == hashlib.sha256(files["input.jpg"]).hexdigest() == upload.sha256


def test_an_upload_that_was_cleared_away_is_replaced_by_its_pixels(upload):
    upload.file.unlink()
    files = contents(packed(finished_run(upload)))
    with Image.open(BytesIO(files["input.png"])) as picture:
        assert picture.tobytes() == upload.image.tobytes()
    assert (
        json.loads(files["run.json"])["picture"]["sha256"] == hashlib.sha256(files["input.png"]).hexdigest()
    )


def test_the_command_line_makes_the_result_of_a_picked_picture_again_bit_for_bit(again):
    content = packed(finished_run(Picked("drawn_0004", draw(4)), start=250, clip_to_data=True))
    assert again(content, "denoise", "input.png") == contents(content)["result.png"]


def test_the_command_line_makes_the_result_of_an_upload_again_bit_for_bit(again, upload):
    content = packed(finished_run(upload, variance_type="fixed_large"))
    assert again(content, "denoise", "input.jpg") == contents(content)["result.png"]


def test_the_command_line_makes_a_sample_again_bit_for_bit(again):
    content = packed(finished_run(Picked("unused", draw(0)), mode="generate", leak_start=True))
    assert set(contents(content)) == {"result.png", "steps.png", "steps.gif", "run.json"}
    assert again(content, "generate") == contents(content)["result.png"]


def test_the_same_run_gives_one_file_in_the_cache_and_no_run_a_sentence(finished, tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    session = Session(drawn_gallery(), finished=finished)
    assert pack(session) == pack(session)
    assert len(list(tmp_path.rglob("*.zip"))) == 1
    with pytest.raises(gr.Error, match="press Run first"):
        pack(Session(drawn_gallery()))
