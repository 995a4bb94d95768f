"""The permutation test: its level where nothing differs, and what it finds where something does."""

import numpy as np
import pytest

from lowlight_ddpm.study.permutation import DRAWS, mean_by_chance, p_value


def p_of(differences):
    return p_value(differences.mean(), mean_by_chance(differences)[:, 0])


def test_pairs_that_do_not_differ_are_said_to_differ_as_often_as_the_level_says():
    rng = np.random.default_rng(1)
    # Skewed pairs: their difference is symmetrical all the same, and nothing else is taken for granted.
    found = [p_of(rng.exponential(size=(20, 1)) - rng.exponential(size=(20, 1))) for _ in range(400)]
    assert np.mean(np.array(found) < 0.05) == pytest.approx(0.05, abs=0.03)


def test_a_difference_is_found_and_its_p_is_never_0():
    differences = 1 + np.random.default_rng(0).normal(size=(32, 1))
    assert p_of(differences) == 1 / (1 + DRAWS)
    assert p_of(-differences) > 0.99  # one-sided


def test_few_pairs_have_the_p_of_all_their_signs():
    """Of the eight ways to sign 1, 2 and 3 one alone reaches their mean; draws repeat it."""
    assert p_of(np.array([[1.0], [2], [3]])) == pytest.approx(1 / 8, abs=0.015)


def test_all_measures_of_a_pair_keep_one_sign_and_a_seed_makes_it_the_same_again():
    differences = np.random.default_rng(0).normal(size=(16, 1)) * [[1.0, -2.0]]
    drawn = mean_by_chance(differences)
    assert drawn.shape == (DRAWS, 2)
    np.testing.assert_allclose(drawn[:, 1], -2 * drawn[:, 0])
    np.testing.assert_array_equal(drawn, mean_by_chance(differences))
