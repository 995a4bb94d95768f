"""The page in a real browser: `app.py` in a process of its own, with tiny checkpoints, seen by Chromium."""

import pytest
from playwright.sync_api import Page, expect

from benchmarks.served import serving
from tests.helpers.browser import chromium

expect.set_options(timeout=60_000)  # seconds on an idle machine; a busy one is slow, not wrong


@pytest.fixture(scope="session")
def url(untrained_page_root, tmp_path_factory):
    """Where the page is served."""
    log = tmp_path_factory.mktemp("server") / "log.txt"
    with serving(log, LOWLIGHT_CHECKPOINTS=str(untrained_page_root)) as served:
        yield served.url


@pytest.fixture(scope="session")
def browser():
    """Headless Chromium."""
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
def troubles():
    """What has gone wrong in any page: errors of scripts, failed requests, requests to elsewhere."""
    return []


@pytest.fixture(autouse=True)
def _nothing_went_wrong(troubles):
    yield
    found, troubles[:] = list(troubles), []
    assert found == []


@pytest.fixture(scope="session")
def open_page(browser, url, troubles):
    """Open the page in a new window of a given size; `by_hand` as tests of single controls want it."""

    def open_(width=1280, height=900, query="", by_hand=True) -> Page:
        page = browser.new_context(viewport={"width": width, "height": height}).new_page()
        _note_troubles(page, url, troubles)
        page.goto(f"{url}/{query}")
        _wait_until_ready(page)
        if by_hand:
            _take_in_hand(page, restores=not query)
        return page

    return open_


@pytest.fixture(scope="session")
def window(open_page):
    """A window that tests share, since a new one takes twice as long to show the page."""
    return open_page()


@pytest.fixture
def page(window, url, troubles):
    """The page loaded anew: what an earlier test left on its way from the server cannot arrive in it."""
    window.goto("about:blank")
    troubles.clear()  # leaving, the page before gives up what was on its way, and says so
    window.goto(url)
    _wait_until_ready(window)
    _take_in_hand(window)
    return window


def _wait_until_ready(page):
    expect(page.locator("#plan")).to_contain_text("network calls", timeout=60_000)
    expect(page.locator("#stage .panels")).to_be_visible()


def _take_in_hand(page, restores=True):
    """All controls in sight, nothing that runs by itself, and the first image to denoise."""
    page.get_by_label("runs by itself", exact=True).uncheck()
    page.locator("#more .label-wrap").click()
    expect(page.get_by_label("number input for Steps", exact=True)).to_be_visible()
    if restores:
        page.locator("#gallery button").first.click()
        expect(page.locator("#panel-input img")).to_be_visible()


def _note_troubles(page, url, troubles):
    page.on("pageerror", lambda error: troubles.append(f"script: {error}"))
    page.on("console", lambda message: message.type == "error" and troubles.append(message.text))
    page.on("request", lambda request: _is_outside(request, url) and troubles.append(request.url))
    page.on("requestfailed", lambda request: _is_failure(request) and troubles.append(request.url))
    page.on(
        "response", lambda answer: answer.status >= 400 and troubles.append(f"{answer.status} {answer.url}")
    )


def _is_outside(request, url):
    return not request.url.startswith((url, "data:", "blob:"))


def _is_failure(request):
    # This is the page itself giving up what it no longer needs, such as the stream of a run's events.
    return request.failure != "net::ERR_ABORTED"
