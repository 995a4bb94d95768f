"""A user at the tab Schedule."""

import pytest
from playwright.sync_api import expect

from tests.helpers.browser import open_from_menu


@pytest.fixture
def tab(page):
    """The page with the tab open."""
    page.get_by_role("tab", name="Schedule", exact=True).click()
    expect(page.locator("#schedule .chart")).to_have_count(5)
    return page


def enter(tab, label, value):
    field = tab.get_by_role("spinbutton", name=f"number input for {label}", exact=True)
    field.fill(value)
    field.blur()
    return field


def test_other_betas_change_metrics_images_and_curves(tab):
    figures, picture = tab.locator("#schedule .compare"), tab.locator("#panel-custom img")
    trained = tab.locator("#panel-trained img").get_attribute("src")
    tab.get_by_role("button", name="The post's control").press("Enter")
    expect(picture).to_have_attribute("src", trained)
    expect(figures).not_to_contain_text("6.3%")

    curve = tab.locator("#schedule polyline.custom").first
    before = curve.get_attribute("points")
    tab.get_by_role("slider", name="range slider for Beta end", exact=True).press("End")
    expect(curve).not_to_have_attribute("points", before)
    expect(picture).not_to_have_attribute("src", trained)
    enter(tab, "Beta end", "0.15")
    expect(figures).to_contain_text("< 0.01%")

    enter(tab, "Start timestep", "999")
    expect(figures).to_contain_text("Signal left at timestep 999")
    tab.get_by_label("Zero terminal SNR", exact=True).check()
    expect(figures.locator("tbody tr").nth(2)).to_contain_text("0.64%0%")

    tab.get_by_role("button", name="Training defaults", exact=True).click()
    expect(tab.get_by_label("Zero terminal SNR", exact=True)).not_to_be_checked()
    expect(picture).to_have_attribute("src", tab.locator("#panel-trained img").get_attribute("src"))


def test_betas_that_cannot_be_are_answered_in_place_and_nothing_jumps(tab):
    scene = tab.locator("#schedule")
    height = scene.bounding_box()["height"]
    enter(tab, "Beta start", "0.01")
    enter(tab, "Beta end", "0.005")
    expect(scene.get_by_role("alert")).to_contain_text("must be below beta_end")
    assert scene.bounding_box()["height"] == height
    assert enter(tab, "Beta end", "5").input_value() == "0.2"
    expect(scene.get_by_role("alert")).to_have_count(0)
    expect(tab.get_by_test_id("toast-body")).to_have_count(0)


def test_it_shows_the_picture_that_was_chosen_in_watch(page):
    before = page.locator("#panel-input img").get_attribute("src")
    page.locator("#gallery button").nth(4).click()
    expect(page.locator("#panel-input img")).not_to_have_attribute("src", before)
    page.get_by_role("tab", name="Schedule", exact=True).click()
    shown = page.locator("#panel-input img").get_attribute("src")
    expect(page.locator("#panel-clean img")).to_have_attribute("src", shown)


def test_a_telephone_needs_no_sideways_scrolling(open_page):
    page = open_page(width=390, height=844)
    open_from_menu(page, "Schedule")
    expect(page.locator("#schedule .chart")).to_have_count(5)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.context.close()
