"""How a picture is made dark: a row for each way."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from torch import Tensor

from lowlight_ddpm.images.camera import photograph, stops
from lowlight_ddpm.images.photometry import prepare

LightName = Literal["pixels", "camera"]


@dataclass(frozen=True)
class Light:
    """A way, and what it is in a few words after a colon.

    `dim(pixels, brightness, seed)` makes uint8 (B, 3, H, W) dark, and brings it to model range.

    White ends at `brightness` in every light. Where light is `random`, picture i draws from seed + i.
    """

    title: str
    sentence: str
    dim: Callable[[Tensor, float, int], Tensor]
    random: bool


def _by_pixels(pixels: Tensor, brightness: float, seed: int) -> Tensor:
    return prepare(pixels, brightness)


def _by_camera(pixels: Tensor, brightness: float, seed: int) -> Tensor:
    return prepare(photograph(pixels, stops(brightness), seed))


LIGHTS: dict[LightName, Light] = {
    "pixels": Light(
        "Halved pixels",
        "pixel values times the brightness, as in the post.",
        _by_pixels,
        random=False,
    ),
    "camera": Light(
        "Camera",
        "fewer photons, so grain and lost shadows.",
        _by_camera,
        random=True,
    ),
}
