"""Does a network repeat what it learned? The nearest training picture of every sample."""

import torch
from torch import Tensor


def nearest(samples: Tensor, training: Tensor) -> tuple[Tensor, Tensor]:
    """Distance to, and number of, the training picture nearest to each sample: (N,) each.

    `samples` (N, 3, H, W) and `training` (M, 3, H, W) are in model range. The distance is the root of the
    mean squared difference of pixel values, in 1/255, to the picture or its mirror image, the nearer of them,
    since training flips at random.
    """
    flat = samples.flatten(1)
    distances = torch.minimum(*(torch.cdist(flat, seen.flatten(1)) for seen in (training, training.flip(-1))))
    found, places = distances.min(dim=1)
    return found / flat.shape[1] ** 0.5 * 127.5, places
