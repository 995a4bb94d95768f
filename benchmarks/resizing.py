"""Images brought to the networks' size in gamma, as torchvision and the post do it, or in linear light.

`python -m benchmarks.resizing [SOURCE ...]` measures both ways on patterns that are known by hand, and on up
to 300 images of every source (what `open_source` opens); without one, on synthetic images and on photographs
that come with scikit-image. It prints one table.
"""

import random
import sys
from collections.abc import Callable, Iterator
from functools import partial
from itertools import product
from math import ceil

import numpy as np
import torch
from PIL import Image
from scipy.ndimage import maximum_filter, minimum_filter
from skimage import data
from skimage.color import deltaE_ciede2000, rgb2lab
from torch import Tensor
from torchvision.transforms.v2 import functional as tv

from lowlight_ddpm.images import open_source
from lowlight_ddpm.images.photometry import linear, srgb
from lowlight_ddpm.models.unet import RESOLUTION

MOST = 300  # images of a source
SYNTHETIC = ("drawn:100", "fruit:100", "hues:100")
FREE = ("astronaut", "chelsea", "coffee", "hubble_deep_field", "immunohistochemistry", "retina", "rocket")
BORDER = 2  # pixels round a resized pattern, where the filter sees less than a whole period
PAIRS = {
    "black and white": ((0, 0, 0), (255, 255, 255)),
    "red and green": ((255, 0, 0), (0, 255, 0)),
    "blue and yellow": ((0, 0, 255), (255, 255, 0)),
}

BILINEAR, BICUBIC = tv.InterpolationMode.BILINEAR, tv.InterpolationMode.BICUBIC
Way = Callable[..., Tensor]


def in_gamma(pixels: Tensor, filter_: tv.InterpolationMode = BILINEAR) -> Tensor:
    """A square uint8 image (3, S, S) at the networks' size, its pixel values averaged as they are stored.

    With the bilinear filter this is what `images.square` does.
    """
    return tv.resize(pixels, [RESOLUTION, RESOLUTION], filter_, antialias=True)


def in_linear_light(pixels: Tensor, filter_: tv.InterpolationMode = BILINEAR) -> Tensor:
    """The same with the light averaged that the pixels stand for (sRGB, IEC 61966-2-1)."""
    light = in_gamma(linear(pixels / 255), filter_)
    return (srgb(light) * 255).round().to(torch.uint8)


WAYS: dict[str, Way] = {"gamma": in_gamma, "linear light": in_linear_light}


def stripes(pair: tuple, side: int) -> Tensor:
    """Columns of one pixel in two colours by turns: uint8 (3, side, side)."""
    return _two_colours(pair, torch.arange(side).expand(side, side) % 2)


def checkerboard(pair: tuple, side: int) -> Tensor:
    """Fields of one pixel in two colours by turns: uint8 (3, side, side)."""
    places = torch.arange(side)
    return _two_colours(pair, (places + places[:, None]) % 2)


def _two_colours(pair: tuple, which: Tensor) -> Tensor:
    return torch.tensor(pair, dtype=torch.uint8)[which].movedim(-1, 0)


def mean_pixel(pixels: Tensor) -> Tensor:
    """Mean R, G, B of a uint8 image, in 0..255."""
    return pixels.double().mean((-2, -1))


def from_afar(pixels: Tensor) -> Tensor:
    """R, G, B in 0..255 of the colour that a uint8 image has from afar: of its mean linear light."""
    return srgb(linear(pixels.double() / 255).mean((-2, -1))) * 255


def difference(one: Tensor, other: Tensor) -> float:
    """CIEDE2000 of two colours R, G, B in 0..255."""
    return float(deltaE_ciede2000(*(rgb2lab(colour.numpy() / 255) for colour in (one, other))))


def overshoot(original: Tensor, resized: Tensor) -> float:
    """Share of the values of `resized` that no mixture of the pixels around can have: a filter that rings.

    Such a value is more than a level below the least or above the greatest value that `original` has in its
    channel within the reach of the bilinear filter; both are uint8 (3, S, S).
    """
    scale = original.shape[-1] / resized.shape[-1]
    centres = ((np.arange(resized.shape[-1]) + 0.5) * scale).astype(int)
    at = np.ix_(range(3), centres, centres)
    values, found = (pixels.numpy().astype(int) for pixels in (original, resized))
    around = (1, 2 * ceil(scale) + 1, 2 * ceil(scale) + 1)
    low, high = minimum_filter(values, around)[at], maximum_filter(values, around)[at]
    return float(((found < low - 1) | (found > high + 1)).mean())


def change(original: Tensor, way: Way) -> dict[str, float]:
    """What resizing a square uint8 image (3, S, S) in this way does to it, by measure.

    Differences are resized minus original, of the image's means.
    """
    resized = way(original)
    shift = (mean_pixel(resized) - mean_pixel(original)).numpy()
    return {
        "mean pixel value, signed, /255": shift.mean(),
        "mean pixel value, absolute, /255": np.abs(shift).mean(),
        "mean linear light, CIEDE2000": difference(from_afar(original), from_afar(resized)),
        "overshoot, bilinear, % of values": 100 * overshoot(original, resized),
        "overshoot, bicubic, % of values": 100 * overshoot(original, way(original, BICUBIC)),
    }


def pattern_rows() -> Iterator[list[str]]:
    """Cells of the table for fine patterns: what is resized, the measure, and its value by every way."""
    for make, (name, pair), side in product((stripes, checkerboard), PAIRS.items(), (128, 256)):
        pixels, inner = make(pair, side), slice(BORDER, -BORDER)
        afar = from_afar(pixels)
        flat = [way(pixels)[:, inner, inner] for way in WAYS.values()]
        what = f"{make.__name__}, {name}, {side} px"
        yield [what, f"mean pixel value (from afar {_colour(afar)})", *(_colour(mean_pixel(x)) for x in flat)]
        yield [what, "CIEDE2000 from afar", *(f"{difference(from_afar(x), afar):.1f}" for x in flat)]


def image_rows(name: str, images: list[Image.Image]) -> Iterator[list[str]]:
    """Cells of the table for a set of images: the mean over them, and the 95 % quantile in brackets."""
    squares = [tv.pil_to_tensor(tv.center_crop(image, [min(image.size)] * 2)) for image in images]
    changes = [[change(pixels, way) for pixels in squares] for way in WAYS.values()]
    for measure in changes[0][0]:
        values = [np.array([one[measure] for one in way]) for way in changes]
        yield [
            f"{name} ({len(images)})",
            measure,
            *(f"{x.mean():.2f} ({np.quantile(x, 0.95):.2f})" for x in values),
        ]


def chosen(spec: str) -> list[Image.Image]:
    """Up to MOST images of a source, always the same ones. Raises Refusal as `open_source` does."""
    source = open_source(spec)
    names = [row["name"] for row in source.rows]
    return [image for _, image in source.only(random.Random(0).sample(names, min(MOST, len(names))))]


def free() -> list[Image.Image]:
    """Photographs that come with scikit-image and that anyone may use."""
    return [Image.fromarray(getattr(data, name)()).convert("RGB") for name in FREE]


def main(specs: list[str]) -> None:
    """Print the table for these sources, or for what anyone has."""
    torch.set_num_threads(1)
    sets = {spec: partial(chosen, spec) for spec in specs or SYNTHETIC}
    if not specs:
        sets["scikit-image's photographs"] = free
    print(f"| image | measure | {' | '.join(WAYS)} |\n|---|---|{'---|' * len(WAYS)}")
    for row in pattern_rows():
        print(_line(row))
    for name, images in sets.items():
        for row in image_rows(name, images()):
            print(_line(row), flush=True)


def _colour(colour: Tensor) -> str:
    return " ".join(f"{value:.1f}" for value in colour.tolist())


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main(sys.argv[1:])
