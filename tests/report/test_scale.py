"""The plan: what was counted is what the networks have, and what is reckoned from it is right."""

import json

import pytest

from benchmarks.scale import counted
from lowlight_ddpm.figures.inputs import BENCHMARKS, Inputs, Missing
from lowlight_ddpm.report import scale


@pytest.fixture
def known(tmp_path):
    """A folder with constants that can be reckoned with by hand: the GPU is busy for 3.2 s, or for 0.005."""
    values = {
        "draw-seconds": 0.25,
        "noise-seconds": 0.0,
        "picture-steps": 3600,
        "cells": 10,
        "cell-bytes": 20_000,
        "checkpoint-bytes": 5e6,
        "state-bytes": 5e7,
        "state-seconds": 0.5,
        "table-seconds": 0.006,
        "look-seconds": 0.01,
        "read-seconds": 0.0036,
        "digest-seconds": 2,
    }
    for network, weights in (("ours", 10**6), ("tutorial", 10**8)):
        values[f"weights-{network}"] = weights
        for side in (64, 128):
            values[f"step-flops-{network}-{side}"] = 0.2 * scale.PEAK["step"] * scale.USED
            values[f"call-flops-{network}-{side}"] = 0
            values |= {f"{what}-operations-{network}-{side}": 1000 for what in ("call", "step")}
    rows = [
        {"name": name, "what": name, "value": value, "unit": "", "counted": "-flops-" in name}
        for name, value in values.items()
    ]
    report = {"machine": "a machine", "versions": {"torch": "1"}, "rows": rows}
    (tmp_path / "scale.json").write_text(json.dumps(report))
    return tmp_path


def cells(text):
    """The lines of a table, by what stands first."""
    lines = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("|")]
    return {tuple(line[:-3]) if len(line) > 2 else line[0]: line[-3:] for line in lines}


def test_what_was_counted_is_what_the_networks_have():
    recorded = {
        row["name"]: row["value"] for row in json.loads((BENCHMARKS / "scale.json").read_text())["rows"]
    }
    found = {row["name"]: row["value"] for row in counted()}
    assert found["weights-tutorial"] == 113_673_219
    for name, value in found.items():
        # PyTorch's versions split a call into operations in their own ways.
        allowed = 0.1 if "operations" in name else 0
        assert recorded[name] == pytest.approx(value, rel=allowed), name


def test_variants_are_spread_and_pictures_shared(known):
    found = cells(scale.costs(Inputs(benchmarks=known)))
    trained = 50 * 62 * (4 * 0.25 + 3.2)  # 62 batches of 16 in 1,000 pictures, of four times the area
    assert found["1,000 variants, trained", "ours"][0] == f"{1000 * trained / 3600:,.1f} h"
    assert found["1,000 variants, trained", "ours"][2] == f"{16 * trained / 3600:,.1f} h"
    assert found["1,000 variants, evaluated", "ours"][0] == f"{1000 * 3600 / 16 * 0.005 / 60:.1f} min"
    many = found["1,000,000 pictures, 50 epochs", "tutorial"]
    for gpus, link, said in zip((1, 8, 64), (1e99, 450e9, 50e9), many, strict=True):
        step = gpus * 4 * 0.25 + 3.2 + 8e8 * (gpus - 1) / gpus / link
        assert said == f"{50e6 / 16 / gpus * step / 3600:,.1f} h"


def test_what_breaks_is_reckoned_from_what_was_measured(known):
    found = {what: rest[-1] for what, rest in cells(scale.limits(Inputs(benchmarks=known))).items()}
    assert found["1,000,000 pictures in one tensor, in every process"] == "49.2 GB"
    assert found["reading them, by the main process"] == "1.0 h"
    assert found["the tutorial's training state"] == "5.0 GB"
    assert found["exchanging them among 64 GPUs"] == "15.8 ms"
    assert found["their 10,000 results"] == "200.0 MB"
    assert found["reading these as one table"] == "1.0 min"
    assert found["looking for each once, as the folder fills"] == "50.0 s"


def test_without_a_measurement_there_is_no_plan(tmp_path):
    with pytest.raises(Missing, match="make scale"):
        scale.costs(Inputs(benchmarks=tmp_path))
