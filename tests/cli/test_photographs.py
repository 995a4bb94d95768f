"""The command that brightens: where results go, what is told, what is refused before anything is written."""

import numpy as np
import pytest
from PIL import Image
from skimage import data

DARK = (data.astronaut()[::8, ::8] * 0.12).round().astype(np.uint8)


@pytest.fixture
def photos(tmp_path):
    paths = [tmp_path / name for name in ("one.png", "two.jpg")]
    for path in paths:
        Image.fromarray(DARK).save(path)
    return paths


def test_several_photographs_go_to_a_folder_each_in_its_format(run, photos, tmp_path):
    status, said, _ = run("brighten", *photos, "--out", tmp_path / "light")
    assert status == 0
    assert sorted(path.name for path in (tmp_path / "light").iterdir()) == [
        "one-brightened.png",
        "two-brightened.jpg",
    ]
    assert said.splitlines()[0].startswith("one.png: Brightened from a mean luma of 0.0")
    assert said.splitlines()[1] == str(tmp_path / "light" / "one-brightened.png")


def test_one_goes_to_the_file_that_is_named(run, photos, tmp_path):
    assert run("brighten", photos[0], "--level", "dusk", "--out", tmp_path / "light.jpg")[0] == 0
    with Image.open(tmp_path / "light.jpg") as made:
        assert made.format == "JPEG"
        assert np.asarray(made).mean() / 255 == pytest.approx(0.25, abs=0.03)


def test_denoising_tells_its_time_first(run, photos, tmp_path):
    status, _, told = run("brighten", photos[0], "--denoise", "nlm", "--strength", 0.5, "--out", tmp_path)
    assert status == 0
    assert "0.0 megapixels by non-local means: about 0 s." in told


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["one.png", "--out", "one.png"], "not overwritten"),
        (["one.png", "two.jpg", "--out", "made.png"], "Several results"),
        (["one.png", "other/one.png"], "Several results"),
        (["one.png", "--out", "made.webp"], ".png or .jpg"),
        (["missing.png"], "is not there"),
        (["one.png", "--level", "night"], "“dusk”"),
        (["one.png", "--denoise", "bm3d"], "nlm"),
        (["one.png", "--strength", 2], "from 0 to 1"),
    ],
    ids=str,
)
def test_mistakes_are_refused_in_a_sentence_and_nothing_is_written(
    run, photos, tmp_path, monkeypatch, one_sentence, options, said
):
    monkeypatch.chdir(tmp_path)
    before = {path: path.read_bytes() for path in photos}
    status, _, told = run("brighten", *options)
    assert status == 2
    assert said in one_sentence(told.strip())
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
