from dataclasses import replace

import pytest
import torch

from lowlight_ddpm import evaluation
from lowlight_ddpm.classical import FILTERS
from lowlight_ddpm.colour import measure
from lowlight_ddpm.photometry import prepare


@pytest.fixture
def checkpoint(tiny_checkpoint):
    return replace(tiny_checkpoint, record={"held_out": ["drawn_0003", "drawn_0020"]})


@pytest.fixture
def data(checkpoint):
    return evaluation.evaluation_set(checkpoint, "drawn:24")


def test_the_pictures_a_checkpoint_held_out_are_the_unseen_ones(data):
    assert data.unseen.shape == (2, 3, 16, 16)
    assert len(data.seen) == 22


def test_a_source_without_any_of_them_gives_its_first_sixteen(checkpoint):
    data = evaluation.evaluation_set(checkpoint, "drawn:24:500")
    assert (len(data.unseen), len(data.seen)) == (16, 8)


def test_every_start_has_a_row_for_the_network_and_for_each_filter(checkpoint, data, monkeypatch):
    monkeypatch.setattr(evaluation, "STEPS", 3)
    rows = list(evaluation.restorations(checkpoint, replace(data, seen=data.seen[:2])))
    assert [row.start for row in rows] == [s for s in evaluation.STARTS for _ in range(1 + len(FILTERS))]
    assert next(row.method for row in rows if row.start == 100) == "dim"
    assert all(-1 <= row.ssim <= 1 for row in rows)


def test_a_row_averages_pictures_and_noise_seeds(checkpoint, data, monkeypatch):
    monkeypatch.setattr(evaluation, "STEPS", 2)
    monkeypatch.setattr(evaluation, "FILTERS", ())
    row = next(evaluation.restorations(checkpoint, data))
    clean = prepare(data.unseen, 0.5)
    shifts = [
        measure(restored[i], clean[i], 0.5).shift_g
        for _, restored in evaluation._runs(checkpoint, clean, 100)
        for i in range(2)
    ]
    assert len(shifts) == 2 * evaluation.NOISE_SEEDS
    assert row.shift_g == pytest.approx(sum(shifts) / len(shifts))


def test_no_two_pictures_or_seeds_share_noise(checkpoint, data):
    clean = prepare(data.unseen, 0.5) * 0
    noised = torch.cat([noised for noised, _ in evaluation._runs(checkpoint, clean, 600)])
    assert len({picture.sum().item() for picture in noised}) == len(noised)


def test_samples_from_noise_are_held_against_the_training_pictures(checkpoint, data, monkeypatch):
    monkeypatch.setattr(evaluation, "STEPS", 2)
    samples, figures = evaluation.from_noise(checkpoint, data, count=3)
    assert samples.shape == (3, 3, 16, 16)
    assert figures.reference_means == pytest.approx(
        ((prepare(data.seen, 0.5).mean(dim=(0, 2, 3)) + 1) * 127.5).tolist(), abs=1e-3
    )
