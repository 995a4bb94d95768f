"""Light: from 8-bit pixels to the range the networks see, dimmed on the way, and back."""

import hashlib

import torch
from PIL import Image
from torch import Tensor
from torchvision.transforms.v2 import functional as tv


def prepare(pixels: Tensor, brightness: float = 1.0) -> Tensor:
    """Dim pictures and bring them to model range.

    `pixels` is uint8 (..., 3, H, W); the result float32 of the same shape in [-1, 1]. Pixel values are
    multiplied by `brightness` (torchvision's adjust_brightness, as in the post) before the shift to
    model range, so x' = b·x + (b − 1): at b = 0.5 every value lies in [-1, 0].
    """
    unit = tv.to_dtype(pixels, torch.float32, scale=True)
    return tv.adjust_brightness(unit, brightness) * 2 - 1


def channel_statistics(pictures: Tensor, brightness: float) -> tuple[Tensor, Tensor]:
    """Mean (3,) and covariance (3, 3) over the set of each picture's mean colour, dimmed, in model range."""
    means = prepare(pictures, brightness).mean(dim=(-2, -1)).double()
    return means.mean(dim=0), means.T.cov()


def expose(x: Tensor, gain: float = 1.0) -> Tensor:
    """Show model-range pictures: uint8 (..., 3, H, W), pixel values times `gain`, clipped to 0..255.

    `gain` = 1 shows what the network sees; 1 / brightness undoes the dimming for the eye.
    """
    unit = (x.float() + 1) / 2
    return (unit * gain * 255).round().clamp(0, 255).to(torch.uint8)


def to_image(x: Tensor, gain: float = 1.0) -> Image.Image:
    """One model-range picture (3, H, W) as a PIL image, exposed with `gain`."""
    return tv.to_pil_image(expose(x, gain))


def linear(pixels: Tensor) -> Tensor:
    """sRGB pixel values in [0, 1] as linear light (IEC 61966-2-1)."""
    return torch.where(pixels <= 0.04045, pixels / 12.92, ((pixels + 0.055) / 1.055) ** 2.4)


def srgb(light: Tensor) -> Tensor:
    """Linear light, clipped to [0, 1], as sRGB pixel values (IEC 61966-2-1)."""
    light = light.clamp(0, 1)
    return torch.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


def digest(pixels: Tensor) -> str:
    """sha256 of uint8 pixels, of any shape: a name by which equal pictures are known."""
    return hashlib.sha256(pixels.contiguous().numpy().tobytes()).hexdigest()
