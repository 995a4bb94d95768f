"""Darkness as a camera sees it: fewer photons, not smaller pixel values.

The linear model of a sensor, EMVA Standard 1288 (release 4.0, part 2): photons arrive at random, reading them
adds noise, a converter counts in whole steps. Everything before the last line happens in linear light.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torchvision.transforms.v2 import functional as tv

from lowlight_ddpm.images.photometry import linear, srgb

_STREAM = 2**32  # beyond every seed of a run, whose noise this must not repeat


@dataclass(frozen=True)
class Camera:
    """A sensor and what its converter does; the defaults are a small pixel, as telephones have, at ISO 400.

    - `white_electrons`: electrons that white sets free at full exposure. Small pixels hold about 6000
      (their full well), of which ISO 400 uses a quarter. Shot noise is √electrons, by Poisson's law.
    - `read_noise`: deviation of what reading adds, in electrons; 1 to 3 in sensors of today.
    - `black_level`: what is read where no light falls, as a share of white: dark current, and light that the
      lens scatters; a thousandth is little. It is light like any other to the converter.
    - `bits`: of the converter, in linear light; the finished picture has 8 in sRGB.
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
    """Exposure in stops at which white has `brightness` of its pixel value: halved pixels are −2.2 stops."""
    return math.log2(linear(torch.tensor(brightness, dtype=torch.float64)).item())


def photograph(pixels: Tensor, exposure: float, seed: int = 0, camera: Camera = Camera()) -> Tensor:
    """Take a picture of pictures, `exposure` stops brighter, in less light if it is negative.

    `pixels` is uint8 sRGB (B, 3, H, W), the result too. Picture i draws its noise from seed + i.
    """
    generators = [torch.Generator().manual_seed(_STREAM + seed + i) for i in range(len(pixels))]
    scene = linear(tv.to_dtype(pixels, torch.float64, scale=True)) * 2.0**exposure
    taken = [_raw(picture, camera, generator) for picture, generator in zip(scene, generators, strict=True)]
    balance = torch.tensor([camera.red, 1.0, camera.blue], dtype=torch.float64)[:, None, None]
    return (srgb(torch.stack(taken) * balance) * 255).round().to(torch.uint8)


def _raw(scene: Tensor, camera: Camera, generator: torch.Generator) -> Tensor:
    """What the converter tells of a linear scene (3, H, W), black at 0 and white at 1."""
    electrons = torch.poisson((scene + camera.black_level) * camera.white_electrons, generator)
    electrons += camera.read_noise * torch.randn(scene.shape, generator=generator, dtype=scene.dtype)
    top = 2**camera.bits - 1
    return (electrons / camera.white_electrons * top).round().clamp(0, top) / top
