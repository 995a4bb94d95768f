"""From whatever file a user has to one upright RGB image, or one sentence that says what is wrong."""

from io import BytesIO
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional as tv

from lowlight_ddpm.errors import Refusal

MIN_SIDE = 8  # pixels; less than that shows nothing, and the networks work in multiples of 8
MAX_WHOLE_PIXELS = 2**20  # of an image that is used whole; 1024×1024 take minutes to denoise
STRIP = 16  # as many times as long as it is high is what a whole image may be
MAX_PIXELS = 100_000_000  # a 100-megapixel camera; decoding more could exhaust a small machine
MAX_READS = 10_000  # from a file until its size is known; Pillow joins a GIF's comments in quadratic time


def read(source: str | Path | bytes | Image.Image, name: str = "") -> Image.Image:
    """Open an image as 8-bit RGB: upright, transparency on white, the first frame of an animation.

    `source` is a path, the bytes of a file, or a PIL image; `name` what refusals call it. Raises Refusal for
    what is missing, is no image, is damaged, or has a side under MIN_SIDE or more than MAX_PIXELS pixels.
    """
    name = name or _name(source)
    if isinstance(source, Image.Image):
        return _upright(source, name)
    with _file(source, name) as file:
        return _upright(_open(file, name), name)


def _upright(picture: Image.Image, name: str) -> Image.Image:
    width, height = picture.size
    if width * height > MAX_PIXELS:
        limit = MAX_PIXELS // 1_000_000
        raise Refusal(f"{name} has {width}×{height} pixels: make it smaller than {limit} megapixels first.")
    if min(width, height) < MIN_SIDE:
        raise Refusal(
            f"{name} is only {width}×{height} pixels: choose one at least {MIN_SIDE} pixels a side."
        )
    try:
        return _to_rgb(ImageOps.exif_transpose(picture))
    except Exception as error:  # decoders raise many kinds for a file that is not whole
        raise Refusal(f"{name} is damaged and cannot be decoded ({error}): choose another file.") from error


def framed(picture: Image.Image, size: int, whole: bool) -> Tensor:
    """What a network of `size` pixels gets of an image: all of it, or its middle square."""
    return entire(picture, size) if whole else square(picture, size)


def entire(picture: Image.Image, least: int) -> Tensor:
    """All of an image at its own size: uint8 (3, H, W).

    It is made smaller if it has more than MAX_WHOLE_PIXELS, and larger if a side is under `least`; the ends
    of a strip longer than STRIP times its height are left out.
    """
    picture, size = _without_ends(picture, STRIP), entire_size(picture.size, least)
    return tv.pil_to_tensor(
        picture if picture.size == size else picture.resize(size, Image.Resampling.LANCZOS)
    )


def entire_size(size: tuple[int, int], least: int) -> tuple[int, int]:
    """Width and height that `entire` gives an image of width and height `size`."""
    width, height = (min(side, STRIP * min(size)) for side in size)
    scale = max(min(1, (MAX_WHOLE_PIXELS / (width * height)) ** 0.5), least / min(width, height))
    return round(width * scale), round(height * scale)


def square(picture: Image.Image, size: int) -> Tensor:
    """The middle square of an image, resized with antialiasing: uint8 (3, size, size)."""
    picture = _without_ends(picture, 4)  # the middle does not need them, and they could fill memory
    return v2.Compose([v2.PILToTensor(), v2.Resize(size, antialias=True), v2.CenterCrop(size)])(picture)


def _without_ends(picture: Image.Image, ratio: int) -> Image.Image:
    """The middle of a strip, at most `ratio` times as long as it is high."""
    most = ratio * min(picture.size)
    return v2.CenterCrop([min(side, most) for side in reversed(picture.size)])(picture)


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


def _file(source: str | Path | bytes, name: str) -> BinaryIO:
    try:
        return BytesIO(source) if isinstance(source, bytes) else open(source, "rb")
    except FileNotFoundError as error:
        raise Refusal(f"{name} is not there: check the path.") from error
    except OSError as error:
        raise Refusal(_no_picture(name)) from error


def _open(file: BinaryIO, name: str) -> Image.Image:
    """An image whose size is known, and nothing else yet: of an animation, the first frame is come to."""
    counted = _Impatient(file)
    try:
        picture = Image.open(cast(BinaryIO, counted))
        counted.counting = False
        return picture
    except Image.DecompressionBombError as error:
        raise Refusal(
            f"{name} has too many pixels: make it smaller than {MAX_PIXELS // 1_000_000} megapixels first."
        ) from error
    except Exception as error:  # as many kinds as there are formats
        raise Refusal(_no_picture(name)) from error


def _no_picture(name: str) -> str:
    return f"{name} is no picture that can be read: choose a PNG, JPEG, WebP, GIF or TIFF."


def _name(source: object) -> str:
    return f"The file {Path(source).name}" if isinstance(source, str | Path) else "The picture"


def _to_rgb(picture: Image.Image) -> Image.Image:
    picture.load()
    if picture.mode.startswith(("I", "F")):
        picture = _to_8_bit(picture)
    if picture.has_transparency_data:
        layers = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", layers.size, "white"), layers)
    return picture.convert("RGB")


def _to_8_bit(picture: Image.Image) -> Image.Image:
    """16-bit and floating-point greys to 8 bits: PIL's own conversion would clip them at 255."""
    values = np.asarray(picture, dtype=np.float64)
    if not np.isfinite(values).all():
        raise ValueError("some of its values are no numbers")
    full = 1.0 if picture.mode == "F" and values.max(initial=0) <= 1 else 65535.0
    return Image.fromarray((values / full * 255).round().clip(0, 255).astype(np.uint8))


def stack(pictures: list[Image.Image], size: int) -> Tensor:
    """Images as one uint8 tensor (N, 3, size, size)."""
    return torch.stack([square(picture, size) for picture in pictures])
