"""The tab Start and the page's addresses: the sheets, eight stops, Back and Forward, each address cold."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.test_accessibility import violations

STOPS = ("diffusion", "data", "brightness", "variance", "depth", "betas", "mse", "correction")


def tab(page: Page, name: str):
    return page.get_by_role("tab", name=name, exact=True)


def open_tab(page: Page, name: str) -> None:
    expect(tab(page, name)).to_have_attribute("aria-selected", "true")


def query(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def stop(page: Page, key: str):
    return page.locator(f'#stops .stop[data-key="{key}"]')


@pytest.fixture(scope="module")
def bare(browser, url):
    """A window at the page, wherever a test sends it."""
    page = browser.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce").new_page()

    def go(address: str = "") -> Page:
        page.goto("about:blank")
        page.goto(f"{url}/{address}")
        expect(page.get_by_role("tab").first).to_be_visible()
        return page

    yield go
    page.context.close()


def test_everything_of_start_is_in_sight(bare):
    page = bare()
    open_tab(page, "Start")
    expect(page.locator(".three img")).to_have_count(3)
    for image in page.locator(".three img").all():
        expect(image).to_have_js_property("complete", True)
        assert image.evaluate("image => image.naturalWidth") == 262
    for name in ("Try it yourself", "The post in 8 stops", "My network does this"):
        box = page.get_by_role("button", name=name, exact=True).bounding_box()
        assert box["y"] + box["height"] <= 900
    assert violations(page) == []


def test_reduced_motion_stands_still_and_the_slider_moves_it(bare):
    page = bare()
    canvas, range_ = page.locator(".three canvas").first, page.get_by_label("Step of the reverse process")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    expect(canvas).to_be_hidden()
    range_.press("Home")
    expect(canvas).to_be_visible()
    expect(page.locator(".player .step")).to_have_text("step 1 of 50")
    range_.press("End")
    expect(canvas).to_be_hidden()


def test_it_plays_by_itself_and_pause_holds_it(browser, url):
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    page.goto(url)
    expect(page.locator(".player .step")).to_have_text("step 1 of 50")  # after the last has stood
    page.get_by_role("button", name="Pause", exact=True).click()
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    page.context.close()


def test_a_tap_shows_all_three_large(bare):
    page = bare()
    page.get_by_role("button", name="Show all three large").first.click()
    expect(page.locator("dialog img")).to_have_count(3)
    assert violations(page) == []
    page.get_by_role("button", name="Close", exact=True).click()
    expect(page.locator("dialog")).to_have_count(0)


def test_the_path_leads_through_all_eight_stops_and_back(bare):
    page = bare()
    page.get_by_role("button", name="The post in 8 stops", exact=True).click()
    for key in STOPS:
        expect(stop(page, key)).to_be_visible()
        assert query(page) == {"stop": [key]}
        for image in stop(page, key).locator("img").all():
            expect(image).to_have_js_property("complete", True)
        expect(stop(page, key).locator(".answers")).not_to_contain_text("are being read")
        expect(page.locator("#stops .stop:visible")).to_have_count(1)
        assert violations(page) == []
        if key != STOPS[-1]:
            stop(page, key).locator("button.next").click()
    for key in reversed(STOPS[:-1]):
        page.go_back()
        expect(stop(page, key)).to_be_visible()
    page.go_back()
    expect(page.locator(".three")).to_be_visible()
    assert query(page) == {}
    page.go_forward()
    expect(stop(page, STOPS[0])).to_be_visible()


@pytest.mark.parametrize("key", STOPS)
def test_a_stop_s_address_opens_it_cold(bare, key):
    page = bare(f"?stop={key}")
    expect(stop(page, key)).to_be_visible()
    expect(page.locator(".three")).to_be_hidden()
    assert query(page) == {"stop": [key]}


@pytest.mark.parametrize("name", ["Start", "Play", "Compare", "Why", "Schedule", "Findings"])
def test_a_tab_s_address_opens_it_cold(bare, name):
    page = bare(f"?tab={name.lower()}")
    open_tab(page, name)
    assert query(page) == {"tab": [name.lower()]}


def test_a_claim_s_address_opens_it_cold(bare):
    page = bare("?claim=higher-betas-would-help")
    open_tab(page, "Findings")
    expect(page.locator("#claim-higher-betas-would-help")).to_be_in_viewport()


def test_an_address_of_nothing_opens_start(bare):
    open_tab(bare("?tab=nowhere"), "Start")


def test_tabs_are_places_to_come_back_from(bare):
    page = bare()
    for name in ("Compare", "Findings", "Start"):
        tab(page, name).click()
        open_tab(page, name)
    assert query(page) == {}
    for name in ("Findings", "Compare", "Start"):
        page.go_back()
        open_tab(page, name)
    page.go_forward()
    open_tab(page, "Compare")
    assert query(page) == {"tab": ["compare"]}


def test_do_it_yourself_runs_in_play_and_back_returns_to_the_stop(bare):
    page = bare("?stop=variance")
    expect(stop(page, "variance").locator(".runs")).to_contain_text(re.compile(r"\((under|about)"))
    page.get_by_role("button", name=re.compile("Do it yourself: larger variance")).click()
    open_tab(page, "Play")
    expect(page.locator("#stage .status")).to_contain_text("Done: 50 of 50 steps")
    assert query(page)["variance_type"] == ["fixed_large"]
    page.go_back()
    expect(stop(page, "variance")).to_be_visible()
    page.go_forward()
    open_tab(page, "Play")


def test_on_a_phone_one_sheet_its_switch_and_the_sentence_are_in_sight(browser, url):
    page = browser.new_context(viewport={"width": 390, "height": 844}, reduced_motion="reduce").new_page()
    page.goto(url)
    sheets = page.locator(".three > figure")
    expect(sheets.locator("visible=true")).to_have_count(1)
    switch = page.get_by_role("group", name="Sheet")
    box = switch.bounding_box()
    assert box["y"] + box["height"] <= 844
    switch.get_by_role("button", name="bright", exact=True).click()
    expect(page.locator('.three > [data-name="bright"]')).to_be_visible()
    expect(page.locator('.three > [data-name="dim"]')).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("button", name="The post in 8 stops", exact=True).click()
    expect(stop(page, "diffusion")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.context.close()


def test_a_dark_photograph_has_a_way_of_its_own(bare):
    page = bare()
    page.get_by_role("button", name="Brighten photographs", exact=True).click()
    expect(page).to_have_url(re.compile("tab=photograph"))
    expect(page.get_by_role("tab", name="Dark photograph", exact=True)).to_have_attribute(
        "aria-selected", "true"
    )
