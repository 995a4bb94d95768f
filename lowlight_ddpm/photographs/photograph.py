"""A photograph to be brightened: upright, in sRGB, of at most 24 megapixels; all of it, and a small copy."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from PIL import Image

from lowlight_ddpm.images.reading import ImageLike, finer_than_read, notes, read
from lowlight_ddpm.photographs.denoising import Denoiser, sample, strength_for
from lowlight_ddpm.photographs.tone import Tone, histogram, tone_of

MOST_PIXELS = 24 * 2**20  # of a photograph; one with more is made smaller


@dataclass(frozen=True)
class Photograph:
    """The `image`, RGB in sRGB; `notes` say what was changed in reading it, a sentence each."""

    image: Image.Image
    notes: list[str]
    _strengths: dict[tuple[str, bytes], float] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def read(cls, source: ImageLike, name: str = "") -> "Photograph":
        """What `images.read` takes and refuses, made smaller if it has more than MOST_PIXELS."""
        picture = read(source, name)
        said, (width, height) = notes(picture), picture.size
        if finer_than_read(picture):
            said.append("Read as 8 bits a channel, of more: brightened shadows may show steps.")
        scale = (MOST_PIXELS / (width * height)) ** 0.5
        if scale < 1:
            picture = picture.resize((int(width * scale), int(height * scale)), Image.Resampling.LANCZOS)
            shapes = f"{width}×{height} pixels, more than 24 megapixels, to {picture.width}×{picture.height}"
            said.append(f"Made smaller: of {shapes}.")
        return cls(picture, said)

    @property
    def pixels(self) -> np.ndarray:
        """Its pixels, uint8 (H, W, 3)."""
        return np.asarray(self.image)

    @cached_property
    def counts(self) -> np.ndarray:
        """How often every pixel value occurs in each channel: int (3, 256)."""
        return histogram(self.image)

    def tone(self, level: float, white_balance: bool = False) -> Tone:
        """The tone that brings it to a mean luma of `level` in 0..1, as `tone_of` finds it."""
        return tone_of(self.counts, level, white_balance)

    def strength(self, denoiser: Denoiser, tone: Tone) -> float:
        """The strength of a filter that suits it best once it is toned; it is chosen once."""
        key = denoiser.title, tone.tables.tobytes()
        if key not in self._strengths:
            self._strengths[key] = strength_for(tone.apply(sample(self.pixels)), denoiser)
        return self._strengths[key]

    def small(self, longest: int) -> Image.Image:
        """All of it with at most `longest` pixels a side."""
        scale = longest / max(self.image.size)
        if scale >= 1:
            return self.image
        width, height = (max(1, round(side * scale)) for side in self.image.size)
        return self.image.resize((width, height), Image.Resampling.HAMMING, reducing_gap=2.0)
