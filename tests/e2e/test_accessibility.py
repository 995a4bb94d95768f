"""Every tab under axe-core, light and dark: nothing that keeps someone out."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.helpers.darkness import bring, night

GRAVE = ("serious", "critical")
TABS = ("Start", "Play", "Compare", "Why", "Schedule", "Findings", "Dark photograph")

# What is pressed in a tab, and where the page says that it is done.
WORK = (
    ("Play", "Run", "#stage .status"),
    ("Compare", "Compare", "#compare-status"),
    ("Why", "Explain", "#why-status"),
    ("Why", "Tint and run", "#probe-status"),
)


def violations(page):
    """What axe finds that is grave, a line each: the rule, and the first elements that break it.

    Colours that are on their way are brought to their end before.
    """
    page.evaluate("document.getAnimations().forEach((animation) => animation.finish())")
    found = Axe().run(page).response["violations"]
    return [
        f"{one['id']} ({one['impact']}): {one['help']}: "
        + "; ".join(f"{node['target'][0]} {node['html'][:120]}" for node in one["nodes"][:3])
        for one in found
        if one["impact"] in GRAVE
    ]


@pytest.fixture(scope="module", params=["light", "dark"])
def themed(request, open_page):
    """The page in a theme."""
    page = open_page(query=f"?__theme={request.param}&tab=play")
    page.get_by_label("number input for Steps", exact=True).fill("4")  # of which Why makes six runs
    yield page
    page.context.close()


def test_the_tabs_are_those_that_are_looked_at(themed):
    expect(themed.get_by_role("tab")).to_have_text(TABS)


@pytest.mark.parametrize("name", TABS)
def test_a_tab_has_no_grave_violation(themed, name):
    themed.get_by_role("tab", name=name, exact=True).click()
    if name == "Findings":
        expect(themed.locator("#claims .claim").first).to_be_visible()
    expect(themed.get_by_role("tabpanel").first).to_be_visible()
    assert violations(themed) == []


@pytest.mark.parametrize(("tab", "button", "status"), WORK, ids=[button for _, button, _ in WORK])
def test_results_have_no_grave_violation(themed, tab, button, status):
    themed.get_by_role("tab", name=tab, exact=True).click()
    pressed = themed.get_by_role("button", name=button, exact=True)
    pressed.click()
    expect(themed.locator(status)).to_contain_text("Done")
    expect(pressed).to_be_enabled()
    assert violations(themed) == []


@pytest.mark.parametrize("inner", ["All sixteen", "Sweep"])
def test_a_tab_in_a_tab_has_no_grave_violation(themed, inner):
    themed.get_by_role("tab", name="Compare", exact=True).click()
    themed.get_by_role("tab", name=inner, exact=True).click()
    assert violations(themed) == []


def test_a_dark_photograph_has_no_grave_violation(themed):
    themed.get_by_role("tab", name="Dark photograph", exact=True).click()
    bring(themed, night(320, 240))
    themed.get_by_label("Total variation").check()
    themed.locator("#darkroom .print").click(position={"x": 60, "y": 60})
    expect(themed.locator("#loupe img.denoised[src]")).to_be_visible()
    themed.locator("#photo-make").click()
    expect(themed.locator("#photo-download")).to_be_visible()
    assert violations(themed) == []


def test_a_picture_without_words_would_be_found(themed):
    themed.evaluate("document.querySelector('.gradio-container').append(new Image())")
    assert any("image-alt" in line for line in violations(themed))
