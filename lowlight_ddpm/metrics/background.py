"""The colour of an image's background against the colour that it should have, in one sentence."""

import math
from dataclasses import dataclass

import numpy as np
from skimage.color import deltaE_ciede2000, rgb2lab
from torch import Tensor

from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.metrics.colour_shift import direction
from lowlight_ddpm.metrics.image import JUST_NOTICEABLE, Colour
from lowlight_ddpm.metrics.sets import set_colours

WHITE: Colour = (255.0, 255.0, 255.0)
OFF = 5
"""Background colour error, of 255 at full brightness, above which a background counts as tinted."""
_NEARLY_WHITE = 12.0  # of 255: JPEG files and shadows leave the paper of a photograph a little off white


@dataclass(frozen=True)
class Background:
    """An image's background, the colour of its border (`sets.border`), and what it should be.

    `found` and `expected` are R, G, B of 255, as at full brightness; `found` may be above 255.
    """

    found: Colour
    expected: Colour

    @property
    def error(self) -> float:
        """Root mean square of the difference over R, G, B, of 255: the background colour error."""
        return math.sqrt(sum((a - b) ** 2 for a, b in zip(self.found, self.expected, strict=True)) / 3)

    @property
    def is_paper(self) -> bool:
        """Whether it should be white, or so nearly that nobody sees it."""
        return min(self.expected) >= 255 - _NEARLY_WHITE

    @property
    def in_words(self) -> str:
        """One sentence: which way the background went, and how far."""
        aim, lab = (_lab(colour) for colour in (self.expected, self.found))
        if deltaE_ciede2000(aim, lab) < JUST_NOTICEABLE:
            return f"Background: {'white' if self.is_paper else 'coloured'}, as it should be."
        towards = direction(*(lab - aim).tolist())
        should = "should be white, is" if self.is_paper else "is"
        too = "too " if towards in ("dark", "light") or not self.is_paper else ""
        return f"Background: {should} {too}{towards} by {self.error:.0f} of 255."


def background_of(picture: Tensor, brightness: float) -> Colour:
    """R, G, B of an image's border, of 255, as they would be at full brightness.

    `picture` is (3, H, W) in model range, dimmed by `brightness`. Raises Refusal for a brightness outside
    (0, 1], another shape, and NaN.
    """
    if not 0 < brightness <= 1:
        raise Refusal(f"The brightness must be above 0 and at most 1, and {brightness} is not.")
    _, borders, _ = set_colours(picture[None])
    red, green, blue = (borders[0] / brightness).tolist()
    return red, green, blue


def _lab(colour: Colour) -> np.ndarray:
    return rgb2lab(np.clip(colour, 0, 255) / 255)
