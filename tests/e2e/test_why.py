"""A user at the tab Why."""

import re

import pytest
from playwright.sync_api import expect


@pytest.fixture
def tab(page):
    """The page with the tab open, after a run of three steps in Play."""
    field = page.get_by_label("number input for Steps", exact=True).first
    field.fill("3")
    field.blur()
    expect(page.locator("#plan")).to_contain_text("3 network calls")
    page.locator("#run").click()
    expect(page.locator("#stage .status")).to_contain_text("Done: 3 of 3 steps")
    page.get_by_role("tab", name="Why", exact=True).click()
    expect(page.locator("#why-which")).to_contain_text("in 3 steps")
    return page


def test_a_run_is_explained_and_tinted(tab):
    scene = tab.locator("#explanation")
    whole = scene.locator(".part").first
    expect(whole.locator("img")).to_have_count(1)
    height = scene.bounding_box()["height"]
    tab.get_by_role("button", name="Explain", exact=True).press("Enter")
    expect(tab.locator("#why-status")).to_contain_text(re.compile(r"Done: \d of \d finished"))
    expect(whole.locator("img")).to_have_count(2)
    expect(scene.locator(".reasons")).to_contain_text("CIEDE2000")
    red, _, blue = whole.locator(".bars li").all()
    assert any(bar.locator("u").bounding_box()["width"] > 5 for bar in (red, blue))
    expect(whole.locator(".bars b").first).to_have_text(re.compile(r"^[+-]\d+\.\d$"))
    assert scene.bounding_box()["height"] == height, "nothing jumps"

    tab.get_by_role("button", name="Tint and run", exact=True).click()
    probe = tab.locator("#probe")
    expect(probe.locator(".verdict")).to_contain_text("of the tint is left at the end")
    expect(probe.locator(".pixels img")).to_have_count(3)
    expect(probe.locator("polyline")).to_have_count(3)
    tab.get_by_role("tab", name="Play", exact=True).click()
    tab.get_by_role("tab", name="Why", exact=True).click()
    expect(whole.locator("img")).to_have_count(2)


def test_from_pure_noise_it_can_be_stopped(tab):
    tab.locator("#why-task").get_by_label("Unconditional sampling", exact=True).check()
    expect(tab.locator("#why-which")).to_contain_text("pure noise, from timestep 999")
    expect(tab.locator("#explanation .part h4", has_text="Signal leak")).to_be_visible()
    tab.get_by_role("button", name="Explain", exact=True).click()
    tab.locator("#why-stop").click()
    expect(tab.locator("#why-status")).to_contain_text(re.compile(r"(Stopped|Done): \d of \d finished"))
    expect(tab.get_by_role("button", name="Explain", exact=True)).to_be_enabled()


def test_a_telephone_needs_no_sideways_scrolling(open_page):
    page = open_page(width=390, height=844)
    page.get_by_role("tab", name="Why", exact=True).click()
    expect(page.locator("#explanation .part").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.context.close()
