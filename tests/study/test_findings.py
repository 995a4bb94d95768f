"""Findings follow from the figures: effects and verdicts on made-up tables whose truth is known."""

import numpy as np
import pandas as pd
import pytest

from lowlight_ddpm.study.claims import CAUSE_CLAIMS, CLAIMS, LIGHTS, SUBJECTS, Claim
from lowlight_ddpm.study.findings import (
    INTERVAL_ONLY,
    NO_INTERVAL,
    NOT_MEASURED,
    condition_rows,
    findings,
    judge,
    outcome_of,
)
from lowlight_ddpm.study.headlines import HEADLINES, MEASURES, VARIANCE, Change, Comparison
from lowlight_ddpm.study.misleading import misleading_share
from lowlight_ddpm.study.verdicts import NO_DIFFERENCE, OPEN
from lowlight_ddpm.variants import VARIANTS

BASE = {
    "source": "drawn",
    "leaks": True,
    "mode": "restore",
    "start": 600,
    "steps": 50,
    "sampler": "ddpm",
    "light": "pixels",
    "mean_correction": "off",
    "as_trained": True,
    "mean_colours": "linear light",
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


def generated(variant, ground, **settings):
    """Sixty-four images of one variant from pure noise, without a picture."""
    seeds = np.arange(64)
    errors = ground * np.exp(0.05 * np.sin(seeds))
    row = VARIANTS[variant]
    own = {"variant": variant, "brightness": row.brightness, "variance_type": row.variance_type}
    where = BASE | own | {"mode": "generate", "source": None, "size": 64} | settings
    return pd.DataFrame({"picture": None, "seed": seeds, "ground": errors}).assign(**where)


ALL = [c for claim in CLAIMS + CAUSE_CLAIMS + LIGHTS + SUBJECTS for c in claim.comparisons]


@pytest.mark.parametrize("comparison", [*ALL, *HEADLINES.values()], ids=str)
def test_every_comparison_is_between_rows_of_the_table(comparison):
    assert {comparison.a, comparison.b} - {None} <= set(VARIANTS)
    assert comparison.measure in MEASURES
    assert (comparison.change is None) == bool(comparison.b)
    assert comparison.a or comparison.change


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


DEEPER = Comparison("excess", -1, "dim-deep", "dim-large", start=600)


def test_between_arms_the_spread_of_trainings_is_in_the_error():
    table = pd.concat(
        [
            rows("dim", excess=wavy(90)),  # the same training as dim-large, under another variance type
            rows("dim-large", excess=wavy(9)),
            rows("dim-retrained", excess=wavy(11)),
            rows("dim-deep", excess=wavy(4)),
            rows("dim-deep-again", excess=wavy(5)),
            rows("dim-deep-low", excess=wavy(70)),  # trained once: no part in it
        ]
    )
    outcome = outcome_of(table, DEEPER, "drawn")
    assert outcome.basis == "2 against 2 trainings"
    assert outcome.effect.difference == pytest.approx(4.5 - 10)
    assert outcome.effect.error**2 == pytest.approx((2 + 0.5) / 2)  # every image differs alike: b² is 0
    assert outcome.effect.freedom == pytest.approx(2)


def test_between_arms_the_images_are_in_the_error_too():
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(16, 2))
    table = pd.concat(
        [
            rows("dim-large", excess=wavy(9)),
            rows("dim-retrained", excess=wavy(9.5)),
            rows("dim-deep", excess=lambda picture, seed: 4 + noise[picture, seed]),
        ]
    )
    outcome = outcome_of(table, DEEPER, "drawn")
    training = 0.125 * (1 + 1 / 2)
    waves = np.array([[wavy(0)(picture, seed) for seed in range(2)] for picture in range(16)])
    d = noise - waves
    images = (d.mean(axis=1).var() + d.var(axis=1).mean() / 2) / 16
    assert outcome.effect.error**2 == pytest.approx(training + images, rel=0.03)
    assert outcome.effect.freedom == pytest.approx((training + images) ** 2 / training**2, rel=0.06)


def test_the_background_is_compared_by_factors():
    table = pd.concat([generated("dim", 20), generated("dim-again-2", 40), generated("bright", 10)])
    effect = outcome_of(table, Comparison("ground", +1, "dim", "bright"), None).effect
    assert effect.difference == pytest.approx(np.log([2, 4]).mean())
    assert effect.error**2 == pytest.approx(np.log([2, 4]).var(ddof=1) * 1.5)


def test_a_recipe_counts_once_within_networks():
    factors = {
        "bright": 1.1,
        "dim": 1.2,
        "dim-retrained": 1.4,
        "dim-deep": 1.3,
        "dim-long": 1,
        "dim-quarter": 0.9,
    }
    table = pd.concat(
        [
            generated(name, 20 * (factor if kind == "fixed_large" else 1), variance_type=kind)
            for name, factor in (factors | {"dim-deep-zsnr": 9, "dim-deep-offset": 9}).items()
            for kind in ("fixed_large", "fixed_small")
        ]
    )
    outcome = outcome_of(table, Comparison("ground", -1, change=VARIANCE), None)
    d = np.log([1.1, (1.2 * 1.4) ** 0.5, 1.3, 1, 0.9])
    assert outcome.basis == "5 networks"
    assert outcome.effect.difference == pytest.approx(d.mean())
    assert outcome.effect.error == pytest.approx(d.std(ddof=1) / 5**0.5)
    assert outcome.effect.freedom == 4


def test_few_networks_are_named_and_speak_for_themselves():
    noise = np.random.default_rng(1).normal(size=(16, 2))
    table = pd.concat(
        [
            rows("dim", excess=wavy(3)),
            rows("dim", excess=lambda picture, seed: wavy(5)(picture, seed) + noise[picture, seed]).assign(
                light="camera"
            ),
        ]
    )
    outcome = outcome_of(
        table, Comparison("excess", +1, "dim", change=Change("light", "camera", "pixels"), start=600), "drawn"
    )
    images = (noise.mean(axis=1).var() + noise.var(axis=1).mean() / 2) / 16
    assert outcome.basis == "dim alone"
    assert outcome.effect.difference == pytest.approx(2 + noise.mean())
    assert outcome.effect.error**2 == pytest.approx(images, rel=0.06)
    assert outcome.effect.freedom == np.inf


def test_weights_of_one_training_are_no_two_trainings():
    table = pd.concat([rows("dim", excess=wavy(3)), rows("dim-raw", excess=wavy(4))])
    outcome = outcome_of(table, Comparison("excess", -1, "dim-raw", "dim", start=600), "drawn")
    assert (outcome.basis, outcome.effect.freedom) == ("dim-raw alone", np.inf)


def test_without_a_recipe_that_is_trained_twice_there_is_no_interval():
    table = pd.concat([rows("dim-large", excess=wavy(9)), rows("dim-deep", excess=wavy(4))])
    (finding,) = findings(table, (Claim("deeper is better", (DEEPER,)),), "drawn", {})
    assert finding.outcome.effect.difference == pytest.approx(-5)
    assert finding.verdict == NO_INTERVAL


def test_conditions_that_are_missing_are_said_to_be():
    table = rows("dim", excess=1.0, ssim=0.5, detail_error=1.0, ground=2.0, delta_e=1.0)
    found = list(findings(table, CLAIMS, "drawn", judge(table, "drawn")))
    assert len(found) == sum(len(claim.comparisons) for claim in CLAIMS)
    assert {finding.verdict for finding in found} == {NOT_MEASURED}


def test_a_setting_that_no_result_knows_of_is_not_measured():
    unknown = Comparison("ground", -1, change=Change("no_such_setting", True, False))
    assert outcome_of(generated("dim", 20), unknown, None) is None


def test_two_kinds_of_mean_colours_are_not_compared():
    c = Comparison("delta_e", +1, "dim", "bright", start=600)
    both = [rows(name, delta_e=wavy(3)) for name in ("dim", "dim-again-2", "bright")]
    assert outcome_of(pd.concat(both), c, "drawn") is not None
    both[2] = both[2].assign(mean_colours="CIELAB")
    assert outcome_of(pd.concat(both), c, "drawn") is None


@pytest.fixture(scope="module")
def measured():
    """All headlines but the correction: six recipes of no effect of the variance, and little else known."""
    names = (
        "bright",
        "dim",
        "dim-retrained",
        "dim-deep",
        "dim-deep-again",
        "dim-deep-low",
        "dim-long",
        "dim-quarter",
    )
    table = [
        generated(name, 20 * 1.02**place * 1.001 ** (place * (kind == "fixed_large")), variance_type=kind)
        for place, name in enumerate(names)
        for kind in ("fixed_large", "fixed_small")
    ]
    table += [
        rows(name, detail_error=wavy(2 + 0.01 * place)).assign(source=source)
        for place, name in enumerate(("dim-large", "dim-retrained", "dim-deep", "dim-deep-again"))
        for source in ("photographs", "drawn")
    ]
    return pd.concat(table)


def test_headlines_get_verdicts_and_nothing_else_does(measured):
    judged = judge(measured, "photographs")
    assert len(judged) == len(HEADLINES)
    told = findings(measured, CLAIMS + CAUSE_CLAIMS, "photographs", judged)
    found = {f.comparison: f for f in told if f.outcome}
    larger = found[HEADLINES["The larger variance corrects the shift"]]
    assert larger.verdict == NO_DIFFERENCE
    others = {c: f.verdict for c, f in found.items() if c not in HEADLINES.values()}
    assert set(others.values()) == {INTERVAL_ONLY}


def test_restorations_are_judged_by_photographs_alone(measured):
    judged = judge(measured, "photographs")
    detail = (Claim("", (HEADLINES["More layers recover detail"],)),)
    verdicts = [
        next(findings(measured, detail, source, judged)).verdict for source in ("photographs", "drawn")
    ]
    assert verdicts[0] != INTERVAL_ONLY
    assert verdicts[1] == INTERVAL_ONLY


def test_what_cannot_be_told_says_what_could_have_been_found(measured):
    noisy = pd.concat([measured[measured.variant != "dim-retrained"], generated("dim-retrained", 35)])
    (finding,) = findings(
        noisy,
        (Claim("", (HEADLINES["Depth does not correct the shift"],)),),
        None,
        judge(noisy, "photographs"),
    )
    assert finding.verdict == OPEN
    assert finding.smallest > 3 * finding.outcome.effect.error


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
