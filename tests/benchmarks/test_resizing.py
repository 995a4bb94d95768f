"""Tests that the benchmark of resizing measures what is known by hand."""

import numpy as np
import pytest
import torch
from PIL import Image

from benchmarks import resizing
from benchmarks.resizing import BICUBIC, PAIRS, in_gamma, in_linear_light
from lowlight_ddpm.images import draw, square

BLACK_WHITE = PAIRS["black and white"]
INNER = (..., slice(2, -2), slice(2, -2))


@pytest.mark.parametrize("pattern", [resizing.stripes, resizing.checkerboard])
@pytest.mark.parametrize("side", [128, 256])
def test_black_and_white_become_half_the_value_or_half_the_light(pattern, side):
    pixels = pattern(BLACK_WHITE, side)
    assert resizing.mean_pixel(pixels).tolist() == [127.5] * 3
    np.testing.assert_allclose(in_gamma(pixels)[INNER], 127.5, atol=1)
    np.testing.assert_allclose(in_linear_light(pixels)[INNER], 187.5, atol=1)
    np.testing.assert_allclose(resizing.from_afar(pixels), 187.5, atol=0.1)


def test_stripes_and_checkerboards_are_of_one_pixel():
    assert resizing.stripes(BLACK_WHITE, 4)[0].tolist() == [[0, 255, 0, 255]] * 4
    assert resizing.checkerboard(BLACK_WHITE, 4)[1].tolist() == [[0, 255, 0, 255], [255, 0, 255, 0]] * 2
    assert resizing.stripes(PAIRS["red and green"], 2)[:, 0].tolist() == [[255, 0], [0, 255], [0, 0]]


def test_in_gamma_is_what_the_networks_get():
    image = draw(3)
    original = torch.from_numpy(np.array(image)).movedim(-1, 0)
    assert torch.equal(in_gamma(original), square(image, 64))


def test_a_flat_image_does_not_change():
    flat = torch.tensor([200, 30, 90], dtype=torch.uint8)[:, None, None].expand(3, 96, 96)
    for way in resizing.WAYS.values():
        assert torch.equal(way(flat), flat[:, :64, :64])
        assert all(value == pytest.approx(0, abs=1e-4) for value in resizing.change(flat, way).values())


def test_only_the_bicubic_filter_rings_and_that_is_counted():
    edge = torch.full((3, 128, 128), 60, dtype=torch.uint8)
    edge[..., 64:] = 200
    for way in resizing.WAYS.values():
        assert resizing.overshoot(edge, way(edge)) == 0
    # The columns before and after the edge, of 64.
    assert resizing.overshoot(edge, in_gamma(edge, BICUBIC)) == pytest.approx(2 / 64)


def test_white_stripes_alone_brighten_the_mean_pixel_in_linear_light():
    pixels = resizing.stripes(BLACK_WHITE, 128)
    gamma, light = (resizing.change(pixels, way) for way in (in_gamma, in_linear_light))
    assert gamma["mean pixel value, signed, /255"] == pytest.approx(0, abs=1)
    assert light["mean pixel value, signed, /255"] == pytest.approx(60, abs=1.5)
    assert gamma["mean linear light, CIEDE2000"] > 15
    assert light["mean linear light, CIEDE2000"] < 1


def test_one_table_is_printed_for_the_sources_that_are_asked_for(capsys):
    resizing.main(["drawn:2"])
    head, rule, *rows = capsys.readouterr().out.splitlines()
    assert head == "| image | measure | gamma | linear light |"
    assert rule == "|---|---|---|---|"
    assert len(rows) == 2 * 12 + 5
    assert all(row.count("|") == 5 for row in rows)
    assert rows[-1].startswith("| drawn:2 (2) | overshoot, bicubic")


def test_the_free_photographs_are_colour_images():
    photographs = resizing.free()
    assert len(photographs) == len(resizing.FREE)
    assert all(isinstance(image, Image.Image) and image.mode == "RGB" for image in photographs)
