"""Intervals against closed forms: the variance of a two-stage bootstrap, Student's pairs, coverage."""

import numpy as np
import pandas as pd
import pytest

from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.study.bootstrap import Interval, interval, paired_interval


def table(values, column="figure"):
    """Rows of a cell from values (pictures, seeds)."""
    return pd.DataFrame(
        [
            {"picture": f"drawn_{i:04d}", "seed": seed, column: value}
            for seed in range(np.shape(values)[1])
            for i, value in enumerate(np.asarray(values)[:, seed])
        ]
    )


@pytest.fixture(scope="module")
def values():
    rng = np.random.default_rng(7)
    return rng.normal(size=(40, 1)) * 3 + rng.normal(size=(40, 2)) + 5


def test_equal_values_leave_no_doubt():
    assert interval(table(np.full((4, 2), 3.0)), "figure") == Interval(3.0, 3.0, 3.0)


def test_the_mean_is_the_rows_mean(values):
    rows = table(values)
    assert interval(rows, "figure").mean == pytest.approx(rows.figure.mean())


def test_the_width_is_that_of_the_two_stage_bootstrap(values):
    """Var = (variance of picture means + mean variance within pictures / seeds) / pictures."""
    pictures, seeds = values.shape
    variance = (values.mean(axis=1).var() + values.var(axis=1).mean() / seeds) / pictures
    found = interval(table(values), "figure", draws=20000)
    assert (found.high - found.low) / 2 == pytest.approx(1.96 * variance**0.5, rel=0.04)


def test_pictures_and_not_rows_are_what_counts():
    """Seeds that repeat a picture's value to the last digit add nothing to what is known."""
    column = np.random.default_rng(1).normal(size=(20, 1))
    once, often = (interval(table(np.repeat(column, n, axis=1)), "figure", draws=20000) for n in (1, 5))
    assert often.high - often.low == pytest.approx(once.high - once.low, rel=0.05)


def test_samples_from_pure_noise_count_each_for_itself():
    draws = np.random.default_rng(2).normal(10, 2, size=64)
    samples = pd.DataFrame({"picture": np.nan, "seed": range(64), "figure": draws})
    found = interval(samples, "figure", draws=20000)
    assert found.mean == pytest.approx(draws.mean())
    assert (found.high - found.low) / 2 == pytest.approx(1.96 * draws.std() / 8, rel=0.05)


def test_the_level_is_the_share_of_the_normal_distribution(values):
    wide, narrow = (interval(table(values), "figure", level, draws=20000) for level in (0.95, 0.6827))
    assert (wide.high - wide.low) / (narrow.high - narrow.low) == pytest.approx(1.96, rel=0.05)


def test_it_covers_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(3)
    worlds = [rng.normal(size=(24, 1)) + rng.normal(size=(24, 2)) for _ in range(200)]
    found = [interval(table(world), "figure", draws=300) for world in worlds]
    assert 0.89 <= np.mean([i.low <= 0 <= i.high for i in found]) <= 0.98


def test_unequal_numbers_of_seeds_weigh_pictures_alike():
    rows = table([[0.0, 0.0], [6.0, np.nan]])
    found = interval(rows, "figure")
    assert found.mean == 3.0
    assert (found.low, found.high) == (0.0, 6.0)


def test_the_same_rows_in_any_order_give_the_same_interval(values):
    rows = table(values)
    assert interval(rows, "figure") == interval(rows.sample(frac=1, random_state=0), "figure")


def test_a_paired_difference_forgets_what_the_pictures_share():
    pictures = np.random.default_rng(4).normal(size=(16, 1)) * 50
    noise = np.random.default_rng(5).normal(size=(16, 2))
    a, b = table(pictures + noise + 2), table(pictures.repeat(2, axis=1))
    difference = (noise + 2).mean(axis=1)
    variance = (difference.var() + noise.var(axis=1).mean() / 2) / 16
    found = paired_interval(a, b.sample(frac=1, random_state=1), "figure", draws=20000)
    assert found.mean == pytest.approx(difference.mean())
    assert (found.high - found.low) / 2 == pytest.approx(1.96 * variance**0.5, rel=0.06)
    assert paired_interval(b, a, "figure").mean == pytest.approx(-difference.mean())


def test_only_what_both_have_is_paired():
    found = paired_interval(table([[1.0], [2.0], [9.0]]), table([[0.0], [1.0], [np.nan]]), "figure")
    assert found == Interval(1.0, 1.0, 1.0)


@pytest.mark.parametrize(
    "call",
    [
        lambda: interval(table([[np.nan]]), "figure"),
        lambda: interval(pd.concat([table([[1.0]])] * 2), "figure"),
        lambda: paired_interval(table([[1.0]]), table([[1.0]]).assign(picture="another"), "figure"),
        lambda: paired_interval(pd.concat([table([[1.0]])] * 2), table([[1.0]]), "figure"),
    ],
)
def test_what_cannot_be_averaged_is_refused(call, one_sentence):
    with pytest.raises(Refusal) as refusal:
        call()
    one_sentence(refusal)
