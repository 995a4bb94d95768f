"""A user at the tab Dark photograph: bring one, slide, look closely, take the whole of it home."""

import base64
import re

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from lowlight_ddpm import brighten
from tests.helpers.darkness import bring, night

SIDES = 640, 480
# A list of a million numbers takes Playwright many seconds.
READ = """(name) => {
  const canvas = document.querySelector(`#darkroom canvas.${name}`);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const bytes = context.getImageData(0, 0, canvas.width, canvas.height).data;
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) {
    text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  }
  return [canvas.height, canvas.width, btoa(text)];
}"""
# How long the page takes from a change of the level to pixels on the canvas, in milliseconds.
ANSWER = """() => {
  const canvas = document.querySelector("#darkroom canvas.under");
  const read = () => canvas.getContext("2d").getImageData(0, 0, 9, 9).data.join();
  const slider = document.querySelector("#level input[type=range]");
  const [since, before] = [performance.now(), read()];
  slider.value = "0.6";
  slider.dispatchEvent(new Event("input", { bubbles: true }));
  return new Promise((done) => {
    const look = () => (read() === before ? requestAnimationFrame(look) : done(performance.now() - since));
    look();
  });
}"""


@pytest.fixture
def dark():
    return night(*SIDES)


@pytest.fixture
def tab(page):
    page.get_by_role("tab", name="Dark photograph", exact=True).click()
    return page


def on_canvas(page, name="under"):
    height, width, encoded = page.evaluate(READ, name)
    values = np.frombuffer(base64.b64decode(encoded), dtype=np.uint8)
    return values.reshape(height, width, 4)[..., :3].astype(int)


def set_level(page, level):
    field = page.get_by_label("number input for Level", exact=True)
    field.fill(str(level))
    field.blur()


def test_a_dark_photograph_is_shown_brightened_as_the_server_makes_it(tab, dark):
    bring(tab, dark)
    expect(tab.locator("#darkroom .said")).to_contain_text("Brightened from a mean luma of 0.0")
    assert (on_canvas(tab, "over") == dark).all()
    before, after, whole = (tab.locator(f"#darkroom {name}") for name in (".over", ".under", ".print"))
    assert before.bounding_box() == after.bounding_box() == whole.bounding_box(), "one lies on the other"
    for level in (0.42, 0.25, 0.7):
        set_level(tab, level)
        expect(tab.locator("#darkroom .said")).to_contain_text(f"to {level:.2f} of 1")
        assert np.abs(on_canvas(tab) - np.asarray(brighten(dark, level).image).astype(int)).max() <= 2
    tab.get_by_label("White balance").check()
    balanced = np.asarray(brighten(dark, 0.7, white_balance=True).image).astype(int)
    assert np.abs(balanced - np.asarray(brighten(dark, 0.7).image)).max() > 2, "or this tests nothing"
    tab.wait_for_function("window.photographSettings.balance")
    assert np.abs(on_canvas(tab) - balanced).max() <= 2
    tab.get_by_role("button", name="As it was", exact=True).click()
    expect(tab.locator("#darkroom .said")).to_contain_text("Brightened from")  # by the balance alone
    tab.get_by_label("White balance").uncheck()
    expect(tab.locator("#darkroom .said")).to_contain_text("Left as it is")
    assert (on_canvas(tab) == dark).all()


def test_the_slider_answers_at_once_on_the_largest_copy(tab):
    bring(tab, night(1600, 1200))
    expect(tab.locator("#darkroom .said")).to_contain_text("Brightened")
    assert tab.evaluate(ANSWER) < 1000  # 0.1 s on an idle machine


def test_the_loupe_shows_denoising_and_strength_needs_no_server(tab, dark):
    bring(tab, dark)
    tab.get_by_label("Total variation").check()
    tab.locator("#darkroom .print").click(position={"x": 300, "y": 230})
    denoised = tab.locator("#loupe img.denoised")
    expect(denoised).to_have_attribute("src", re.compile("^data:image/png"))
    expect(tab.locator("#loupe .said")).to_contain_text("Right: denoised")
    asked = []
    tab.on("request", lambda request: asked.append(request.url))
    strength = tab.get_by_label("number input for Strength", exact=True)
    strength.fill("0.5")
    strength.blur()
    expect(denoised).to_have_css("opacity", "0.5")
    tab.get_by_role("button", name="4×", exact=True).click()
    assert denoised.bounding_box()["width"] == pytest.approx(1024, abs=1)
    assert not [url for url in asked if "queue/join" in url]
    before = denoised.get_attribute("src")
    marker = tab.get_by_role("button", name="Loupe: the arrow keys move it")
    marker.focus()
    marker.press("ArrowDown")
    moved = "before => document.querySelector('#loupe img.denoised').src !== before"
    tab.wait_for_function(moved, arg=before)


def test_on_a_telephone_who_taps_sees_the_loupe_and_the_photograph(open_page, url, dark):
    page = open_page(390, 844)
    page.goto(f"{url}/?tab=photograph")  # so narrow a row of tabs has it in its menu
    bring(page, dark)
    page.get_by_label("Total variation").check()
    page.locator("#darkroom .print").click(position={"x": 60, "y": 60})
    expect(page.locator("#loupe img.denoised")).to_have_attribute("src", re.compile("^data:image/png"))
    for seen in ("#loupe .frame", "#darkroom .print"):
        expect(page.locator(seen)).to_be_in_viewport(ratio=0.9)
    page.context.close()


def test_the_border_follows_a_drag_and_a_tap_does_not_move_it(tab, dark):
    bring(tab, dark)
    box = tab.locator("#darkroom .print").bounding_box()
    middle = box["y"] + box["height"] / 2
    tab.mouse.move(box["x"] + box["width"] / 2, middle)
    tab.mouse.down()
    tab.mouse.move(box["x"] + box["width"] / 4, middle, steps=4)
    tab.mouse.up()
    expect(tab.get_by_label("Wipe: Before to Brightened", exact=True)).to_have_value("25")
    expect(tab.locator("#loupe .loupe")).to_have_attribute("data-empty", "true")


def test_the_whole_photograph_is_made_told_and_downloaded(tab, dark):
    bring(tab, dark)
    tab.get_by_label("Total variation").check()
    tab.get_by_label("PNG", exact=True).check()
    make = tab.locator("#photo-make")
    expect(make).to_contain_text("Make the whole photograph: ")
    make.click()
    status = tab.locator("#photo-status")
    expect(status).to_contain_text("Denoised by total variation.")
    expect(tab.locator("#darkroom .right")).to_have_text("Denoised")
    with tab.expect_download() as download:
        tab.get_by_role("button", name=re.compile("^Download the PNG")).click()
    assert download.value.suggested_filename == "night-brightened.png"
    made = np.asarray(Image.open(download.value.path()))
    assert (made == np.asarray(brighten(dark, 0.42, denoise="tv").image)).all()
    set_level(tab, 0.6)
    expect(tab.locator("#darkroom .right")).to_have_text("Brightened")


def test_stop_gives_up_a_large_one(tab):
    bring(tab, night(2400, 1800))
    tab.get_by_label("Non-local means").check()
    tab.locator("#photo-make").click()
    expect(tab.locator("#photo-status")).to_contain_text("% done")
    tab.locator("#photo-stop").click()
    expect(tab.locator("#photo-status")).to_contain_text("Stopped.")
    expect(tab.locator("#photo-make")).to_be_enabled()
    expect(tab.locator("#photo-download")).to_be_hidden()


def test_what_is_no_photograph_is_refused_in_a_sentence(tab):
    tab.locator("#photo-drop input").set_input_files(
        {"name": "notes.png", "mimeType": "image/png", "buffer": b"no picture"}
    )
    expect(tab.get_by_text("notes.png is no picture that can be read")).to_be_visible()
    expect(tab.locator("#photo-drop .said")).to_be_empty()
    expect(tab.locator("#darkroom .darkroom")).to_have_attribute("data-empty", "true")


def test_without_a_photograph_it_says_what_is_missing(tab):
    tab.locator("#photo-make").click()
    expect(tab.get_by_text("There is no photograph yet: choose one first.")).to_be_visible()
