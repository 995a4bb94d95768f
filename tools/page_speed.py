"""`make page-speed`: how soon the page shows its picture, and what watching adds to a run.

Each is measured ROUNDS times, a run in the page and the same run without one by turns; medians count.
"""

import statistics
import tempfile
import time
from pathlib import Path

import torch
from playwright.sync_api import Browser, Page, expect

from benchmarks.served import serving
from lowlight_ddpm.diffusion.sampling import denoise
from lowlight_ddpm.models.checkpoints import load
from lowlight_ddpm.ui.components.choices import opening
from lowlight_ddpm.ui.play import first_run
from lowlight_ddpm.ui.session import Watched
from tests.helpers.browser import chromium

ROUNDS = 5
PICTURE_SECONDS, RATIO = 2.0, 1.25  # at most

# Press Run, and resolve to the milliseconds until the last step is on the screen.
WATCH = """(steps) => new Promise((resolve) => {
  const stage = document.querySelector("#stage"), last = `step ${steps} of ${steps},`;
  let since;
  new MutationObserver((_, observer) => {
    if (!stage.querySelector(".status").textContent.startsWith(last)) return;
    observer.disconnect();
    requestAnimationFrame(() => resolve(performance.now() - since));
  }).observe(stage, { childList: true, subtree: true, characterData: true });
  since = performance.now();
  document.querySelector("#run").click();
})"""


def main() -> None:
    """Print both with their targets."""
    torch.set_num_threads(1)  # as the server of the tests has it
    checkpoint = load(first_run.VARIANT)
    run = Watched(opening(first_run.VARIANT), first_run.picked()).run
    log = Path(tempfile.mkstemp(suffix=".txt")[1])
    with serving(log) as served, chromium() as browser:
        first = [_first_picture(browser, served.url) for _ in range(ROUNDS)]
        page = _open(browser, served.url)
        ratios = []
        _watched(page, run.settings.steps)
        for _ in range(ROUNDS):
            since = time.perf_counter()
            for _ in denoise(checkpoint, run.settings, run.dim):
                pass
            bare = time.perf_counter() - since
            ratios.append(_watched(page, run.settings.steps) / bare)
            print(f"{run.settings.steps} steps: {bare:.2f} s bare, ratio {ratios[-1]:.2f}")
    log.unlink()
    _tell("first picture after", first, PICTURE_SECONDS, " s")
    _tell("watched run over bare run", ratios, RATIO, "")


def _open(browser: Browser, url: str) -> Page:
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    page.goto(url)
    page.locator("#panel-x0 img").wait_for()
    return page


def _first_picture(browser: Browser, url: str) -> float:
    """Seconds from asking for the page to its run being seen, with nothing in the browser's cache."""
    since = time.perf_counter()
    page = _open(browser, url)
    taken = time.perf_counter() - since
    page.context.close()
    return taken


def _watched(page: Page, steps: int) -> float:
    """Seconds from pressing Run to the last of its steps being seen."""
    milliseconds = page.evaluate(WATCH, steps)
    expect(page.locator("#stage .status")).to_contain_text("Done")
    expect(page.locator("#run")).to_be_enabled()
    return milliseconds / 1000


def _tell(what: str, values: list[float], target: float, unit: str) -> None:
    median = statistics.median(values)
    met = "met" if median <= target else "not met"
    print(
        f"{what} {median:.2f}{unit} ({min(values):.2f} to {max(values):.2f}), at most {target}{unit}: {met}"
    )


if __name__ == "__main__":
    main()
