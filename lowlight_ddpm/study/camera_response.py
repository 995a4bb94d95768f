"""How a camera's finished pixel values follow the light: one curve a series, tested on what it has not seen.

Finished pictures are tone-mapped, so that a sixteenth of the light is not what sRGB alone would make of it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import least_squares
from torchvision.transforms.v2 import functional as tv

from lowlight_ddpm.images import read
from lowlight_ddpm.images.pairs import Pair
from lowlight_ddpm.images.photometry import linear, srgb

SATURATED = 254 / 255  # a pixel with a channel this high may have been any brighter
# Share of such pixels above which a lit picture's mean colour is no measure of its light.
MOST_SATURATED = 0.05


@dataclass(frozen=True)
class Response:
    """Pixel value = black + (255 − black)·light^(1/gamma): `black` of 255 is read where no light falls.

    Below 0, it says that the darkest light is cut off.
    """

    gamma: float
    black: float

    def gain(self, ratio: float) -> float:
        """What `ratio` times the light multiplies the pixel values above black by."""
        return ratio ** (1 / self.gamma)

    def darkened(self, means: np.ndarray, ratio: float) -> np.ndarray:
        """Mean pixel values (..., 3) of 255 with `ratio` times less light.

        The curve is a power, so all pixel values above black fall by one factor, and so does their mean.
        """
        return self.black + (means - self.black) / self.gain(ratio)

    def brightened(self, pixels: np.ndarray, ratio: float) -> np.ndarray:
        """Pixel values in [0, 1] with `ratio` times the light, clipped to [0, 1]."""
        black = self.black / 255
        return (black + (pixels - black) * self.gain(ratio)).clip(0, 1)


@dataclass(frozen=True)
class Exposure:
    """A pair's mean colours, each (3,) of 255, and the share of the lit picture's pixels that are saturated.

    `by_srgb` is what the dark picture's mean would be if both followed sRGB's curve.
    """

    pair: Pair
    dark: np.ndarray
    lit: np.ndarray
    by_srgb: np.ndarray
    saturated: float

    @classmethod
    def of(cls, pair: Pair) -> "Exposure":
        """Measure a pair. Raises Refusal for a file that cannot be read."""
        dark, lit = (tv.pil_to_tensor(read(file)).double() / 255 for file in (pair.dark, pair.lit))
        expected = srgb(linear(lit) / pair.ratio)
        of_dark, of_lit, by_srgb = (
            255 * picture.mean(dim=(1, 2)).numpy() for picture in (dark, lit, expected)
        )
        saturated = (lit.amax(dim=0) >= SATURATED).double().mean().item()
        return cls(pair, of_dark, of_lit, by_srgb, saturated)


@dataclass(frozen=True)
class Prediction:
    """What a curve that has not seen a pair says of its dark picture's mean colour, (3,) of 255."""

    exposure: Exposure
    response: Response

    @property
    def dark(self) -> np.ndarray:
        """The mean colour that is predicted."""
        return self.response.darkened(self.exposure.lit, self.exposure.pair.ratio)

    @property
    def error(self) -> float:
        """Mean over channels of |predicted / measured − 1|."""
        return _error(self.dark, self.exposure)

    @property
    def srgb_error(self) -> float:
        """The same for sRGB's own curve."""
        return _error(self.exposure.by_srgb, self.exposure)


def fit(exposures: Sequence[Exposure]) -> Response:
    """The curve that is least wrong, in the logarithm, about the dark mean colours of `exposures`."""

    def wrong(parameters: np.ndarray) -> np.ndarray:
        curve = Response(*parameters)
        predicted = [curve.darkened(one.lit, one.pair.ratio) for one in exposures]
        measured = [one.dark for one in exposures]
        return np.log(np.maximum(predicted, 0.1) / np.maximum(measured, 0.1)).ravel()

    gamma, black = least_squares(wrong, [2.2, 0.0], bounds=([1.0, -10.0], [6.0, 30.0])).x
    return Response(float(gamma), float(black))


def leave_one_out(exposures: Sequence[Exposure]) -> Iterator[Prediction]:
    """Each pair by the curve of the other pairs of its series; alone in it, by that of all other series."""
    for one in exposures:
        others = [other for other in exposures if other is not one]
        series = [other for other in others if other.pair.series == one.pair.series]
        yield Prediction(one, fit(series or others))


def _error(predicted: np.ndarray, exposure: Exposure) -> float:
    return float(np.abs(predicted / exposure.dark - 1).mean())
