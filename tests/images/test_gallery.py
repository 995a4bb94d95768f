"""Pictures to choose from, with and without a source, and without ever waiting for one."""

import socket
import threading

import datasets
import pytest
from PIL import Image

from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.images import draw, gallery, sources


@pytest.fixture(autouse=True)
def _no_source(monkeypatch):
    monkeypatch.delenv("LOWLIGHT_IMAGES", raising=False)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    gallery._opening.cache_clear()


def folder_of(path, names):
    for shade, name in enumerate(names):
        Image.new("RGB", (16, 16), (shade, 0, 0)).save(path / name)
    return str(path)


def test_offline_without_a_source_it_shows_drawn_butterflies():
    shown = gallery.gallery()
    assert len(shown.pictures) == len(shown.names) == 16
    assert shown.pictures[3].tobytes() == draw(3).tobytes()
    assert "drawn by this project" in shown.label


def test_a_folder_gives_its_first_sixteen(monkeypatch, tmp_path):
    names = [f"{number:02d}.png" for number in range(20)]
    monkeypatch.setenv("LOWLIGHT_IMAGES", folder_of(tmp_path, names))
    shown = gallery.gallery(patience=30)
    assert shown.names == names[:16]
    assert shown.label == f"Pictures from {tmp_path.name}."


def test_held_out_pictures_come_first_where_the_folder_has_them(monkeypatch, tmp_path):
    monkeypatch.setenv("LOWLIGHT_IMAGES", folder_of(tmp_path, ["a.png", "b.png", "c.png"]))
    assert gallery.gallery(("c.png", "elsewhere.png"), patience=30).names == ["c.png"]


def test_a_missing_folder_is_said_and_replaced(monkeypatch):
    monkeypatch.setenv("LOWLIGHT_IMAGES", "/no/such/folder")
    shown = gallery.gallery(patience=30)
    assert len(shown.pictures) == 16
    assert "There is no folder “/no/such/folder”" in shown.label


def test_a_damaged_picture_is_said_and_replaced(monkeypatch, tmp_path):
    (tmp_path / "text.png").write_text("not a picture")
    monkeypatch.setenv("LOWLIGHT_IMAGES", str(tmp_path))
    shown = gallery.gallery(patience=30)
    assert len(shown.pictures) == 16
    assert "text.png" in shown.label


@pytest.mark.parametrize("error", [Refusal("The set is not within reach."), RuntimeError("reset by peer")])
def test_a_hub_that_fails_is_said_and_replaced(monkeypatch, error):
    def fail(spec):
        raise error

    monkeypatch.delenv("HF_HUB_OFFLINE")
    monkeypatch.setattr(gallery, "open_source", fail)
    monkeypatch.setattr(gallery, "drawn_gallery", lambda reason: reason)
    assert str(error).rstrip(".") in gallery.gallery(patience=30)


def test_a_machine_without_internet_is_told_so_at_once(monkeypatch):
    def lookup(*_):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.delenv("HF_HUB_OFFLINE")
    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    monkeypatch.setattr(sources, "getproxies", dict)
    monkeypatch.setattr(datasets, "load_dataset", None)
    shown = gallery.gallery(patience=30)
    assert len(shown.pictures) == 16
    assert "cannot be reached" in shown.label


def test_a_slow_hub_is_not_waited_for_and_shown_later(monkeypatch):
    answered = threading.Event()
    monkeypatch.delenv("HF_HUB_OFFLINE")
    opened = gallery.open_source("drawn:1:7")

    def slow(spec):
        answered.wait(30)
        return opened

    monkeypatch.setattr(gallery, "drawn_gallery", lambda reason: reason)
    monkeypatch.setattr(gallery, "open_source", slow)
    assert gallery.gallery(patience=0).endswith("has not answered yet, so these are shown meanwhile")
    answered.set()
    assert gallery.gallery(patience=30).names == ["drawn_0007"]


def test_what_has_failed_is_asked_for_again(monkeypatch):
    answers = iter([Refusal("The set is not within reach."), gallery.open_source("drawn:1:7")])

    def open_source(spec):
        answer = next(answers)
        if isinstance(answer, Refusal):
            raise answer
        return answer

    monkeypatch.delenv("HF_HUB_OFFLINE")
    monkeypatch.setattr(gallery, "drawn_gallery", lambda reason: reason)
    monkeypatch.setattr(gallery, "open_source", open_source)
    assert gallery.gallery(patience=30) == "The set is not within reach"
    assert gallery.gallery(patience=30).names == ["drawn_0007"]
