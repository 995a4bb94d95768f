"""How often each pixel value occurs in a picture, per channel."""

from collections.abc import Sequence

import torch
from torch import Tensor

BINS = 48
_ROUND = 16  # of 255; the highest value of the axis is a multiple


def highest_of(pictures: Sequence[Tensor]) -> int:
    """The end of an axis from 0 that all values of model-range pictures fit on, in 1/255, at most 255."""
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
