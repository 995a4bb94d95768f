"""How PNGs and JPEGs are written: in sRGB, which a PNG says, and which a JPEG without a profile means."""

from pathlib import Path
from typing import Any, BinaryIO

from PIL import Image
from PIL.PngImagePlugin import PngInfo

# An sRGB chunk is 13 bytes where the profile takes hundreds; its one byte of content is the rendering intent,
# perceptual, as photographs have it.
_SRGB = PngInfo()
_SRGB.add(b"sRGB", b"\0")


def save_png(picture: Image.Image, target: Path | BinaryIO, **options: Any) -> None:
    """Write an image in sRGB as a PNG that says so; `options` are Pillow's, such as `optimize`."""
    # A PNG may have an sRGB chunk or a profile, and an image that was opened may still carry one.
    picture.save(target, "PNG", pnginfo=_SRGB, icc_profile=None, **options)


def save_jpeg(picture: Image.Image, target: Path | BinaryIO) -> None:
    """Write an image in sRGB as a JPEG of high quality; without a profile, that is what it is taken for."""
    picture.save(target, "JPEG", quality=95, subsampling=0, icc_profile=None)
