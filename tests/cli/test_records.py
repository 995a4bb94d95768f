"""A result says what it was made from, and its record makes it again."""

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from lowlight_ddpm import api
from lowlight_ddpm.diffusion.settings import EARLIER_NAMES
from lowlight_ddpm.images import draw
from lowlight_ddpm.models import checkpoints

pytestmark = pytest.mark.usefixtures("tiny_checkpoints")


@pytest.fixture
def photo(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    draw(0, 100).save("photo.jpg")
    draw(1, 100).save("other.jpg")
    return tmp_path / "photo.jpg"


def report(folder="out"):
    return json.loads(Path(folder, "measures.json").read_text())


def amend(**changes):
    """The record of out/, with some of its fields changed or, where None, left out."""
    fields = {name: value for name, value in (report() | changes).items() if value is not None}
    Path("record.json").write_text(json.dumps(fields))
    return "record.json"


def same(*folders):
    """Whether two results, and all that is said of them, are the same bytes."""
    names = "result.png", "steps.png", "steps.gif", "measures.json"
    first, second = ([Path(folder, name).read_bytes() for name in names] for folder in folders)
    return first == second


def test_a_result_says_what_it_was_made_from(run, photo, checkpoint_root):
    run("denoise", photo, "--steps", 2, "--seed", 7)
    made, weights = report(), checkpoint_root / "dim" / checkpoints.WEIGHTS
    assert (made["count"], made["seeds"]) == (1, [7])
    picture = made["picture"]
    assert picture["name"] == "photo.jpg"
    assert picture["sha256"] == hashlib.sha256(photo.read_bytes()).hexdigest()
    assert made["weights_sha256"] == hashlib.sha256(weights.read_bytes()).hexdigest()
    assert made["versions"].keys() == {"lowlight_ddpm", "python", "torch", "diffusers"}
    pixels = api.denoise(str(photo), variant=checkpoints.load("dim")).pixels
    assert picture["pixels_sha256"] == hashlib.sha256(pixels.numpy().tobytes()).hexdigest()


def test_from_python_too(photo):
    network = checkpoints.load("dim")
    named = api.denoise(photo, network, steps=1).provenance["picture"]
    assert named["sha256"] == hashlib.sha256(photo.read_bytes()).hexdigest()
    drawn = api.denoise("drawn:3", network, steps=1).provenance["picture"]
    given = api.denoise(draw(3), network, steps=1).provenance["picture"]
    assert drawn == {"name": "drawn:3", **given}
    assert given.keys() == {"pixels_sha256"}
    assert api.generate(3, network, steps=1, seed=2**32 - 2).provenance["seeds"] == [2**32 - 2, 2**32 - 1, 0]


def test_nothing_is_hashed_twice(run, photo, monkeypatch):
    run("denoise", photo, "--steps", 1)  # the network is loaded by now, and compared with its digest
    hashed, digest = [], hashlib.file_digest

    def file_digest(file, how):
        hashed.append(file.name)
        return digest(file, how)

    monkeypatch.setattr(hashlib, "file_digest", file_digest)
    monkeypatch.setattr(checkpoints, "_sha256", lambda path: pytest.fail("the weights are hashed again"))
    run("denoise", photo, "--steps", 1)
    assert hashed == [str(photo)]


def test_a_batch_on_record_is_made_again_byte_for_byte(run, photo):
    options = "--count", 5, "--steps", 3, "--seed", 4, "--leak-start"
    run("generate", *options, "--out", "first")
    made = report("first")
    assert (made["count"], made["seeds"], made["picture"]) == (5, [4, 5, 6, 7, 8], None)
    status, _, told = run("generate", "--settings", "first/measures.json", "--out", "second")
    assert (status, told) == (0, "")
    assert same("first", "second")


def test_an_option_that_is_given_beats_the_record(run, photo, monkeypatch):
    run("generate", "--count", 2, "--steps", 3, "--seed", 4, "--sampler", "ddim")
    # Also one that is given as it is by default, and one that the record has under an earlier name.
    options = "--steps", 50, "--seed", 5, "--count", 1
    run("generate", "--settings", "out/measures.json", *options, "--out", "again")
    expected = report()["settings"] | {"steps": 50, "seed": 5}
    assert (report("again")["settings"], report("again")["count"]) == (expected, 1)
    monkeypatch.setitem(EARLIER_NAMES, "calls", "steps")
    settings = {"calls" if name == "steps" else name: value for name, value in report()["settings"].items()}
    for given, steps in ([], 3), (["--steps", 2], 2):
        run("generate", "--settings", amend(settings=settings), *given, "--out", "again")
        assert report("again")["settings"]["steps"] == steps


def test_a_record_of_another_picture_or_other_weights_is_run_and_told(run, photo, one_sentence):
    run("denoise", photo, "--steps", 2)
    for arguments in ([photo], [photo, "--threads", 1]):
        assert run("denoise", *arguments, "--settings", "out/measures.json", "--out", "again")[2] == ""
    status, _, told = run("denoise", "other.jpg", "--settings", "out/measures.json", "--out", "again")
    assert status == 0
    assert "another picture than that of measures.json, photo.jpg" in one_sentence(told.strip())
    record = amend(weights_sha256="0" * 64)
    status, _, told = run("denoise", photo, "--settings", record, "--out", "again")
    assert status == 0
    assert "weights of dim are not those of record.json" in one_sentence(told.strip())
    assert run("denoise", "other.jpg", "--settings", record, "--out", "again", "-q") == (0, "", "")
    run("generate", "--count", 1, "--steps", 1)
    assert "weights of dim" in run("generate", "--settings", amend(weights_sha256="0" * 64))[2]


def test_a_picture_is_the_same_by_its_file_or_by_its_pixels(run, photo):
    run("denoise", photo, "--steps", 2)
    shutil.copy(photo, "copy.jpg")
    Path("longer.jpg").write_bytes(photo.read_bytes() + b"some more")
    for name in ("copy.jpg", "longer.jpg"):
        assert run("denoise", name, "--settings", "out/measures.json", "--out", "again")[2] == ""
    whole = run("denoise", photo, "--whole", "--settings", "out/measures.json", "--out", "again")
    assert "another picture" not in whole[2]


@pytest.mark.parametrize(
    "lacking",
    [
        {"count": None, "seeds": None, "picture": None, "weights_sha256": None},
        {"picture": {}},
        {"picture": {"name": "photo.jpg", "file": "input.jpg"}},
        {"picture": "photo.jpg"},
    ],
)
def test_a_record_that_says_less_is_run_in_silence(run, photo, lacking):
    run("denoise", photo, "--steps", 2)
    status, _, told = run("denoise", "other.jpg", "--settings", amend(**lacking), "--out", "again")
    assert (status, told) == (0, "")


def test_a_batch_of_an_earlier_version_is_one_picture(run, photo):
    run("generate", "--count", 3, "--steps", 1)
    run("generate", "--settings", amend(count=None), "--out", "again")
    assert report("again")["count"] == 1


def test_a_batch_is_made_again_from_the_record_of_one_of_it(run, photo):
    run("denoise", photo, "other.jpg", "--steps", 2)
    settings = "--settings", "out/photo/measures.json"
    status, _, told = run("denoise", photo, "other.jpg", *settings, "--out", "again")
    assert (status, told) == (0, "")
    assert same("out/photo", "again/photo")
    assert same("out/other", "again/other")
    draw(2, 100).save("other.jpg")
    assert "another picture" in run("denoise", photo, "other.jpg", *settings, "--out", "again")[2]


def test_results_are_not_put_into_a_folder_called_like_a_picture(run, photo):
    status, _, told = run("denoise", photo, "--steps", 1, "--out", "light.png")
    assert status == 2
    assert "name a folder" in told
    assert not Path("light.png").exists()


@pytest.mark.usefixtures("table")
def test_a_page_s_record_is_run_again_where_its_network_is_named(run, photo, checkpoint_root, monkeypatch):
    """The page calls what LOWLIGHT_NETWORKS names by the last part, and its records tell no path."""
    folder = shutil.copytree(checkpoint_root / "dim", "nets/mine")
    status, _, _ = run("generate", "--variant", folder, "--count", 1, "--steps", 1)
    assert status == 0
    served = report()["settings"] | {"variant": "mine"}
    record = amend(settings=served)
    status, _, said = run("generate", "--settings", record, "--out", "again")
    assert status == 2
    assert "of the network “mine”" in said
    assert "--variant" in said
    for options in (["--variant", folder], []):
        assert run("generate", "--settings", record, *options, "--out", "again")[0] == 0
        assert report()["x0_means"] == report("again")["x0_means"]
        monkeypatch.setenv("LOWLIGHT_NETWORKS", str(folder))
    assert report("again")["settings"]["variant"] == "mine"
    assert api.generate(1, "mine", steps=1).settings.variant == "mine"


@pytest.mark.parametrize(
    "command",
    [
        ["evaluate", "nets/mine"],
        ["publish", "nets/mine", "--models", "me"],
        ["cards", "nets/mine"],
        ["train", "nets/mine", "--images", "drawn:40"],
        ["baselines", "nets/mine", "--images", "drawn:40"],
    ],
)
def test_a_command_that_keeps_results_by_name_says_what_to_do_with_a_path(run, command):
    status, _, said = run(*command)
    assert status == 2
    assert "names of variants: give the name of its row" in said
    assert said.strip().count("\n") == 0
