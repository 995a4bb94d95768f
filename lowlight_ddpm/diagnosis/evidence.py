"""What was measured of a model, before anything is concluded from it."""

from dataclasses import dataclass

from lowlight_ddpm.diagnosis.colours import Estimate
from lowlight_ddpm.diagnosis.measures import MeanError, Passed, Schedule


@dataclass(frozen=True)
class Generated:
    """Generated images' colours, channel by channel in 1/255: mean, and deviation from image to image.

    `error` is how far their mean colours lie from the reference's, `background_error` their borders', and
    `by_chance` what as many images of the reference itself stay below; None without what tells it.
    """

    count: int
    mean: list[float]
    deviation: list[float]
    background_mean: list[float]
    background_deviation: list[float]
    error: Estimate | None = None
    by_chance: float | None = None
    background_error: Estimate | None = None


@dataclass(frozen=True)
class Correction:
    """A change of sampling on the same noise: how far the colours then lie from the reference, and its gain.

    The gain is in 1/255, against the sampling named by `against`; above 0 is nearer.
    """

    name: str
    title: str
    against: str
    error: Estimate
    gain: Estimate


@dataclass(frozen=True)
class Evidence:
    """The measured parts; a part that was left out is empty or None.

    `corrigible`: whether `with_mean_correction` takes the network. `leak_predicted` is at the last timestep
    and `grid_leak_predicted` at the first of the sampling grid, both in 1/255. `clipped_share` is of the
    training images' values beyond the scheduler's clip.
    """

    schedule: Schedule
    transmission: tuple[Passed, ...] = ()
    mean_errors: tuple[MeanError, ...] = ()
    leak_predicted: float | None = None
    grid_leak_predicted: float | None = None
    clipped_share: float | None = None
    corrigible: bool = False
    generated: Generated | None = None
    corrections: tuple[Correction, ...] = ()
