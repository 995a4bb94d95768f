"""The trials that the recipe was chosen by, in short, and their table in docs/training.md."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from benchmarks import tuning
from lowlight_ddpm.images.photometry import digest
from lowlight_ddpm.training.loop import Training
from lowlight_ddpm.training.milestones import epsilon_errors
from lowlight_ddpm.training.records import training_set

DOCUMENT = Path(__file__).parents[2] / "docs" / "training.md"


@pytest.fixture
def small(monkeypatch, tmp_path):
    monkeypatch.setattr(tuning, "START", replace(tuning.START, channels=(8, 8, 8, 8), batch_size=4))
    monkeypatch.setattr(tuning, "WAYS", {"start": {}, "half the rate": {"learning_rate": 0.01}})
    monkeypatch.setattr(tuning, "RESULTS", tmp_path / "tuning.json")
    monkeypatch.setattr(tuning, "SECONDS", 10.0)
    monkeypatch.setattr(tuning, "_seconds_per_step", lambda recipe, data: 5.0)
    return training_set("drawn:40", size=16)


def test_a_way_is_trained_for_its_time_and_judged_by_images_that_it_has_not_learned(small):
    found = tuning.measured("half the rate", small)
    assert found["steps"] == 2
    assert found["recipe"]["learning_rate"] == 0.01
    assert found["images"] == digest(small.images["learned"])
    by_hand = Training(
        tuning.DIM, small.images["learned"], replace(tuning.START, epochs=2 / 6, learning_rate=0.01)
    )
    list(by_hand)
    assert found["errors"] == epsilon_errors(by_hand.checkpoint, small.images["held_out"])


def test_ways_that_are_known_are_not_tried_again_and_the_best_stands_first(small, monkeypatch, capsys):
    monkeypatch.setattr(tuning, "training_set", lambda *_: small)
    tuning._run("drawn:40", ["start"])
    known = json.loads(tuning.RESULTS.read_text())
    known["worse"] = json.loads(json.dumps(known["start"]))
    known["worse"]["errors"] = {key: 2 * error for key, error in known["start"]["errors"].items()}
    tuning.RESULTS.write_text(json.dumps({"worse": known["worse"], "start": known["start"]}))
    monkeypatch.setattr(tuning, "measured", lambda way, data: pytest.fail(f"{way} is known"))
    tuning._run("drawn:40", ["start", "worse"])
    assert [line.split(" | ")[0] for line in tuning.table().splitlines()[2:]] == ["| start", "| worse"]


def test_ways_of_one_network_and_batch_make_as_many_steps(small, monkeypatch):
    monkeypatch.setattr(tuning, "training_set", lambda *_: small)
    tuning._run("drawn:40", ["start"])
    monkeypatch.setattr(tuning, "_seconds_per_step", lambda recipe, data: 0.5)
    assert tuning.measured("half the rate", small)["steps"] == 2


def test_the_document_has_the_table():
    assert tuning.table() in DOCUMENT.read_text()


def test_the_time_of_a_step_is_measured(small, monkeypatch):
    monkeypatch.undo()
    recipe = replace(tuning.START, channels=(8, 8, 8, 8), batch_size=2)
    data = training_set("drawn:40", size=8)
    torch.set_num_threads(1)
    assert 0.001 < tuning._seconds_per_step(recipe, data) < 5
