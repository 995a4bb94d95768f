"""The endpoints that make one run: they stream the network's clean guess while it goes."""

from collections.abc import Iterator

from PIL import Image

from lowlight_ddpm.diffusion.settings import RunSettings, run_settings
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.images import draw, read
from lowlight_ddpm.images.photometry import to_image
from lowlight_ddpm.ui.api.parameters import Field, of_settings, takes
from lowlight_ddpm.ui.components import run_view
from lowlight_ddpm.ui.components.controls import FIELDS, settings_of
from lowlight_ddpm.ui.messages import refusals_shown
from lowlight_ddpm.ui.session import Picked, Run, paced

SECONDS = 0.5  # between two results on the way
PICTURE = Field(
    "picture", "the picture to restore, as a file; its middle square, at the network's size, unless whole"
)
_OF_RESTORATION = ("mode", "start", "brightness", "light", "whole", "anchor")
_GENERATED = tuple(name for name in FIELDS if name not in _OF_RESTORATION)

Streamed = Iterator[tuple[Image.Image, dict]]


@takes(PICTURE, *of_settings(*FIELDS))
def denoise(picture: str | None = None, *values) -> Streamed:
    """Dim a picture, bury it in noise, have a network restore it, and measure how far its colours shifted.

    Whatever is left out is as the variant was trained. While it runs, the network's clean guess so far comes
    with its step, its mean R, G, B and what they should be. The last result is the restored picture (at the
    network's size or whole, as dim as brightness made it) with the settings in full, the measures against the
    dimmed picture, and the verdict in words.
    """
    with refusals_shown():
        settings = settings_of(values)
        if settings.mode == "restore" and not picture:
            raise Refusal("There is no picture to restore: send one, or set mode to generate.")
        yield from _streamed(settings, read(picture) if picture else draw(0))


@takes(*of_settings(*_GENERATED))
def generate(*values) -> Streamed:
    """Have a network draw a picture from pure noise, and compare its mean colour with the training set's.

    Whatever is left out is as the variant was trained; the same seed draws the same picture. While it runs,
    the network's clean guess so far comes with its step and its mean R, G, B. The last result is the picture
    (as large and as dim as those the network has learned from) with the settings in full.
    """
    with refusals_shown():
        settings = run_settings(mode="generate", **dict(zip(_GENERATED, values, strict=True)))
        yield from _streamed(settings, draw(0))


def _streamed(settings: RunSettings, picture: Image.Image) -> Streamed:
    run = Run(settings, Picked("the picture", picture))
    for step in paced(run.walk(), SECONDS):
        ended = step.is_last
        yield to_image(run.result), run_view.report(run) if ended else _progress(run)


def _progress(run: Run) -> dict:
    step = run.steps[-1]
    done = {"step": step.index + 1, "steps": step.total, "timestep": step.timestep}
    return done | {"mean": run.means[-1], "target": run.target()}
