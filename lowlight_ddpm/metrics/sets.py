"""A set of images against another: colours, where no image has an original, and the nearest of the other."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from scipy.stats import wasserstein_distance
from skimage.color import rgb2lab
from torch import Tensor

from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.metrics.image import checked_pixels

Triple = tuple[float, float, float]
"""One figure for each of R, G, B, or for each of L*, a*, b*."""

CHANCE = 0.95  # the share of chance draws that a distance must exceed to say something
_DRAWS = 200


@dataclass(frozen=True)
class SetMeasures:
    """How a set of images differs in colour from a reference set, where no image has an original.

    Per image three colours are taken: the mean of R, G, B; the same over the border alone (see `border`);
    the mean CIELAB colour. The sets' distributions of each are compared by Wasserstein-1 distances, one
    component at a time: the mean distance that sorted values must move, in the unit of the values (scipy).
    Images are clipped to pixel values 0..1 first.

    Attributes:
        means, reference_means: mean R, G, B over a set, in 1/255.
        border_mean, reference_border_mean: mean R, G, B of the border over a set, in 1/255.
        border_std, reference_border_std: standard deviation of the border's colour from image to image
            (dividing by the number of images), in 1/255; large where every image has its own background.
        distance_means, distance_border: Wasserstein-1 for R, G, B in 1/255.
        distance_lab: Wasserstein-1 for mean L*, a*, b* in CIELAB units.
        chance_means, chance_border, chance_lab: what each distance comes to by chance (`by_chance`): a set
            that is no further away cannot be told from the reference set.
    """

    means: Triple
    border_mean: Triple
    border_std: Triple
    reference_means: Triple
    reference_border_mean: Triple
    reference_border_std: Triple
    distance_means: Triple
    distance_border: Triple
    distance_lab: Triple
    chance_means: Triple
    chance_border: Triple
    chance_lab: Triple


def border(height: int, width: int) -> np.ndarray:
    """Mask (height, width) of the frame whose colour stands for the background: True in the frame.

    It is 3 % of the width thick, at least 1 pixel: 2 pixels for an image 64 wide.
    """
    thick = max(1, round(0.03 * width))
    frame = np.ones((height, width), dtype=bool)
    frame[thick:-thick, thick:-thick] = False
    return frame


def set_colours(pictures: Tensor) -> np.ndarray:
    """Per image its mean RGB and its border's (1/255), and its mean Lab: (3 kinds, N, 3 components).

    `pictures` (N, 3, H, W) are in model range, clipped to it. Raises Refusal as `compare_sets` does.
    """
    if pictures.ndim != 4 or pictures.shape[1] != 3 or not len(pictures):
        raise Refusal(
            f"A set must have the shape (1 or more, 3, height, width), not {tuple(pictures.shape)}."
        )
    # One image at a time: Lab of a whole training set at once takes gigabytes.
    return np.stack([_picture_colours(checked_pixels(picture)) for picture in pictures], axis=1)


def compare_sets(samples: Tensor, reference: Tensor) -> SetMeasures:
    """Compare the colours of `samples` (N, 3, H, W) with those of `reference` (M, 3, H, W).

    Both are in model range, clipped to it; numbers and sizes may differ. See `SetMeasures`.
    Raises Refusal (a ValueError) for an empty set, another shape, and NaN.
    """
    means, borders, labs = set_colours(samples)
    ref_means, ref_borders, ref_labs = set_colours(reference)
    return SetMeasures(
        means=_triple(means.mean(axis=0)),
        border_mean=_triple(borders.mean(axis=0)),
        border_std=_triple(borders.std(axis=0)),
        reference_means=_triple(ref_means.mean(axis=0)),
        reference_border_mean=_triple(ref_borders.mean(axis=0)),
        reference_border_std=_triple(ref_borders.std(axis=0)),
        distance_means=_distances(means, ref_means),
        distance_border=_distances(borders, ref_borders),
        distance_lab=_distances(labs, ref_labs),
        chance_means=_triple(by_chance(ref_means, len(samples))),
        chance_border=_triple(by_chance(ref_borders, len(samples))),
        chance_lab=_triple(by_chance(ref_labs, len(samples))),
    )


def by_chance(reference: np.ndarray, count: int) -> np.ndarray:
    """How far `count` images lie from the reference set by chance, were they drawn as it was: (components,).

    `reference` (M, components) are the colours of the set. Two samples of `count` and of M are drawn from it
    with replacement; their Wasserstein-1 distance is larger than this in one of twenty such draws. The same
    every time.
    """
    return np.array(_chances(np.ascontiguousarray(reference, dtype=float).tobytes(), len(reference), count))


@lru_cache(maxsize=64)  # many networks learn from one set
def _chances(reference: bytes, size: int, count: int) -> tuple[float, ...]:
    columns = np.frombuffer(reference).reshape(size, -1)
    rng = np.random.default_rng(0)
    drawn = []
    for _ in range(_DRAWS):
        pair = (columns[rng.integers(size, size=number)] for number in (count, size))
        drawn.append([wasserstein_distance(u, v) for u, v in zip(*(part.T for part in pair), strict=True)])
    return tuple(np.quantile(drawn, CHANCE, axis=0).tolist())


def nearest(samples: Tensor, training: Tensor) -> tuple[Tensor, Tensor]:
    """Distance to, and number of, the training image nearest to each sample: (N,) each.

    `samples` (N, 3, H, W) and `training` (M, 3, H, W) are in model range. The distance is the root of the
    mean squared difference of pixel values, in 1/255, to the image or its mirror image, the nearer of them,
    since training flips at random.
    """
    flat = samples.flatten(1)
    distances = torch.minimum(*(torch.cdist(flat, seen.flatten(1)) for seen in (training, training.flip(-1))))
    found, places = distances.min(dim=1)
    return found / flat.shape[1] ** 0.5 * 127.5, places


def _picture_colours(pixels: np.ndarray) -> np.ndarray:
    frame = border(*pixels.shape[1:])
    lab = rgb2lab(pixels, channel_axis=0)
    return np.stack(
        [255 * pixels.mean(axis=(1, 2)), 255 * pixels[:, frame].mean(axis=1), lab.mean(axis=(1, 2))]
    )


def _distances(colours: np.ndarray, reference: np.ndarray) -> Triple:
    return _triple([wasserstein_distance(u, v) for u, v in zip(colours.T, reference.T, strict=True)])


def _triple(values: np.ndarray | list[float]) -> Triple:
    first, second, third = map(float, values)
    return first, second, third
