"""A user at the tab Findings, where no results are of these tiny networks."""

import pytest
from playwright.sync_api import expect

from tests.helpers.browser import open_from_menu


def open_tab(page):
    page.get_by_role("tab", name="Findings", exact=True).click()
    expect(page.locator("#claims .claim").first).to_be_visible()


@pytest.fixture
def tab(page):
    """The page with the tab open."""
    open_tab(page)
    return page


def test_claims_figures_and_what_is_not_measured_are_there(tab):
    expect(tab.get_by_role("heading", level=2)).to_have_count(6)
    expect(tab.locator("#claims")).to_contain_text("Nothing has been measured yet")
    expect(tab.locator("#claims .badge").first).to_have_text("not measured yet")
    expect(tab.locator("#cells")).to_contain_text("None of these conditions has been measured yet.")
    expect(tab.locator("#dark tbody tr").first).to_contain_text("exposure")  # no network, so it is there
    picture = tab.locator("#figures img").last
    picture.scroll_into_view_if_needed()
    expect(picture).to_have_js_property("complete", True)
    assert picture.evaluate("picture => picture.naturalWidth") > 100


def test_networks_grow_on_a_slider_without_the_server(tab):
    slider = tab.get_by_role("slider", name="Epochs of training")
    sheet, caption = tab.locator("#growth img"), tab.locator("#growth .caption")
    expect(caption).to_have_text("After 5 epochs")
    expect(sheet).to_have_js_property("naturalWidth", 276)
    later = sheet.get_attribute("src")
    slider.press("ArrowLeft")
    expect(caption).to_have_text("After 1 epoch")
    expect(slider).to_have_attribute("aria-valuetext", "After 1 epoch")
    expect(tab.locator("#growth figcaption")).to_contain_text("79% of a tint passes")
    assert sheet.get_attribute("src") != later
    expect(sheet).to_have_js_property("naturalWidth", 276)
    assert "growth-levels-0" in sheet.evaluate("image => getComputedStyle(image).filter")


def test_a_figure_s_button_opens_its_run_in_watch(tab):
    name = "Watch “Dim control” generate its first sample"
    tab.get_by_role("button", name=name, exact=True).first.press("Enter")
    expect(tab.get_by_role("tab", name="Play", exact=True)).to_have_attribute("aria-selected", "true")
    expect(tab.locator("#stage .status")).to_contain_text("Done: 50 of 50 steps")
    expect(tab.locator("#findings")).to_contain_text("Dim control: pure noise")


# The table as the server sends it where there are results: sorting is the browser's own.
ROWS = """(texts) => {
  const cell = (text) => `<td data-sort="${text}">${text}</td>`;
  document.querySelector("#cells table, #cells p").outerHTML = `<table><thead><tr>
    <th aria-sort="none"><button class="sorts">Shift</button></th></tr></thead>
    <tbody>${texts.map((text) => `<tr>${cell(text)}</tr>`).join("")}</tbody></table>`;
}"""


def test_a_heading_sorts_up_and_down_and_leaves_the_undefined_below(tab):
    expect(tab.locator("#cells")).to_contain_text("None of these conditions")
    tab.evaluate(ROWS, ["10", "nan", "9.5", "-1"])
    head = tab.locator("#cells th")
    shown = tab.locator("#cells tbody td")
    head.get_by_role("button").press("Enter")
    expect(shown).to_have_text(["-1", "9.5", "10", "nan"])
    expect(head).to_have_attribute("aria-sort", "ascending")
    head.get_by_role("button").click()
    expect(shown).to_have_text(["10", "9.5", "-1", "nan"])
    expect(head).to_have_attribute("aria-sort", "descending")


def test_a_telephone_needs_no_sideways_scrolling(open_page):
    page = open_page(width=390, height=844)
    open_from_menu(page, "Findings")
    expect(page.locator("#figures figure").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.context.close()
