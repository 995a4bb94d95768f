"""The network beside classical filters: the same noised pictures for all, averaged alike."""

from dataclasses import replace

import pytest
import torch

from lowlight_ddpm.images.photometry import prepare
from lowlight_ddpm.metrics.image import measure
from lowlight_ddpm.study import baselines
from lowlight_ddpm.study.baselines import FILTERS
from lowlight_ddpm.study.protocol import evaluation_set


@pytest.fixture
def data():
    return evaluation_set("drawn:24", ["drawn_0003", "drawn_0020"], size=16)


def test_every_start_has_a_row_for_the_network_and_for_each_filter(tiny_checkpoint, data, monkeypatch):
    monkeypatch.setattr(baselines, "STEPS", 3)
    data = replace(data, learned=data.learned.only({"drawn_0000", "drawn_0001"}))
    rows = list(baselines.restorations(tiny_checkpoint, data))
    assert [row.start for row in rows] == [s for s in baselines.STARTS for _ in range(1 + len(FILTERS))]
    assert next(row.method for row in rows if row.start == 100) == "dim"
    assert all(-1 <= row.ssim <= 1 for row in rows)


def test_a_row_averages_pictures_and_noise_seeds(tiny_checkpoint, data, monkeypatch):
    monkeypatch.setattr(baselines, "STEPS", 2)
    monkeypatch.setattr(baselines, "FILTERS", ())
    row = next(baselines.restorations(tiny_checkpoint, data))
    clean = prepare(data.unseen, 0.5)
    shifts = [
        measure(restored[i], clean[i], 0.5).shift_g
        for _, restored in baselines._runs(tiny_checkpoint, clean, 100)
        for i in range(2)
    ]
    assert len(shifts) == 2 * baselines.NOISE_SEEDS
    assert row.shift_g == pytest.approx(sum(shifts) / len(shifts))


def test_no_two_pictures_or_seeds_share_noise(tiny_checkpoint, data):
    clean = prepare(data.unseen, 0.5) * 0
    noised = torch.cat([noised for noised, _ in baselines._runs(tiny_checkpoint, clean, 600)])
    assert len({picture.sum().item() for picture in noised}) == len(noised)


def test_samples_from_noise_are_held_against_the_training_pictures(tiny_checkpoint, data, monkeypatch):
    monkeypatch.setattr(baselines, "STEPS", 2)
    samples, figures = baselines.from_noise(tiny_checkpoint, data, count=3)
    assert samples.shape == (3, 3, 16, 16)
    assert figures.reference_means == pytest.approx(
        ((prepare(data.seen, 0.5).mean(dim=(0, 2, 3)) + 1) * 127.5).tolist(), abs=1e-3
    )
