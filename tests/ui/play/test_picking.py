"""Whatever file a user brings: a picture, or one sentence."""

import json
import shutil
from functools import partial

import numpy as np
import pytest
from PIL import Image

from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.images import draw
from lowlight_ddpm.images.gallery import Gallery
from lowlight_ddpm.images.synthetic.fruit import draw_fruit
from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.ui.play.picking import bring, find, offered, refresh, turn
from lowlight_ddpm.ui.session import Session

PICTURE = draw(3, 32)
GOOD = {
    "rgba.png": lambda path: PICTURE.convert("RGBA").save(path),
    "palette.gif": lambda path: PICTURE.convert("P").save(path),
    "cmyk.jpg": lambda path: PICTURE.convert("CMYK").save(path),
    "grey16.png": lambda path: Image.fromarray(np.full((32, 32), 40000, np.uint16)).save(path),
    "moving.gif": lambda path: PICTURE.save(path, save_all=True, append_images=[draw(4, 32)]),
    "turned.jpg": lambda path: PICTURE.save(path, exif=_rotated()),
}
BAD = {
    "empty.png": lambda path: path.write_bytes(b""),
    "text.png": lambda path: path.write_text("not a picture"),
    "point.png": lambda path: Image.new("RGB", (1, 1)).save(path),
    "cut.png": lambda path: _cut(path),
}


def _rotated():
    exif = Image.Exif()
    exif[274] = 6
    return exif


def _cut(path):
    draw(5, 128).save(path)
    path.write_bytes(path.read_bytes()[:400])


@pytest.fixture
def session():
    return Session(Gallery("drawn", [draw(0, 16)], ["drawn_0000"]))


@pytest.mark.parametrize("name", GOOD)
def test_pictures_of_every_kind_are_taken(name, session, tmp_path):
    GOOD[name](tmp_path / name)
    assert bring(session, str(tmp_path / name))[0] == str(tmp_path / name)
    assert session.picked.name == name
    assert session.picked.image.mode == "RGB"


@pytest.mark.parametrize("name", BAD)
def test_anything_else_is_taken_away_with_a_sentence(name, session, tmp_path):
    BAD[name](tmp_path / name)
    with pytest.warns(UserWarning, match=name):
        assert bring(session, str(tmp_path / name))[0] is None
    assert session.picked.name == "drawn_0000"


def test_removing_the_own_picture_goes_back_to_the_gallery(session, tmp_path):
    PICTURE.save(tmp_path / "mine.png")
    taken, gallery = bring(session, str(tmp_path / "mine.png"))
    assert gallery.selected_index is None, "no image of the gallery is framed"
    taken, gallery = bring(session, None)
    assert (taken, gallery.selected_index) == (None, 0)
    assert session.picked.name == "drawn_0000"


def test_a_dark_photograph_of_one_s_own_is_known(session, tmp_path):
    PICTURE.point(lambda value: value // 8).save(tmp_path / "dark.png")
    PICTURE.save(tmp_path / "mine.png")
    bring(session, str(tmp_path / "dark.png"))
    assert session.picked.exposure > 5
    bring(session, str(tmp_path / "mine.png"))
    assert session.picked.exposure == 1


def test_in_python_an_image_is_called_as_denoise_opens_it(session, tmp_path):
    assert session.picked.source == "drawn:0"
    PICTURE.save(tmp_path / "mine.png")
    bring(session, str(tmp_path / "mine.png"))
    assert session.picked.source == "mine.png"


def test_another_subject_s_first_picture_is_chosen_and_the_own_one_put_away(session, tmp_path):
    PICTURE.save(tmp_path / "mine.png")
    bring(session, str(tmp_path / "mine.png"))
    gallery, source, upload = turn(session, "fruit")
    assert (session.picked.name, upload) == ("fruit_0000", None)
    assert len(gallery.value) == 16
    assert "Fruit drawn by this project" in source
    turn(session, "drawn")
    assert session.picked.name == "drawn_0000"


def test_a_link_finds_any_drawn_picture(session):
    find(session, "fruit_10007")
    assert session.picked.name == "fruit_10007"
    assert session.picked.image.tobytes() == draw_fruit(10007).tobytes()
    with pytest.raises(Refusal, match="no picture"):
        find(session, "fruit_x")


def test_the_first_whole_record_says_what_to_offer_and_no_network_is_loaded(tiny_root, tmp_path, monkeypatch):
    for name in "abc":
        draw(0, 16).save(tmp_path / f"{name}.png")
    root = shutil.copytree(tiny_root, tmp_path / "checkpoints")
    (root / "bright" / checkpoints.RECORD).write_text("{")
    (root / "dim" / checkpoints.RECORD).write_text(json.dumps({"held_out": ["b.png"]}))
    monkeypatch.setattr(checkpoints, "record", partial(checkpoints.record, root=root))
    monkeypatch.setattr(checkpoints, "load", None)
    monkeypatch.setenv("LOWLIGHT_IMAGES", str(tmp_path))
    assert offered(patience=30).names == ["b.png"]


def test_better_pictures_replace_the_gallery_when_they_have_arrived(session):
    gallery, source = refresh(session)
    assert len(gallery.value) == 16
    assert "drawn by this project" in source
    assert session.gallery.names[15] == "drawn_0015"
