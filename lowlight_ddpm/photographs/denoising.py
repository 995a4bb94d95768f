"""Classical filters for the noise of photographs, in bands, so that large ones need little memory.

They are scikit-image's non-local means and total variation, at the strength that tells a photograph's pixels
best from their neighbours alone (Batson and Royer 2019), which needs no clean image.
"""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from time import perf_counter
from typing import Any, cast

import numpy as np
from skimage.restoration import calibrate_denoiser, denoise_nl_means, denoise_tv_chambolle

STRENGTHS = (0.01, 0.02, 0.04, 0.08, 0.16)  # of the filters, in pixel values; the best for a picture is used
BAND = 2**19  # pixels of a band, which has LEAST_ROWS rows at least
LEAST_ROWS = 32
TICK = 0.2  # seconds
MOST_THREADS = 4  # every one has a band in memory
_TILE = 64  # pixels a side of the four parts of a large photograph that its strength is chosen on
_TIMED = 2**18  # pixels that a photograph's time is told from

Filter = Callable[[np.ndarray, float], np.ndarray]
"""From pixel values (H, W, 3) in [0, 1] and a strength to denoised ones."""


@dataclass(frozen=True)
class Denoiser:
    """A filter, what it is called, and how many rows beyond a pixel have a say in it."""

    title: str
    filter: Filter
    reach: int


def _non_local_means(image: np.ndarray, strength: float) -> np.ndarray:
    return denoise_nl_means(image, 5, 6, strength, fast_mode=True, channel_axis=-1)


def _total_variation(image: np.ndarray, strength: float) -> np.ndarray:
    return denoise_tv_chambolle(image, strength, channel_axis=-1)


DENOISERS = {
    "nlm": Denoiser("non-local means", _non_local_means, reach=9),
    "tv": Denoiser("total variation", _total_variation, reach=48),
}


def best_strength(image: np.ndarray, kind: Filter) -> float:
    """The one of STRENGTHS that suits an image best, pixel values (H, W, 3) in [0, 1]."""
    tried = {"strength": STRENGTHS}
    # Its types know of no extra output.
    _, (settings, losses) = cast(Any, calibrate_denoiser(image, kind, tried, extra_output=True))
    return settings[np.argmin(losses)]["strength"]


def filtered(image: np.ndarray, kind: Filter) -> np.ndarray:
    """An image, pixel values (H, W, 3) in [0, 1], denoised at its best strength, all of it at once."""
    return kind(image, best_strength(image, kind))


def strength_for(pixels: np.ndarray, denoiser: Denoiser) -> float:
    """The filter's strength that suits pixels best, uint8 (H, W, 3), such as a photograph's `sample`."""
    return best_strength(_unit(pixels), denoiser.filter)


def sample(pixels: np.ndarray) -> np.ndarray:
    """Four tiles from the quarters of a photograph, uint8 (H, W, 3), as one image; of a small one all."""
    if min(pixels.shape[:2]) < 2 * _TILE:
        return pixels[: 4 * _TILE, : 4 * _TILE]
    height, width = pixels.shape[:2]
    rows, columns = ([side // 4 - _TILE // 2, side * 3 // 4 - _TILE // 2] for side in (height, width))
    tiles = [[pixels[row:, column:][:_TILE, :_TILE] for column in columns] for row in rows]
    return np.concatenate([np.concatenate(line, axis=1) for line in tiles])


@dataclass(frozen=True)
class Denoising:
    """One photograph's denoising: its pixels, uint8 (H, W, 3), by which filter, and how strongly."""

    pixels: np.ndarray
    denoiser: Denoiser
    strength: float

    @classmethod
    def of(cls, pixels: np.ndarray, denoiser: Denoiser) -> "Denoising":
        """At the strength that suits the photograph best."""
        return cls(pixels, denoiser, strength_for(sample(pixels), denoiser))

    def seconds(self) -> float:
        """About how long it takes, from a small part that is timed, on as many threads as are used."""
        height, width = self.pixels.shape[:2]
        rows = min(height, max(LEAST_ROWS, _TIMED // width))
        part, bands = _unit(self.pixels[:rows]), self._bands()
        threads = min(_threads(), len(bands))
        begun = perf_counter()
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(lambda _: self.denoiser.filter(part, self.strength), range(threads)))
        filtered_rows = sum(bottom - top for top, bottom in map(self._reached, bands))
        return (perf_counter() - begun) * filtered_rows / (rows * threads)

    def run(self, share: float = 1.0) -> np.ndarray:
        """The denoised photograph, uint8 (H, W, 3), mixed with the noisy one: `share` of it in 0..1."""
        result = np.empty_like(self.pixels)
        for _ in self.steps(result, share):
            pass
        return result

    def steps(self, result: np.ndarray, share: float = 1.0) -> Iterator[float]:
        """As `run`, into `result`, uint8 (H, W, 3); yields how much is done, in 0..1, every TICK at least.

        Whoever stops to ask for more ends the work: bands under way are finished, and not waited for.
        """
        bands, pool = self._bands(), ThreadPoolExecutor(_threads())
        try:
            made = [pool.submit(self._band, first) for first in bands]
            for done, first in enumerate(bands):
                while not wait(made[:1], TICK).done:
                    yield done / len(bands)
                noisy, rows = _unit(self.pixels[first : first + self._rows]), made.pop(0).result()
                mixed = noisy + np.float32(share) * (rows - noisy)
                result[first : first + self._rows] = (mixed * 255).round().clip(0, 255)
                yield (done + 1) / len(bands)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    @property
    def _rows(self) -> int:
        return max(LEAST_ROWS, BAND // self.pixels.shape[1])

    def _bands(self) -> range:
        return range(0, len(self.pixels), self._rows)

    def _reached(self, first: int) -> tuple[int, int]:
        reach = self.denoiser.reach
        return max(0, first - reach), min(len(self.pixels), first + self._rows + reach)

    def _band(self, first: int) -> np.ndarray:
        top, bottom = self._reached(first)
        rows = self.denoiser.filter(_unit(self.pixels[top:bottom]), self.strength)
        return rows[first - top :][: self._rows].astype(np.float32)


def _unit(pixels: np.ndarray) -> np.ndarray:
    return pixels.astype(np.float32) / np.float32(255)


def _threads() -> int:
    return min(MOST_THREADS, os.cpu_count() or 1)
