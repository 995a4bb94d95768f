"""Whether a photograph is dark already, and how bright it must be shown to be seen."""

import numpy as np
from PIL import Image

HIGHLIGHTS = 99  # per cent of the pixels are no brighter than what counts as a photograph's white
DARK = 0.25  # of full scale: highlights below it are no white paper dimmed to half, which has 0.5
FAIR = 0.85  # of full scale is where the highlights are shown
MOST = 16.0  # times as bright at most: beyond it, what is shown is noise
_SIDE = 256  # pixels of the longest side that are looked at


def highlights(picture: Image.Image) -> float:
    """The luma (ITU-R BT.601) in 0..1 that HIGHLIGHTS per cent of an image's pixels do not exceed."""
    small = picture.convert("L")
    small.thumbnail((_SIDE, _SIDE))
    return float(np.percentile(np.asarray(small), HIGHLIGHTS)) / 255


def is_dark(picture: Image.Image) -> bool:
    """Whether a photograph was taken in so little light that dimming it would leave nothing to see."""
    return highlights(picture) < DARK


def fair_exposure(picture: Image.Image) -> float:
    """By how much the pixel values of a dark photograph are multiplied to show it: 1 for any other."""
    return min(FAIR / max(highlights(picture), FAIR / MOST), MOST) if is_dark(picture) else 1.0
