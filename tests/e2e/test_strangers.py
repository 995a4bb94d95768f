"""What a stranger puts into a link or a file's name is shown as text, and runs nothing."""

from urllib.parse import urlencode

import pytest
from playwright.sync_api import expect

from lowlight_ddpm.images import draw

HTML = "<img src=x onerror='window.entered = true'>"
ENTERED = "() => Boolean(window.entered)"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"variant": "dim", "picture": HTML}, "There is no picture"),
        ({"variant": HTML}, "There is no variant"),
    ],
)
def test_a_link_s_html_is_text(open_page, settings, said):
    page = open_page(query=f"?{urlencode(settings)}")
    toast = page.get_by_test_id("toast-body")
    expect(toast).to_contain_text(said)
    expect(toast).to_contain_text("<img src=x")
    expect(page.locator("img[src='x']")).to_have_count(0)
    assert not page.evaluate(ENTERED)
    page.context.close()


def test_a_file_s_name_is_text(page, tmp_path):
    file = tmp_path / "<img src=x onerror='window.entered = true'>.png"
    draw(9, 96).save(file)
    page.locator("#upload input[type=file]").first.set_input_files(file)
    expect(page.locator("#upload img")).to_be_visible()
    page.get_by_role("tab", name="Compare").click()
    expect(page.locator("#compare-picture img")).to_be_visible()
    expect(page.locator("img[src='x']")).to_have_count(0)
    assert not page.evaluate(ENTERED)
