"""The tab Dark photograph without a browser: what it shows, makes, refuses and keeps."""

import asyncio
import time
from base64 import b64decode
from contextvars import ContextVar
from pathlib import Path
from threading import Event

import gradio as gr
import numpy as np
import pytest
from gradio.context import LocalContext
from PIL import Image
from skimage import data

from lowlight_ddpm import brighten
from lowlight_ddpm.images.gallery import Gallery
from lowlight_ddpm.photographs import denoising
from lowlight_ddpm.ui import interface
from lowlight_ddpm.ui.photographs import shots, tab, views, whole
from lowlight_ddpm.ui.photographs.shots import Settings, Shot
from lowlight_ddpm.ui.play import visit
from lowlight_ddpm.ui.session import Picked, Session

BRIGHT = data.astronaut()[:300, :400]
DARK = (BRIGHT * 0.12).round().astype(np.uint8)


@pytest.fixture(autouse=True)
def _nothing_is_open():
    shots._read.cache_clear()


@pytest.fixture(scope="module")
def page_built():
    """The page, not served."""
    return interface.build()


@pytest.fixture
def shot(tmp_path):
    """A dark photograph that was uploaded."""
    Image.fromarray(DARK).save(tmp_path / "night.png")
    return Shot(tmp_path / "night.png", "night.png")


def pixels(file):
    return np.asarray(Image.open(file))


def shown_at(value, copy, level, balance=False):
    """What the browser makes of the copy by the tables that were sent."""
    levels = len(value["words"]) // 2
    tables = np.frombuffer(b64decode(value["tables"]), np.uint8).reshape(2, levels, 3, 256)
    chosen = tables[int(balance), level - value["first"]]
    return np.stack([chosen[channel][copy[..., channel]] for channel in range(3)], axis=-1)


@pytest.mark.parametrize("balance", [False, True])
@pytest.mark.parametrize("level", [25, 42, 80])
def test_what_the_browser_shows_is_what_the_core_makes(shot, level, balance):
    value = views.development(shot.photograph, "night.png")
    copy = pixels(value["copy"]["path"])
    assert (copy == DARK).all(), "a small photograph's copy is itself"
    made = brighten(shot.path, level / 100, white_balance=balance)
    seen = shown_at(value, copy, level, balance)
    assert np.abs(seen.astype(int) - np.asarray(made.image)).max() <= 2
    place = level - value["first"] + (len(value["words"]) // 2 if balance else 0)
    assert value["words"][place] == made.in_words


def test_of_a_large_photograph_the_copy_is_small_and_its_tones_are_the_whole_one_s(tmp_path):
    large = Image.fromarray(DARK).resize((2400, 1800))
    large.save(tmp_path / "large.png")
    photograph = Shot(tmp_path / "large.png", "large.png").photograph
    value = views.development(photograph, "large.png")
    copy = pixels(value["copy"]["path"])
    assert copy.shape == (1200, 1600, 3)
    assert value["size"] == [2400, 1800]
    seen, made = shown_at(value, copy, 42), brighten(tmp_path / "large.png", 0.42).image
    assert np.abs(seen.mean((0, 1)) - np.asarray(made).mean((0, 1))).max() <= 2


@pytest.mark.parametrize(
    "pixels", [BRIGHT, np.full_like(BRIGHT, 255), np.zeros_like(BRIGHT)], ids=["bright", "white", "black"]
)
def test_the_levels_of_any_photograph_begin_where_it_is(tmp_path, pixels):
    Image.fromarray(pixels).save(tmp_path / "any.png")
    _, value, level, *_ = tab.bring((str(tmp_path / "any.png"), "any.png"))
    assert 1 <= value["first"] < views.LAST
    assert level.minimum == value["first"] / 100 <= level.value
    assert (shown_at(value, pixels, value["first"]) == pixels).all()
    assert value["words"][0].startswith("Left as it is")


def test_the_loupe_has_the_core_s_own_pixels(shot, decoded):
    shot.place = 0.5, 0.5
    seen = tab.look(shot, 0.42, False, "nlm")
    whole_one = brighten(shot.path, 0.42, denoise="nlm")
    inner = np.s_[22:278, 72:328]
    assert seen["side"] == (256, 256)
    assert (decoded(seen["before"]) == DARK[inner]).all()
    assert (decoded(seen["brightened"]) == np.asarray(brighten(shot.path, 0.42).image)[inner]).all()
    off = decoded(seen["denoised"]).astype(int) - np.asarray(whole_one.image)[inner]
    assert np.abs(off).max() <= 2
    assert "denoised" not in tab.look(shot, 0.42, False, "none")


@pytest.mark.parametrize("place", [(0, 0), (1, 1), (0.5, 0)])
def test_the_loupe_stays_within_the_photograph(shot, place, decoded):
    shot.place = place
    assert tab.look(shot, 0.42, False, "nlm")["side"] == (256, 256)


def test_a_loupe_on_a_small_photograph_shows_all_of_it(tmp_path, decoded):
    Image.fromarray(DARK[:40, :60]).save(tmp_path / "small.png")
    shot = Shot(tmp_path / "small.png", "small.png", (0.9, 0.1))
    seen = tab.look(shot, 0.42, False, "nlm")
    assert seen["side"] == (60, 40)
    assert decoded(seen["denoised"]).shape == (40, 60, 3)


def test_without_a_loupe_nothing_is_looked_at(shot):
    assert tab.look(shot, 0.42, False, "nlm") == gr.skip()
    assert tab.look(None, 0.42, False, "nlm") == gr.skip()


@pytest.mark.parametrize("kind", whole.KINDS)
def test_the_whole_photograph_is_what_the_core_makes(shot, kind):
    order, *_ = whole.begin(shot, kind, 0.42, True, "tv", 0.5)
    states = list(whole.stream(order))
    assert "100% done: the file is written now" in states[-1]
    _, _, status, download, made = whole.conclude(order)
    assert "Denoised by total variation, 50% of it" in status
    assert (
        Path(download.value["path"] if isinstance(download.value, dict) else download.value).name
        == f"night-brightened{whole.KINDS[kind]}"
    )
    core = np.asarray(brighten(shot.path, 0.42, denoise="tv", strength=0.5, white_balance=True).image)
    tolerance = 0 if kind == "PNG" else 3
    assert np.abs(pixels(order.file).astype(float) - core).mean() <= tolerance
    assert (pixels(made["copy"]["path"]) == core).all()
    assert made["level"] == 0.42
    assert made["denoise"] == "tv"


def test_stop_ends_it_within_a_second_and_leaves_nothing(shot, monkeypatch):
    go_on = Event()

    def stuck(image, strength):
        go_on.wait(60)
        return image

    monkeypatch.setattr(denoising, "BAND", 1)
    monkeypatch.setattr(denoising.Denoiser, "filter", property(lambda _: stuck), raising=False)
    monkeypatch.setattr("lowlight_ddpm.photographs.photograph.strength_for", lambda *_: 0.1)
    order, *_ = whole.begin(shot, "PNG", 0.42, False, "nlm", 1.0)
    states = whole.stream(order)
    next(states)
    whole.halt(order)
    since = time.monotonic()
    assert list(states) == []
    assert time.monotonic() - since < 1
    go_on.set()
    assert order.file is None
    make, stop, status, download, made = whole.conclude(order)
    assert (make.interactive, stop.interactive, download.visible, made) == (True, False, False, None)
    assert "Stopped." in status


def test_what_is_stopped_while_its_file_is_written_leaves_none(shot, monkeypatch):
    order, *_ = whole.begin(shot, "PNG", 0.42, False, "none", 1.0)
    monkeypatch.setitem(whole.WRITERS, ".png", lambda *_: whole.halt(order))
    list(whole.stream(order))
    assert (order.file, order.over) == (None, True)
    assert "Stopped." in whole.conclude(order)[2]


def test_what_is_stopped_while_it_waits_does_nothing(shot):
    order, *_ = whole.begin(shot, "PNG", 0.42, False, "nlm", 1.0)
    whole.halt(order)
    assert list(whole.stream(order)) == []
    assert not order.begun


def test_the_button_tells_the_time(shot):
    assert whole.told(shot, "PNG", 0.42, False, "nlm", 1.0).value.startswith(f"{whole.MAKE}: ")
    assert whole.told(None, "PNG", 0.42, False, "nlm", 1.0).value == whole.MAKE


def test_pixels_of_few_photographs_are_kept(tmp_path):
    for number in range(5):
        Image.fromarray(DARK + np.uint8(number)).save(tmp_path / f"{number}.png")
        shot = Shot(tmp_path / f"{number}.png", "night.png")
        assert shot.photograph is shot.photograph
        assert not any(isinstance(value, np.ndarray | Image.Image) for value in vars(shot).values())
    assert shots._read.cache_info().currsize == shots.MOST_OPEN


def test_the_page_s_own_upload_is_taken_along(shot):
    session = Session(Gallery("", [Image.fromarray(BRIGHT)], ["drawn"]), own=Picked.of_file(shot.path))
    opened, value, *_, tabs = tab.take(session)
    assert (opened.path, opened.name) == (shot.path, "night.png")
    assert value["name"] == "night.png"
    assert tabs.selected == tab.ID


def test_play_offers_to_brighten_a_dark_photograph_of_one_s_own_alone(shot, tmp_path):
    Image.fromarray(BRIGHT).save(tmp_path / "bright.png")
    gallery = Gallery("", [Image.fromarray(DARK)], ["drawn"])
    offered = {
        name: visit.offer(Session(gallery, own=own)).visible
        for name, own in (
            ("dark", Picked.of_file(shot.path)),
            ("bright", Picked.of_file(tmp_path / "bright.png")),
            ("of a link", Picked("drawn_3", Image.fromarray(DARK), exposure=4.0)),
            ("of the gallery", None),
        )
    }
    assert offered == {"dark": True, "bright": False, "of a link": False, "of the gallery": False}


def test_one_click_on_play_opens_the_very_photograph_here(shot, page_built):
    (offer,) = [one for one in page_built.blocks.values() if getattr(one, "elem_id", "") == "brighten"]
    (clicked,) = [one for one in page_built.fns.values() if (offer._id, "click") in one.targets]
    (session,) = clicked.inputs
    own = Picked.of_file(shot.path)
    results = clicked.fn(Session(session.value.gallery, own=own))
    by_kind = {type(part): result for part, result in zip(clicked.outputs, results, strict=True)}
    assert by_kind[gr.State].path == shot.path
    assert by_kind[views.Darkroom]["key"] == str(shot.path)
    assert by_kind[gr.Tabs].selected == tab.ID
    assert tab.ID in dict(interface.TABS)


def test_refusals_are_sentences(tmp_path, one_sentence):
    (tmp_path / "none.png").write_bytes(b"not a picture")
    session = Session(Gallery("", [Image.fromarray(BRIGHT)], ["drawn"]))
    asked = (
        lambda: tab.bring(None),
        lambda: tab.bring((str(tmp_path / "none.png"), "none.png")),
        lambda: tab.take(session),
        lambda: whole.begin(None, "PNG", 0.42, False, "none", 1.0),
        lambda: Shot(tmp_path / "gone.png", "gone.png").brightening(Settings(0.42, False, "none")),
    )
    for ask in asked:
        with pytest.raises(Exception) as caught:  # noqa: PT011, Gradio's own kind and ours
            ask()
        one_sentence(getattr(caught.value, "message", caught.value))


def test_a_file_of_the_server_is_never_taken_for_an_upload(monkeypatch, page_built):
    page = page_built
    monkeypatch.setattr(page, "has_launched", True)  # before that, Gradio checks no path
    served = ContextVar("served")
    served.set(page)
    monkeypatch.setattr(LocalContext, "blocks", served)
    (brought,) = [one for one in page.fns.values() if one.inputs and isinstance(one.inputs[0], views.Drop)]
    forged = {"path": "/etc/hostname", "orig_name": "night.png", "meta": views.FILE_META}
    with pytest.raises(gr.Error, match="no image that was sent here"):
        asyncio.run(page.preprocess_data(brought, [forged], None))


def test_the_finished_copy_is_for_its_own_photograph(shot, tmp_path):
    _, value, *_ = tab.bring((str(shot.path), shot.name))
    order, *_ = whole.begin(shot, "JPEG", 0.42, False, "none", 1.0)
    assert len(list(whole.stream(order))) == 0, "without a filter there is nothing to wait for"
    assert whole.conclude(order)[-1]["key"] == value["key"] != Shot(tmp_path / "b.png", "night.png").key


def test_the_drop_passes_on_what_gradio_has_checked():
    drop = views.Drop("20 MB")
    file = {"path": "/upload/night.jpg", "orig_name": "night.jpg", "meta": views.FILE_META}
    assert drop.preprocess(file) == ("/upload/night.jpg", "night.jpg")
    assert drop.preprocess(None) is None
    assert drop.preprocess("/etc/passwd") is None
