"""The nearest training picture: found though mirrored, and as far as it is."""

import pytest
import torch

from lowlight_ddpm.metrics.memorisation import nearest


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
