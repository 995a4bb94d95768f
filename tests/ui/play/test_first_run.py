"""The run that the page opens with is the one that pressing Run gives."""

import copy
import json
from functools import partial
from pathlib import Path

import gradio as gr
import pytest
import torch

from lowlight_ddpm.images.photometry import expose
from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.models.checkpoints import ROOT
from lowlight_ddpm.ui import interface
from lowlight_ddpm.ui.components.choices import opening
from lowlight_ddpm.ui.play import first_run
from lowlight_ddpm.ui.play.first_run import FOLDER, KEPT, SEEDS, VARIANT, load
from lowlight_ddpm.ui.session import Watched

REMEDY = "The checkpoint dim has changed: run `make first-run`, and commit lowlight_ddpm/ui/static/first_run."
LEVELS = 2  # of 255: 8 bits round by half of one, and another processor sums in another order
MEANS = 0.05  # of 255


@pytest.fixture
def real(monkeypatch):
    """The committed checkpoints instead of this package's tiny ones."""
    monkeypatch.setattr(checkpoints, "load", partial(checkpoints.load, root=ROOT))
    monkeypatch.setattr(checkpoints, "available", partial(checkpoints.available, root=ROOT))
    record = json.loads((ROOT / VARIANT / checkpoints.RECORD).read_text())
    monkeypatch.setattr(checkpoints, "record", lambda name, root=ROOT: record)
    return record


def test_it_was_made_with_the_committed_network(real):
    written = json.loads((FOLDER / "run.json").read_text())
    assert written["weights_sha256"] == real["weights_sha256"], REMEDY


def test_it_is_the_run_that_pressing_run_gives(real):
    stored, watched = load(), Watched(opening(VARIANT, "generate"), first_run.picked())
    assert stored, REMEDY
    stored, run = stored.run, watched.run
    assert stored.settings == run.settings
    assert len(stored.steps) == KEPT
    steps = {step.index: step for step in watched.walk()}
    assert list(stored.means) == list(run.means)
    for kept in stored.steps:
        step, mean = steps[kept.index], stored.means[kept.timestep]
        assert (kept.total, kept.timestep) == (step.total, step.timestep)
        assert kept.alpha_bar == step.alpha_bar
        for name in ("x_t", "x0"):
            levels = (expose(getattr(kept, name)).int() - expose(getattr(step, name)).int()).abs()
            assert levels.max() <= LEVELS, REMEDY
        torch.testing.assert_close(mean, run.means[step.timestep], atol=MEANS, rtol=0, msg=REMEDY)


def test_the_page_opens_with_it_finished_and_a_user_shares_it(real):
    page = interface.build()
    shown = {
        component["props"].get("elem_id"): component["props"].get("value")
        for component in page.get_config_file()["components"]
    }
    assert "made beforehand" in shown["stage"]
    assert shown["stage"].count("<img") == 2
    assert "Background: " in shown["stage"]
    assert f"of {SEEDS} seeds show it" in shown["stage"]
    assert "training set" in shown["findings"]
    assert len(shown["player"]["x0"]) == KEPT
    assert shown["link"]["query"].startswith("variant=dim&mode=generate&trained=")
    assert shown["link"]["begun"] == 0
    session = next(
        block.value
        for block in page.blocks.values()
        if isinstance(block, gr.State) and hasattr(block.value, "finished")
    )
    user = copy.deepcopy(session)
    assert user.finished is user.staged is session.finished


def test_another_network_opens_without_it():
    assert load() is None


@pytest.mark.parametrize("damage", ["run.json", "x0.png"])
def test_a_damaged_one_is_left_out(real, tmp_path, monkeypatch, damage):
    for file in FOLDER.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes() if file.name != damage else b"damaged")
    monkeypatch.setattr(first_run, "FOLDER", tmp_path)
    assert load() is None


def test_making_it_twice_gives_the_same_files(tmp_path, monkeypatch):
    made = []
    monkeypatch.setattr(first_run, "SEEDS", 3)
    for name in "ab":
        monkeypatch.setattr(first_run, "FOLDER", tmp_path / name)
        first_run.make()
        made.append({file.name: file.read_bytes() for file in Path(tmp_path / name).iterdir()})
        assert load().run.settings == opening(VARIANT, "generate")
        assert " of 3 seeds show it" in load().aside
    assert made[0] == made[1]
