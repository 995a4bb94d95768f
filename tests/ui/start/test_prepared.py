"""The images that the tab Start shows at once: whose they are, their colours and sizes, how they are sent."""

import hashlib
import json
import shutil

import numpy as np
import pytest
import torch
from fastapi import HTTPException
from PIL import Image, features

from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.paths import REPOSITORY
from lowlight_ddpm.study import growth
from lowlight_ddpm.ui.start import prepared, sheets
from tests.helpers.grown import grow

RECORD = prepared.record()
MOVING = [name for name in RECORD if "frames" in RECORD[name]]
needs_avif = pytest.mark.skipif(not features.check("avif"), reason="this Pillow decodes no AVIF")


def size(of, names):
    return sum((prepared.FOLDER / RECORD[name][of]).stat().st_size for name in names)


def test_the_committed_images_are_by_the_committed_networks():
    for name, known in RECORD.items():
        for variant, sha in known["weights"].items():
            record = REPOSITORY / "checkpoints" / variant / checkpoints.RECORD
            assert json.loads(record.read_text())["weights_sha256"] == sha, (name, "run: make sheets")


def test_images_by_other_networks_are_known_as_such(monkeypatch):
    sha = dict(RECORD["dim"]["weights"])
    monkeypatch.setattr(checkpoints, "record", lambda name: {"weights_sha256": sha[name]})
    assert prepared.current("dim")
    monkeypatch.setattr(checkpoints, "record", lambda name: {"weights_sha256": "another"})
    assert not prepared.current("dim")
    assert not prepared.current("no such image")


def test_a_file_is_named_by_its_bytes_and_nothing_else_lies_there():
    named = {known[of] for known in RECORD.values() for of in ("file", "frames") if of in known}
    assert {file.name for file in prepared.FOLDER.iterdir()} == named | {prepared.RECORD}
    for file in named:
        assert hashlib.sha256((prepared.FOLDER / file).read_bytes()).hexdigest()[:12] in file


def test_they_are_small_enough_for_a_slow_line():
    assert sorted(MOVING) == sorted(sheets.MOVING)
    assert size("file", MOVING) <= 460_000
    assert size("frames", MOVING) <= 2_500_000
    assert size("file", set(RECORD) - set(MOVING)) <= 700_000


@needs_avif
@pytest.mark.parametrize("name", MOVING)
def test_no_frame_s_colour_is_off_by_more_than_1_of_255(name):
    with Image.open(prepared.FOLDER / RECORD[name]["frames"]) as joined:
        frames = list(sheets.cut(joined.convert("RGB")))
    assert len(frames) == len(RECORD[name]["means"]) == len(RECORD[name]["steps"]) <= 16
    for frame, means in zip(frames, RECORD[name]["means"], strict=True):
        np.testing.assert_allclose(sheets.channel_means(frame), means, atol=1)
    with Image.open(prepared.FOLDER / RECORD[name]["file"]) as last:
        assert last.size == frames[-1].size
        np.testing.assert_allclose(
            sheets.channel_means(last.convert("RGB")), RECORD[name]["means"][-1], atol=0.01
        )


@needs_avif
def test_frames_come_apart_as_they_were_joined():
    colours = np.random.default_rng(0).integers(0, 255, (sheets.FRAMES, 3), dtype=np.uint8)
    frames = [Image.new("RGB", (24, 16), tuple(map(int, colour))) for colour in colours]
    cut = list(sheets.cut(sheets.atlas(frames)))
    assert [frame.getpixel((3, 3)) for frame in cut] == [tuple(colour) for colour in colours.tolist()]
    data, kind = sheets._encoded(sheets.atlas(frames), "avif", sheets.QUALITY)
    assert kind == "avif"
    assert b"avif" in data[:32]


def test_a_background_s_error_is_that_of_results(monkeypatch, tmp_path):
    monkeypatch.setattr(sheets, "RESULTS", tmp_path)  # no training set is described: white is the aim
    x = torch.full((2, 3, 64, 64), 0.0)  # white at half brightness
    x[1, 0] -= 0.1  # 12.75 of 255 less red, twice that at full brightness
    errors = sheets.background_errors(x, "dim")
    assert errors == pytest.approx([0, 25.5 / 3**0.5], abs=0.1)


@needs_avif
def test_the_command_writes_every_image_its_record_and_nothing_else(monkeypatch, tmp_path, checkpoint_root):
    root = shutil.copytree(checkpoint_root, tmp_path / "checkpoints")
    grow(root / "dim")
    x0, x_t = (torch.rand(sheets.STEPS, count, 3, 16, 16) * 2 - 1 for count in (sheets.COUNT, 1))
    monkeypatch.setattr(sheets, "milestones", lambda: growth.milestones(root))
    monkeypatch.setattr(sheets, "RESULTS", tmp_path)  # nothing is measured: no pair misleads
    monkeypatch.setattr(sheets, "sample", lambda settings: sheets.Sampled(x0, x_t))
    (tmp_path / "prepared").mkdir()
    (tmp_path / "prepared" / "of-old.png").touch()
    sheets.make(tmp_path / "prepared")
    record = json.loads((tmp_path / "prepared" / prepared.RECORD).read_text(encoding="utf-8"))
    assert {"bright", "dim", "corrected", "growing", "epochs", "full", "halved"} <= record.keys()
    assert {file.name for file in (tmp_path / "prepared").iterdir()} == {
        prepared.RECORD,
        *(one[of] for one in record.values() for of in ("file", "frames") if of in one),
    }
    assert record["epochs"]["size"][1] == 2 * 64 + sheets.GAP, "two noises"


def test_only_what_the_record_names_is_served():
    answer = prepared.serve(RECORD["dim"]["file"])
    assert "immutable" in answer.headers["Cache-Control"]
    for name in ("record.json", "../styles/page.css", "dim.png"):
        with pytest.raises(HTTPException):
            prepared.serve(name)
