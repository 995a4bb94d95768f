"""The benchmark of speeds in short: a tiny network, each part once but for those that start processes."""

import json
import math

import pytest

from benchmarks import bench, growth, limit, sampling, training
from benchmarks.ratio import Ratio, line_fit, paired, unmeasured
from benchmarks.tiny import save_tiny
from lowlight_ddpm.images import draw

CHANNELS = (8, 8, 8, 8)


def test_every_part_is_measured_printed_and_recorded(tmp_path, capsys):
    root = save_tiny(tmp_path / "checkpoints", ["dim", "bright"])
    small = training.Sizes(1, 1, pictures=16, curve=2, channels=CHANNELS)
    pictures = [draw(number, 64) for number in range(small.pictures)]
    parts = (
        (sampling.measured, sampling.Sizes(("dim",), root, steps=2, batch=2, rounds=1)),
        (lambda sizes: training.against_the_tutorial(sizes, pictures), small),
        (limit.measured, limit.Sizes(CHANNELS, rounds=1)),
    )
    two = {"steps": (1, 2), "pictures": (1, 2), "sides": (64, 80), "variants": (1, 2), "users": (1, 2)}
    ratios = bench.main(parts, growth.Sizes(root, rounds=1, **two), tmp_path)
    report = json.loads((tmp_path / "results.json").read_text())
    lines = capsys.readouterr().out.splitlines()
    assert [row["name"] for row in report["ratios"]] == [ratio.name for ratio in ratios]
    assert len({ratio.name for ratio in ratios}) == len(ratios) == len(lines) - 1
    assert all(math.isfinite(ratio.value) and ratio.value > 0 for ratio in ratios if ratio.value is not None)
    assert {name: len(points) for name, points in report["growth"].items()} == dict.fromkeys(
        ["steps", "pictures", "pixels", "variants", "users"], 2
    )
    colours = next(ratio for ratio in ratios if "largest shift" in ratio.name)
    assert colours.met, "this one holds for any network, however busy the machine"
    told = [ratio for ratio in ratios if ratio.met is not None]
    assert lines[-1].startswith(f"{sum(ratio.met for ratio in told)} of {len(told)} met")


def test_a_target_is_the_most_or_the_least():
    assert Ratio.of("a", [1.0, 3.0, 2.0], 2.0) == Ratio("a", 2.0, 1.0, 3.0, 2.0)
    assert Ratio.of("a", [2.0], 2.0).met
    assert not Ratio.of("a", [2.1], 2.0).met
    assert Ratio.of("a", [2.1], 2.0, at_least=True).met
    assert not Ratio.of("a", [1.9], 2.0, at_least=True).met
    assert unmeasured("a", "no such processor", 1.2, True).met is None
    assert Ratio.of("a", [2.0], None).met is None


def test_both_sides_are_called_equally_often_in_turns():
    calls = []
    assert len(paired(lambda: calls.append("a"), lambda: calls.append("b"), 3)) == 3
    assert calls == ["a", "b"] * 4


def test_a_line_is_told_from_a_curve():
    assert line_fit([(1, 3.0), (2, 5.0), (4, 9.0)]) == pytest.approx(1)
    assert line_fit([(n, n**4) for n in range(1, 9)]) < 0.9
