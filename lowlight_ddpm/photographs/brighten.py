"""A dark photograph made light: from whatever `images.read` opens to an image, and what was done in words."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.images.reading import ImageLike, notes, read
from lowlight_ddpm.images.writing import save_jpeg, save_png
from lowlight_ddpm.photographs.denoising import DENOISERS, Denoising
from lowlight_ddpm.photographs.tone import LEVELS, Tone, find_tone

MOST_PIXELS = 24 * 2**20  # of a photograph; one with more is made smaller
NONE = "none"
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
    takes before it begins, `progress` with the share that is done.

    Raises Refusal for what is no such value, and as `images.read` does.
    """
    wanted = level_of(level)
    _check(denoise, strength)
    picture = read(photo)
    said = notes(picture)
    picture, shrunk = _limited(picture)
    pixels = np.asarray(picture)
    tone = find_tone(pixels, wanted, white_balance)
    if tone.changes:
        pixels = tone.apply(pixels)
    words = _in_words(tone, wanted, bool(pixels.any()))
    if denoise != NONE and strength:
        work = Denoising.of(pixels, DENOISERS[denoise])
        if announce:
            title, size = work.denoiser.title, pixels.shape[0] * pixels.shape[1] / 1e6
            announce(f"{size:.1f} megapixels by {title}: about {work.seconds():.0f} s.")
        pixels = work.run(strength, progress)
        words += f" Denoised by {work.denoiser.title}, {strength:.0%} of it."
    return Brightened(Image.fromarray(pixels), tone.before, tone.after, words, said + shrunk)


def level_of(level: str | float) -> float:
    """The mean luma that a level's name or number means. Raises Refusal for what is neither."""
    if level in LEVELS:
        return LEVELS[str(level)]
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


def _check(denoise: str, strength: float) -> None:
    if denoise not in (NONE, *DENOISERS):
        raise Refusal(f"The denoiser is “{denoise}”: choose {', '.join(DENOISERS)} or {NONE}.")
    if not 0 <= strength <= 1:  # NaN too
        raise Refusal(f"The strength is {strength}: choose a share from 0 to 1.")


def _limited(picture: Image.Image) -> tuple[Image.Image, list[str]]:
    """The picture with at most MOST_PIXELS, and a sentence if that is less than it had."""
    width, height = picture.size
    scale = (MOST_PIXELS / (width * height)) ** 0.5
    if scale >= 1:
        return picture, []
    smaller = picture.resize((int(width * scale), int(height * scale)), Image.Resampling.LANCZOS)
    shapes = f"{width}×{height} pixels, more than 24 megapixels, to {smaller.width}×{smaller.height}"
    return smaller, [f"Made smaller: of {shapes}."]


def _in_words(tone: Tone, wanted: float, has_light: bool) -> str:
    if not has_light:
        return "Left as it is: it is black throughout, so that there is nothing to brighten."
    if not tone.changes:
        aim = f", and {wanted:.2f} was wanted" if wanted else ""
        return f"Left as it is: its mean luma is {tone.before:.2f} of 1 already{aim}."
    said = f"Brightened from a mean luma of {tone.before:.2f} to {tone.after:.2f} of 1"
    return f"{said}; it cannot reach {wanted:.2f}." if wanted - tone.after > 0.01 else f"{said}."
