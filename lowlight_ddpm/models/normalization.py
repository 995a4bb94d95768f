"""Input normalization: the affine map from model range to what a network sees."""

from dataclasses import dataclass

import torch
from torch import Tensor

from lowlight_ddpm.variants import Variant


@dataclass(frozen=True)
class Frame:
    """x_net = (x − origin) / scale, with `origin` (3, 1, 1) in model range and `scale` above 0.

    Noise is added after it, so it changes what the network has to learn, not the images.
    An image's values lie between −1 and `highest`, both in model range.
    """

    origin: Tensor
    scale: float = 1.0
    highest: float = 1.0

    @classmethod
    def of(cls, variant: Variant, channel_mean: list[float]) -> "Frame":
        """That of `variant`, whose training images have the mean colour `channel_mean` (3)."""
        if variant.centred:
            return cls(torch.tensor(channel_mean)[:, None, None])
        if variant.renormalised:  # dimming maps 0 to b − 1 and divides distances by 1 / b: photometry.prepare
            b = variant.brightness
            return cls(torch.full((3, 1, 1), b - 1), scale=b, highest=2 * b - 1)
        return cls(torch.zeros(3, 1, 1))

    def enter(self, x: Tensor) -> Tensor:
        """From model range to the network's input, (..., 3, H, W)."""
        return (x - self.origin.to(x.device)) / self.scale

    def enter_covariance(self, covariance: Tensor) -> Tensor:
        """Σ (3, 3) of colours, from model range to the network's input; the origin does not matter."""
        return covariance / self.scale**2

    def clip(self, x: Tensor) -> Tensor:
        """`x` in model range, clamped to the values that images have, (..., 3, H, W)."""
        return x.clamp(-1, self.highest)

    def empty(self, x: Tensor) -> Tensor:
        """The image that adds nothing to x_t but noise: in model range, of the shape of `x`."""
        return self.leave(torch.zeros_like(x))

    def leave(self, x: Tensor) -> Tensor:
        """From the network's input back to model range, (..., 3, H, W)."""
        return x * self.scale + self.origin.to(x.device)
