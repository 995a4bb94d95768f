"""The rule of verdicts, clause by clause as docs/protocol.md numbers them, and how often it errs."""

import numpy as np
import pytest
from scipy import stats

from benchmarks import verdicts as simulation
from lowlight_ddpm.study.headlines import HEADLINES, MEASURES, Comparison, recipe
from lowlight_ddpm.study.verdicts import (
    LEVEL,
    Effect,
    between,
    decide,
    holm,
    p_difference,
    p_equivalence,
    pooled_variance,
    power,
    smallest_effect,
    within,
)

RUNS = 4000


def column(*values):
    return np.array(values, dtype=float)


def test_1_the_background_is_judged_by_factors_and_everything_else_as_it_is():
    assert MEASURES["ground"].scaled_delta == pytest.approx(0.405465)
    others = {name: measure.scaled_delta for name, measure in MEASURES.items() if name != "ground"}
    assert others == {"excess": 2, "delta_e": 1, "ssim": 0.02, "detail_error": 0.1}


def test_2_the_spread_of_trainings_is_pooled_over_arms_of_two_or_more():
    spread, freedom = pooled_variance([column(1, 3), column(5, 7, 9), column(40)])
    assert freedom == 3
    assert spread == pytest.approx((2 + 8) / 3)
    assert pooled_variance([column(1), column(2)])[1] == 0


def test_3_an_error_is_of_training_and_of_images():
    effect = between(column(5, 7, 9), column(4), 10 / 3, 3, 0.5)
    assert effect.difference == 3
    assert effect.error**2 == pytest.approx(40 / 9 + 0.5)  # V = 10/3 · (1/3 + 1)
    assert effect.freedom == pytest.approx((40 / 9 + 0.5) ** 2 / ((40 / 9) ** 2 / 3))


def test_3_without_an_error_of_images_it_is_student_s_test_of_two_samples():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=4), rng.normal(1, size=3)
    effect = between(a, b, *pooled_variance([a, b]), 0.0)
    assert effect.freedom == pytest.approx(5)
    assert p_difference(effect) == pytest.approx(stats.ttest_ind(a, b).pvalue)


def test_4_within_five_networks_it_is_student_s_paired_test():
    d = column(1, 2, 3, 4, 6)
    effect = within(d, sampling=99.0)
    assert (effect.difference, effect.error**2, effect.freedom) == pytest.approx((3.2, 3.7 / 5, 4))
    assert p_difference(effect) == pytest.approx(stats.ttest_1samp(d, 0).pvalue)


def test_4_fewer_networks_speak_for_themselves_with_the_error_of_their_images():
    effect = within(column(1, 2, 3, 4), sampling=0.25)
    assert effect == Effect(2.5, 0.5, np.inf)
    assert p_difference(effect) == pytest.approx(2 * stats.norm.sf(5))


def test_5_p_values_are_those_of_the_tables_of_t():
    assert p_difference(Effect(-2.7764, 1, 4)) == pytest.approx(0.05, abs=1e-5)
    assert p_equivalence(Effect(0, 1, 4), 2.1318) == pytest.approx(0.05, abs=1e-5)
    assert p_equivalence(Effect(1, 1, 4), 1 + 2.1318) == pytest.approx(0.05, abs=1e-5)
    assert p_equivalence(Effect(-1, 1, 4), 1 + 2.1318) == pytest.approx(0.05, abs=1e-5)
    assert p_equivalence(Effect(3, 1, 4), 2) > 0.5


def test_5_equivalence_is_an_interval_of_90_percent_within_delta():
    rng = np.random.default_rng(1)
    effect = Effect(rng.normal(size=500), rng.uniform(0.1, 1, 500), rng.uniform(1, 20, 500))
    reach = stats.t.isf(0.05, effect.freedom) * effect.error
    inside = abs(effect.difference) + reach < 1.5
    assert 0.05 < inside.mean() < 0.95
    assert ((p_equivalence(effect, 1.5) < 0.05) == inside).all()


def test_5_figures_without_any_error_are_certain():
    assert p_difference(Effect(0.0, 0.0, 1.0)) == 1
    assert p_difference(Effect(0.1, 0.0, 1.0)) == pytest.approx(0)
    assert p_equivalence(Effect(0.0, 0.0, 1.0), 1) == pytest.approx(0)


def test_6_holm_s_own_example():
    assert holm(column(0.01, 0.04, 0.03, 0.005)) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm(column(0.5, 0.9)) == pytest.approx([1, 1])
    assert holm(column(np.nan, 0.02)) == pytest.approx([1, 0.04])  # what is not measured counts
    many = np.array([[0.01, 0.4], [0.04, 0.001]])
    assert holm(many) == pytest.approx(np.array([[0.02, 0.4], [0.04, 0.002]]))


def test_6_there_are_six_headlines_at_most():
    assert len(HEADLINES) <= 6
    assert {c.measure for c in HEADLINES.values()} <= set(MEASURES)


@pytest.mark.parametrize(
    ("difference", "p_diff", "p_eq", "claimed", "expected"),
    [
        (2, 0.04, 1, +1, "holds"),
        (2, 0.04, 1, -1, "the contrary"),
        (-2, 0.04, 1, -1, "holds"),
        (2, 0.04, 1, 0, "the contrary"),
        (2, 0.06, 1, +1, "cannot be told"),
        (0.9, 0.04, 0.06, +1, "cannot be told"),  # shown, and too small to count
        (0.5, 0.04, 0.04, +1, "makes no difference"),
        (0.1, 0.9, 0.04, -1, "makes no difference"),
        (0.1, 0.9, 0.04, 0, "holds"),
        (0.1, 0.9, 0.06, 0, "cannot be told"),  # that nothing is found shows nothing
    ],
)
def test_7_to_9_a_verdict_follows_from_p_values_sign_and_delta(difference, p_diff, p_eq, claimed, expected):
    assert decide(difference, p_diff, p_eq, claimed, 1.0) == expected


def test_9_the_smallest_effect_is_found_in_four_of_five_tries():
    assert smallest_effect(2, np.inf, LEVEL) == pytest.approx(2 * (1.95996 + 0.84162), abs=1e-4)
    rng = np.random.default_rng(2)
    error = (rng.chisquare(4, 100_000) / 4) ** 0.5
    tries = Effect(smallest_effect(1, 4, LEVEL / 6) + rng.normal(size=100_000), error, 4)
    assert (p_difference(tries) < LEVEL / 6).mean() == pytest.approx(0.8, abs=0.005)
    assert power(0, 1, 4, LEVEL) == pytest.approx(LEVEL / 2)


def test_10_two_trainings_of_one_arm_are_never_contrasted():
    with pytest.raises(ValueError, match="one recipe"):
        Comparison("ground", -1, "dim-retrained", "dim")
    assert Comparison("ground", -1, "dim-large", "dim").within  # the same training, sampled in two ways
    assert recipe("dim-raw") != recipe("dim")


def test_it_seldom_shows_what_is_not_there():
    plain = simulation.family(runs=RUNS)
    assert simulation.differs(plain).mean() <= 0.05
    assert (plain["larger variance"] == "makes no difference").mean() >= 0.7


@pytest.mark.parametrize("arm", simulation.ARMS)
def test_one_arm_of_twice_the_spread_misleads_seldom(arm):
    wide = simulation.family(spreads={arm: 2 * simulation.SPREAD}, runs=5 * RUNS)  # so near is the bound
    assert simulation.differs(wide).mean() <= 0.1


@pytest.mark.parametrize("claim", ["larger variance", "low betas", "depth"])
def test_an_effect_that_just_counts_is_seldom_taken_for_none(claim):
    edge = simulation.family({claim: simulation.DELTA}, runs=RUNS)[claim]
    assert (edge == "makes no difference").mean() <= 0.05


def test_a_factor_of_ten_between_single_trainings_is_mostly_found():
    shares = dict(simulation.powers(RUNS))
    for claim in ("low betas", "dim", "correction"):
        three, five, ten = (shares[f"a factor of {factor}, {claim}: holds"] for factor in (3, 5, 10))
        assert three <= five <= ten
        assert ten >= 0.6


def test_the_command_prints_every_share(capsys, monkeypatch):
    monkeypatch.setattr(simulation, "RUNS", 50)
    simulation.main()
    assert len(capsys.readouterr().out.splitlines()) == 2 + 2 + len(simulation.ARMS) + 9
