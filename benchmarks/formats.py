"""How files of many kinds are read: what each is to look like in sRGB, and by how much it is missed.

python -m benchmarks.formats [FOLDER]

Without a folder the inputs are made here, from formulae and not by what reads them. A folder has inputs
called NN-NAME.EXTENSION, and NN-want.png for those whose colours are known.
"""

import struct
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, features

from benchmarks.encoders import (
    ADOBE,
    ADOBE_ICC,
    BEST_JPEG,
    BT2020,
    DOT_GAIN_ICC,
    GREY_ICC,
    LINEAR_ICC,
    P3,
    P3_ICC,
    PROPHOTO,
    PROPHOTO_ICC,
    SIDE,
    SRGB,
    SRGB_ICC,
    adobe_exif,
    bt709_curve,
    chrm,
    cicp,
    colours,
    encoded,
    gama,
    greys,
    icc,
    iccp,
    image,
    levels,
    light,
    lzw_tiff,
    png,
    power,
    press,
    press_lab,
    saved,
    srgb_curve,
    srgb_of_lab,
    table_curve,
    tiff,
    with_nclx,
)
from benchmarks.record import record, row, show
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.images import read
from lowlight_ddpm.images.reading import converted_from

LOSSY = 8  # levels by which a lossy file may miss, since a conversion makes errors in dark colours larger


@dataclass(frozen=True)
class Input:
    """A file and the RGB image that it is to look like: None where a refusal is meant, or none is known."""

    name: str
    data: bytes
    want: Image.Image | None
    within: int = 4  # levels of it, at every pixel; of what is compressed with loss, a few more
    may_be_refused: bool = False


def main(folder: str | None = None) -> bool:
    """Print how each input was read, and record it of a folder's; True if all held."""
    rows = [tried(one) for one in (of_folder(Path(folder)) if folder else made())]
    if folder:
        record("formats", rows)
    return show(rows)


def tried(one: Input) -> dict:
    """The line on one input, which held if it is near what is wanted, or was refused where that may be."""
    said, off = attempt(one)
    if isinstance(off, str):
        return row(one.name, 1, one.want is None or one.may_be_refused, f"{said}: {off}")
    if off is None:
        return row(one.name, 1, True, said)
    return row(one.name, 1, off <= one.within, f"{said}; at most {off}/255 off")


def of_folder(folder: Path) -> Iterator[Input]:
    """The inputs of a folder, by their numbers."""
    files = [path for path in folder.iterdir() if path.stem.split("-")[0].isdecimal()]
    for path in sorted(files, key=lambda path: int(path.stem.split("-")[0])):
        number, _, name = path.stem.partition("-")
        if name != "want":
            wanted = folder / f"{number}-want.png"
            want = Image.open(wanted, formats=["PNG"]).convert("RGB") if wanted.exists() else None
            # Linear light in 8 bits comes 5 levels off in the darkest shades, whoever reads it.
            # Of a folder's files nobody promised that each can be read: a sentence is no wrong colour.
            yield Input(path.name, path.read_bytes(), want, within=5, may_be_refused=True)


def attempt(one: Input) -> tuple[str, int | str | None]:
    """What an input is read as, and by how much that is off, if that is known; or the refusal."""
    try:
        found = read(one.data, one.name)
    except Refusal as refusal:
        return "refused", str(refusal)
    profile = converted_from(found)
    said = f"{profile}, converted to sRGB" if profile else "sRGB"
    return said, difference(found, one.want) if one.want else None


def difference(found: Image.Image, want: Image.Image) -> int:
    """By how many levels two images differ at most; 255 if their sizes differ."""
    if found.size != want.size:
        return 255
    return int(np.abs(np.asarray(found, int) - np.asarray(want.convert("RGB"), int)).max())


def made() -> Iterator[Input]:
    """An input of each kind."""
    yield from _of_profiles()
    yield from _of_numbers()
    yield from _of_depths()
    yield from _refused()


def _of_profiles() -> Iterator[Input]:
    want, grey = image(colours()), image(greys())
    p3, adobe = (
        Image.fromarray(levels(encoded(*space))) for space in ((P3, srgb_curve), (ADOBE, power(563 / 256)))
    )
    yield Input("P3.png", saved(p3, "PNG", icc_profile=P3_ICC), want)
    yield Input("P3.jpg", saved(p3, "JPEG", icc_profile=P3_ICC, **BEST_JPEG), want, LOSSY)
    yield Input("P3.webp", saved(p3, "WEBP", lossless=True, icc_profile=P3_ICC), want)
    yield Input("Adobe-RGB.tif", saved(adobe, "TIFF", icc_profile=ADOBE_ICC), want)
    yield Input("Adobe-RGB-exif.jpg", saved(adobe, "JPEG", exif=adobe_exif(), **BEST_JPEG), want, LOSSY)
    if features.check("avif"):
        yield Input(
            "P3.avif", saved(p3, "AVIF", quality=100, subsampling="4:4:4", icc_profile=P3_ICC), want, LOSSY
        )
        plain = saved(p3, "AVIF", quality=100, subsampling="4:4:4")
        yield Input("P3-nclx.avif", with_nclx(plain, 12, 13), want, LOSSY)
    prophoto = encoded(PROPHOTO, power(1.8))
    yield Input("ProPhoto-16.png", png(levels(prophoto, 16), iccp(PROPHOTO_ICC)), want)
    yield Input("ProPhoto-16-lzw.tif", lzw_tiff(levels(prophoto, 16), PROPHOTO_ICC), want)
    yield Input("linear-16.png", png(levels(light(colours()), 16), iccp(LINEAR_ICC)), want)
    yield Input("linear-grey-16.png", png(levels(light(greys()), 16), iccp(GREY_ICC)), grey)
    twice = Image.fromarray(levels(light(greys()) ** (1 / 2.2)))
    yield Input("grey-2.2.jpg", saved(twice, "JPEG", icc_profile=DOT_GAIN_ICC, **BEST_JPEG), grey, LOSSY)
    patches = np.array([[255 * (ink >> shift & 1) for shift in (3, 2, 1, 0)] for ink in range(16)], np.uint8)
    inks = patches.reshape(4, 4, 4).repeat(12, 0).repeat(12, 1)
    corners = np.array([srgb_of_lab(*press_lab(*(patch // 255).tolist())) for patch in patches])
    printed = image(corners.reshape(4, 4, 3).repeat(12, 0).repeat(12, 1))
    cmyk = Image.frombytes("CMYK", (SIDE, SIDE), inks.tobytes())
    yield Input("press.tif", saved(cmyk, "TIFF", icc_profile=press()), printed)
    yield Input("press.jpg", saved(cmyk, "JPEG", icc_profile=press(), **BEST_JPEG), printed)
    yield Input("sRGB-profile.png", saved(want, "PNG", icc_profile=SRGB_ICC), want)
    large = icc("sRGB with notes", table_curve(light), SRGB, {b"priv": bytes(2**21)})
    yield Input("sRGB-large-profile.png", saved(want, "PNG", icc_profile=large), want)
    yield Input("broken-profile.png", saved(want, "PNG", icc_profile=P3_ICC[:200]), want)
    yield Input("grey-profile.png", saved(want, "PNG", icc_profile=GREY_ICC), want)
    clear = np.dstack([levels(encoded(P3, srgb_curve)), np.full((SIDE, SIDE), 255, np.uint8)])
    clear[:8] = (0, 0, 0, 0)
    on_white = want.copy()
    on_white.paste("white", (0, 0, SIDE, 8))
    yield Input("P3-alpha.png", png(clear, iccp(P3_ICC)), on_white)
    yield Input(
        "P3-alpha.webp", saved(Image.fromarray(clear), "WEBP", lossless=True, icc_profile=P3_ICC), on_white
    )
    yield _palette()


def _palette() -> Input:
    """A palette in P3, one colour of which is transparent."""
    want = np.array([[0.8, 0.2, 0.2], [0.3, 0.7, 0.7], [0.5, 0.5, 0.5], [0.2, 0.3, 0.6]])
    palette = Image.fromarray(np.arange(SIDE * SIDE, dtype=np.uint8).reshape(SIDE, SIDE) % 4, "P")
    palette.putpalette(levels(encoded(P3, srgb_curve, want)).tobytes())
    shown = levels(want)
    shown[2] = 255
    data = saved(palette, "PNG", icc_profile=P3_ICC, transparency=2)
    return Input("P3-palette.png", data, Image.fromarray(shown[np.asarray(palette)]))


def _of_numbers() -> Iterator[Input]:
    want, plain = image(colours()), levels(colours())
    p3, adobe = levels(encoded(P3, srgb_curve)), levels(encoded(ADOBE, power(2.2)))
    yield Input("gamma-1.png", png(levels(light(colours()), 16), gama(1)), want)
    yield Input("gamma-1.8.png", png(levels(light(colours()) ** (1 / 1.8)), gama(1.8)), want)
    yield Input("gamma-and-primaries.png", png(adobe, gama(2.2), chrm(ADOBE)), want)
    yield Input("gamma-2.2-is-sRGB.png", png(plain, gama(2.2), chrm(SRGB)), want)
    yield Input("sRGB-over-gamma.png", png(plain, (b"sRGB", b"\0"), gama(1)), want)
    yield Input("profile-over-gamma.png", png(p3, iccp(P3_ICC), gama(1), chrm(BT2020)), want)
    yield Input("cICP-over-profile.png", png(p3, cicp(12, 13), iccp(ADOBE_ICC)), want)
    yield Input("cICP-sRGB.png", png(plain, cicp(1, 13), iccp(P3_ICC), gama(1)), want)
    rec2020 = encoded(BT2020, bt709_curve)
    yield Input("cICP-BT.2020-16.png", png(levels(rec2020, 16), cicp(9, 14)), want)
    yield Input("gamma-grey.png", png(levels(light(greys()), 16), gama(1)), image(greys()))


def _of_depths() -> Iterator[Input]:
    want, grey, plain = image(colours()), image(greys()), greys()
    deep = levels(plain, 16)
    for order in "<>":
        end = "little" if order == "<" else "big"
        yield Input(f"white-is-zero-16-{end}.tif", tiff(65535 - deep, order, photometric="miniswhite"), grey)
        yield Input(
            f"float-rgb-{end}.tif", tiff(colours().astype(np.float32), order, photometric="rgb"), want
        )
        alpha = np.dstack([deep, np.full_like(deep, 65535)])
        extra = {"photometric": "minisblack", "extrasamples": ["unassalpha"]}
        yield Input(f"grey-alpha-16-{end}.tif", tiff(alpha, order, **extra), grey)
        yield Input(f"rgb-16-{end}.tif", tiff(levels(colours(), 16), order, photometric="rgb"), want)
    yield Input("white-is-zero-16-lzw.tif", lzw_tiff(65535 - deep, white_is_zero=True), grey)
    deflated = {"compression": "zlib", "predictor": True, "photometric": "rgb", "planarconfig": "separate"}
    yield Input("deflate-16.tif", tiff(np.moveaxis(levels(colours(), 16), -1, 0), "<", **deflated), want)
    yield Input("float-1.01.tif", tiff((plain * 1.01).astype(np.float32)), grey)
    yield Input("float-255.tif", tiff((plain * 255).astype(np.float32)), grey)
    yield Input("double.tif", tiff(plain), grey)
    yield Input("int32-255.tif", tiff((plain * 255).round().astype(np.int32)), grey)
    yield Input("int32-65535.tif", tiff(deep.astype(np.int32)), grey)
    yield Input("uint32.tif", tiff((plain * (2**32 - 1)).astype(np.uint32)), grey)
    yield Input("int16.tif", tiff((plain * 32767).round().astype(np.int16)), grey)
    twelve = (plain * 4095).round().astype(np.uint16)
    yield Input("12-in-16.tif", tiff(twelve, extratags=[(281, "H", 1, 4095, True)]), grey)
    key, opaque = image(plain), np.arange(SIDE * SIDE).reshape(SIDE, SIDE) >= SIDE
    deep_key = np.where(opaque, deep, 4000)
    key.paste("white", (0, 0, SIDE, 1))
    yield Input("grey-16-key.png", png(deep_key, (b"tRNS", struct.pack(">H", 4000))), key)
    four = (plain * 15).round().astype(np.uint8)
    shown = image(four / 15)
    shown.paste("white", mask=Image.fromarray(four == 5))
    yield Input("grey-4-key.png", png(four, (b"tRNS", b"\0\x05"), depth=4), shown)
    rgb = levels(colours(), 16)
    odd = np.where(opaque[..., None], rgb, (51210, 15333, 12999)).astype(np.uint16)
    keyed = want.copy()
    keyed.paste("white", (0, 0, SIDE, 1))
    yield Input("rgb-16-key.png", png(odd, (b"tRNS", struct.pack(">3H", 51210, 15333, 12999))), keyed)
    yield Input("rgba-16.png", png(np.dstack([rgb, np.full_like(rgb[..., 0], 65535)])), want)
    yield Input("grey-alpha-16.png", png(np.dstack([deep, np.full_like(deep, 65535)])), grey)
    text = b"workflow\0\0" + zlib.compress(b"node " * 2**20)
    yield Input("long-text.png", png(levels(colours()), (b"zTXt", text)), want)


def _refused() -> Iterator[Input]:
    yield Input("PQ.png", png(levels(colours(), 16), cicp(9, 16)), None)
    yield Input("HLG.png", png(levels(colours(), 16), cicp(9, 18)), None)
    yield Input(
        "PostScript.jpg", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 40 40\nshowpage\n%%EOF\n", None
    )
    yield Input("photo.heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(64), None)
    yield Input("image.jxl", b"\xff\x0a" + bytes(64), None)
    yield Input("photo.cr2", b"II*\0\x10\0\0\0CR\2\0" + bytes(64), None)
    yield Input("float-lzw.tif", _float_lzw(), None)


def _float_lzw() -> bytes:
    """A TIFF of what neither decoder takes: its numbers are said to be floats of 16 bits, in LZW."""
    whole = lzw_tiff(levels(greys(), 16))
    return whole.replace(struct.pack("<HHII", 277, 3, 1, 1), struct.pack("<HHII", 339, 3, 1, 3))


if __name__ == "__main__":
    sys.exit(not main(*sys.argv[1:]))
