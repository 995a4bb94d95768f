"""What is remembered of a run: the colours at every step, and the pictures of as many as memory allows."""

from dataclasses import dataclass, field

from torch import Tensor

from lowlight_ddpm.diffusion.trajectory import Step
from lowlight_ddpm.metrics.colour import channel_means

BUDGET = 2**27  # bytes of pictures: every step of a 64 px picture, about thirty of a photograph of 512 px
_FEWEST = 2  # the first and the newest, whatever the budget

Colour = tuple[float, float, float]  # mean R, G, B of 255


@dataclass
class History:
    """A run as far as it has come.

    `steps` are all of them, or of a large picture's an even choice, with the first and the newest always
    among them. `means` has x0's mean colour at every step, by its timestep.
    """

    steps: list[Step] = field(default_factory=list)
    means: dict[int, Colour] = field(default_factory=dict)

    def keep(self, step: Step) -> None:
        """Note a step that was made."""
        if self.steps and not _lasts(self.steps[-1]):
            self.steps.pop()
        self.steps.append(step)
        self.means[step.timestep] = mean_colour(step.x0)

    def copy(self) -> "History":
        """One that may go on without this one; the pictures are the same."""
        return History(list(self.steps), dict(self.means))

    @property
    def done(self) -> int:
        """How many steps have been made."""
        return len(self.means)


def mean_colour(pictures: Tensor) -> Colour:
    """The mean colour of model-range pictures (B, 3, H, W)."""
    red, green, blue = channel_means(pictures).mean(dim=0).tolist()
    return red, green, blue


def _lasts(step: Step) -> bool:
    """Whether a step is one of those, spread evenly over the run, that the budget has room for."""
    size = step.x_t.nbytes + step.x0.nbytes
    room = max(BUDGET // size, _FEWEST)
    # The places of the choice, 0 to room − 1, are stretched over the run: a step lasts where one begins.
    return step.index == 0 or _place(step.index, step, room) > _place(step.index - 1, step, room)


def _place(index: int, step: Step, room: int) -> int:
    return index * (room - 1) // (step.total - 1)
