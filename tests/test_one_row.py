"""One row more is all that a new variant takes, at 16 pixels or at 128: trained, measured, shown."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from safetensors.torch import load_file

from benchmarks.tiny import save_tiny
from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.study import store


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("one-row")
    save_tiny(folder / "checkpoints", ["dim"])
    return folder


@pytest.fixture(scope="module")
def seen(place):
    """What tests/helpers/one_row.py has seen."""
    environment = os.environ | {
        "LOWLIGHT_CHECKPOINTS": str(place / "checkpoints"),
        "LOWLIGHT_RESULTS": str(place / "results"),
        "PYTHONPATH": str(Path(__file__).parents[1]),
        "OMP_NUM_THREADS": "1",
    }
    command = [sys.executable, "-m", "tests.helpers.one_row"]
    done = subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_it_is_trained_and_saved_as_its_row_says(seen, place):
    said = seen["command line"]
    assert "is trained" in said["train"]
    assert "(not trained) A tiny network" not in said["variants"]
    assert seen["steps"] == 3
    for name, size, channels in (("small", 16, [8, 16]), ("wide", 128, [8, 8, 8, 8])):
        folder = place / "checkpoints" / name
        config = json.loads((folder / "unet" / "config.json").read_text())
        assert (config["sample_size"], config["block_out_channels"]) == (size, channels)
        assert config["attention_head_dim"] == 8
        assert load_file(folder / checkpoints.WEIGHTS)["conv_in.weight"].shape == (8, 3, 3, 3)
        assert f"at {size} px" in (folder / "README.md").read_text()


def test_it_is_measured_and_told(seen, place):
    said = seen["command line"]
    assert "small" in said["evaluate"]
    assert "| small |" in said["means"]
    assert (place / "figures" / "noise-colours.svg").stat().st_size > 10_000
    assert ["small", 16, "drawn butterflies"] in said["measured"]
    assert store.record(place / "results" / "no-network.jsonl", "training-set", "small-0.5-16px")


def test_a_smaller_picture_is_made_as_large_as_the_network_s(seen):
    assert seen["command line"]["restored"] == [128, 128]
    assert seen["page"]["sizes"] == [[128, 128], [128, 128]]


def test_it_is_offered_and_shown_beside_networks_of_another_size(seen):
    page = seen["page"]
    assert page["offered"] >= 4  # in Play, Compare, Schedule and Experiments
    assert page["available"] == ["dim", "small", "wide"]
    assert page["compared"] == [[64, 64], [128, 128]]
    assert page["sheets"] == [[2, 3, 64, 64], [2, 3, 128, 128]]
    assert page["drawn"]
    assert page["sharp"]
    assert page["explained"]
    assert page["results"]
    assert "2 network calls" in page["plan"]
