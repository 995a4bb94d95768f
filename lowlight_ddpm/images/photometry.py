"""From 8-bit pixels to the range that networks work in, dimmed on the way, and back to shown images.

`LIGHTS` has a row for each way of dimming: linear scaling of pixel values, or a camera model. The camera is
the linear model of a sensor, EMVA Standard 1288 (release 4.0, part 2): photons arrive at random, reading them
adds noise, a converter counts in whole steps. Everything before the last line of `photograph` happens in
linear light.
"""

import hashlib
import math
import sys
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO

import torch
from PIL import Image
from torch import Tensor
from torchvision.transforms.v2 import functional as tv
from torchvision.utils import make_grid

from lowlight_ddpm.images.writing import save_png


def prepare(pixels: Tensor, brightness: float = 1.0) -> Tensor:
    """Dim images and bring them to model range.

    `pixels` is uint8 (..., 3, H, W); the result float32 of the same shape in [-1, 1]. Pixel values are
    multiplied by `brightness` (torchvision's adjust_brightness, as in the post) before the shift to
    model range, so x' = b·x + (b − 1): at b = 0.5 every value lies in [-1, 0].
    """
    unit = tv.to_dtype(pixels, torch.float32, scale=True)
    return tv.adjust_brightness(unit, brightness) * 2 - 1


def white(brightness: float) -> float:
    """What white, the highest value of an image, is once it is dimmed to `brightness`: in model range."""
    return 2 * brightness - 1


def channel_statistics(pictures: Tensor, brightness: float) -> tuple[Tensor, Tensor]:
    """Mean (3,) and covariance (3, 3) over the set of each image's mean colour, dimmed, in model range."""
    means = prepare(pictures, brightness).mean(dim=(-2, -1)).double()
    return means.mean(dim=0), means.T.cov()


def expose(x: Tensor, gain: float = 1.0) -> Tensor:
    """Show model-range images: uint8 (..., 3, H, W), pixel values times `gain`, clipped to 0..255.

    `gain` = 1 shows what the network sees; 1 / brightness undoes the dimming for the eye.
    """
    unit = (x.float() + 1) / 2
    return (unit * gain * 255).round().clamp(0, 255).to(torch.uint8)


def to_image(x: Tensor, gain: float = 1.0) -> Image.Image:
    """One model-range image (3, H, W) as a PIL image, exposed with `gain`."""
    return tv.to_pil_image(expose(x, gain))


def linear(pixels: Tensor) -> Tensor:
    """sRGB pixel values in [0, 1] as linear light (IEC 61966-2-1)."""
    return torch.where(pixels <= 0.04045, pixels / 12.92, ((pixels + 0.055) / 1.055) ** 2.4)


def srgb(light: Tensor) -> Tensor:
    """Linear light, clipped to [0, 1], as sRGB pixel values (IEC 61966-2-1)."""
    light = light.clamp(0, 1)
    return torch.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


def digest(pixels: Tensor) -> str:
    """sha256 of uint8 pixels, of any shape: a name by which equal images are known."""
    return hashlib.sha256(pixels.contiguous().numpy().tobytes()).hexdigest()


_GAP = 4  # white pixels between the images of a grid


def picture_grid(pictures: Tensor, columns: int | None = None, gain: float = 1.0) -> Image.Image:
    """Model-range images (B, 3, H, W) side by side on white, nearly square unless `columns` is given."""
    columns = columns or max(1, round(len(pictures) ** 0.5))
    gap = _GAP if len(pictures) > 1 else 0
    return tv.to_pil_image(make_grid(expose(pictures, gain), columns, padding=gap, pad_value=255))


def taken_apart(grid: Image.Image, count: int) -> Tensor:
    """The first `count` images (count, 3, H, W) of a `picture_grid` of sixteen, in model range."""
    side = (grid.width - _GAP) // 4 - _GAP
    pixels = prepare(tv.pil_to_tensor(grid))
    corners = [[_GAP + part * (side + _GAP) for part in divmod(place, 4)] for place in range(count)]
    return torch.stack([pixels[:, y : y + side, x : x + side] for y, x in corners])


def data_uri(picture: Image.Image, longest: int) -> str:
    """An image as the data-URI of a PNG; made smaller if a side has more than `longest` pixels."""
    file, picture = BytesIO(), picture.copy()
    picture.thumbnail((longest, longest), Image.Resampling.LANCZOS)
    # Noise does not compress: a higher level only takes longer.
    save_png(picture, file, compress_level=1)
    return f"data:image/png;base64,{b64encode(file.getvalue()).decode()}"


_STREAM = 2**32  # beyond every seed of a run, whose noise this must not repeat


@dataclass(frozen=True)
class Camera:
    """A sensor and what its converter does; the defaults are a small pixel, as telephones have, at ISO 400.

    - `white_electrons`: electrons that white sets free at full exposure. Small pixels hold about 6000
      (their full well), of which ISO 400 uses a quarter. Shot noise is √electrons, by Poisson's law.
    - `read_noise`: deviation of what reading adds, in electrons; 1 to 3 in sensors of today.
    - `black_level`: what is read where no light falls, as a share of white: dark current, and light that the
      lens scatters; a thousandth is little. It is light like any other to the converter.
    - `bits`: of the converter, in linear light; the finished image has 8 in sRGB.
    - `red`, `blue`: channel over green after the white balance: 1 where it is right, red above blue under a
      lamp that it takes for daylight.
    """

    white_electrons: float = 1500.0
    read_noise: float = 2.0
    black_level: float = 0.001
    bits: int = 10
    red: float = 1.0
    blue: float = 1.0


def stops(brightness: float) -> float:
    """Exposure in stops at which white has `brightness` of its pixel value: 0.5 is −2.2 stops."""
    light = linear(torch.tensor(brightness, dtype=torch.float64)).item()
    return math.log2(max(light, sys.float_info.min))  # the least of numbers come out as 0


def photograph(pixels: Tensor, exposure: float, seed: int = 0, camera: Camera = Camera()) -> Tensor:
    """Take an image of images, `exposure` stops brighter, in less light if it is negative.

    `pixels` is uint8 sRGB (B, 3, H, W), the result too. Image i draws its noise from seed + i.
    """
    generators = [torch.Generator().manual_seed(_STREAM + seed + i) for i in range(len(pixels))]
    scene = linear(tv.to_dtype(pixels, torch.float64, scale=True)) * 2.0**exposure
    taken = [_raw(picture, camera, generator) for picture, generator in zip(scene, generators, strict=True)]
    balance = torch.tensor([camera.red, 1.0, camera.blue], dtype=torch.float64)[:, None, None]
    return (srgb(torch.stack(taken) * balance) * 255).round().to(torch.uint8)


def _raw(scene: Tensor, camera: Camera, generator: torch.Generator) -> Tensor:
    """What the converter returns of a linear scene (3, H, W), black at 0 and white at 1."""
    electrons = torch.poisson((scene + camera.black_level) * camera.white_electrons, generator)
    electrons += camera.read_noise * torch.randn(scene.shape, generator=generator, dtype=scene.dtype)
    top = 2**camera.bits - 1
    return (electrons / camera.white_electrons * top).round().clamp(0, top) / top


@dataclass(frozen=True)
class Dimming:
    """A way, and what it is in a few words after a colon.

    `dim(pixels, brightness, seed)` makes uint8 (B, 3, H, W) dark, and brings it to model range.

    White ends at `brightness` in every way. Where a way is `random`, image i draws from seed + i.
    """

    title: str
    sentence: str
    dim: Callable[[Tensor, float, int], Tensor]
    random: bool


def _by_pixels(pixels: Tensor, brightness: float, seed: int) -> Tensor:
    return prepare(pixels, brightness)


def _by_camera(pixels: Tensor, brightness: float, seed: int) -> Tensor:
    return prepare(photograph(pixels, stops(brightness), seed))


LIGHTS: dict[str, Dimming] = {
    "pixels": Dimming(
        "Linear scaling",
        "pixel values times the brightness, as in the post.",
        _by_pixels,
        random=False,
    ),
    "camera": Dimming(
        "Camera",
        "fewer photons, so grain and lost shadows.",
        _by_camera,
        random=True,
    ),
}
