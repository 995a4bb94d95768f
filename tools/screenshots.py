"""`make screenshots`: every tab with the committed networks, light and dark, wide and narrow.

Each tab is walked as a visitor would: its work is started, waited for, and photographed whole.
"""

import io
import itertools
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Page, expect
from scipy.spatial import cKDTree

from benchmarks.served import serving
from lowlight_ddpm.images.writing import save_png
from lowlight_ddpm.paths import REPOSITORY
from tests.helpers.browser import chromium
from tests.helpers.darkness import bring, night

OUT = REPOSITORY / "docs" / "screenshots"
THEMES, WIDTHS = ("light", "dark"), (1440, 390)
TALLEST = 2600  # pixels of a page that are kept at most
LARGEST = 200_000  # bytes of a file
PATIENCE = 600_000  # milliseconds for a tab's work


def main() -> None:
    """Write docs/screenshots/{tab}-{theme}-{width}.png."""
    OUT.mkdir(parents=True, exist_ok=True)
    log = Path(tempfile.mkstemp(suffix=".txt")[1])
    with serving(log) as served, chromium() as browser:
        for theme, width in itertools.product(THEMES, WIDTHS):
            view = {"width": width, "height": 900}
            page = browser.new_context(viewport=view, reduced_motion="reduce").new_page()
            page.goto(f"{served.url}/?__theme={theme}")
            expect(page.locator(".three img").first).to_be_visible(timeout=60_000)
            _walk(page, f"{theme}-{width}")
            page.context.close()
    log.unlink()


def _walk(page: Page, suffix: str) -> None:
    """Each tab that the page has, in order: its work, then its picture."""
    for name in page.get_by_role("tab").all_inner_texts():
        page.get_by_role("tab", name=name, exact=True).click()
        expect(page.get_by_role("tab", name=name, exact=True)).to_have_attribute("aria-selected", "true")
        VISITS.get(name, _settle)(page)
        path = OUT / f"{name.lower().replace(' ', '-')}-{suffix}.png"
        _save(_photograph(page), path)
        print(f"{path.relative_to(REPOSITORY)}: {path.stat().st_size // 1000} kB")


def _play(page: Page) -> None:
    page.locator("#run").click()
    expect(page.locator("#stage .status")).to_contain_text("Done", timeout=PATIENCE)


def _by_button(name: str) -> Callable[[Page], None]:
    """A visit to a tab whose work is started by the button #NAME-run, and told of in #NAME-status."""

    def visit(page: Page) -> None:
        page.locator(f"#{name}-run").click()
        expect(page.locator(f"#{name}-status")).to_contain_text("Done", timeout=PATIENCE)

    return visit


def _findings(page: Page) -> None:
    page.locator("#figures figure").first.wait_for(timeout=60_000)
    for picture in page.locator("#figures img").all():
        picture.scroll_into_view_if_needed()
        expect(picture).to_have_js_property("complete", True)


def _dark_photograph(page: Page) -> None:
    bring(page, night(1536, 1152))
    page.get_by_label("Non-local means").check()
    stage = page.locator("#darkroom .print")
    box = stage.bounding_box() or {"width": 300, "height": 200}
    stage.click(position={"x": box["width"] * 0.45, "y": box["height"] * 0.25})
    page.locator("#loupe img.denoised[src]").wait_for(timeout=PATIENCE)
    page.locator("#photo-make").click()
    page.locator("#photo-download").wait_for(timeout=PATIENCE)


def _settle(page: Page) -> None:
    expect(page.get_by_role("tabpanel").first).to_be_visible()


def _why(page: Page) -> None:
    _by_button("why")(page)
    _by_button("probe")(page)


VISITS = {
    "Play": _play,
    "Dark photograph": _dark_photograph,
    "Compare": _by_button("compare"),
    "Why": _why,
    "Findings": _findings,
}


def _photograph(page: Page) -> Image.Image:
    """The whole tab in a window as tall as itself, where what sticks to the window's edge hides nothing."""
    size = page.viewport_size
    page.set_viewport_size(size | {"height": page.evaluate("document.documentElement.scrollHeight")})
    taken = page.screenshot(animations="disabled")
    page.set_viewport_size(size)
    return Image.open(io.BytesIO(taken)).convert("RGB")


def _save(picture: Image.Image, path: Path) -> None:
    """As much of it from the top as LARGEST allows with 256 colours: with fewer they would be wrong ones."""
    for height in range(TALLEST, 0, -200):
        file = io.BytesIO()
        top = picture.crop((0, 0, picture.width, min(picture.height, height)))
        save_png(_in_256_colours(top), file, optimize=True)
        if file.tell() <= LARGEST:
            break
    path.write_bytes(file.getvalue())


def _in_256_colours(picture: Image.Image) -> Image.Image:
    """The commonest 64, which are the page's own, to the letter; 192 spread over all others.

    A palette for the average pixel would tint greys, or lose the accent, which few pixels have.
    """
    packed = np.asarray(picture).astype(np.int64) @ [1 << 16, 1 << 8, 1]
    found, place, counts = np.unique(packed, return_inverse=True, return_counts=True)
    colours = np.stack([found >> 16, found >> 8 & 255, found & 255], axis=1).astype(np.uint8)
    order = np.argsort(-counts, kind="stable")
    exact, others = colours[order[:64]], colours[order[64:]]
    if len(others):
        spread = Image.fromarray(others[None]).quantize(192, Image.Quantize.MEDIANCUT).getpalette()
        exact = np.concatenate([exact, np.reshape(spread, (-1, 3))])[:256]
    nearest = cKDTree(exact).query(colours)[1].astype(np.uint8)
    reduced = Image.fromarray(nearest[place].reshape(packed.shape))
    reduced.putpalette(exact.astype(np.uint8).tobytes())
    return reduced


if __name__ == "__main__":
    main()
