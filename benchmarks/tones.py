"""Whether brightening per channel or preserving hue comes nearer to a well-lit photograph.

    python -m benchmarks.tones PAIRS [SERIES ...]

PAIRS is a folder as `lowlight-ddpm dark` takes it; SERIES names the series in it to use, by default
hdr_desktop and hdr_street: all others stay unseen. Both ways have the black and white point of
`photographs.tone`, and each the power with which its mean luma is that of the lit photograph, so that only
colours and contrast differ.
"""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.optimize import brentq
from skimage.color import deltaE_ciede2000, rgb2lab

from lowlight_ddpm.images.pairs import Pair, find_pairs
from lowlight_ddpm.photographs.tone import LUMA, span

SERIES = ("hdr_desktop", "hdr_street")

Way = Callable[[np.ndarray, Callable[[np.ndarray], np.ndarray]], np.ndarray]
"""From pixel values (H, W, 3) in [0, 1] and a curve of values to toned pixel values."""


def _per_channel(pixels: np.ndarray, curve: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    return curve(pixels)


def _preserving_hue(pixels: np.ndarray, curve: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """One gain a pixel, that of its highest channel, so that nothing is clipped."""
    highest = pixels.max(axis=-1, keepdims=True)
    return pixels * (curve(highest) / np.maximum(highest, 1 / 255))


WAYS: dict[str, Way] = {"per channel": _per_channel, "preserving hue": _preserving_hue}


def differences(pair: Pair) -> dict[str, float]:
    """Mean CIEDE2000 over the pixels of a pair's brightened photograph and its lit one, by the way's name."""
    dark, lit = (pixels.permute(1, 2, 0).contiguous().numpy() for pixels in pair.pixels())
    counts = np.reshape(Image.fromarray(dark).histogram(), (3, 256))
    black, white = span(counts, np.tile(np.arange(256) / 255, (3, 1)))
    dark, lit = dark / 255, lit / 255
    aim, target = float((lit @ LUMA).mean()), rgb2lab(lit)
    found = {}
    for name, way in WAYS.items():

        def toned(power: float, way: Way = way) -> np.ndarray:
            return way(dark, lambda values: ((values - black) / (white - black)).clip(0, 1) ** np.exp(power))

        power = brentq(lambda power, toned=toned: float((toned(power) @ LUMA).mean()) - aim, -3, 3, xtol=1e-3)
        found[name] = float(deltaE_ciede2000(target, rgb2lab(toned(float(power)))).mean())
    return found


def compare(pairs: list[Pair]) -> dict[str, float]:
    """The same, averaged over pairs."""
    rows = [differences(pair) for pair in pairs]
    return {name: float(np.mean([row[name] for row in rows])) for name in WAYS}


def main(folder: str, *series: str) -> None:
    """Print a line for every way."""
    pairs = [pair for pair in find_pairs(Path(folder)) if pair.series in (series or SERIES)]
    print(f"Mean CIEDE2000 over {len(pairs)} pairs:")
    for name, difference in compare(pairs).items():
        print(f"{name:16} {difference:6.2f}")


if __name__ == "__main__":
    main(*sys.argv[1:])
