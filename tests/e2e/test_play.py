"""A user who comes to the tab Play for the first time: four controls, and what follows them."""

import re

import pytest
from playwright.sync_api import Page, expect

from lowlight_ddpm.images import draw

FOCUSABLE = """() => [...document.querySelectorAll("#learned, #correction, #noise, .play *")]
  .filter((e) => e.matches("button, input, select, textarea, a[href], [tabindex]") && e.tabIndex >= 0)
  .filter((e) => !e.disabled && e.checkVisibility() && getComputedStyle(e).opacity !== "0")
  .filter((e) => e.compareDocumentPosition(document.querySelector("#more .label-wrap")) & 4)
  .map((e) => e.closest("#gallery") ? "gallery" : e.outerHTML.slice(0, 120))"""
URL = "document.querySelector('#panel-x0 img')?.src"


@pytest.fixture
def fresh(open_page):
    """A function that opens the page as it comes, in a window of a given size."""
    pages = []

    def open_(width=1440, height=900):
        pages.append(open_page(width, height, by_hand=False))
        return pages[-1]

    yield open_
    for page in pages:
        page.context.close()


def done(page: Page) -> None:
    expect(page.locator("#stage .status")).to_contain_text(re.compile(r"Done: (\d+) of \1 steps"))


def run(page: Page) -> None:
    page.locator("#run").click()
    done(page)


def take_two_steps(page: Page) -> None:
    """However busy the machine is, such a run takes less than two seconds."""
    page.locator("#more .label-wrap").click()
    steps = page.get_by_label("number input for Steps", exact=True)
    steps.fill("2")
    steps.blur()
    expect(page.locator("#plan")).to_contain_text("2 network calls")


def in_sight(page: Page, *selectors: str) -> None:
    for selector in selectors:
        expect(page.locator(selector).first).to_be_in_viewport(ratio=1)


def test_everything_that_a_first_run_needs_is_in_sight_and_run_is_early(fresh):
    page = fresh()
    in_sight(page, "#learned", "#correction", "#noise", "#seed", "#run", "#panel-x0", "#panel-previous")
    before_more = list(dict.fromkeys(page.evaluate(FOCUSABLE)))
    assert len(before_more) <= 12, before_more
    run(page)
    in_sight(page, "#run", "#panel-x0 img", ".said .verdict")
    expect(page.locator(".said")).to_contain_text("Background: ")
    expect(page.locator(".said")).to_contain_text("no original")


def test_a_keyboard_skips_the_tabs_to_run(fresh):
    page = fresh()
    page.locator("h1").click()
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#run")).to_be_focused()


def test_on_a_telephone_result_and_run_are_in_sight(fresh):
    page = fresh(390, 844)
    in_sight(page, "#learned", "#correction", "#noise", "#seed", "#panel-x0", "#run")
    run(page)
    in_sight(page, "#panel-x0 img", "#run")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("width", [641, 720, 767])
def test_run_stays_in_reach_on_a_small_window_and_an_enlarged_one(fresh, width):
    page = fresh(width, 450)
    page.mouse.wheel(0, 900)
    in_sight(page, "#run")


def test_a_change_runs_by_itself_and_tells_what_changed(fresh):
    page = fresh()
    take_two_steps(page)
    done(page)  # by itself already
    histories = page.evaluate("history.length")
    first = page.evaluate(URL)
    page.get_by_label("on", exact=True).first.check()
    expect(page.locator(".said .changed")).to_have_text("Changed: correction off → on (training colours).")
    expect(page.locator("#panel-previous img")).to_have_attribute("src", first)
    done(page)
    expect(page.locator("#panel-x0 img")).not_to_have_attribute("src", first)
    assert page.evaluate("history.length") == histories
    page.get_by_label("runs by itself", exact=True).uncheck()
    page.get_by_label("off", exact=True).first.check()
    expect(page.locator("#panel-x0")).to_contain_text("press Run")


def test_what_was_learned_from_sets_the_network_and_its_brightness_and_says_so(fresh):
    page = fresh()
    page.get_by_label("bright", exact=True).first.check()
    expect(page.locator("#said")).to_have_text(
        "Set with it: network Dim control → Bright control, brightness 0.5 → 1."
    )
    page.locator("#more .label-wrap").click()
    expect(page.get_by_label("Network", exact=True).first).to_have_value("Bright control")
    expect(page.get_by_label("number input for Brightness", exact=True)).to_have_value("1")


def test_a_term_is_explained_at_a_touch(fresh):
    page = fresh()
    meaning = page.locator("#term-x0-estimate")
    expect(meaning).to_be_hidden()
    page.get_by_role("button", name="What “x0 estimate” means").click()
    expect(meaning).to_be_visible()
    page.keyboard.press("Escape")
    expect(meaning).to_be_hidden()


def test_space_plays_r_runs_and_in_a_field_they_are_letters(fresh):
    page = fresh()
    run(page)
    caption, play = page.locator("#player .caption"), page.locator("#player .play")
    expect(play).to_have_accessible_name("Play the steps")
    page.locator("h1").click()
    page.keyboard.press("Space")
    expect(play).to_have_accessible_name("Pause")
    expect(caption).not_to_contain_text("step 50 of 50")
    page.keyboard.press("Space")
    expect(play).to_have_accessible_name("Play the steps")
    begun = page.evaluate("window.runBegun")
    page.get_by_label("Seed", exact=True).press("r")
    page.get_by_label("Seed", exact=True).press("Space")
    expect(play).to_have_accessible_name("Play the steps")
    assert page.evaluate("window.runBegun") == begun
    page.locator("h1").click()
    page.keyboard.press("r")
    page.wait_for_function("(begun) => window.runBegun !== begun", arg=begun)
    done(page)


def test_the_run_is_copied_as_python(fresh):
    page = fresh()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    run(page)
    page.get_by_role("button", name="Copy as Python", exact=True).click()
    expect(page.locator("#link [role=status]")).to_have_text("Python copied.")
    assert "generate(variant='dim')" in page.evaluate("navigator.clipboard.readText()")


def test_an_own_image_unframes_the_gallery_and_is_noised(fresh, tmp_path):
    page = fresh()
    page.locator("#gallery button").nth(2).click()
    expect(page.locator("#gallery .selected")).to_have_count(1)
    draw(9, 96).save(tmp_path / "mine.png")
    with page.expect_file_chooser() as chooser:
        page.locator("#yours").click()
    chooser.value.set_files(tmp_path / "mine.png")
    expect(page.locator("#gallery .selected")).to_have_count(0)
    expect(page.locator("#panel-input img")).to_be_visible()


def test_the_dimmed_images_follow_a_link_and_the_arrow_gives_the_network_s_own_brightness(fresh):
    page = fresh()
    page.locator("#more .label-wrap").click()
    page.locator("#gallery button").nth(2).click()
    lights = page.locator("#lights img").first
    before = lights.get_attribute("src")
    page.get_by_role("button", name="Surprise me", exact=True).click()
    expect(page).to_have_url(re.compile("seed="))
    if "picture=" in page.url:
        expect(lights).not_to_have_attribute("src", before)
    else:
        expect(lights).to_have_count(0)
    page.get_by_label("bright", exact=True).first.check()
    brightness = page.get_by_label("number input for Brightness", exact=True)
    expect(brightness).to_have_value("1")
    brightness.fill("0.3")
    brightness.blur()
    page.locator("#own-brightness").click()
    expect(brightness).to_have_value("1")


def test_a_run_that_begins_out_of_sight_is_scrolled_to_and_who_comes_back_finds_the_place(fresh):
    page = fresh(1280, 700)
    page.get_by_role("tab", name="Compare", exact=True).click()
    page.locator("#compare-run").click()
    expect(page.locator("#compare-status")).to_contain_text("Done")
    button = page.get_by_role("button", name=re.compile("Open in Play")).last
    button.scroll_into_view_if_needed()
    place = page.evaluate("scrollY")
    button.click()
    expect(page.locator("#stage .panels")).to_be_in_viewport(ratio=1)
    page.get_by_role("tab", name="Compare", exact=True).click()
    page.wait_for_function("(place) => Math.abs(scrollY - place) < 40", arg=place)


def test_more_opens_beside_the_stage_whatever_is_said_above_it(fresh):
    page = fresh()
    page.locator("#more .label-wrap").click()
    tops = "['#more', '.play > .stage'].map((one) => document.querySelector(one).getBoundingClientRect().top)"
    more, stage = page.evaluate(tops)
    assert abs(more - stage) < 4
    page.get_by_label("bright", exact=True).first.check()
    expect(page.locator("#said")).to_contain_text("Set with it")
    more, stage = page.evaluate(tops)
    assert abs(more - stage) < 4
