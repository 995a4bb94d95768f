"""A user who sends a run to someone else: by link, or as a zip."""

import os
import re
import subprocess
import sys
from urllib.parse import parse_qs, urlsplit
from zipfile import ZipFile

from playwright.sync_api import Page, expect

from lowlight_ddpm.images import draw

HERE = "() => navigator.clipboard.readText()"


def field(page: Page, name: str):
    return page.get_by_label(f"number input for {name}", exact=True)


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def done(page: Page, steps: int) -> None:
    expect(page.locator("#stage .status")).to_contain_text(f"Done: {steps} of {steps} steps")
    expect(page.locator("#findings")).to_contain_text(f"in {steps} steps")


def run(page: Page, steps: int, **fields: int) -> None:
    for name, value in {"Steps": steps, **fields}.items():
        field(page, name).fill(str(value))
        field(page, name).blur()
    expect(page.locator("#plan")).to_contain_text(f"{steps} network call")
    press(page, "Run")
    done(page, steps)


def result(page: Page) -> str:
    """The result's pixels, as the PNG in the page."""
    return page.locator("#panel-x0 img").get_attribute("src")


def copied_query(page: Page) -> str:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    press(page, "Copy link")
    expect(page.locator("#link [role=status]")).to_have_text("Link copied.")
    return "?" + urlsplit(page.evaluate(HERE)).query


def test_a_copied_link_gives_someone_else_the_very_same_run(open_page):
    page = open_page(query="?__theme=dark")
    page.locator("#gallery button").nth(5).click()
    page.get_by_label("Clip x0", exact=True).uncheck()
    page.get_by_label("Seed", exact=True).fill("77")
    run(page, 6, **{"Start timestep": 250})
    address = parse_qs(urlsplit(page.url).query)
    assert address["__theme"] == ["dark"]
    assert (address["seed"], address["steps"], address["picture"]) == (["77"], ["6"], ["drawn_0005"])

    query = copied_query(page)
    assert "__theme" not in query
    other = open_page(query=query)
    done(other, 6)
    assert result(other) == result(page)
    expect(field(other, "Start timestep")).to_have_value("250")
    expect(other.get_by_label("Seed", exact=True)).to_have_value("77")
    assert urlsplit(other.url).query == query.removeprefix("?")
    page.context.close()
    other.context.close()


def test_a_link_to_an_upload_asks_for_the_file_and_then_runs(open_page, page, tmp_path):
    draw(9, 96).save(tmp_path / "mine.png")
    page.locator("#upload input[type=file]").set_input_files(tmp_path / "mine.png")
    expect(page.locator("#upload img")).to_be_visible()
    run(page, 4)
    query = copied_query(page)
    assert re.search("picture=[0-9a-f]{64}", query)

    other = open_page(query=query)
    expect(other.get_by_test_id("toast-body")).to_contain_text("choose that very file")
    other.locator("#upload input[type=file]").set_input_files(tmp_path / "mine.png")
    done(other, 4)
    assert result(other) == result(page)
    other.context.close()


def test_a_link_that_is_no_run_says_why_and_leaves_a_page_that_works(open_page):
    page = open_page(query="?variant=dim&start=3&steps=50")
    message = page.get_by_test_id("toast-body")
    expect(message).to_contain_text("at most 4 steps")
    message.get_by_test_id("toast-close").click()
    run(page, 2)
    page.context.close()


def test_the_zip_holds_what_the_command_line_needs_to_make_the_result_again(
    page, tmp_path, untrained_page_root
):
    run(page, 5, **{"Start timestep": 200})
    with page.expect_download() as download:
        press(page, "Download all")
    download.value.save_as(tmp_path / "run.zip")
    with ZipFile(tmp_path / "run.zip") as zipped:
        zipped.extractall(tmp_path / "run")
    recorded = ["--settings", tmp_path / "run" / "run.json", "--out", tmp_path / "again"]
    subprocess.run(
        [sys.executable, "-m", "lowlight_ddpm", "denoise", tmp_path / "run" / "input.png", *recorded],
        env=os.environ | {"LOWLIGHT_CHECKPOINTS": str(untrained_page_root)},
        check=True,
    )
    assert (tmp_path / "again" / "result.png").read_bytes() == (tmp_path / "run" / "result.png").read_bytes()


def test_a_preset_sets_the_controls_and_training_defaults_take_it_back(page):
    press(page, "Noised to t = 50")
    expect(field(page, "Start timestep")).to_have_value("50")
    expect(page.locator("#signal")).to_contain_text("Signal left 98%, noise 17%")
    page.get_by_role("button", name="Pure noise, 1000 steps", exact=True).click()
    expect(page.locator("#plan")).to_contain_text("1000 network calls")
    press(page, "Training defaults")
    expect(field(page, "Start timestep")).to_have_value("999")
    expect(page.locator("#plan")).to_contain_text("50 network calls")


def test_a_surprise_runs_at_once(page):
    press(page, "Surprise me")
    expect(page.locator(".status")).to_contain_text(re.compile(r"Done: (\d+) of \1 steps"))
    assert "seed=" in page.url


def test_two_pictures_of_a_run_are_chosen_and_wiped_by_keyboard(page):
    run(page, 3)
    wipe = page.locator("#before-after")
    page.locator("#before input").click()
    page.get_by_role("option", name="x0 at step 2", exact=True).click()
    expect(wipe.locator("figcaption")).to_contain_text("x0 at step 2")
    page.get_by_role("slider", name="Wipe: x0 at step 2 to Result", exact=True).press("End")
    assert wipe.locator(".wipe").evaluate("e => e.style.getPropertyValue('--cut')") == "100%"
