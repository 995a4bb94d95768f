"""A user at the tab Compare."""

import pytest
from playwright.sync_api import expect


@pytest.fixture
def tab(page):
    """The page with the tab open, and few steps for every run."""
    page.get_by_role("tab", name="Compare", exact=True).click()
    expect(page.locator("#trials .trial")).to_have_count(2)
    panel = page.get_by_role("tabpanel").filter(has=page.locator("#compare-picture")).first
    field = panel.get_by_label("number input for Steps", exact=True)
    field.fill("4")
    field.blur()
    return page


def press(page, name):
    page.get_by_role("button", name=name, exact=True).click()


def test_networks_fill_their_cards_are_ranked_and_wiped_and_never_run_twice(tab):
    cards = tab.locator("#trials .trial")
    size = cards.last.bounding_box()
    press(tab, "Compare")
    expect(tab.locator("#compare-status")).to_contain_text("Done: 2 of 2 finished.")
    expect(cards.locator("img")).to_have_count(2)
    assert cards.last.bounding_box() == size, "nothing has moved"
    expect(cards.first).to_contain_text("By ΔE 1")
    expect(tab.locator("#trials .disagreements")).to_contain_text("MSE")

    wipe = tab.locator("#wipe figure")
    expect(wipe.locator("img")).to_have_count(2)
    border = wipe.get_by_role("slider")
    before = wipe.locator(".over").evaluate("image => getComputedStyle(image).clipPath")
    border.press("End")
    assert wipe.locator(".over").evaluate("image => getComputedStyle(image).clipPath") != before
    tab.get_by_label("Left", exact=True).click()
    tab.get_by_role("option", name="The input", exact=True).click()
    expect(wipe.locator("figcaption")).to_contain_text("The input")

    tab.get_by_role("checkbox", name="Bright control", exact=True).uncheck()
    expect(cards).to_have_count(1)
    expect(cards.locator("img")).to_have_count(1)
    press(tab, "Compare")
    expect(tab.locator("#compare-status")).to_contain_text("Done: 1 of 1 finished.")


def test_a_sweep_fills_its_map_which_reads_by_any_measure(tab):
    tab.get_by_role("tab", name="Sweep", exact=True).click()
    heat = tab.locator("#heat-map")
    expect(heat.locator("tbody td")).to_have_count(9)
    press(tab, "Run the grid")
    expect(tab.locator("#sweep-status")).to_contain_text("Done: 9 of 9 finished.")
    cells = heat.locator("tbody button")
    expect(cells).to_have_count(9)
    expect(cells.first.locator("img")).to_be_visible()
    assert all("variant=" in query for query in cells.evaluate_all("all => all.map(b => b.dataset.value)"))

    shifts = cells.all_inner_texts()
    tab.get_by_label("Measure", exact=True).click()
    tab.get_by_role("option", name="SSIM", exact=True).click()
    expect(heat.locator("caption")).to_contain_text("structural similarity")
    assert cells.all_inner_texts() != shifts

    tab.get_by_role("checkbox", name="5", exact=True).first.uncheck()
    expect(cells).to_have_count(6)  # and what is left needs no run

    cells.last.press("Enter")  # 600 in 20 steps
    expect(tab.get_by_role("tab", name="Play", exact=True)).to_have_attribute("aria-selected", "true")
    expect(tab.locator(".status").first).to_contain_text("Done: 20 of 20 steps")


def test_sixteen_pictures_form_on_two_sheets_until_stopped(tab):
    tab.get_by_role("tab", name="All sixteen", exact=True).click()
    sheets = tab.locator("#sheets figure")
    expect(sheets).to_have_count(2)
    press(tab, "All sixteen")
    expect(tab.locator("#sheet-status")).to_contain_text("Done: 16 pictures at once, step 8 of 8")
    expect(sheets.first).to_contain_text("Mean shift ΔR")
    expect(sheets.last).to_contain_text("Mean shift ΔR")


def test_a_telephone_needs_no_sideways_scrolling(open_page):
    page = open_page(width=390, height=844)
    page.get_by_role("tab", name="Compare", exact=True).click()
    for part in ("Side by side", "All sixteen", "Sweep"):
        page.get_by_role("tab", name=part, exact=True).click()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
    expect(page.locator("#heat-map tbody td")).to_have_count(9)
    page.context.close()
