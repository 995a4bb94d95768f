"""How images are shown where they are compared: white below the top of the scale, nothing clipped above it.

Multiplying pixel values by 1/brightness and clipping whitens every background that is too bright, which hides
the strongest colour shifts. Here white stands at WHITE, and what exceeds it is compressed instead.
"""

import torch
from PIL import Image
from torch import Tensor
from torchvision.transforms.v2 import functional as tv

from lowlight_ddpm.images.photometry import expose

WHITE = 178  # of 255: where white is shown
_KNEE = 1.4  # times white; up to here backgrounds 10/255 apart are at least 4/255 apart on the screen
_SLOPE = 105  # of 255 for each time white, between white and the knee
_TOP = 255


def curve(level: Tensor) -> Tensor:
    """Levels on the screen, 0 to 255 before rounding, of pixel values given as multiples of white.

    Proportional up to white, a gentler line up to 1.4 times white, and an approach to 255 from there.
    """
    at_knee = WHITE + _SLOPE * (_KNEE - 1)
    left = _TOP - at_knee
    beyond = _TOP - left * torch.exp(-_SLOPE / left * (level - _KNEE).clamp(min=0))
    above = WHITE + _SLOPE * (level - 1)
    return torch.where(level <= 1, WHITE * level.clamp(min=0), torch.where(level <= _KNEE, above, beyond))


def show(x: Tensor, gain: float | None = None) -> Tensor:
    """Model-range images for the screen: uint8 of the same shape.

    Without `gain` pixel values are those that the network sees. With it, 1 / brightness as a rule, they are
    multiplied by `gain`, after which white is 1, and shown by `curve`.
    """
    if gain is None:
        return expose(x)
    return curve((x.float() + 1) / 2 * gain).round().to(torch.uint8)


def to_image(x: Tensor, gain: float | None = None) -> Image.Image:
    """One model-range image (3, H, W) as a PIL image, shown as `show` does."""
    return tv.to_pil_image(show(x, gain))
