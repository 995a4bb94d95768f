"""A user at the tab Play."""

import base64
import io
import re

import pytest
from PIL import Image, ImageStat
from playwright.sync_api import Locator, Page, expect

from lowlight_ddpm.images import draw

LABELS = ("Network", "Task", "Seed", "Lock the seed", "Variance type", "Brightness", "Clip x0", "Beta start")


# Pictures come and go faster than a test can look: the page itself notes every x0 that it shows.
COUNT_FRAMES = """() => {
  window.frames_of_x0 = new Set();
  const note = () => {
    const picture = document.querySelector("#panel-x0 img");
    if (picture) window.frames_of_x0.add(picture.src);
  };
  new MutationObserver(note).observe(document.querySelector("#panel-x0"), {
    subtree: true, childList: true, attributes: true,
  });
}"""

FIRST_FRAME = "document.querySelector('#upload video')?.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA"


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def mean_colour(picture: Locator) -> list[float]:
    """Mean R, G and B of an image on the page."""
    _, encoded = picture.get_attribute("src").split(",")
    return ImageStat.Stat(Image.open(io.BytesIO(base64.b64decode(encoded)))).mean


def set_steps(page: Page, steps: int) -> None:
    field = page.get_by_label("number input for Steps", exact=True)
    field.fill(str(steps))
    field.blur()
    expect(page.locator("#plan")).to_contain_text(f"{steps} network call")


def run(page: Page, steps: int) -> None:
    set_steps(page, steps)
    press(page, "Run")
    expect(page.locator(".status")).to_contain_text(f"Done: {steps} of {steps} steps")
    expect(film(page, "x0")).to_be_visible()


def film(page: Page, name: str):
    return page.locator(f"#panel-{name} img")


def shown(locator) -> str:
    return locator.get_attribute("src")


def test_it_opens_with_every_control_labelled(page):
    expect(page.get_by_role("heading", level=1)).to_have_text("What a diffusion model does to a dark picture")
    expect(page.locator("#gallery button")).to_have_count(16)
    for label in LABELS:
        expect(page.get_by_text(label, exact=True).first).to_be_visible()
    expect(page.locator("#signal")).to_contain_text("Signal left 63%, noise 78%")
    expect(page.get_by_role("button", name="Run", exact=True)).to_be_enabled()
    expect(page.get_by_role("button", name="Stop", exact=True)).to_be_disabled()


def test_fruit_is_picked_and_restored(page):
    page.get_by_label("Fruit", exact=True).check()
    expect(page.locator("#gallery img").first).to_have_attribute("alt", "fruit_0000")
    expect(page.locator("#more")).to_contain_text("Fruit drawn by this project's own code.")
    page.locator("#gallery button").nth(2).click()
    run(page, 2)
    expect(page).to_have_url(re.compile("picture=fruit_0002"))


def test_an_uploaded_picture_is_restored_before_your_eyes(page, tmp_path):
    draw(9, 96).save(tmp_path / "mine.png")
    before = shown(page.locator("#panel-input img"))
    page.locator("#upload input[type=file]").set_input_files(tmp_path / "mine.png")
    expect(page.locator("#panel-input img")).not_to_have_attribute("src", before)

    set_steps(page, 60)
    page.evaluate(COUNT_FRAMES)
    press(page, "Run")
    expect(page.locator(".status")).to_contain_text("Done: 60 of 60 steps")
    frames = page.evaluate("[...window.frames_of_x0]")
    assert len(frames) >= 3
    assert all(frame.startswith("data:image/png") for frame in frames), "a frame must not need a request"
    expect(page.locator("#findings")).to_contain_text("CIEDE2000")
    expect(page.locator("#findings")).to_contain_text("mine.png, brightness 0.5")
    expect(page.locator("#before-after img").first).to_be_visible()
    expect(page.locator(".trace polyline")).to_have_count(3)


def test_what_follows_an_upload_late_leaves_what_was_typed_meanwhile(page, tmp_path):
    draw(9, 96).save(tmp_path / "mine.png")
    before, held, typed = shown(page.locator("#panel-input img")), [], []

    def hold(route):
        if typed:
            route.continue_()
        else:
            held.append(route)

    page.route("**/run/predict*", hold)
    page.locator("#upload input[type=file]").set_input_files(tmp_path / "mine.png")
    while not held:
        page.wait_for_timeout(20)
    typed.append(4)
    steps = page.get_by_label("number input for Steps", exact=True)
    steps.fill("4")
    steps.blur()
    for route in held:
        route.continue_()
    page.unroute("**/run/predict*")
    expect(page.locator("#panel-input img")).not_to_have_attribute("src", before)
    expect(page.locator("#plan")).to_contain_text(" 4 network calls")
    press(page, "Run")
    expect(page.locator(".status")).to_contain_text("Done: 4 of 4 steps")


def start_a_long_run(page: Page) -> None:
    start = page.get_by_label("number input for Start timestep", exact=True)
    start.fill("999")
    start.blur()
    set_steps(page, 1000)
    press(page, "Run")


def test_a_photograph_from_the_camera_goes_on_the_stage(page):
    upload, panel = page.locator("#upload"), page.locator("#panel-input img")
    before = panel.get_attribute("src")
    upload.get_by_label("Capture from camera").click()
    upload.get_by_text("Click to Access Webcam").click()
    # Until the camera's first frame is there, Gradio's shutter takes nothing and says nothing.
    page.wait_for_function(FIRST_FRAME)
    upload.get_by_label("capture photo").click()
    expect(panel).not_to_have_attribute("src", before)
    colour = mean_colour(panel)
    assert colour[1] > 50 > 3 * max(colour[0], colour[2]), "it is the camera's green"


def test_stop_keeps_what_is_done_and_the_next_run_starts_at_once(page):
    start_a_long_run(page)
    expect(page.locator(".status")).to_contain_text(re.compile(r"step \d+ of 1000"))
    press(page, "Stop")
    expect(page.locator(".status")).to_contain_text("Stopped after step")
    done = int(re.search(r"after step (\d+) of 1000", page.locator(".status").inner_text())[1])
    assert 1 <= done < 1000
    expect(page.locator("#player .caption")).to_contain_text(f"step {done} of 1000")
    expect(page.locator("#findings")).to_contain_text("CIEDE2000")
    run(page, 3)
    expect(page.locator("#player .caption")).to_contain_text("step 3 of 3")


def test_who_waits_for_another_visitors_run_may_leave_the_queue_and_come_back(page, open_page):
    waiting = open_page()
    start_a_long_run(page)
    expect(page.locator(".status")).to_contain_text(re.compile(r"step \d+ of 1000"))
    press(waiting, "Run")
    expect(waiting.locator(".status")).to_contain_text("Waiting for the network, 1 run before yours")
    press(waiting, "Stop")
    expect(waiting.locator(".status")).to_contain_text("Ready.")
    press(waiting, "Run")
    expect(waiting.locator(".status")).to_contain_text("Waiting for the network, 1 run before yours")
    press(page, "Stop")
    expect(page.locator(".status")).to_contain_text("Stopped after step")
    expect(waiting.locator(".status")).to_contain_text("Done: 50 of 50 steps")
    waiting.context.close()


def test_the_steps_are_scrubbed_by_keyboard_without_the_server(page):
    run(page, 5)
    asked = []
    page.on("request", lambda request: request.url.startswith("http") and asked.append(request.url))
    caption = page.locator("#player .caption")
    last = shown(film(page, "x0"))
    page.get_by_role("slider", name="Step to look at", exact=True).press("Home")
    expect(caption).to_have_text("step 1 of 5, timestep 300")
    expect(film(page, "x0")).not_to_have_attribute("src", last)
    page.keyboard.press("ArrowRight")
    expect(caption).to_have_text("step 2 of 5, timestep 240")
    page.keyboard.press("End")
    expect(film(page, "x0")).to_have_attribute("src", last)
    assert asked == []


def test_the_exposure_switch_applies_to_all_panels_without_a_new_run(page):
    run(page, 4)
    pictures = [
        page.locator("#panel-input img"),
        page.locator("#panel-x_t img"),
        page.locator("#panel-x0 img"),
    ]
    bright = [shown(picture) for picture in pictures]
    page.get_by_label("as the model sees it", exact=True).check()
    for picture, source in zip(pictures, bright, strict=True):
        expect(picture).not_to_have_attribute("src", source)
    expect(page.locator(".status")).to_contain_text("Done: 4 of 4 steps")
    page.get_by_label("brightened", exact=True).check()
    expect(film(page, "x0")).to_have_attribute("src", bright[-1])


def test_pure_noise_needs_no_picture_and_is_compared_with_the_training_set(page):
    page.get_by_label("Unconditional sampling", exact=True).check()
    expect(page.get_by_label("number input for Start timestep", exact=True)).to_have_value("999")
    expect(page.locator("#panel-input img")).to_have_count(0)
    run(page, 4)
    expect(page.locator("#findings")).to_contain_text("training set")


def test_choosing_another_picture_puts_it_on_the_stage(page):
    before = shown(page.locator("#panel-input img"))
    page.locator("#gallery button").nth(4).click()
    expect(page.locator("#panel-input img")).not_to_have_attribute("src", before)
    run(page, 2)
    expect(page.locator("#findings")).to_contain_text("drawn_0004")


def test_a_variance_type_is_offered_where_the_sampler_has_one(page):
    kinds = page.get_by_role("radio", name="large", exact=True)
    expect(kinds).to_be_visible()
    page.get_by_label("Sampler", exact=True).first.click()
    page.get_by_role("option", name="DDIM", exact=True).click()
    expect(kinds).to_have_count(0)


def test_an_unlocked_seed_changes_with_each_run_and_a_locked_one_stays(page):
    seed = page.get_by_label("Seed", exact=True)
    run(page, 2)
    expect(seed).to_have_value("0")
    page.get_by_label("Lock the seed", exact=True).uncheck()
    run(page, 3)
    expect(seed).not_to_have_value("0")
    seed.fill("0")
    page.get_by_label("Lock the seed", exact=True).check()


@pytest.mark.parametrize("content", [b"", b"not a picture"])
def test_a_file_that_is_no_picture_is_refused_in_a_sentence(page, tmp_path, content):
    (tmp_path / "odd.png").write_bytes(content)
    page.locator("#upload input[type=file]").set_input_files(tmp_path / "odd.png")
    message = page.get_by_test_id("toast-body")
    expect(message).to_contain_text("odd.png is no picture that can be read")
    message.get_by_test_id("toast-close").click()
    expect(message).to_have_count(0)
    run(page, 2)


def test_settings_that_contradict_each_other_are_explained_and_the_page_goes_on(page):
    start = page.get_by_label("number input for Start timestep", exact=True)
    start.fill("9")
    start.blur()
    expect(page.locator("#plan")).to_contain_text("at most 10 steps")
    press(page, "Run")
    message = page.get_by_test_id("toast-body")
    expect(message).to_contain_text("at most 10 steps")
    message.get_by_test_id("toast-close").click()
    press(page, "Training defaults")
    expect(start).to_have_value("300")
    run(page, 3)


def test_a_telephone_needs_no_sideways_scrolling(open_page):
    page = open_page(width=390, height=844)
    run(page, 3)
    expect(page.get_by_label("Beta start", exact=True)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.context.close()
