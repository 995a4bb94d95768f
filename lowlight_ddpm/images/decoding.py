"""An image out of a file: the decoder that suits it, under limits, then sRGB, on white and upright."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, cast

import numpy as np
from PIL import Image

from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.images import formats
from lowlight_ddpm.images.colour import Tags, conversion, from_lab
from lowlight_ddpm.images.containers import Cicp, Png, nclx, png
from lowlight_ddpm.images.pixels import Samples, Stored, Unscaled, deep, mend_key
from lowlight_ddpm.images.tiff import tiff

MIN_SIDE = 8  # pixels; less than that shows nothing, and the networks work in multiples of 8
MAX_PIXELS = 100_000_000  # a 100-megapixel camera; decoding more could exhaust a small machine
MAX_READS = 10_000  # from a file until its size is known; Pillow joins a GIF's comments in quadratic time
PROFILE = "profile"  # in a PIL image's `info`: the name of what it was converted to sRGB from
FINER = "finer"  # likewise: True where `read` has kept 8 bits of more a channel
_EXIF, _INTEROPERABILITY, _ORIENTATION, _COLOUR_SPACE, _INDEX = 0x8769, 0xA005, 0x0112, 0xA001, 1
_UNCALIBRATED, _ADOBE_RGB = 65535, 2  # EXIF's colour spaces; the second is in no standard, but in cameras
# EXIF's number for how a camera was held, and what makes the image upright.
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def decode(file: BinaryIO, name: str, suffix: str = "") -> Image.Image:
    """The image of a file as 8-bit RGB in sRGB; `info["profile"]` names what it was converted from.

    `name` is what refusals call it, `suffix` the end of the file's name, which helps only to say what it is.
    Raises Refusal.
    """
    file.seek(0)
    head = file.read(formats.HEAD)
    if head[:4] in formats.TIFF:
        return _decode_tiff(file, name, head, suffix)
    chunks, clean = png(file)
    picture = _opened(clean, name, formats.formats(head))
    if picture is None:
        raise formats.unread(name, head, suffix)
    check_size(picture.size, name)
    numbers = nclx(file) if picture.format in ("AVIF", "HEIF") else None
    with _damage_refused(name):
        if chunks:
            mend_key(picture, chunks.depth)
        stored = Stored(np.dtype(np.uint16), 65535) if picture.format in ("PNG", "PPM") else None
        samples = deep(picture, lambda: Image.open(clean, formats=[str(picture.format)]), stored)
        return finish(picture, samples, _tags(picture, chunks, numbers), name)


def _decode_tiff(file: BinaryIO, name: str, head: bytes, suffix: str) -> Image.Image:
    """A TIFF's image: by tifffile what has more than 8 bits or is unknown to Pillow, by Pillow the rest."""
    picture, found = _opened(file, name, ["TIFF"]), tiff(file)
    lacking = found.lacking if found else None
    raw = formats.raw(head) or (found.raw if found else None)
    if raw:
        raise formats.raw_refusal(name, raw)
    if found and not lacking and (found.is_deep or picture is None):
        check_size(found.size, name)
        with _damage_refused(name):
            tags = Tags(found.profile, adobe=picture is not None and _is_adobe(picture))
            return _turned(_in_srgb(found.samples(), tags, name), found.orientation)
    if picture is None:
        if found and lacking:
            raise Refusal(
                f"{name} is a TIFF with {lacking}, which is not read here: save it as a PNG, or as 8 or 16 "
                "bits without compression."
            )
        raise formats.unread(name, head, suffix)
    check_size(picture.size, name)
    with _damage_refused(name):
        samples = deep(picture, lambda: Image.open(file, formats=["TIFF"]), found.stored if found else None)
        return finish(picture, samples, _tags(picture), name)


def check_size(size: tuple[int, int], name: str) -> None:
    """Refuse a width and height that are too small or too large; nothing need be decoded for it."""
    width, height = size
    if width * height > MAX_PIXELS:
        limit = MAX_PIXELS // 1_000_000
        raise Refusal(f"{name} has {width}×{height} pixels: make it smaller than {limit} megapixels first.")
    if min(width, height) < MIN_SIDE:
        raise Refusal(
            f"{name} is only {width}×{height} pixels: choose one at least {MIN_SIDE} pixels a side."
        )


def of_image(picture: Image.Image, name: str) -> Image.Image:
    """As `decode`, of a PIL image. One that is still in its file is read from there, for all that it says."""
    file, tile = getattr(picture, "fp", None), getattr(picture, "tile", None)
    if tile and picture.format not in formats.OPENED:
        # To load it is to run what it may be.
        raise Refusal(f"{name} is in the format {picture.format}, which is not read here: {formats.CHOICE}.")
    if tile and file and picture.tell() == 0:
        place = file.tell()
        try:
            return decode(file, name)
        finally:
            file.seek(place)
    check_size(picture.size, name)
    with _damage_refused(name):
        return finish(picture, deep(picture, None, None), _tags(picture), name)


def of_samples(samples: Samples, name: str) -> Image.Image:
    """As `decode`, of colours in sRGB that come in no file."""
    height, width = samples.levels.shape[:2]
    check_size((width, height), name)
    return _in_srgb(samples, Tags(), name)


def finish(picture: Image.Image, samples: Samples | None, tags: Tags, name: str) -> Image.Image:
    """An opened image in sRGB, on white and upright; `samples` are its pixels where it has over 8 bits."""
    colours = _eight_bits(picture, tags, name) if samples is None else _in_srgb(samples, tags, name)
    return _turned(colours, picture.getexif().get(_ORIENTATION, 1))


def _in_srgb(samples: Samples, tags: Tags, name: str) -> Image.Image:
    way = conversion(tags, "GREY" if samples.levels.shape[-1] == 1 else "RGB", name)
    colours = way(samples.sixteen_bits()) if way else samples.eight_bits()
    if samples.alpha is not None:
        colours = _on_white(colours, Image.fromarray(samples.alpha))
    return _named(colours, way.name if way else None, samples.is_finer)


def _eight_bits(picture: Image.Image, tags: Tags, name: str) -> Image.Image:
    """An image of 8-bit channels in sRGB, on white."""
    picture.load()
    if picture.mode == "LAB":
        return _named(from_lab(picture), "CIE Lab")
    kind = {"1": "GREY", "L": "GREY", "LA": "GREY", "CMYK": "CMYK"}.get(picture.mode, "RGB")
    way, alpha = conversion(tags, kind, name), None
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        alpha = picture.getchannel("A")
    if way:
        colours = picture.convert({"GREY": "L"}.get(kind, kind))
        levels = np.asarray(colours)
        converted = way(levels[..., None] if kind == "GREY" else levels)
    else:
        converted = picture.convert("RGB")
    before = picture.info.get(PROFILE)  # of an image that has been read once already
    name_of_it = way.name if way else before if isinstance(before, str) else None
    return _named(converted if alpha is None else _on_white(converted, alpha), name_of_it)


def _on_white(colours: Image.Image, alpha: Image.Image) -> Image.Image:
    layers = colours.convert("RGBA")
    layers.putalpha(alpha)
    return Image.alpha_composite(Image.new("RGBA", layers.size, "white"), layers).convert("RGB")


def _named(picture: Image.Image, profile: str | None, finer: bool = False) -> Image.Image:
    """The image with the name of what it was, and with none of what its file said of colours and turning.

    Whoever saves it would else save a profile with it that is no longer that of its pixels.
    """
    info: dict[Any, Any] = {PROFILE: profile} if profile else {}
    picture.info = info | ({FINER: True} if finer else {})
    return picture


def _turned(picture: Image.Image, orientation: int) -> Image.Image:
    turn = _TURNS.get(orientation)
    return picture if turn is None else picture.transpose(turn)


def _tags(picture: Image.Image, chunks: Png | None = None, numbers: Cicp | None = None) -> Tags:
    """What an image's file says of its colours; of a PNG its own chunks are asked, where they are at hand."""
    adobe = _is_adobe(picture)
    if chunks:
        said = chunks.profile, chunks.cicp, chunks.is_srgb, chunks.gamma, chunks.chromaticities
        return Tags(*said, adobe=adobe)
    info = picture.info
    srgb, gamma, points = "srgb" in info, info.get("gamma"), info.get("chromaticity")
    return Tags(info.get("icc_profile"), None, srgb, gamma, points, nclx=numbers, adobe=adobe)


def _is_adobe(picture: Image.Image) -> bool:
    """Whether EXIF says Adobe RGB: by its interoperability index, or by a number of some cameras' own."""
    try:
        exif = picture.getexif()
        space = exif.get_ifd(_EXIF).get(_COLOUR_SPACE)
        index = str(exif.get_ifd(_INTEROPERABILITY).get(_INDEX, "")).strip("\0 ")
    except Exception:  # its tags are broken in as many ways as there are
        return False
    return space == _ADOBE_RGB or (space == _UNCALIBRATED and index == "R03")


class _Impatient:
    """A file that breaks off when it has been read from MAX_READS times, while `counting`."""

    def __init__(self, file: BinaryIO) -> None:
        self.file, self.reads, self.counting = file, 0, True

    def read(self, *size: int) -> bytes:
        """As the file's own. Raises OSError."""
        self.reads += self.counting
        if self.reads > MAX_READS:
            raise OSError("too many blocks")
        return self.file.read(*size)

    def __getattr__(self, name: str) -> object:
        return getattr(self.file, name)


def _opened(file: BinaryIO, name: str, kinds: list[str]) -> Image.Image | None:
    """An image whose size is known, and nothing else yet: of an animation, the first frame is come to.

    None where it is none of these formats.
    """
    counted = _Impatient(file)
    try:
        picture = Image.open(cast(BinaryIO, counted), formats=kinds)
        counted.counting = False
        return picture
    except Image.DecompressionBombError as error:
        raise Refusal(
            f"{name} has too many pixels: make it smaller than {MAX_PIXELS // 1_000_000} megapixels first."
        ) from error
    except Exception:  # as many kinds as there are formats
        return None


@contextmanager
def _damage_refused(name: str) -> Iterator[None]:
    """Whatever a decoder raises, as a sentence."""
    try:
        yield
    except Refusal:
        raise
    except Unscaled as error:
        raise Refusal(f"{name} cannot be read ({error}): save it as 8 or 16 bits a channel.") from error
    except Exception as error:  # decoders raise many kinds for a file that is not whole
        said = " ".join(str(error).split())
        raise Refusal(f"{name} is damaged and cannot be decoded ({said}): choose another file.") from error
