"""Filters in bands: the same as all at once, within memory, with their time told."""

from dataclasses import replace
from threading import Event
from time import perf_counter

import numpy as np
import pytest
from skimage import data

from lowlight_ddpm.photographs import denoising
from lowlight_ddpm.photographs.denoising import DENOISERS, Denoising, filtered


@pytest.fixture(scope="module")
def clean():
    return data.astronaut()[100:228, 150:278]


@pytest.fixture(scope="module")
def noisy(clean):
    grain = np.random.default_rng(0).normal(0, 15, clean.shape)
    return (clean + grain).round().clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize("name", DENOISERS)
def test_noise_is_removed_and_the_share_mixes_it_back(name, clean, noisy):
    work = Denoising.of(noisy, DENOISERS[name])

    def error(pixels):
        return np.sqrt(((pixels.astype(float) - clean) ** 2).mean())

    whole, half, none = (work.run(share) for share in (1.0, 0.5, 0.0))
    assert error(whole) < 0.75 * error(noisy)
    assert (none == noisy).all()
    assert np.abs(half.astype(int) * 2 - whole - noisy.astype(int)).max() <= 2


@pytest.mark.parametrize("name", DENOISERS)
def test_no_seam_shows_between_bands(name, noisy, monkeypatch):
    work = Denoising(noisy, DENOISERS[name], 0.08)
    at_once = work.run().astype(int)
    monkeypatch.setattr(denoising, "BAND", 1)  # of LEAST_ROWS rows

    def jump(work):
        """Mean difference between the two across the edges of bands, in 1/255."""
        off = work.run() - at_once
        return np.abs(np.diff(off, axis=0)[31::32]).mean()

    unaware = replace(work, denoiser=replace(work.denoiser, reach=0))
    assert jump(work) < 0.6 < 1.2 < jump(unaware), "the overlap is what prevents seams"


def test_progress_ends_at_all_and_may_stop_the_work(noisy, monkeypatch):
    monkeypatch.setattr(denoising, "BAND", 1)
    monkeypatch.setattr(denoising, "_threads", lambda: 1)
    work, result = Denoising(noisy, DENOISERS["tv"], 0.04), np.zeros_like(noisy)
    shares = list(work.steps(result))
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert {0.25, 0.5, 0.75} <= set(shares) <= {0.0, 0.25, 0.5, 0.75, 1.0}
    assert (result == work.run()).all()


def test_who_stops_waits_for_no_band(noisy, monkeypatch):
    monkeypatch.setattr(denoising, "BAND", 1)
    begun, go_on = [], Event()

    def stuck(image, strength):
        begun.append(image)
        go_on.wait(60)
        return image

    work = Denoising(noisy, replace(DENOISERS["nlm"], filter=stuck), 0.08)
    steps = work.steps(np.empty_like(noisy))
    assert next(steps) == 0, "it tells that it goes on before the first band is done"
    steps.close()
    tried = len(begun)
    go_on.set()
    assert tried < 4, "the others never begin"


def test_the_time_is_that_of_all_bands(noisy, monkeypatch):
    def slow(image, strength):
        until = perf_counter() + image.size * 1e-6
        while perf_counter() < until:
            pass
        return image

    monkeypatch.setattr(denoising, "_threads", lambda: 1)
    monkeypatch.setattr(denoising, "BAND", 2**12)
    large = np.tile(noisy, (4, 4, 1))
    work = Denoising(large, replace(DENOISERS["nlm"], filter=slow), 0.08)
    rows = sum(min(512, top + 32 + 9) - max(0, top - 9) for top in range(0, 512, 32))
    assert work.seconds() == pytest.approx(rows * 512 * 3 * 1e-6, rel=0.3)


@pytest.mark.parametrize("shape", [(8, 8), (8, 300), (300, 8)])
@pytest.mark.parametrize("name", DENOISERS)
@pytest.mark.parametrize("value", [0, 90])
def test_small_long_and_flat_pictures_come_out_as_they_are(shape, name, value):
    flat = np.full((*shape, 3), value, np.uint8)
    work = Denoising.of(flat, DENOISERS[name])
    assert (work.run() == flat).all()
    assert work.seconds() >= 0


def test_the_study_s_filter_takes_the_best_strength(noisy):
    image = noisy[:48, :48] / 255
    best = denoising.best_strength(image, DENOISERS["tv"].filter)
    assert (filtered(image, DENOISERS["tv"].filter) == DENOISERS["tv"].filter(image, best)).all()
