"""Verdicts follow from the figures: built on made-up tables whose truth is known."""

import pandas as pd
import pytest

from lowlight_ddpm.study.bootstrap import Interval
from lowlight_ddpm.study.claims import (
    CAUSE_CLAIMS,
    CLAIMS,
    LIGHTS,
    METRICS,
    SHALLOW,
    SUBJECTS,
    Claim,
    Comparison,
    condition_rows,
    findings,
    misleading_share,
    verdict,
)
from lowlight_ddpm.variants import VARIANTS

BASE = {
    "source": "drawn",
    "leaks": True,
    "mode": "restore",
    "start": 600,
    "steps": 50,
    "sampler": "ddpm",
    "light": "pixels",
    "as_trained": True,
}


def rows(variant, **figures):
    """Sixteen pictures and two seeds of one variant; a figure may be a function of picture and seed."""
    row = VARIANTS[variant]
    own = {"variant": variant, "brightness": row.brightness, "variance_type": row.variance_type}
    own["size"] = row.size
    return pd.DataFrame(
        [
            BASE
            | own
            | {"picture": f"p{picture}", "seed": seed}
            | {name: value(picture, seed) if callable(value) else value for name, value in figures.items()}
            for picture in range(16)
            for seed in range(2)
        ]
    )


def wavy(level):
    return lambda picture, seed: level + 0.1 * ((picture * 7 + seed * 3) % 5 - 2)


@pytest.mark.parametrize(
    ("interval", "claimed", "smallest", "expected"),
    [
        (Interval(-5, -6, -4), -1, 1, "holds"),
        (Interval(5, 4, 6), +1, 1, "holds"),
        (Interval(-5, -6, -4), -1, 7, "does not hold"),  # less than another training changes
        (Interval(-5, -9, 1), -1, 1, "cannot be told"),
        (Interval(-5, -9, -1), -1, 6, "cannot be told"),
        (Interval(3, 2, 4), -1, 1, "does not hold"),
        (Interval(-0.2, -0.5, 0.1), -1, 1, "does not hold"),
        (Interval(-5, -6, -4), 0, 1, "does not hold"),
        (Interval(-0.5, -0.6, -0.4), 0, 1, "holds"),
        (Interval(3, 2, 4), 0, 1, "holds"),
    ],
)
def test_a_verdict_follows_from_interval_claim_and_spread(interval, claimed, smallest, expected):
    assert verdict(interval, claimed, smallest) == expected


@pytest.mark.parametrize(
    "comparison",
    [c for claim in CLAIMS + CAUSE_CLAIMS + LIGHTS + SUBJECTS for c in claim.comparisons],
    ids=str,
)
def test_every_comparison_is_between_rows_of_the_table(comparison):
    names = {comparison.a, comparison.b, *(comparison.trained_twice or ())}
    assert names <= set(VARIANTS)
    assert comparison.column in METRICS
    assert comparison.a != comparison.b or comparison.changed


def test_a_cell_is_a_variant_as_trained_unless_something_is_changed():
    table = pd.concat(
        [
            rows("dim", tint=1.0),
            rows("dim-large", tint=2.0),
            rows("dim", tint=3.0).assign(sampler="ddim"),
            rows("dim", tint=4.0).assign(source="photographs"),
            rows("dim", tint=5.0).assign(leaks=False),
            rows("dim", tint=6.0).assign(start=300),
            rows("dim", tint=7.0).assign(light="camera"),
        ]
    )
    where = {"mode": "restore", "start": 600}
    assert set(condition_rows(table, "dim", where, "drawn").tint) == {1.0}
    assert set(condition_rows(table, "dim-large", where, "drawn").tint) == {2.0}
    assert set(condition_rows(table, "dim", where, "drawn", sampler="ddim").tint) == {3.0}
    assert set(condition_rows(table, "dim", where).tint) == {1.0, 4.0}


def test_a_variant_of_another_subject_is_measured_on_its_own_pictures_alone():
    table = rows("fruit-dim", tint=1.0).assign(source="drawn fruit")
    assert set(condition_rows(table, "fruit-dim", {"mode": "restore", "start": 600}, "photographs").tint) == {
        1.0
    }


def test_a_claim_is_tested_beyond_what_training_again_changes():
    claims = (Claim("deeper is better", (Comparison("dim-deep", "dim-large", "tint", -1, SHALLOW),)),)
    better = pd.concat([rows("dim-large", tint=wavy(9)), rows("dim-deep", tint=wavy(4))])
    (finding,) = findings(better, claims=claims)
    assert finding.verdict == "no verdict yet"  # the retraining is missing

    (finding,) = findings(pd.concat([better, rows("dim-retrained", tint=wavy(10.5))]), claims=claims)
    assert finding.difference.mean == pytest.approx(-5)
    assert finding.spread == pytest.approx(1.5)
    assert finding.verdict == "holds"

    (finding,) = findings(pd.concat([better, rows("dim-retrained", tint=wavy(15))]), claims=claims)
    assert finding.verdict == "does not hold"


def test_cells_that_are_missing_are_said_to_be():
    found = list(findings(rows("dim", tint=1.0, ssim=0.5, detail=1.0, ground=2.0)))
    assert len(found) == sum(len(claim.comparisons) for claim in CLAIMS)
    assert {finding.verdict for finding in found} == {"not measured yet"}


def test_mse_misleads_where_the_lower_mse_has_the_worse_colour():
    blurred = rows("dim", mse=0.004, delta_e=0.2)
    tinted = rows("dim-large", mse=0.002, delta_e=9.0)
    assert misleading_share(pd.concat([blurred, tinted])).mean == 1
    assert misleading_share(pd.concat([blurred.assign(mse=0.001), tinted])).mean == 0
    assert misleading_share(pd.concat([blurred.assign(delta_e=8.5), tinted])).mean == 0  # not visible
    brighter = rows("bright", mse=0.001, delta_e=20.0)
    assert misleading_share(pd.concat([blurred, tinted, brighter])).mean == 1  # not compared with it
    larger = brighter.assign(brightness=0.5, size=128)
    assert (
        misleading_share(pd.concat([blurred, tinted, larger])).mean == 1
    )  # nor with it, whose noise is another
