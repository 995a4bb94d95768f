"""What the page remembers for one visitor: the run on the stage, the run whose results are shown."""

import hashlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from PIL import Image
from torch import Tensor

from lowlight_ddpm.diffusion.settings import RunSettings
from lowlight_ddpm.diffusion.trajectory import Step
from lowlight_ddpm.images import framed, read
from lowlight_ddpm.images.dimming import LIGHTS
from lowlight_ddpm.images.gallery import Gallery
from lowlight_ddpm.images.photometry import prepare
from lowlight_ddpm.metrics.onset import onset
from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.models.normalization import Frame
from lowlight_ddpm.runs.assessment import Judgement, judge
from lowlight_ddpm.runs.history import Colour, History, mean_colour
from lowlight_ddpm.ui.links import query_of
from lowlight_ddpm.ui.worker import model
from lowlight_ddpm.ui.worker.work import Work
from lowlight_ddpm.variants import find_variant

HOUR = 3600  # seconds; what a visitor who has left is remembered for

OPENING_PAIR = ("start", "result")  # as Run.shown knows them


@dataclass(frozen=True)
class Picked:
    """The picture to work on; one that was uploaded has the `file` as it came, and its `sha256`."""

    name: str
    image: Image.Image
    file: Path | None = None
    sha256: str | None = None

    @classmethod
    def of_file(cls, path: Path) -> "Picked":
        """A visitor's own picture. Raises Refusal for what cannot be read."""
        return cls(path.name, read(path), path, hashlib.sha256(path.read_bytes()).hexdigest())

    @property
    def key(self) -> str:
        """What a link calls it: the file's sha256 where there is one, else the name."""
        return self.sha256 or self.name


@dataclass
class Run(Work):
    """One run, from the moment its input is known: its history fills up while it goes.

    `beforehand` tells a run that came with the page from one that was made in it.
    """

    settings: RunSettings
    picked: Picked
    history: History = field(default_factory=History)
    begun: bool = False
    stopped: bool = False
    over: bool = False
    beforehand: bool = False
    seconds: float = 0.0

    def __post_init__(self) -> None:
        self.dim = None if self.generates else self.settings.dim(self.pixels[None])[0]

    def __deepcopy__(self, memo: dict) -> "Run":
        """Every visitor gets a copy of the page's first state; a run that is over is the same for all."""
        return self if self.over else replace(self, history=self.history.copy())

    @property
    def generates(self) -> bool:
        """Whether it starts from pure noise, without a picture."""
        return self.settings.mode == "generate"

    @property
    def pixels(self) -> Tensor | None:
        """What the run takes of the picture, uint8 (3, H, W), as bright as it was taken; None for noise."""
        return None if self.generates else framed(self.picked.image, self.settings.size, self.settings.whole)

    @property
    def steps(self) -> list[Step]:
        """The steps that are remembered, in order; the newest is the last."""
        return self.history.steps

    @property
    def means(self) -> list[Colour]:
        """x0's mean colour at every step that was made, in order."""
        return list(self.history.means.values())

    @property
    def scene(self) -> tuple:
        """What its input looks like depends on this alone, and what it is compared with."""
        s = self.settings
        if self.generates:
            return s.variant, s.mode
        chance = s.seed if LIGHTS[s.light].random else None
        return s.variant, s.mode, s.brightness, s.light, s.whole, chance, self.picked

    @property
    def query(self) -> str:
        """The query of a link that opens this very run."""
        return query_of(self.settings, None if self.generates else self.picked.key)

    @property
    def result(self) -> Tensor:
        """The newest estimate of the clean picture, (3, H, W) in model range."""
        return self.steps[-1].x0[0]

    @property
    def start(self) -> Tensor:
        """What the result is compared with: the dimmed picture, or the noise that it grew from."""
        return self.steps[0].x_t[0] if self.generates else self.dim

    def shown(self, what: str) -> Tensor:
        """One of the run's pictures (3, H, W) in model range: "start", "original", "result", or x0 at "7".

        The original is as bright as it was taken.
        """
        if what == "original":
            return prepare(self.pixels)
        if what.isdecimal():
            return next(step.x0[0] for step in self.steps if step.index + 1 == int(what))
        return getattr(self, what)

    @cached_property
    def judgement(self) -> Judgement:
        """What it did to the picture; of a restoration that has ended after at least one step."""
        name = self.settings.variant
        frame = Frame.of(find_variant(name), checkpoints.record(name)["channel_mean"])
        return judge(self.steps, self.dim, self.settings.brightness, frame.scale)

    @cached_property
    def onset(self) -> int | None:
        """The index of the step where its colours go off for good, under the conditions of `judgement`."""
        place = onset([step.x0[0] for step in self.steps], self.dim, self.judgement.noise_floor)
        return None if place is None else self.steps[place].index

    def target(self) -> Colour:
        """The colour that the result should have: the input's, or the training set's when generating."""
        if not self.generates:
            return mean_colour(self.dim[None])
        red, green, blue = checkpoints.load(self.settings.variant).training_means.tolist()
        return red, green, blue

    def calls(self) -> Iterator[Step]:
        """Call the network; every step is kept before it is yielded."""
        for step in model.walk(self.settings, None if self.generates else self.dim[None]):
            self.history.keep(step)
            yield step


class Session:
    """One visitor's page. Callbacks mutate it, so that what an interrupted run has done is not lost.

    `own` is a picture that is not in the gallery, `awaits` the query of a link that waits for an upload,
    `staged` the run in the panels, `finished` the one in the results, `pair` what is laid over each other.
    """

    # No dataclass: of one, Gradio makes a dict at every start, with a copy of each tensor.
    def __init__(
        self,
        gallery: Gallery,
        index: int = 0,
        own: Picked | None = None,
        staged: Run | None = None,
        finished: Run | None = None,
    ) -> None:
        self.gallery, self.index, self.own = gallery, index, own
        self.staged, self.finished = staged, finished
        self.awaits: str | None = None
        self.pair: tuple[str, str] = OPENING_PAIR
        self.brightened = self.running = False

    @property
    def picked(self) -> Picked:
        """The picture of its own where there is one, else the one chosen in the gallery."""
        return self.own or Picked(self.gallery.names[self.index], self.gallery.pictures[self.index])


def paced(steps: Iterator[Step], seconds: float) -> Iterator[Step]:
    """The first and the last of `steps`, and between them at most one every `seconds`."""
    shown = float("-inf")
    for step in steps:
        now = time.monotonic()
        if now - shown >= seconds or step.is_last:
            shown = now
            yield step
