"""Runs on one picture are ranked by what the eye sees, whatever their brightness, and remembered."""

from dataclasses import replace

import pytest
import torch

from lowlight_ddpm.analysis.compare import (
    Memory,
    Outcome,
    by_eye,
    by_mse,
    disagreements,
    most_telling,
    ranks,
    set_shift,
)
from lowlight_ddpm.diffusion.settings import run_settings
from lowlight_ddpm.images import draw, square
from lowlight_ddpm.images.photometry import digest, prepare
from lowlight_ddpm.metrics.image import measure, misleads

PIXELS = square(draw(0), 64)
TINT = torch.tensor([12.0, -6.0, 3.0])[:, None, None] / 127.5  # of full brightness, in model range


def tinted(brightness, tint=TINT, **settings):
    """An outcome whose shift is TINT at full brightness; no pixel leaves the range for it."""
    picture = prepare(PIXELS.clamp(20, 230), brightness)
    return Outcome.of(run_settings(brightness=brightness, **settings), picture + brightness * tint, picture)


def outcome(mse, delta_e, **settings):
    """An outcome with the figures that ranks go by."""
    made = tinted(1.0, **settings)
    return replace(made, measures=replace(made.measures, mse=mse), delta_e=delta_e)


@pytest.mark.parametrize("brightness", [0.25, 0.5, 1.0])
def test_the_same_tint_counts_the_same_at_any_brightness(brightness):
    found, full = tinted(brightness), tinted(1.0)
    assert found.shifts == pytest.approx((12, -6, 3), abs=1e-3)
    assert found.shift == pytest.approx((189 / 3) ** 0.5, abs=1e-3)
    assert found.mse == pytest.approx(full.mse, rel=1e-3)
    assert found.delta_e == pytest.approx(full.delta_e, abs=1e-3)
    assert found.measures.ssim == pytest.approx(full.measures.ssim, abs=1e-3)


def test_the_measures_kept_are_the_runs_own():
    picture = prepare(PIXELS, 0.5)
    result = picture + 0.1 * torch.randn(picture.shape, generator=torch.Generator().manual_seed(0))
    kept = Outcome.of(run_settings(brightness=0.5), result, picture)
    assert kept.measures == measure(result, picture, 0.5)
    at_full = measure(prepare(PIXELS) + 2 * (result - picture), prepare(PIXELS))
    assert kept.delta_e == pytest.approx(at_full.delta_e, abs=1e-3)


def test_ranks_begin_with_the_lowest_and_share_the_better_place():
    outcomes = [outcome(0.03, 5.0), outcome(0.01, 7.0), outcome(0.02, 5.0)]
    assert ranks(outcomes, by_mse) == [3, 1, 2]
    assert ranks(outcomes, by_eye) == [1, 3, 1]


def test_mse_misleads_where_the_lower_one_is_visibly_further_off():
    assert misleads(0.01, 5.0, 0.02, 2.0)
    assert misleads(0.02, 2.0, 0.01, 5.0)
    assert not misleads(0.01, 2.0, 0.02, 5.0)
    assert not misleads(0.01, 2.9, 0.02, 2.0), "nobody sees it"
    assert not misleads(0.01, 5.0, 0.01, 2.0), "MSE does not tell them apart"


def test_disagreements_name_the_preferred_and_the_truer_the_strongest_first():
    blurred, tinted_most, grainy = outcome(0.03, 1.0), outcome(0.01, 9.0), outcome(0.02, 4.0)
    pairs = disagreements([blurred, tinted_most, grainy])
    assert [(pair.preferred, pair.truer) for pair in pairs] == [
        (tinted_most, blurred),
        (tinted_most, grainy),
        (grainy, blurred),
    ]
    assert [pair.by for pair in pairs] == [8, 5, 3]
    assert most_telling([blurred, tinted_most, grainy]) == (tinted_most, blurred)


def test_without_a_disagreement_the_worst_and_the_best_tell_most():
    worst, middle, best = outcome(0.03, 9.0), outcome(0.02, 5.0), outcome(0.01, 1.0)
    assert disagreements([worst, middle, best]) == []
    assert most_telling([middle, best, worst]) == (worst, best)


def test_opposite_shifts_of_a_set_cancel_in_the_mean_and_not_in_the_size():
    pictures = torch.zeros(2, 3, 8, 8)
    results = pictures + torch.tensor([1.0, -1.0])[:, None, None, None] * 5 / 127.5
    found = set_shift(results, pictures, brightness=0.5)
    assert found.mean == pytest.approx((0, 0, 0), abs=1e-4)
    assert found.size == pytest.approx(10, abs=1e-4)


def test_memory_gives_back_the_very_run_and_forgets_the_longest_unused():
    memory, picture = Memory(size=2), digest(PIXELS)
    made = [tinted(1.0, seed=seed) for seed in range(3)]
    for one in made[:2]:
        memory.keep(picture, one)
    assert memory.recall(run_settings(brightness=1.0, seed=0), picture) is made[0]
    assert memory.recall(made[0].settings, digest(PIXELS + 1)) is None
    memory.keep(picture, made[2])
    assert [memory.recall(one.settings, picture) for one in made] == [made[0], None, made[2]]
