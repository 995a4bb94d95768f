"""Numbers of every kind: bit depths, signs, floats, negatives, keys of transparency, in TIFF and PNG."""

import struct
import time
import zlib
from io import BytesIO

import numpy as np
import pytest
import tifffile
from PIL import Image

from benchmarks.encoders import colours, greys, image, levels, lzw_tiff, png, saved, tiff
from benchmarks.formats import difference
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.images import read

GREY = image(greys())
DEEP = levels(greys(), 16)
RGB = levels(colours(), 16)


def refusal_of(data, one_sentence):
    with pytest.raises(Refusal) as refusal:
        read(data, "scan.tif")
    return one_sentence(refusal)


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize(
    "kind", [np.uint16, np.uint32, np.int16, np.int32, np.float16, np.float32, np.float64]
)
@pytest.mark.parametrize("photometric", ["minisblack", "miniswhite", "rgb"])
@pytest.mark.parametrize("compression", [None, "zlib"])
def test_numbers_of_any_type_and_order_fill_their_scale(order, kind, photometric, compression):
    full = 1 if np.dtype(kind).kind == "f" else np.iinfo(kind).max
    shown = colours() if photometric == "rgb" else greys()
    stored = (1 - shown if photometric == "miniswhite" else shown) * full
    data = tiff(stored.astype(kind), order, photometric=photometric, compression=compression)
    assert difference(read(data), image(shown)) <= 1


@pytest.mark.parametrize("white", [1023, 4095, 16383])
def test_fewer_bits_in_16_are_told_by_the_highest_value_that_the_file_names(white):
    stored = (greys() * white).round().astype(np.uint16)
    assert difference(read(tiff(stored, extratags=[(281, "H", 1, white, True)])), GREY) <= 1
    # Whoever writes there the highest value that happens to be says nothing of the scale.
    dark = tiff(stored, extratags=[(281, "H", 1, white - 3, True)])
    assert difference(read(dark), image(stored / 65535)) == 0


@pytest.mark.parametrize("top", [255, 65535, 2**31 - 1])
def test_integers_with_a_sign_are_scaled_by_the_range_that_holds_them(top):
    stored = (greys() * top).round().astype(np.int32)
    assert difference(read(tiff(stored)), GREY) <= 1


@pytest.mark.parametrize("top", [1.0, 1.01, 3.0, 15.0])
def test_floats_somewhat_above_1_are_highlights_and_clipped(top):
    stored = (greys() * top).astype(np.float32)
    assert difference(read(tiff(stored)), image(stored.clip(0, 1))) == 0
    assert difference(read(saved(Image.fromarray(stored), "TIFF")), image(stored.clip(0, 1))) == 0


def test_numbers_of_no_known_scale_are_refused(one_sentence):
    assert "go up to 1e+06" in refusal_of(tiff((greys() * 1e6).astype(np.float32)), one_sentence)
    assert "go down to -100" in refusal_of(tiff((greys() * 200 - 100).astype(np.int16)), one_sentence)
    assert "go down to -1" in refusal_of(tiff((greys() * 2 - 1).astype(np.float32)), one_sentence)
    assert "no numbers" in refusal_of(tiff(np.full((16, 16), np.nan, np.float32)), one_sentence)


def test_a_filter_s_overshoot_below_black_is_black():
    stored = (greys() - 0.02).astype(np.float32)
    assert difference(read(tiff(stored)), image(stored.clip(0, 1))) <= 1


@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize("tile", [None, (16, 16)])
def test_planes_tiles_and_differences_are_put_together(planar, tile):
    values = RGB if planar == "contig" else np.moveaxis(RGB, -1, 0)
    options = {"photometric": "rgb", "planarconfig": planar, "tile": tile}
    for deflated in ({}, {"compression": "zlib", "predictor": True}):
        assert difference(read(tiff(values, **options, **deflated)), image(colours())) == 0


def test_alpha_of_16_bits_lies_on_white_multiplied_or_not():
    alpha = np.linspace(0, 1, 48)[None].repeat(48, axis=0)
    want = image(colours() * alpha[..., None] + 1 - alpha[..., None])
    for kind, stored in (("unassalpha", colours()), ("assocalpha", colours() * alpha[..., None])):
        pixels = levels(np.dstack([stored, alpha]), 16)
        assert difference(read(tiff(pixels, photometric="rgb", extrasamples=[kind])), want) <= 1
    assert difference(read(png(levels(np.dstack([colours(), alpha]), 16))), want) <= 1
    grey = image(greys() * alpha + 1 - alpha)
    assert difference(read(png(levels(np.dstack([greys(), alpha]), 16))), grey) <= 1


def test_a_tiff_of_8_bits_is_read_as_ever():
    for picture in (image(colours()), GREY.convert("L"), image(colours()).convert("P")):
        for compression in (None, "tiff_lzw", "tiff_deflate", "jpeg" if picture.mode != "P" else "packbits"):
            data = saved(picture, "TIFF", compression=compression)
            assert difference(read(data), Image.open(BytesIO(data))) == 0


def test_a_tiff_lies_as_it_says():
    turned = tiff(RGB[:24], photometric="rgb", extratags=[(274, "H", 1, 6, True)])
    assert difference(read(turned), image(colours()[:24]).transpose(Image.Transpose.ROTATE_270)) == 0


def test_16_bits_in_lzw_keep_their_lower_halves():
    steps = np.tile(np.arange(0, 2**16, 64, dtype=np.uint16)[:1024], (8, 1))
    ramp = np.stack([steps, steps[:, ::-1], steps // 2], -1)
    assert difference(read(lzw_tiff(ramp)), image(ramp / 65535)) == 0
    assert difference(read(lzw_tiff(65535 - steps, white_is_zero=True)), image(steps / 65535)) == 0


def test_16_bits_of_a_png_keep_their_lower_halves():
    ramp = np.stack([DEEP, DEEP[::-1], DEEP // 3], -1)
    assert difference(read(png(ramp)), image(ramp / 65535)) == 0


@pytest.mark.parametrize("depth", [1, 2, 4, 8])
def test_a_transparent_grey_is_found_at_every_depth(depth):
    stored = (greys() * (2**depth - 1)).round().astype(np.uint8)
    want = image(stored / (2**depth - 1))
    key = 2**depth // 2
    want.paste("white", mask=Image.fromarray(stored == key))
    for said in (key, key + 2**depth):  # bits beyond the depth count nothing
        assert difference(read(png(stored, (b"tRNS", struct.pack(">H", said)), depth=depth)), want) == 0


def test_a_transparent_colour_of_16_bits_is_matched_in_all_of_them():
    pixels = RGB.copy()
    pixels[:8], pixels[8:16] = (1000, 2000, 3000), (1001, 2000, 3000)
    found = read(png(pixels, (b"tRNS", struct.pack(">3H", 1000, 2000, 3000))))
    assert found.getpixel((3, 3)) == (255, 255, 255)
    assert found.getpixel((3, 10)) == (4, 8, 12)


UNSUPPORTED = {
    "floating-point numbers in LZW": lambda: lzw_tiff(DEEP).replace(
        struct.pack("<HHII", 277, 3, 1, 1), struct.pack("<HHII", 339, 3, 1, 3)
    ),
    "samples a pixel": lambda: tiff(
        np.zeros((16, 16, 5), np.uint16), photometric="minisblack", planarconfig="contig"
    ),
}


@pytest.mark.parametrize("has", UNSUPPORTED)
def test_a_refused_tiff_is_told_what_it_has_and_not_to_be_a_tiff(has, one_sentence):
    said = refusal_of(UNSUPPORTED[has](), one_sentence)
    assert has in said
    assert "choose a" not in said


def preview_first(maker):
    """As NEF and ARW are built: a small image first, with the photograph in a directory below it."""
    content = BytesIO()
    with tifffile.TiffWriter(content) as file:
        made_by = [(271, "s", 0, maker, True)]
        file.write(levels(colours()), photometric="rgb", subfiletype=1, subifds=1, extratags=made_by)
        file.write(DEEP, photometric="cfa")
    return content.getvalue()


RAWS = {
    "Canon CR2": b"II*\0\x10\0\0\0CR\2\0" + bytes(64),
    "Canon CR3": b"\0\0\0\x18ftypcrx " + bytes(64),
    "Fujifilm RAF": b"FUJIFILMCCD-RAW 0201" + bytes(64),
    "Olympus ORF": b"IIRO\x08\0\0\0" + bytes(64),
    "DNG": tiff(RGB, photometric="rgb", extratags=[(50706, "B", 4, (1, 4, 0, 0), True)]),
    "NIKON CORPORATION": preview_first("NIKON CORPORATION"),
    "SONY": tiff(DEEP, photometric="cfa", extratags=[(271, "s", 0, "SONY", True)]),
}


@pytest.mark.parametrize("kind", RAWS)
def test_a_camera_s_raw_file_is_refused_by_its_name_and_not_read_as_its_preview(kind, one_sentence):
    said = refusal_of(RAWS[kind], one_sentence)
    assert "raw file" in said
    assert kind in said


def test_a_name_that_only_raw_files_have_says_what_cannot_be_read(tmp_path, one_sentence):
    (tmp_path / "photo.NEF").write_bytes(b"nothing known")
    with pytest.raises(Refusal, match="raw file"):
        read(tmp_path / "photo.NEF")


@pytest.mark.parametrize("shape", [(20_000, 20_000), (4, 900)])
def test_a_tiff_s_sides_are_checked_before_anything_is_decoded(shape, one_sentence):
    small = tiff(np.zeros((16, 16, 3), np.float32), photometric="rgb")
    with tifffile.TiffFile(BytesIO(small)) as file:
        places = {code: file.pages.first.tags[code].valueoffset for code in (256, 257)}
    data = bytearray(small)
    for code, side in zip((257, 256), shape, strict=True):
        struct.pack_into("<I", data, places[code], side)
    begin = time.perf_counter()
    assert "pixels" in refusal_of(bytes(data), one_sentence)
    assert time.perf_counter() - begin < 1


def test_a_strip_that_inflates_without_end_is_refused_before_it_fills_memory(one_sentence):
    whole = tiff(np.zeros((64, 64), np.float32), compression="zlib")
    bomb = zlib.compress(bytes(2**26), 9)
    with tifffile.TiffFile(BytesIO(whole)) as file:
        tags = file.pages.first.tags
        offset, count = tags[273].valueoffset, tags[279].valueoffset
    data = bytearray(whole) + bomb
    struct.pack_into("<I", data, offset, len(whole))
    struct.pack_into("<I", data, count, len(bomb))
    assert "more than it should" in refusal_of(bytes(data), one_sentence)
