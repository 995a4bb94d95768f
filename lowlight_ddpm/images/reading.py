"""From whatever file a user has to one upright RGB image in sRGB, or one sentence that says what is wrong."""

import re
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional as tv

from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.images import arrays, decoding, formats
from lowlight_ddpm.images.decoding import MAX_PIXELS, MIN_SIDE

__all__ = [
    "MAX_PIXELS",
    "MIN_SIDE",
    "ImageLike",
    "converted_from",
    "entire",
    "finer_than_read",
    "framed",
    "notes",
    "read",
    "square",
    "stack",
]

ImageLike = str | Path | bytes | BinaryIO | Image.Image | np.ndarray | Tensor
"""A path, bytes of a file, an open binary file, a PIL image, an array or tensor as `arrays.samples` takes."""

MAX_WHOLE_PIXELS = 2**20  # of an image that is used whole; 1024×1024 take minutes to denoise
LONG = 2  # times as long as it is high: of what is longer, the middle square is less than half
STRIP = 16  # as many times as long as it is high is what a whole image may be


def read(source: ImageLike, name: str = "") -> Image.Image:
    """Open an image as 8-bit RGB in sRGB: upright, transparency on white, the first frame of an animation.

    `name` is what refusals call it. An open file is read from its start, and stays open. Colours are
    converted from the space that the file says they are in, which `converted_from` tells; arrays and tensors
    are in sRGB. Raises Refusal for what is missing, is no image, is damaged, holds what is not supported, or
    has a side under MIN_SIDE or more than MAX_PIXELS pixels.
    """
    name = name or _name(source)
    if isinstance(source, Image.Image):
        return decoding.of_image(source, name)
    if isinstance(source, np.ndarray | Tensor):
        return decoding.of_samples(arrays.samples(source, name), name)
    with _file(source, name) as file:
        return decoding.decode(file, name, formats.suffix_of(source))


def converted_from(picture: Image.Image) -> str | None:
    """The colour space that `read` converted an image to sRGB from, like "Display P3"; None if from none.

    It is what the file calls it: one line of printable text, which HTML must escape.
    """
    found = picture.info.get(decoding.PROFILE)
    return found if isinstance(found, str) else None


def finer_than_read(picture: Image.Image) -> bool:
    """Whether what `read` opened has more than the 8 bits a channel that it kept."""
    return bool(picture.info.get(decoding.FINER))


def notes(picture: Image.Image, whole: bool | None = None) -> list[str]:
    """What `read` and `framed` change in an image where its owner might not expect it, as sentences.

    `whole` is as `framed` has it, None where all of it is used at its own size. They name a profile, which
    files call what they like: HTML must escape them.
    """
    found, (width, height) = [], picture.size
    if name := converted_from(picture):
        found.append(f"Colours: {name}, converted to sRGB.")
    if whole is not None and max(picture.size) > (STRIP if whole else LONG) * min(picture.size):
        most = (STRIP if whole else 1) * min(picture.size)
        used = f"{min(width, most)}×{min(height, most)}"
        found.append(f"The ends are cut: of {width}×{height} pixels, only the middle {used} are used.")
    return found


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


def _file(source: str | Path | bytes | BinaryIO, name: str) -> BinaryIO:
    if isinstance(source, bytes):
        return BytesIO(source)
    if not isinstance(source, str | Path):
        return BytesIO(_content(source, name))
    try:
        return open(source, "rb")
    except FileNotFoundError as error:
        if re.match("https?:/", str(source)):
            raise Refusal("No address is fetched: download the picture, and give its path.") from error
        raise Refusal(f"{name} is not there: check the path.") from error
    except (OSError, ValueError) as error:  # the latter of a path with a zero byte
        raise formats.unread(name, b"") from error


def _content(file: BinaryIO, name: str) -> bytes:
    """All of an open file, which need not be one of a disk."""
    if not callable(getattr(file, "read", None)):
        raise Refusal(f"{name} is no image: give a path, a PIL image, an array, a tensor or an open file.")
    try:
        if getattr(file, "seekable", bool)():
            file.seek(0)
        content = file.read()
    except (OSError, ValueError) as error:  # it is closed, or open for writing, or as a text that it is not
        raise Refusal(f"{name} cannot be read ({error}): open it in the mode “rb”.") from error
    if not isinstance(content, bytes):
        raise Refusal(f"{name} is open as text: open it in the mode “rb”.")
    return content


def _name(source: object) -> str:
    path = source if isinstance(source, str | Path) else getattr(source, "name", None)
    return f"The file {Path(path).name}" if isinstance(path, str | Path) else "The picture"


def stack(pictures: list[Image.Image], size: int) -> Tensor:
    """Images as one uint8 tensor (N, 3, size, size)."""
    return torch.stack([square(picture, size) for picture in pictures])
