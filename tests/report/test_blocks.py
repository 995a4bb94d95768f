"""The measured parts of the documents: written from results alone, and true to them as they stand."""

import json
from importlib.metadata import version
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from benchmarks import record
from lowlight_ddpm import report
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.figures import Inputs, Missing
from lowlight_ddpm.figures.table import FIGURES
from lowlight_ddpm.report import BLOCKS, PAGES, fill, written
from lowlight_ddpm.report.benchmarks import notes, ratios, recorded
from lowlight_ddpm.report.measurements import (
    COUNTED_BY_EYE,
    changes,
    counted_by_eye,
    difference,
    in_short,
    misleading,
    said,
    signal_leak,
    slope_of,
    verdicts,
)
from lowlight_ddpm.report.perfect_sampler import betas, dim_against_bright
from lowlight_ddpm.report.step_counts import step_count
from lowlight_ddpm.study.claims import CAUSE_CLAIMS, CLAIMS, LIGHTS, Claim
from lowlight_ddpm.study.findings import Finding, Outcome, judge
from lowlight_ddpm.study.headlines import Comparison
from lowlight_ddpm.study.verdicts import HOLDS, OPEN, Effect

CELL = {
    "source": "photographs",
    "size": 64,
    "sampler": "ddpm",
    "brightness": 0.5,
    "light": "pixels",
    "mean_correction": "off",
    "steps": 50,
    "leaks": True,
    "mean_colours": "CIELAB",
}


def restored(variant, start=600, variance_type="fixed_small", **figures):
    """Four pictures of one variant with one noise seed; figures are functions of the picture's number."""
    own = {"variant": variant, "mode": "restore", "start": start, "variance_type": variance_type, "seed": 0}
    return pd.DataFrame(
        [
            CELL
            | own
            | {"as_trained": True, "picture": f"p{number}"}
            | {name: value(number) if callable(value) else value for name, value in figures.items()}
            for number in range(4)
        ]
    )


def inputs(*tables):
    rows = pd.concat(tables, ignore_index=True)
    return SimpleNamespace(rows=rows, photographs="photographs", judged=judge(rows, "photographs"))


@pytest.fixture
def two():
    """dim and dim-large, the latter better by 5, and preferred by MSE."""
    figures = {"ssim": 0.5, "detail_error": 1.0, "ground": float("nan")}
    return inputs(
        restored("dim", excess=9.0, mse=0.002, delta_e=3.0, **figures),
        restored("dim-large", variance_type="fixed_large", excess=4.0, mse=0.001, delta_e=5.0, **figures),
    )


def lines(text):
    return [line for line in text.splitlines() if line.startswith("|")]


@pytest.fixture(scope="module")
def committed():
    """Every block by its name, written from the committed results: once, since it takes half a minute."""
    given = Inputs()
    return {name: written(name, given) for name in BLOCKS}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_the_documents_say_was_measured_is_what_the_results_say(page, committed, monkeypatch):
    text = page.read_text()
    assert "<!-- measured: " in text
    monkeypatch.setattr(
        report, "BLOCKS", {name: lambda _, block=block: block for name, block in committed.items()}
    )
    assert fill(text, Inputs()) == text, "run `python -m lowlight_ddpm findings --write`"


def test_a_changed_number_is_found_and_mended(two):
    text = "Before.\n<!-- measured: misleading -->\nIn 3 %.\n<!-- end -->\nAfter 12."
    filled = fill(text, two)
    assert filled.startswith("Before.\n<!-- measured: misleading -->\nOf all pairs")
    assert "in 100% (100% to 100%)" in filled
    assert filled.endswith("\n<!-- end -->\nAfter 12.")
    assert fill(filled, two) == filled


def test_only_what_there_is_can_be_asked_for(two, one_sentence):
    with pytest.raises(Refusal) as refusal:
        fill("<!-- measured: weather -->\n\n<!-- end -->", two)
    assert "claims" in one_sentence(refusal)


def test_a_block_that_cannot_be_written_yet_says_why(monkeypatch):
    def missing(_):
        raise Missing("dim-deep is not trained yet")

    monkeypatch.setitem(BLOCKS, "leak", missing)
    assert written("leak", None) == "Not measured yet: dim-deep is not trained yet."


def test_a_record_says_what_held_and_where(tmp_path):
    rows = [record.row("killed", 20, 19, "once late"), record.row("starved", 1, True)]
    record.record("faults", rows, tmp_path)
    text = recorded(Inputs(benchmarks=tmp_path), "faults")
    assert lines(text)[2:] == ["| killed | 19 of 20 | once late |", "| starved | 1 of 1 |  |"]
    assert f"torch {version('torch')}" in text
    with pytest.raises(Missing, match="make fuzz"):
        recorded(Inputs(benchmarks=tmp_path), "fuzz")


RATIOS = [
    {
        "name": "a over b",
        "value": 1.0213,
        "low": 1.0,
        "high": 1.1,
        "target": 1.03,
        "at_least": False,
        "note": "",
        "met": True,
    },
    {
        "name": "b over a",
        "value": 1.5,
        "low": 1.4,
        "high": 1.6,
        "target": 1.8,
        "at_least": True,
        "note": "slow",
        "met": False,
    },
    {
        "name": "c",
        "value": None,
        "low": None,
        "high": None,
        "target": 1.2,
        "at_least": True,
        "note": "no c here",
        "met": None,
    },
]


def test_speeds_stand_beside_their_targets_and_those_met_are_counted(tmp_path):
    with pytest.raises(Missing, match="make bench"):
        ratios(Inputs(benchmarks=tmp_path))
    record_of = record.surroundings() | {"ratios": RATIOS, "growth": {}}
    (tmp_path / "results.json").write_text(json.dumps(record_of))
    text = ratios(Inputs(benchmarks=tmp_path))
    assert "| a over b | 1.02 | 1 to 1.1 | ≤ 1.03 | met |" in text
    assert "| b over a | 1.5 | 1.4 to 1.6 | ≥ 1.8 | **missed** |" in text
    assert "| c | not measured |  | ≥ 1.2 |  |" in text
    assert "1 of 2 met." in text
    assert notes(Inputs(benchmarks=tmp_path)) == "- b over a: slow\n- c: no c here"


def test_what_was_counted_by_eye_is_of_grids_that_are_there():
    record = json.loads(COUNTED_BY_EYE.read_text())
    for name, grid in record["grids"].items():
        assert name in FIGURES
        assert set(grid["left out"]) < set(range(grid["pictures"]))
        left = grid["pictures"] - len(set(grid["left out"]))
        assert f"{left} of {grid['pictures']} ({name.removeprefix('samples-')})" in counted_by_eye(None)


def test_every_comparison_has_a_line_with_its_interval_unit_and_basis(two):
    claims = (Claim("larger is better", (Comparison("excess", -1, "dim-large", "dim", start=600),)),)
    assert lines(verdicts(two, claims))[2] == (
        "| larger is better | dim-large − dim | colour shift beyond a perfect sampler's, from 600 | "
        "−5.00/255 (−5.00 to −5.00) | dim-large alone | interval only |"
    )
    for table in (CLAIMS, CAUSE_CLAIMS, LIGHTS):
        found = lines(verdicts(two, table))
        assert len(found) == 2 + sum(len(claim.comparisons) for claim in table)
        assert {line.count("|") for line in found} == {7}


def test_in_short_five_claims_have_one_line_each(two):
    found = lines(in_short(two))
    assert len(found) == 2 + 5
    assert found[3].endswith(
        "| error of high-frequency detail, dim-deep − dim-large | – | not measured yet |"
    )


@pytest.mark.parametrize(
    ("measure", "smallest", "verdict", "expected"),
    [
        ("ground", np.log(5), OPEN, ("×2.00 (1.00 to 4.00)", "**cannot be told**; would be from ×5.00 on")),
        ("ground", None, HOLDS, ("×2.00 (1.00 to 4.00)", "**holds**")),
        ("ssim", 0.4, OPEN, ("+0.69 (+0.00 to +1.39)", "**cannot be told**; would be from +0.40 on")),
    ],
)
def test_backgrounds_are_told_as_factors_and_all_else_as_differences(measure, smallest, verdict, expected):
    effect = Effect(np.log(2), np.log(2) / 1.959964, np.inf)
    comparison = Comparison(measure, 1, "dim", "bright")
    finding = Finding(Claim("", (comparison,)), comparison, Outcome(effect, ""), verdict, smallest)
    assert (difference(finding), said(finding)) == expected


def test_without_two_networks_nothing_misleads():
    alone = inputs(restored("dim", tint=1.0, mse=0.1, delta_e=1.0))
    assert misleading(alone) == "No two networks have denoised the same images yet."


def test_the_leak_s_slope_is_measured_over_predicted_and_its_sign_counts():
    def shift(number):
        return -4.0 - number

    def moved(number):
        return shift(number) - 0.8 * (10 + number)

    axes = [f"shift_{axis}" for axis in "rgb"]
    with_part = restored("dim", start=999, **dict.fromkeys(axes, shift))
    without = restored("dim", start=999, **dict.fromkeys(axes, moved)).assign(leaks=False)
    for axis in "rgb":
        without[f"leak_{axis}"] = [10.0 + number for number in range(4)]
        with_part[f"leak_{axis}"] = float("nan")
    given = inputs(with_part, without, restored("dim", start=600, **dict.fromkeys(axes, 0.0)))
    pairs = changes(given)
    assert len(pairs) == 4 * 3
    assert slope_of(pairs) == pytest.approx(0.8)
    assert lines(signal_leak(given))[2] == "| dim | 9.20 | 11.50 | 0.80 |"
    assert slope_of(pairs.assign(measured=-pairs.measured)) == pytest.approx(-0.8)


def of_photographs(*tables):
    """Inputs with these rows."""
    given = Inputs()
    vars(given).update(rows=pd.concat(tables, ignore_index=True), photographs="photographs")
    return given


def test_betas_stand_at_equal_timestep_and_at_equal_signal_measured_or_not():
    figures = {"excess": 1.0, "tint": 3.0}
    at_start = [restored(name, start=600, **figures) for name in ("dim-deep", "dim-deep-low")]
    given = of_photographs(*at_start, restored("dim-deep-low", start=796, excess=0.5, tint=2.0))
    found = {tuple(line.split(" | ")[:2]): line for line in lines(betas(given))[2:]}
    assert len(found) == 4 * 4
    assert found["| 600", "dim-deep-low"] == (
        "| 600 | dim-deep-low | 0.328 | 3.00 | +1.00 (+1.00 to +1.00) | 796 | 2.00 | +0.50 (+0.50 to +0.50) |"
    )
    assert found["| 600", "dim-deep-mid"].endswith("| 675 | not measured | not measured |")
    assert found["| 999", "dim-deep-low"].endswith("| never so little | – | – |")


def test_dim_against_bright_is_counted_by_every_scale():
    """Half as far raw, as far at full brightness; at 300 dim is not measured."""

    def shifted(variant, start, brightness, raw, **more):
        own = restored(variant, start=start, tint=raw / brightness, excess=raw / brightness - 1, **more)
        return own.assign(brightness=brightness)

    given = of_photographs(
        shifted("bright", 600, 1.0, 4.0, delta_e=3.0),
        shifted("dim", 600, 0.5, 3.0, delta_e=2.0),
        shifted("bright", 300, 1.0, 4.0, delta_e=3.0),
    )
    text = dim_against_bright(given)
    assert text.startswith("Dim − bright, of 4 starts: shift, raw: more at 0, less at 1; shift / bright")
    assert "shift / brightness: more at 1, less at 0; " in text
    assert "CIEDE2000 of the mean colours: more at 0, less at 1." in text
    assert "| 600 | shift, raw | 4.00 | 3.00 | −1.00/255 (−1.00 to −1.00) |" in text
    assert "| 600 | shift / brightness | 4.00 | 6.00 | +2.00/255 (+2.00 to +2.00) |" in text
    assert "| 300 | shift, raw | 4.00 | not measured | – |" in text


def test_two_kinds_of_mean_colours_are_not_subtracted():
    sides = [restored(name, start=600, excess=1.0, tint=1.0, delta_e=1.0) for name in ("bright", "dim")]
    sides[1] = sides[1].assign(mean_colours="linear light")
    assert "CIEDE2000 of the mean colours: not measured" in dim_against_bright(of_photographs(*sides))


@pytest.mark.parametrize(
    ("chance", "p", "enough", "said"),
    [
        (0.8, (0.01, 0.4), "20", "DDIM: from 20 steps on no difference is shown."),
        (0.8, (0.01, 0.02), "over 50", "DDIM: a difference is shown at all numbers of steps."),
        (
            5.0,
            (0.4, 0.4),
            "cannot be told",
            "DDIM: cannot be told, as sets of this size come to lie up to 5",
        ),
    ],
)
def test_enough_steps_are_told_by_what_the_tests_show(chance, p, enough, said):
    cells = {"mode": "restore", "sampler": "ddim", "delta_e": 0.3, "detail": 0.9, "chance": chance}
    rows = pd.DataFrame([cells | {"steps": steps, "p": of} for steps, of in zip((10, 20), p, strict=True)])
    text = step_count(SimpleNamespace(step_counts=rows), "restore")
    assert said in text
    first = f"0.30 ({chance:.2f}), 0.90"
    shown = f"**{first}**" if p[0] < 0.05 else first
    assert next(line for line in lines(text) if line.startswith("| DDIM")).split(" | ")[2] == shown
    assert next(line for line in lines(text) if line.startswith("| DDIM")).endswith(f"| {enough} |")


def test_no_leak_without_a_run_that_lacks_the_picture_s_part():
    with pytest.raises(Missing):
        changes(inputs(restored("dim", start=999, shift_r=0.0, shift_g=0.0, shift_b=0.0)))


# Blocks of what the networks that are being trained will be measured for.
AWAITED = (
    "frequencies",
    "frequencies-later",
    "small-networks",
    "clipping",
    "corrected-samples",
    "corrected-restorations",
)


def test_every_block_can_be_written_from_the_committed_results(committed):
    for name, block in committed.items():
        assert name in AWAITED or not block.startswith("Not measured yet"), name
