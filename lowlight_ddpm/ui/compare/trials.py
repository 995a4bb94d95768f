"""Runs on one picture: what is known of each, and what is still to be measured."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from torch import Tensor

from lowlight_ddpm.analysis.compare import Memory, Outcome
from lowlight_ddpm.diffusion.settings import RunSettings
from lowlight_ddpm.diffusion.trajectory import Request, Step
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.images import square
from lowlight_ddpm.images.photometry import digest
from lowlight_ddpm.ui.components.jobs import Job, under_way
from lowlight_ddpm.ui.links import query_of
from lowlight_ddpm.ui.session import Picked
from lowlight_ddpm.ui.worker import model

# Of all visitors: beside what it is remembered by, an outcome depends on its batch alone, by some 1e-5.
MEMORY = Memory()


@dataclass
class Trials(Job):
    """`found` has an Outcome for each of `wanted`, a Refusal where there can be none, None where it is open.

    What has been measured before is known at once, and is never run again.
    """

    picked: Picked
    wanted: list[RunSettings | Refusal]
    found: list[Outcome | Refusal | None] = field(init=False)
    steps: dict[int, Step] = field(default_factory=dict)  # the newest of each that has begun

    def __post_init__(self) -> None:
        sizes = {settings.size for settings in self.wanted if isinstance(settings, RunSettings)}
        self.pixels = {size: square(self.picked.image, size) for size in sizes}
        self.digests = {size: digest(pixels) for size, pixels in self.pixels.items()}
        self.found = [self._known(settings) for settings in self.wanted]
        self._open = [index for index, known in enumerate(self.found) if known is None]

    @property
    def outcomes(self) -> list[Outcome]:
        """Those that are known, in the order wanted."""
        return [known for known in self.found if isinstance(known, Outcome)]

    @property
    def complete(self) -> bool:
        """Whether nothing is open."""
        return None not in self.found

    @property
    def running(self) -> list[int]:
        """Which of those wanted the network is being asked for, or was when it was stopped."""
        return [index for index in self.steps if self.found[index] is None]

    @property
    def count(self) -> tuple[int, int]:
        """Steps done since the start, and those still to come, of all runs."""
        steps = sum(self.wanted[index].steps for index in self._open)
        left = sum(self._left(index) for index in self._open if self.found[index] is None)
        return steps - left, left

    @property
    def said(self) -> str:
        """How far it is, in words."""
        done = sum(known is not None for known in self.found)
        going = () if self.ended else [self.steps[index] for index in self.running]
        return f"{done} of {len(self.found)} finished{under_way(going)}"

    def input(self, settings: RunSettings) -> Tensor:
        """The picture dimmed: (3, H, W) in model range."""
        return settings.dim(self.pixels[settings.size][None])[0]

    def query(self, index: int) -> str:
        """The link's query that opens this run in Watch."""
        return query_of(self.wanted[index], self.picked.key)

    def calls(self) -> Iterator[bool]:
        """Restore the picture with whatever is open; True where runs begin and end."""
        for index in self._open:
            self.found[index] = self._known(self.wanted[index])  # by another visitor, meanwhile
        places = [index for index in self._open if self.found[index] is None]
        wanted = [self.wanted[index] for index in places]
        yield len(places) < len(self._open)
        try:
            calls = model.walk_together([Request(of, self.input(of)[None]) for of in wanted])
            for told in calls:
                ends = [self._take(places[place], step) for place, step in told.items()]
                yield any(ends) or next(iter(told.values())).index == 0
        except Refusal as refusal:
            for index in places:
                self.found[index] = refusal if self.found[index] is None else self.found[index]
            yield True

    def _take(self, index: int, told: Step | Refusal) -> bool:
        """Whether a run ends with what came of it."""
        if isinstance(told, Refusal):
            self.found[index] = told
            return True
        self.steps[index] = told
        if told.is_last:
            settings = self.wanted[index]
            self.found[index] = outcome = Outcome.of(settings, told.x0[0], self.input(settings))
            MEMORY.keep(self.digests[settings.size], outcome)
        return told.is_last

    def _left(self, index: int) -> int:
        """Steps that a run still has to make."""
        return self.wanted[index].steps - (self.steps[index].index + 1 if index in self.steps else 0)

    def _known(self, settings: RunSettings | Refusal) -> Outcome | Refusal | None:
        """What is known beforehand: an outcome, or why there can be none."""
        if isinstance(settings, Refusal):
            return settings
        try:
            model.LIMITS.check(settings.steps, settings.size**2)
        except Refusal as refusal:
            return refusal
        return MEMORY.recall(settings, self.digests[settings.size])
