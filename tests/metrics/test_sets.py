"""Sets of images: how far apart their colours are, and the nearest training image."""

import dataclasses
import json

import numpy as np
import pytest
import torch
from scipy.stats import wasserstein_distance
from skimage.color import rgb2lab

from lowlight_ddpm.metrics import sets
from lowlight_ddpm.metrics.sets import nearest


def to_model(pixels):
    return torch.tensor(np.asarray(pixels) * 2 - 1, dtype=torch.float32)


def plain(rgb, side=8):
    """A picture of one colour, model range."""
    return to_model(np.broadcast_to(np.reshape(rgb, (3, 1, 1)), (3, side, side)))


def random_picture(seed, side=16):
    return to_model(np.random.default_rng(seed).random((3, side, side)))


@pytest.mark.parametrize(("side", "thick"), [(64, 2), (128, 4), (8, 1), (2, 1)])
def test_border_is_three_percent_of_the_width(side, thick):
    frame = sets.border(side, side)
    assert frame[:thick].all()
    assert frame[:, -thick:].all()
    assert frame.sum() == side**2 - (side - 2 * thick) ** 2


def test_equal_sets_are_no_distance_apart():
    pictures = torch.stack([random_picture(seed) for seed in range(4)])
    compared = sets.compare_sets(pictures.flip(0), pictures)
    distances = compared.distance_means, compared.distance_border, compared.distance_lab
    np.testing.assert_allclose(distances, np.zeros((3, 3)), atol=1e-9)


def test_chance_is_what_as_many_of_the_same_images_come_to():
    """Of normal colours: a set drawn anew is nearer in about 95 of 100, a moved one is not."""
    rng = np.random.default_rng(0)
    learned = rng.normal(100, 10, size=(400, 3))
    chance = sets.by_chance(learned, 64)
    anew = [
        wasserstein_distance(rng.normal(100, 10, size=64), rng.normal(100, 10, size=400)) for _ in range(400)
    ]
    assert np.mean(np.array(anew)[:, None] <= chance) == pytest.approx(0.95, abs=0.04)
    moved = wasserstein_distance(rng.normal(110, 10, size=64), learned[:, 0])
    assert moved > 2 * chance.max()
    np.testing.assert_array_equal(chance, sets.by_chance(learned, 64))
    assert (sets.by_chance(learned, 16) > 1.5 * chance).all(), "a smaller set is further by chance"


def test_a_comparison_of_sets_says_what_chance_comes_to():
    pictures = torch.stack([random_picture(seed) * 0.5 + 0.02 * seed for seed in range(12)])
    compared = sets.compare_sets(pictures[:4], pictures)
    means, borders, labs = sets.set_colours(pictures)
    assert compared.chance_means == pytest.approx(sets.by_chance(means, 4))
    assert compared.chance_border == pytest.approx(sets.by_chance(borders, 4))
    assert compared.chance_lab == pytest.approx(sets.by_chance(labs, 4))


def test_a_tinted_set_is_the_tint_away():
    pictures = torch.stack([random_picture(seed) for seed in range(6)]) * 0.5
    compared = sets.compare_sets(pictures[:4] + plain((0.6, 0.5, 0.4), 16), pictures[:4])
    assert compared.distance_means == pytest.approx((25.5, 0, 25.5), abs=1e-3)
    assert compared.distance_border == pytest.approx((25.5, 0, 25.5), abs=1e-3)
    assert np.subtract(compared.means, compared.reference_means) == pytest.approx((25.5, 0, -25.5), abs=1e-3)


def test_sets_of_unequal_size_equal_scipy_on_mean_lab():
    samples = torch.stack([random_picture(seed) for seed in range(3)])
    reference = torch.stack([random_picture(seed, 9) * 0.6 for seed in range(5)])
    means = [
        [rgb2lab((x.double().numpy() + 1) / 2, channel_axis=0).mean((1, 2)) for x in pictures]
        for pictures in (samples, reference)
    ]
    expected = [
        wasserstein_distance(u, v)
        for u, v in zip(np.transpose(means[0]), np.transpose(means[1]), strict=True)
    ]
    assert sets.compare_sets(samples, reference).distance_lab == pytest.approx(expected)


def test_grounds_that_differ_show_in_the_border_alone():
    white = torch.stack([plain((0.4, 0.4, 0.4), 64)] * 2)
    framed = white.clone()
    frame = torch.from_numpy(sets.border(64, 64))
    framed[0, 0, frame], framed[1, 0, frame] = 0.0, -0.4  # red of 0.5 and 0.3
    compared = sets.compare_sets(framed, white)
    assert compared.border_mean == pytest.approx((102, 102, 102), abs=1e-3)
    assert compared.border_std == pytest.approx((25.5, 0, 0), abs=1e-3)
    assert compared.reference_border_std == pytest.approx((0, 0, 0), abs=1e-9)
    assert compared.distance_border == pytest.approx((25.5, 0, 0), abs=1e-3)
    assert max(compared.distance_means) < 4


def test_set_measures_are_json():
    pictures = random_picture(0)[None]
    json.dumps(dataclasses.asdict(sets.compare_sets(pictures, pictures)), allow_nan=False)


@pytest.mark.parametrize(
    "samples", [torch.zeros(0, 3, 8, 8), torch.zeros(3, 8, 8), torch.full((1, 3, 8, 8), torch.nan)]
)
def test_compare_sets_refuses(samples):
    with pytest.raises(ValueError, match=r"set must|NaN"):
        sets.compare_sets(samples, torch.zeros(1, 3, 8, 8))


def pictures(count, seed):
    return torch.rand(count, 3, 8, 8, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def test_a_repeated_picture_is_found_at_no_distance_mirrored_or_not():
    training = pictures(5, 0)
    distances, places = nearest(torch.stack([training[3], training[1].flip(-1)]), training)
    assert places.tolist() == [3, 1]
    assert distances.tolist() == pytest.approx([0, 0], abs=0.05)


def test_the_distance_is_the_root_mean_square_in_255ths():
    training = pictures(3, 1) / 2
    distances, places = nearest(training[2:] + 10 / 127.5, training)
    assert places.tolist() == [2]
    assert distances.item() == pytest.approx(10, rel=1e-4)


def test_no_other_training_picture_is_nearer():
    samples, training = pictures(4, 2), pictures(6, 3)
    distances, places = nearest(samples, training)
    for sample, distance, place in zip(samples, distances, places, strict=True):
        every = [
            ((sample - seen).square().mean().sqrt() * 127.5).item()
            for picture in training
            for seen in (picture, picture.flip(-1))
        ]
        assert distance.item() == pytest.approx(min(every), rel=1e-4)
        assert min(every) == min(every[2 * place : 2 * place + 2])
