"""When a restoration's colours go astray: the step from which on they stay off."""

from collections.abc import Sequence

import numpy as np
from skimage.color import deltaE_ciede2000
from torch import Tensor

from lowlight_ddpm.metrics.colour import JUST_NOTICEABLE, set_colours


def onset(estimates: Sequence[Tensor], picture: Tensor, noise_floor: float) -> int | None:
    """The place of the first estimate from which on all are off in colour; None where the last one is not.

    `estimates` are a run's x0 in their order, `picture` what they should look like, each (3, H, W) in model
    range. Off is what words.in_words calls visible and more than noise gives: the mean CIELAB colours are
    JUST_NOTICEABLE apart (CIEDE2000), and a channel's mean is more than two `noise_floor`s, in 1/255, away.
    """
    aim, first = _colours(picture), None
    for place in reversed(range(len(estimates))):
        if not _off(_colours(estimates[place]), aim, noise_floor):
            break
        first = place
    return first


def _colours(picture: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """Mean R, G, B in 1/255 and mean L*, a*, b*."""
    means, _, lab = set_colours(picture[None])[:, 0]
    return means, lab


def _off(colours: tuple, aim: tuple, noise_floor: float) -> bool:
    (means, lab), (aimed_means, aimed_lab) = colours, aim
    visible = deltaE_ciede2000(aimed_lab, lab) >= JUST_NOTICEABLE
    return bool(visible and np.abs(means - aimed_means).max() > 2 * noise_floor)
