"""Constants of scale: what was counted is what the networks have."""

import json

import pytest

from benchmarks.scale import counted
from lowlight_ddpm.figures import BENCHMARKS, Inputs, Missing
from lowlight_ddpm.report import benchmarks


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


def test_without_a_measurement_there_are_no_constants(tmp_path):
    with pytest.raises(Missing, match="make scale"):
        benchmarks.constants(Inputs(benchmarks=tmp_path))
