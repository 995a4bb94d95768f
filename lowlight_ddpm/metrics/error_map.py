"""Signed errors as pictures: black where nothing is off, two colours that every eye tells apart elsewhere."""

import torch
from torch import Tensor

COLOURS = ((84, 160, 255), (12, 12, 14), (255, 160, 50))
"""R, G, B of 255 at −limit, 0 and +limit, straight lines between them: blue and orange differ for every eye,
colour-blind ones included, and black lets small errors sink into a dark ground."""

LIMITS = (5, 10, 20, 50, 100, 255)
SHARE_WITHIN = 0.99


def limit_for(error: Tensor) -> int:
    """The smallest of LIMITS, in 1/255, that SHARE_WITHIN of the `error`s (any shape, 1/255) lie within."""
    reached = error.abs().flatten().quantile(SHARE_WITHIN).item()
    return next((limit for limit in LIMITS if reached <= limit), LIMITS[-1])


def coloured(error: Tensor, limit: float) -> Tensor:
    """Errors (H, W) in 1/255 as a picture (3, H, W) in model range; beyond ±`limit` the colour stays."""
    low, zero, high = (torch.tensor(colour)[:, None, None] * 2 / 255 - 1 for colour in COLOURS)
    share = (error / limit).clamp(-1, 1)
    return zero + share.clamp(min=0) * (high - zero) - share.clamp(max=0) * (low - zero)
