"""A dark photograph made light: from whatever `images.read` opens to an image, and what was done in words."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from pathlib import Path
from time import perf_counter

import numpy as np
from PIL import Image

from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.images.reading import ImageLike
from lowlight_ddpm.images.writing import save_jpeg, save_png
from lowlight_ddpm.photographs.denoising import DENOISERS, Denoising
from lowlight_ddpm.photographs.photograph import Photograph
from lowlight_ddpm.photographs.tone import LEVELS, Tone

NONE = "none"
_TIMED = 2**18  # pixels that the time of writing is told from
WRITERS = {".png": save_png, ".jpg": save_jpeg, ".jpeg": save_jpeg}


@dataclass(frozen=True)
class Brightened:
    """A brightened photograph: an RGB `image` in sRGB.

    `before` and `after` are mean lumas (BT.709) of pixel values in 0..1, before denoising; `in_words` says
    what was done, and `notes` what was changed in reading, a sentence each.
    """

    image: Image.Image
    before: float
    after: float
    in_words: str
    notes: list[str]

    def save(self, path: str | Path) -> Path:
        """Write it as a PNG or a JPEG, by the path's suffix. Raises Refusal for any other."""
        path = writable(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        WRITERS[path.suffix.lower()](self.image, path)
        return path


@dataclass(frozen=True)
class Wish:
    """What is wanted, as `brighten` takes it. Raises Refusal for what is no such value."""

    level: str | float = "day"
    denoise: str = NONE
    strength: float = 1.0
    white_balance: bool = False

    def __post_init__(self) -> None:
        level_of(self.level)
        if self.denoise not in (NONE, *DENOISERS):
            raise Refusal(f"The denoiser is “{self.denoise}”: choose {', '.join(DENOISERS)} or {NONE}.")
        if not 0 <= self.strength <= 1:  # NaN too
            raise Refusal(f"The strength is {self.strength}: choose a share from 0 to 1.")


class Brightening:
    """What is to be done to a photograph that has been read, how long it takes, and the work itself."""

    def __init__(self, photograph: Photograph, wish: Wish) -> None:
        self._photograph, self._wish = photograph, wish
        self.tone = photograph.tone(level_of(wish.level), wish.white_balance)
        self._denoiser = DENOISERS.get(wish.denoise)

    @cached_property
    def toned(self) -> np.ndarray:
        """The pixels brightened and not denoised, uint8 (H, W, 3)."""
        pixels = self._photograph.pixels
        return self.tone.apply(pixels) if self.tone.changes else pixels

    @cached_property
    def denoising(self) -> Denoising | None:
        """The denoising that follows; None where there is none."""
        if not self._denoiser or not self._wish.strength:
            return None
        return Denoising(self.toned, self._denoiser, self._photograph.strength(self._denoiser, self.tone))

    @property
    def in_words(self) -> str:
        """What is done, in a sentence or two."""
        words = tone_in_words(self.tone, level_of(self._wish.level))
        if self.denoising:
            share = f", {self._wish.strength:.0%} of it" if self._wish.strength < 1 else ""
            words += f" Denoised by {self.denoising.denoiser.title}{share}."
        return words

    def seconds(self, suffix: str) -> float:
        """About how long all `steps` and writing a file of this suffix take, from parts that are timed."""
        rows = max(1, _TIMED * len(self.toned) // self.toned.size)
        part, begun = Image.fromarray(self.toned[:rows]), perf_counter()
        WRITERS[suffix](part, BytesIO())
        writing = (perf_counter() - begun) * len(self.toned) / part.height
        return writing + (self.denoising.seconds() if self.denoising else 0)

    def part(self, x: float, y: float, side: int) -> tuple[Image.Image, ...]:
        """A square of the photograph as it is, brightened, and denoised in full if it is denoised at all.

        It has `side` pixels a side, or fewer in a photograph of fewer. Its middle is (x, y), shares of the
        width and the height in 0..1, or as near to it as the edges allow.
        """
        pixels = self._photograph.pixels
        shape = pixels.shape[:2]
        top, left = (
            min(max(0, round(place * length) - side // 2), max(0, length - side))
            for place, length in zip((y, x), shape, strict=True)
        )
        reach = self._denoiser.reach if self._denoiser else 0
        rows, columns = (slice(max(0, first - reach), first + side + reach) for first in (top, left))
        before = pixels[rows, columns]
        layers = [before, self.tone.apply(before)]
        if self._denoiser:
            strength = self._photograph.strength(self._denoiser, self.tone)
            layers.append(Denoising(layers[1], self._denoiser, strength).run())
        inner = (
            slice(top - rows.start, top - rows.start + side),
            slice(left - columns.start, left - columns.start + side),
        )
        return tuple(Image.fromarray(np.ascontiguousarray(layer[inner])) for layer in layers)

    def steps(self) -> Iterator[float]:
        """Do it: yields how much is done, in 0..1; `made` is there at the end."""
        self._result = self.toned
        if self.denoising:
            self._result = np.empty_like(self.toned)
            yield from self.denoising.steps(self._result, self._wish.strength)

    @property
    def made(self) -> Brightened:
        """What has come of it, once all `steps` are done."""
        image = Image.fromarray(self._result)
        return Brightened(image, self.tone.before, self.tone.after, self.in_words, self._photograph.notes)


def brighten(
    photo: ImageLike,
    level: str | float = "day",
    *,
    denoise: str = NONE,
    strength: float = 1.0,
    white_balance: bool = False,
    announce: Callable[[str], None] | None = None,
    progress: Callable[[float], None] | None = None,
) -> Brightened:
    """Brighten a photograph, and denoise it if asked to; no network has a part in it.

    `photo` is what `images.read` takes. `level` is one of LEVELS (“as it was”, “dusk”, “day”) or a mean luma
    above 0 and below 1; a photograph that is as bright already is left alone, and none is darkened. `denoise`
    is “none”, “nlm” (non-local means) or “tv” (total variation), `strength` the denoised image's share in the
    result, 0 to 1. `white_balance` makes the channels' mean light equal, as far as that needs no factor above
    2. Over 24 megapixels (2²⁰ pixels each), it is made smaller. `announce` is called with how long denoising
    takes before it begins, `progress` with the share that is done; what it raises ends the work.

    Raises Refusal for what is no such value, and as `images.read` does.
    """
    wish = Wish(level, denoise, strength, white_balance)
    work = Brightening(Photograph.read(photo), wish)
    if announce and work.denoising:
        title, size = work.denoising.denoiser.title, work.toned.shape[0] * work.toned.shape[1] / 1e6
        announce(f"{size:.1f} megapixels by {title}: about {work.denoising.seconds():.0f} s.")
    for share in work.steps():
        if progress:
            progress(share)
    return work.made


def level_of(level: str | float) -> float:
    """The mean luma that a level's name or number means. Raises Refusal for what is neither."""
    if isinstance(level, str) and level in LEVELS:
        return LEVELS[level]
    try:
        number = float(level)
    except (TypeError, ValueError):
        number = 0.0
    if not 0 < number < 1:
        names = ", ".join(f"“{name}”" for name in LEVELS)
        raise Refusal(f"The level is “{level}”: choose {names} or a mean brightness above 0 and below 1.")
    return number


def writable(path: str | Path) -> Path:
    """A path that `Brightened.save` can write. Raises Refusal for one that ends otherwise."""
    path = Path(path).expanduser()
    if path.suffix.lower() not in WRITERS:
        raise Refusal(f"{path.name} is no name of a PNG or JPEG: let it end in .png or .jpg.")
    return path


def tone_in_words(tone: Tone, wanted: float) -> str:
    """What a tone does to reach the mean luma that was `wanted`, 0 for any, in a sentence."""
    if not tone.before:
        return "Left as it is: it is black throughout, so that there is nothing to brighten."
    if not tone.changes:
        aim = f", and {wanted:.2f} was wanted" if wanted else ""
        return f"Left as it is: its mean luma is {tone.before:.2f} of 1 already{aim}."
    said = f"Brightened from a mean luma of {tone.before:.2f} to {tone.after:.2f} of 1"
    return f"{said}; it cannot reach {wanted:.2f}." if wanted - tone.after > 0.01 else f"{said}."
