"""Files of every kind that a user may have: the right pixels, or one sentence about what is wrong."""

import random
import struct
import time
import zlib
from io import BytesIO

import numpy as np
import pytest
import torch
from PIL import Image, features
from torchvision.transforms.v2 import functional as tv

from benchmarks.encoders import P3_ICC
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.images import entire, framed, notes, read, square, stack
from lowlight_ddpm.images.reading import MAX_WHOLE_PIXELS, entire_size

AVIF = ["AVIF"] if features.check("avif") else []
RED, WHITE = (255, 0, 0), (255, 255, 255)


def photograph(width=24, height=16):
    """A smooth picture that a JPEG keeps well: red rises to the right, green downwards."""
    y, x = np.mgrid[:height, :width]
    channels = [x * 255 // (width - 1), y * 255 // (height - 1), np.full_like(x, 90)]
    return Image.fromarray(np.stack(channels, -1).astype(np.uint8))


def encoded(picture, kind, **options):
    file = BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def header_only(width, height):
    """A PNG that says how large it is and holds next to nothing."""

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0"))


def png_of_16_bit_rgb(values):
    """A 16-bit RGB PNG, which PIL reads and cannot write; `values` is uint16 (H, W, 3)."""
    height, width, _ = values.shape
    lines = b"".join(b"\0" + line.astype(">u2").tobytes() for line in values)

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def difference(picture, expected):
    return np.abs(np.asarray(picture, int) - np.asarray(expected, int)).max()


def refused(source, one_sentence, match):
    with pytest.raises(Refusal, match=match) as refusal:
        read(source)
    return one_sentence(refusal)


@pytest.mark.parametrize(
    ("kind", "options", "off_by"),
    [
        ("PNG", {}, 0),
        ("BMP", {}, 0),
        ("TIFF", {}, 0),
        ("WEBP", {"lossless": True}, 0),
        ("JPEG", {"quality": 95, "subsampling": 0}, 12),
    ],
)
def test_colours_come_through_whether_from_bytes_path_or_image(tmp_path, kind, options, off_by):
    data = encoded(photograph(), kind, **options)
    path = tmp_path / "picture.xyz"  # the content decides, not the name
    path.write_bytes(data)
    for source in (data, path, str(path), Image.open(path)):
        picture = read(source)
        assert (picture.mode, picture.size) == ("RGB", (24, 16))
        assert difference(picture, photograph()) <= off_by


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_transparency_lies_on_white(kind):
    picture = Image.new("RGBA", (16, 16), (255, 0, 0, 0))
    picture.paste((255, 0, 0, 255), (0, 0, 8, 16))
    picture.paste((255, 0, 0, 128), (0, 0, 8, 8))
    flat = read(encoded(picture, kind, **({"lossless": True} if kind == "WEBP" else {})))
    assert flat.getpixel((12, 4)) == WHITE
    assert flat.getpixel((4, 12)) == RED
    assert flat.getpixel((4, 4)) == (255, 127, 127)


def test_a_palette_s_transparent_colour_lies_on_white():
    picture = Image.new("P", (16, 16), 1)
    picture.putpalette([0, 0, 0, 255, 0, 0])
    picture.paste(0, (0, 0, 8, 16))
    flat = read(encoded(picture, "PNG", transparency=0))
    assert (flat.getpixel((2, 2)), flat.getpixel((12, 2))) == (WHITE, RED)


def test_grey_with_transparency_lies_on_white():
    picture = Image.new("LA", (16, 16), (40, 0))
    picture.paste((40, 255), (0, 0, 8, 16))
    flat = read(encoded(picture, "PNG"))
    assert (flat.getpixel((2, 2)), flat.getpixel((12, 2))) == ((40, 40, 40), WHITE)


def test_black_and_white_and_grey_become_rgb():
    one_bit = Image.new("1", (16, 16), 1)
    one_bit.paste(0, (0, 0, 8, 16))
    flat = read(encoded(one_bit, "PNG"))
    assert (flat.getpixel((2, 2)), flat.getpixel((12, 2))) == ((0, 0, 0), WHITE)
    assert read(encoded(Image.new("L", (8, 8), 77), "PNG")).getpixel((0, 0)) == (77, 77, 77)


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_16_bit_grey_is_scaled_and_not_clipped(kind):
    ramp = np.linspace(0, 65535, 256).reshape(16, 16).astype(np.uint16)
    values = np.asarray(read(encoded(Image.fromarray(ramp), kind)))
    assert (values[..., 0].ravel() == np.arange(256)).all()
    assert (values == values[..., :1]).all()


def test_16_bit_rgb_is_scaled_and_not_clipped():
    ramp = np.linspace(0, 65535, 256).reshape(16, 16, 1).astype(np.uint16)
    values = np.asarray(read(png_of_16_bit_rgb(np.concatenate([ramp, ramp[::-1], 0 * ramp], -1))))
    assert np.abs(values[..., 0].ravel().astype(int) - np.arange(256)).max() <= 1
    assert (values[..., 1] == values[::-1, :, 0]).all()
    assert not values[..., 2].any()


@pytest.mark.parametrize(("top", "scale"), [(1.0, 255), (65535.0, 1 / 257)])
def test_floating_point_greys_are_scaled_from_1_or_from_65535(top, scale):
    ramp = np.linspace(0, top, 64).reshape(8, 8).astype(np.float32)
    values = np.asarray(read(encoded(Image.fromarray(ramp), "TIFF")))[..., 0]
    assert np.abs(values - ramp * scale).max() <= 0.51


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_floating_point_values_that_are_no_numbers_are_refused(value, one_sentence):
    greys = np.full((16, 16), 0.5, np.float32)
    greys[3, 3] = value
    refused(encoded(Image.fromarray(greys), "TIFF"), one_sentence, "no numbers")


def test_a_cmyk_jpeg_keeps_its_colours():
    picture = read(encoded(photograph().convert("CMYK"), "JPEG", quality=95, subsampling=0))
    assert picture.mode == "RGB"
    assert difference(picture, photograph()) <= 16


def test_of_an_animation_the_first_frame_is_taken():
    frames = [Image.new("RGB", (16, 16), colour) for colour in ("red", "lime", "blue")]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert read(data).getcolors() == [(256, RED)]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_picture_that_was_taken_sideways_stands_upright(kind):
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees clockwise to show it
    upright = read(encoded(photograph(), kind, exif=exif))
    assert upright.size == (16, 24)
    assert difference(upright, photograph().transpose(Image.Transpose.ROTATE_270)) <= 24


@pytest.mark.parametrize("size", [(8, 8), (8, 400), (400, 8)])
def test_the_smallest_pictures_are_read(size):
    assert read(encoded(Image.new("RGB", size), "PNG")).size == size


@pytest.mark.parametrize("size", [(1, 1), (7, 100), (100, 7)])
def test_pictures_with_a_side_under_8_pixels_are_refused(size, one_sentence):
    text = refused(encoded(Image.new("RGB", size), "PNG"), one_sentence, "at least 8 pixels")
    assert f"{size[0]}×{size[1]}" in text


@pytest.mark.parametrize("size", [(10_001, 10_000), (13_000, 13_000), (20_000, 20_000), (2**31 - 1, 8)])
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_pictures_too_large_for_memory_are_refused_undecoded(tmp_path, size, one_sentence):
    (tmp_path / "huge.png").write_bytes(header_only(*size))
    begin = time.perf_counter()
    text = refused(tmp_path / "huge.png", one_sentence, "smaller than 100 megapixels")
    assert "huge.png" in text
    assert time.perf_counter() - begin < 0.5


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP", "TIFF", "BMP"])
@pytest.mark.parametrize("part", [0.3, 0.6, 0.9])
def test_a_truncated_file_is_refused(tmp_path, kind, part, one_sentence):
    noise = Image.fromarray(np.random.default_rng(0).integers(256, size=(64, 64, 3), dtype=np.uint8))
    data = encoded(noise, kind)
    (tmp_path / "cut.png").write_bytes(data[: int(len(data) * part)])
    refused(tmp_path / "cut.png", one_sentence, r"cut\.png")


@pytest.mark.parametrize("content", [b"", b"no picture, only text\n" * 9, b"%PDF-1.7", b"\x89PNG\r\n\x1a\n"])
def test_what_is_no_picture_is_refused_by_its_name(tmp_path, content, one_sentence):
    (tmp_path / "text.png").write_bytes(content)
    refused(tmp_path / "text.png", one_sentence, r"text\.png is no picture")
    refused(content, one_sentence, "The picture is no picture")


def test_a_path_that_leads_nowhere_is_refused(tmp_path, one_sentence):
    refused(tmp_path / "none.png", one_sentence, r"none\.png is not there")


def test_a_folder_is_no_picture(tmp_path, one_sentence):
    refused(tmp_path, one_sentence, "is no picture")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP", "TIFF", "BMP", *AVIF])
@pytest.mark.filterwarnings("ignore")
def test_a_file_with_random_damage_is_read_or_refused(kind, one_sentence):
    exif = Image.Exif()
    exif[0x0112] = 3
    data = encoded(photograph(), kind, **({"exif": exif} if kind in {"PNG", "JPEG", "WEBP"} else {}))
    chance = random.Random(kind)
    for _ in range(100):
        damaged = bytearray(data)
        for _ in range(chance.randrange(1, 5)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        try:
            assert read(bytes(damaged)).mode == "RGB"
        except Refusal as refusal:
            one_sentence(refusal)


@pytest.mark.parametrize("shape", [(64, 64), (200, 64), (64, 201), (33, 97), (9, 8), (8, 1000)])
@pytest.mark.parametrize("size", [16, 64])
def test_any_shape_becomes_a_square(shape, size):
    pixels = square(photograph(*shape), size)
    assert (pixels.dtype, pixels.shape) == (torch.uint8, (3, size, size))


def test_the_middle_is_what_is_kept():
    picture = Image.new("RGB", (48, 16), "blue")
    picture.paste("red", (12, 0, 36, 16))
    assert (square(picture, 8) == torch.tensor(RED).reshape(3, 1, 1)).all()


def test_a_very_long_strip_is_cut_before_it_is_enlarged():
    begin = time.perf_counter()
    assert square(Image.new("RGB", (2_000_000, 8)), 64).shape == (3, 64, 64)
    assert time.perf_counter() - begin < 2


def test_a_whole_picture_is_left_as_it_is():
    picture = photograph(100, 70)
    assert torch.equal(entire(picture, 64), tv.pil_to_tensor(picture))
    assert torch.equal(framed(picture, 64, whole=True), entire(picture, 64))
    assert torch.equal(framed(picture, 64, whole=False), square(picture, 64))


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((64, 64), (64, 64)),
        ((100, 32), (200, 64)),
        ((8, 8), (64, 64)),
        ((4000, 3000), (1182, 887)),
        ((100_000, 100), (1600, 100)),
        ((10, 100_000), (64, 1024)),
    ],
)
def test_a_whole_picture_is_neither_too_large_nor_too_small(size, expected):
    assert entire_size(size, 64) == expected
    assert expected[0] * expected[1] <= 1.001 * MAX_WHOLE_PIXELS


@pytest.mark.parametrize("size", [(20, 30), (200, 9), (1500, 1200)])
def test_a_whole_picture_has_the_size_that_was_said(size):
    width, height = entire_size(size, 64)
    assert entire(photograph(*size), 64).shape == (3, height, width)


def test_pictures_of_all_shapes_are_stacked():
    assert stack([photograph(), photograph(9, 40)], 8).shape == (2, 3, 8, 8)


@pytest.mark.parametrize(
    ("size", "whole", "used"),
    [
        ((64, 64), False, None),
        ((128, 64), False, None),
        ((129, 64), False, "64×64"),
        ((64, 200), False, "64×64"),
        ((200, 64), True, None),
        ((16 * 16, 16), True, None),
        ((16 * 16 + 1, 16), True, "256×16"),
        ((16, 400), True, "16×256"),
        ((400, 16), None, None),
    ],
)
def test_who_brings_a_strip_is_told_that_its_ends_are_cut(size, whole, used, one_sentence):
    said = notes(Image.new("RGB", size), whole)
    assert len(said) == bool(used)
    if used:
        assert one_sentence(said[0]) == said[0]
        assert f"{size[0]}×{size[1]}" in said[0]
        assert f"the middle {used} " in said[0]


def test_the_sentence_is_true_of_what_a_network_gets():
    strip = Image.new("RGB", (256, 64), "white")
    strip.paste("black", (96, 0, 160, 64))
    assert framed(strip, 64, whole=False).max() == 0, "only the middle 64×64 are used"
    strip = Image.new("RGB", (400, 16), "white")
    strip.paste("black", (72, 0, 328, 16))
    assert framed(strip, 16, whole=True).max() == 0, "only the middle 256×16 are used"


def test_a_profile_that_was_converted_is_named_in_a_sentence():
    p3 = encoded(photograph(), "PNG", icc_profile=P3_ICC)
    assert notes(read(p3), whole=False) == ["Colours: Display P3, converted to sRGB."]
    assert notes(read(p3)) == notes(read(p3), whole=True)
    assert notes(read(encoded(photograph(), "PNG"))) == []
    strip = read(encoded(photograph(200, 16), "PNG", icc_profile=P3_ICC))
    assert len(notes(strip, whole=False)) == 2
