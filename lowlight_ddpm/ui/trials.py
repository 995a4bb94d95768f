"""Runs on one picture, one after another: what is known of each, and what is still to be measured."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from torch import Tensor

from lowlight_ddpm.comparison import Memory, Outcome
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.images import square
from lowlight_ddpm.photometry import digest
from lowlight_ddpm.sampling import Step
from lowlight_ddpm.settings import RunSettings
from lowlight_ddpm.ui import model
from lowlight_ddpm.ui.jobs import Job
from lowlight_ddpm.ui.link import query_of
from lowlight_ddpm.ui.run import Picked

MEMORY = Memory()  # of all visitors: a run's outcome depends on nothing but what it is remembered by


@dataclass
class Trials(Job):
    """`found` has an Outcome for each of `wanted`, a Refusal where there can be none, None where it is open.

    What has been measured before is known at once, and is never run again.
    """

    picked: Picked
    wanted: list[RunSettings | Refusal]
    found: list[Outcome | Refusal | None] = field(init=False)
    at: int | None = None
    step: Step | None = None

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
    def count(self) -> tuple[int, int]:
        """Network calls done since the start, and those still to come."""
        calls = sum(self.wanted[index].steps for index in self._open)
        left = sum(self.wanted[index].steps for index in self._open if self.found[index] is None)
        if self.step:
            left -= self.step.index + 1
        return calls - left, left

    @property
    def said(self) -> str:
        """How far it is, in words."""
        done = sum(known is not None for known in self.found)
        runs = f"{done} of {len(self.found)} finished"
        if self.step and not self.ended:
            return f"{runs}, step {self.step.index + 1} of {self.step.total} of the next"
        return runs

    def input(self, settings: RunSettings) -> Tensor:
        """The picture dimmed: (3, H, W) in model range."""
        return settings.dim(self.pixels[settings.size][None])[0]

    def query(self, index: int) -> str:
        """The link's query that opens this run in Watch."""
        return query_of(self.wanted[index], self.picked.key)

    def calls(self) -> Iterator[bool]:
        """Restore the picture with whatever is open; True at the beginning and the end of each."""
        for index in self._open:
            self.at = index
            yield True
            try:
                yield from self._restore(index)
            except Refusal as refusal:
                self.found[index] = refusal
            self.at = self.step = None
            yield True

    def _restore(self, index: int) -> Iterator[bool]:
        settings = self.wanted[index]
        outcome = self._known(settings)  # by another visitor, meanwhile
        if outcome is None:
            picture = self.input(settings)
            for step in model.walk(settings, picture[None]):
                self.step = step
                yield False
            outcome = Outcome.of(settings, self.step.x0[0], picture)
            MEMORY.keep(self.digests[settings.size], outcome)
        self.found[index] = outcome

    def _known(self, settings: RunSettings | Refusal) -> Outcome | Refusal | None:
        if isinstance(settings, Refusal):
            return settings
        return MEMORY.recall(settings, self.digests[settings.size])
