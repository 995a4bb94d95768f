"""Tiles: one answer without a seam, as long in the making as there are pixels, in bounded memory."""

from types import SimpleNamespace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lowlight_ddpm.diffusion import backends
from lowlight_ddpm.diffusion.sampling import denoise
from lowlight_ddpm.diffusion.settings import run_settings
from lowlight_ddpm.images.photometry import prepare
from lowlight_ddpm.models.checkpoints import load

SIDE = 16
RIM = 8  # pixels at a picture's own border, where a network has steps of its own
TIMESTEP = torch.tensor(300)


class Stub:
    """A network of SIDE pixels that answers `answer(x)`, and notes how many pictures it is asked."""

    def __init__(self, answer):
        self.answer, self.config, self.asked = answer, SimpleNamespace(sample_size=SIDE), []

    def __call__(self, x, timestep):
        assert x.shape[1:] == (3, SIDE, SIDE)
        self.asked.append(len(x))
        return SimpleNamespace(sample=self.answer(x))


def borders(length, side):
    """Places i where a tile ends or begins between pixels i and i + 1."""
    corners = backends.corners(length, side)
    return {c - 1 for c in corners[1:]} | {c + side - 1 for c in corners[:-1]}


def steps_across(picture, axis, side=64):
    """(largest step across tile borders, largest elsewhere) along an axis: of pixels, then of lines' means.

    A mean over a line hides the noise that is left, and shows what all its pixels have in common.
    """
    steps = picture.diff(dim=axis)
    others = [other for other in range(4) if other != axis]
    lines = range(RIM, steps.shape[axis] - RIM)
    at = borders(picture.shape[axis], side)
    assert at <= set(lines)
    for sizes in (steps.abs().amax(dim=others), steps.mean(dim=others).abs()):
        yield (
            max(sizes[line].item() for line in lines if line in at),
            max(sizes[line].item() for line in lines if line not in at),
        )


def constant():
    return torch.tensor([200, 150, 90], dtype=torch.uint8)[:, None, None].expand(3, 341, 512)


def gradient():
    y, x = torch.linspace(0, 150, 341)[:, None].expand(341, 512), torch.linspace(0, 150, 512).expand(341, 512)
    return torch.stack([60 + x, 60 + y, 200 - (x + y) / 3]).to(torch.uint8)


def restored(picture):
    """The picture of 512×341 as `dim` gives it back, tile by tile."""
    settings = run_settings(start=100, steps=3, whole=True)
    for step in denoise(load("dim"), settings, prepare(picture[None], 0.5)):
        last = step
    return last.x0


@pytest.mark.parametrize("picture", [constant(), gradient()], ids=["constant", "gradient"])
def test_no_step_across_tiles_is_larger_than_elsewhere(picture):
    x0 = restored(picture)
    for axis in (2, 3):
        for across, elsewhere in steps_across(x0, axis):
            assert across <= elsewhere


def test_tiles_side_by_side_would_show(monkeypatch):
    monkeypatch.setattr(backends, "OVERLAP", 0)
    monkeypatch.setattr(backends, "_window", lambda side: torch.ones(side, side))
    (_, _), (across, elsewhere) = steps_across(restored(constant()), axis=2)
    assert across > elsewhere


def test_a_picture_of_the_network_s_size_is_asked_as_it_is(tiny_checkpoint):
    x = torch.randn(2, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(0))
    plain = tiny_checkpoint.unet(x.contiguous(memory_format=torch.channels_last), TIMESTEP).sample
    assert torch.equal(backends.predict(tiny_checkpoint.unet, x, TIMESTEP), plain)


@given(st.integers(SIDE, 90), st.integers(SIDE, 90), st.integers(1, 3))
def test_an_answer_that_looks_at_single_pixels_comes_back_whole(height, width, count):
    x = torch.randn(count, 3, height, width, generator=torch.Generator().manual_seed(height * width))
    stub = Stub(lambda tiles: 2 * tiles + 1)
    torch.testing.assert_close(backends.predict(stub, x, TIMESTEP), 2 * x + 1)
    assert max(stub.asked) <= backends.BATCH
    assert sum(stub.asked) == count * backends.tile_count(height, width, SIDE)


def test_what_a_tile_says_at_its_border_counts_for_little():
    """A stub whose answer jumps from 0 to 1 inside each tile: between tiles it must rise in small steps."""
    across = torch.linspace(0, 1, SIDE).expand(SIDE, SIDE)
    answer = backends.predict(
        Stub(lambda tiles: across.expand_as(tiles)), torch.zeros(1, 3, 16, 40), TIMESTEP
    )
    assert answer.diff(dim=3).abs().max() < 0.5


@given(st.integers(SIDE, 2000))
def test_tiles_cover_an_axis_evenly(length):
    corners = backends.corners(length, SIDE)
    assert corners[0] == 0
    assert corners[-1] == length - SIDE
    apart = torch.tensor(corners).diff()
    if len(apart):
        assert apart.min() > 0
        assert apart.max() <= SIDE * (1 - backends.OVERLAP)
        assert apart.max() - apart.min() <= 1


def test_four_times_the_pixels_take_four_times_the_calls():
    counts = [backends.tile_count(side, side, 64) for side in (256, 512, 1024, 2048)]
    pixels_a_tile = [side**2 / count for side, count in zip((256, 512, 1024, 2048), counts, strict=True)]
    assert max(pixels_a_tile) < 1.4 * min(pixels_a_tile)


def test_a_call_on_a_large_image_is_given_up_between_two_batches():
    stub = Stub(lambda x: x)
    x_t = torch.zeros(1, 3, 10 * SIDE, 10 * SIDE)
    with backends.halted_by(lambda: bool(stub.asked)), pytest.raises(backends.Halted):
        backends.predict(stub, x_t, TIMESTEP)
    assert stub.asked == [backends.BATCH], "one batch, and no other after it"
    backends.predict(stub, x_t, TIMESTEP)
    assert sum(stub.asked) > 2 * backends.BATCH, "outside, nothing is given up"
