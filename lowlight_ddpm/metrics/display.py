"""What is drawn of an image's values: its signed error as an image, and its histograms."""

from collections.abc import Sequence

import torch
from torch import Tensor

COLOURS = ((84, 160, 255), (12, 12, 14), (255, 160, 50))
"""R, G, B of 255 at −limit, 0 and +limit, straight lines between them: blue and orange differ for every eye,
colour-blind ones included, and black lets small errors sink into a dark background."""

LIMITS = (5, 10, 20, 50, 100, 255)
SHARE_WITHIN = 0.99


def limit_for(error: Tensor) -> int:
    """The smallest of LIMITS, in 1/255, that SHARE_WITHIN of the `error`s (any shape, 1/255) lie within."""
    reached = error.abs().flatten().quantile(SHARE_WITHIN).item()
    return next((limit for limit in LIMITS if reached <= limit), LIMITS[-1])


def coloured(error: Tensor, limit: float) -> Tensor:
    """Errors (H, W) in 1/255 as an image (3, H, W) in model range; beyond ±`limit` the colour stays."""
    low, zero, high = (torch.tensor(colour)[:, None, None] * 2 / 255 - 1 for colour in COLOURS)
    share = (error / limit).clamp(-1, 1)
    return zero + share.clamp(min=0) * (high - zero) - share.clamp(max=0) * (low - zero)


BINS = 48
_ROUND = 16  # of 255; the highest value of the axis is a multiple


def highest_of(pictures: Sequence[Tensor]) -> int:
    """The end of an axis from 0 that all values of model-range images fit on, in 1/255, at most 255."""
    reached = max(_values(picture).max().item() for picture in pictures)
    return min(255, _ROUND * max(1, -int(-reached // _ROUND)))


def histogram(picture: Tensor, highest: float) -> Tensor:
    """Share of the pixels in each of BINS equal bins from 0 to `highest` (1/255): float32 (3, BINS).

    `picture` is (3, H, W) in model range, clipped to it; each row adds up to 1 where `highest` is reached by
    no value.
    """
    values = _values(picture).flatten(1)
    return torch.stack([torch.histc(channel, BINS, 0, highest) for channel in values]) / values.shape[1]


def _values(picture: Tensor) -> Tensor:
    return (picture.float().clamp(-1, 1) + 1) * 127.5
