"""How a camera's finished pixel values follow the light: one curve a series, tested on what it has not seen.

Finished pictures are tone-mapped, so that a sixteenth of the light is not what sRGB alone would make of it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import least_squares

from lowlight_ddpm.images.pairs import Pair
from lowlight_ddpm.images.photometry import digest, linear, srgb

USUAL_GAMMA = 2.2  # of a display's curve: what is assumed where no other pairs tell the camera's
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


USUAL = Response(USUAL_GAMMA, 0.0)


@dataclass(frozen=True)
class Exposure:
    """A pair's mean colours, each (3,) of 255, and the share of the lit picture's pixels that are saturated.

    `by_srgb` is what the dark picture's mean would be if both followed sRGB's curve. `ratio` is how many
    times more light the lit picture has: the pair's, or where that is not known what the usual curve makes of
    the two means, 1 if the dark picture is black. `size` is (height, width), `digests` name both's pixels.
    """

    pair: Pair
    ratio: float
    dark: np.ndarray
    lit: np.ndarray
    by_srgb: np.ndarray
    saturated: float
    size: tuple[int, int]
    digests: tuple[str, str]

    @classmethod
    def of(cls, pair: Pair) -> "Exposure":
        """Measure a pair. Raises Refusal as `Pair.pixels` does."""
        taken = pair.pixels()
        dark, lit = (pixels.double() / 255 for pixels in taken)
        ratio = pair.ratio or _estimated(dark.mean().item(), lit.mean().item())
        expected = srgb(linear(lit) / ratio)
        of_dark, of_lit, by_srgb = (
            255 * picture.mean(dim=(1, 2)).numpy() for picture in (dark, lit, expected)
        )
        saturated = (lit.amax(dim=0) >= SATURATED).double().mean().item()
        size, digests = (dark.shape[1], dark.shape[2]), (digest(taken[0]), digest(taken[1]))
        return cls(pair, ratio, of_dark, of_lit, by_srgb, saturated, size, digests)


@dataclass(frozen=True)
class Prediction:
    """What a curve that has not seen a pair says of its dark picture's mean colour, (3,) of 255."""

    exposure: Exposure
    response: Response

    @property
    def dark(self) -> np.ndarray:
        """The mean colour that is predicted."""
        return self.response.darkened(self.exposure.lit, self.exposure.ratio)

    @property
    def error(self) -> float | None:
        """Mean over channels of |predicted / measured − 1|; None where nothing is predicted.

        That is where a channel of the picture is black, or the ratio is not known but by the picture itself.
        """
        return _error(self.dark, self.exposure)

    @property
    def srgb_error(self) -> float | None:
        """The same for sRGB's own curve."""
        return _error(self.exposure.by_srgb, self.exposure)


def fit(exposures: Sequence[Exposure]) -> Response:
    """The curve that is least wrong, in the logarithm, about the dark mean colours of `exposures`."""

    def wrong(parameters: np.ndarray) -> np.ndarray:
        curve = Response(*parameters)
        predicted = [curve.darkened(one.lit, one.ratio) for one in exposures]
        measured = [one.dark for one in exposures]
        return np.log(np.maximum(predicted, 0.1) / np.maximum(measured, 0.1)).ravel()

    gamma, black = least_squares(wrong, [2.2, 0.0], bounds=([1.0, -10.0], [6.0, 30.0])).x
    return Response(float(gamma), float(black))


def leave_one_out(exposures: Sequence[Exposure]) -> Iterator[Prediction]:
    """Each pair by the curve of the other pairs of its series; alone in it, by that of all other series.

    Only pairs of a known ratio tell a curve, and black ones tell none; with no other, it is the USUAL one.
    """
    telling = [one for one in exposures if one.pair.ratio and one.dark.any()]
    for one in exposures:
        others = [other for other in telling if other is not one] if one.pair.ratio else []
        series = [other for other in others if other.pair.series == one.pair.series]
        yield Prediction(one, fit(series or others) if others else USUAL)


def _estimated(dark: float, lit: float) -> float:
    """The ratio of two pictures' light, from their mean pixel values in 0..1, by the USUAL curve."""
    return max(1.0, (lit / dark) ** USUAL_GAMMA) if dark else 1.0


def _error(predicted: np.ndarray, exposure: Exposure) -> float | None:
    if not exposure.pair.ratio or not exposure.dark.all():
        return None
    return float(np.abs(predicted / exposure.dark - 1).mean())
