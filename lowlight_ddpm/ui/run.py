"""What the page remembers for one visitor: the run on the stage, the run whose results are shown."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from PIL import Image
from torch import Tensor

from lowlight_ddpm import checkpoints
from lowlight_ddpm.colour import channel_means
from lowlight_ddpm.images import square
from lowlight_ddpm.images.picker import Gallery
from lowlight_ddpm.network import RESOLUTION
from lowlight_ddpm.photometry import prepare
from lowlight_ddpm.sampling import Step
from lowlight_ddpm.settings import RunSettings
from lowlight_ddpm.ui import model

HOUR = 3600  # seconds; what a visitor who has left is remembered for

Colour = tuple[float, float, float]  # mean R, G, B of 255


@dataclass(frozen=True)
class Picked:
    """The picture to work on."""

    name: str
    image: Image.Image


@dataclass
class Run:
    """One run, from the moment its input is known: the steps fill up while it goes."""

    settings: RunSettings
    picked: Picked
    steps: list[Step] = field(default_factory=list)
    means: list[Colour] = field(default_factory=list)
    begun: bool = False
    stopped: bool = False
    over: bool = False
    seconds: float = 0.0

    def __post_init__(self) -> None:
        self.dim = None if self.generates else _dimmed(self.picked.image, self.settings.brightness)

    @property
    def generates(self) -> bool:
        """Whether it starts from pure noise, without a picture."""
        return self.settings.mode == "generate"

    @property
    def ended(self) -> bool:
        """Whether no further step will come."""
        return self.over or (self.stopped and not self.begun)

    @property
    def result(self) -> Tensor:
        """The newest estimate of the clean picture, (3, H, W) in model range."""
        return self.steps[-1].x0[0]

    @property
    def start(self) -> Tensor:
        """What the result is compared with: the dimmed picture, or the noise that it grew from."""
        return self.steps[0].x_t[0] if self.generates else self.dim

    def target(self) -> Colour:
        """The colour that the result should have: the input's, or the training set's when generating."""
        if not self.generates:
            return _mean_colour(self.dim)
        red, green, blue = checkpoints.load(self.settings.variant).training_means.tolist()
        return red, green, blue

    def walk(self) -> Iterator[Step]:
        """Call the network, once; every step is kept before it is yielded.

        `stopped` ends it after the step under way, or before the first.
        """
        if self.begun:
            return
        self.begun, since = True, time.monotonic()
        try:
            dim = None if self.generates else self.dim[None]
            for step in () if self.stopped else model.walk(self.settings, dim):
                self.steps.append(step)
                self.means.append(_mean_colour(step.x0[0]))
                self.seconds = time.monotonic() - since
                yield step
                if self.stopped:
                    return
        finally:
            self.over = True


@dataclass
class Session:
    """One visitor's page. Callbacks mutate it, so that what an interrupted run has done is not lost.

    `own` is the visitor's own picture, `staged` the run in the panels, `finished` the one in the results.
    """

    gallery: Gallery
    index: int = 0
    own: Picked | None = None
    brightened: bool = False
    staged: Run | None = None
    finished: Run | None = None
    running: bool = False

    @property
    def picked(self) -> Picked:
        """The visitor's own picture where there is one, else the one chosen in the gallery."""
        return self.own or Picked(self.gallery.names[self.index], self.gallery.pictures[self.index])


def paced(steps: Iterator[Step], seconds: float) -> Iterator[Step]:
    """The first and the last of `steps`, and between them at most one every `seconds`."""
    shown = float("-inf")
    for step in steps:
        now = time.monotonic()
        if now - shown >= seconds or step.index == step.total - 1:
            shown = now
            yield step


def _dimmed(picture: Image.Image, brightness: float) -> Tensor:
    return prepare(square(picture, RESOLUTION), brightness)


def _mean_colour(x: Tensor) -> Colour:
    red, green, blue = channel_means(x)[0].tolist()
    return red, green, blue
