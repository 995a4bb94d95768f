"""The page in a real browser: `app.py` in a process of its own, with tiny checkpoints, seen by Chromium."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

REPOSITORY = Path(__file__).parents[2]
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
SWITCHES = [
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--use-fake-device-for-media-stream",  # a camera that sees a test picture, bright green
    "--use-fake-ui-for-media-stream",
]
START_SECONDS = 300  # ten on an idle machine; importing torch and gradio on a busy one

expect.set_options(timeout=60_000)  # seconds on an idle machine; a busy one is slow, not wrong


@pytest.fixture(scope="session")
def url(untrained_page_root, tmp_path_factory):
    """Where the page is served."""
    log = tmp_path_factory.mktemp("server") / "log.txt"
    with serving(log, LOWLIGHT_CHECKPOINTS=str(untrained_page_root)) as url:
        yield url


@contextmanager
def serving(log: Path, **environment: str) -> Iterator[str]:
    """Serve the page with drawn pictures in a process of its own, which writes to `log`; yields where."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"} | environment
    environment["GRADIO_SERVER_PORT"] = str(port)
    environment.pop("LOWLIGHT_IMAGES", None)
    with log.open("w") as output:
        server = subprocess.Popen(
            [sys.executable, "app.py"], cwd=REPOSITORY, env=environment, stdout=output, stderr=output
        )
        try:
            yield _when_ready(f"http://127.0.0.1:{port}", server, log)
        finally:
            server.terminate()
            server.wait(timeout=30)


def _when_ready(url, server, log):
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            urlopen(url, timeout=5).close()
            return url
        except (URLError, OSError):
            time.sleep(0.2)
    pytest.fail(f"The page did not start: {log.read_text()}")


@pytest.fixture(scope="session")
def browser():
    """Headless Chromium."""
    with chromium() as browser:
        yield browser


@contextmanager
def chromium() -> Iterator[Browser]:
    """Headless Chromium, wherever it is installed."""
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        pytest.fail("The browser tests need a browser: install Chromium (apt-get install chromium).")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=SWITCHES)
        yield browser
        browser.close()


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
    """Open the page in a new window of a given size."""

    def open_(width=1280, height=900, query="") -> Page:
        page = browser.new_context(viewport={"width": width, "height": height}).new_page()
        _note_troubles(page, url, troubles)
        page.goto(f"{url}/{query}")
        expect(page.locator("#plan")).to_contain_text("network calls", timeout=60_000)
        expect(page.locator("#panel-input img")).to_be_visible()
        return page

    return open_


@pytest.fixture
def page(open_page):
    """A new window: what an earlier test left on its way from the server cannot arrive in it."""
    page = open_page()
    yield page
    page.context.close()


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
