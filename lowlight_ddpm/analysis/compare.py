"""Runs on one picture and one noise: ranked by the eye and by MSE, and where the two disagree."""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from threading import Lock

from PIL import Image
from torch import Tensor

from lowlight_ddpm.diffusion.sampling import Request, denoise_together
from lowlight_ddpm.diffusion.settings import RunSettings
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.images import framed
from lowlight_ddpm.metrics.image import Measures, channel_means, measure, misleads
from lowlight_ddpm.metrics.sets import Triple
from lowlight_ddpm.models.checkpoints import Checkpoint


@dataclass(frozen=True, eq=False, repr=False)
class Outcome:
    """What a restoration came to: its `result` (3, H, W) in model range, and its measures.

    `measures` are taken at the run's own brightness b, as everywhere. So that runs of different b can be
    compared, the figures below are as at full brightness: shifts divided by b (as `results.table` has its
    `tint`), MSE by b², and CIEDE2000 taken between both pictures with their dimming undone. SSIM is the same
    at any b, since it is taken against b's own range.
    """

    settings: RunSettings
    result: Tensor
    measures: Measures
    delta_e: float

    @classmethod
    def of(cls, settings: RunSettings, result: Tensor, picture: Tensor) -> "Outcome":
        """Hold `result` against the dimmed `picture`, both (3, H, W) in model range. Refuses as `measure`."""
        b = settings.brightness
        at_full = measure(_at_full(result, b), _at_full(picture, b)) if b != 1 else None
        own = measure(result, picture, b)
        return cls(settings, result.clone(), own, (at_full or own).delta_e)

    def __repr__(self) -> str:
        return f"<Outcome of {self.settings.variant}: {self.delta_e:.1f} CIEDE2000, MSE {self.mse:.4f}>"

    @cached_property
    def shifts(self) -> Triple:
        """Signed shifts of R, G, B at full brightness, in 1/255: output minus input."""
        m, b = self.measures, self.settings.brightness
        return m.shift_r / b, m.shift_g / b, m.shift_b / b

    @cached_property
    def shift(self) -> float:
        """Root mean square of `shifts`, in 1/255."""
        return 255 * self.measures.mse_shift**0.5 / self.settings.brightness

    @cached_property
    def mse(self) -> float:
        """Mean squared error at full brightness, in pixel², pixel in 0..1."""
        return self.measures.mse / self.settings.brightness**2


def outcomes(
    image: Image.Image, settings: Sequence[RunSettings], networks: Mapping[str, Checkpoint]
) -> list[Outcome | Refusal]:
    """Restore one image with each of `settings` by `networks` of these names: an Outcome for each, in order.

    Runs of one network are made together. A Refusal stands for a run whose numbers overflow.
    """
    pixels = [framed(image, networks[one.variant].size, one.whole) for one in settings]
    dim = [one.dim(its[None]) for one, its in zip(settings, pixels, strict=True)]
    requests = [Request(one, its) for one, its in zip(settings, dim, strict=True)]
    found: dict[int, Outcome] = {}
    refused: dict[int, Refusal] = {}
    for steps in denoise_together(requests, networks.__getitem__, refused):
        for place, step in steps.items():
            if step.is_last:
                found[place] = Outcome.of(settings[place], step.x0[0], dim[place][0])
    return [refused[place] if place in refused else found[place] for place in range(len(settings))]


@dataclass(frozen=True)
class Disagreement:
    """Of two outcomes MSE prefers one, whose colour is visibly further off than the other's."""

    preferred: Outcome
    truer: Outcome

    @property
    def by(self) -> float:
        """How much further off, in CIEDE2000."""
        return self.preferred.delta_e - self.truer.delta_e


def disagreements(outcomes: Sequence[Outcome]) -> list[Disagreement]:
    """All pairs that MSE ranks against the eye, those that are furthest apart in colour first."""
    found = [
        Disagreement(*sorted(pair, key=lambda outcome: outcome.mse))
        for pair in combinations(outcomes, 2)
        if misleads(*(figure for outcome in pair for figure in (outcome.mse, outcome.delta_e)))
    ]
    return sorted(found, key=lambda pair: -pair.by)


def ranks(outcomes: Sequence[Outcome], figure: Callable[[Outcome], float]) -> list[int]:
    """Place of each outcome, 1 for the lowest `figure`; equal ones share the better place."""
    values = [figure(outcome) for outcome in outcomes]
    return [1 + sum(other < value for other in values) for value in values]


def by_eye(outcome: Outcome) -> float:
    """What the eye ranks by: CIEDE2000 between the mean colours, at full brightness."""
    return outcome.delta_e


def by_mse(outcome: Outcome) -> float:
    """What MSE ranks by, at full brightness."""
    return outcome.mse


def most_telling(outcomes: Sequence[Outcome]) -> tuple[Outcome, Outcome]:
    """The pair to look at: the strongest disagreement, else the worst and the best in colour.

    `outcomes` are one or more; of one, the pair is that one twice.
    """
    found = disagreements(outcomes)
    if found:
        return found[0].preferred, found[0].truer
    return max(outcomes, key=by_eye), min(outcomes, key=by_eye)


@dataclass(frozen=True)
class SetShift:
    """Shift of a set of restorations at full brightness, in 1/255.

    `mean` is the signed mean of R, G, B over the set; `size` the mean of each picture's root mean square
    over channels, in which opposite shifts do not cancel.
    """

    mean: Triple
    size: float


def set_shift(results: Tensor, pictures: Tensor, brightness: float) -> SetShift:
    """Hold `results` against the dimmed `pictures`, both (B, 3, H, W) in model range, clipped to it."""
    shifts = (channel_means(results.clamp(-1, 1)) - channel_means(pictures.clamp(-1, 1))) / brightness
    red, green, blue = shifts.mean(dim=0).tolist()
    return SetShift((red, green, blue), shifts.square().mean(dim=1).sqrt().mean().item())


def _at_full(x: Tensor, brightness: float) -> Tensor:
    """Undo photometry.prepare's dimming, in model range and unclipped: x = (x' + 1) / b − 1."""
    return (x + 1) / brightness - 1


class Memory:
    """Outcomes of finished runs by settings and picture; of more than `size`, the longest unused go."""

    def __init__(self, size: int = 512) -> None:
        self._size, self._kept, self._lock = size, OrderedDict(), Lock()

    def recall(self, settings: RunSettings, picture: str) -> Outcome | None:
        """The outcome of the very same run, None where it has not been kept. `picture` is its `digest`."""
        with self._lock:
            outcome = self._kept.get((settings, picture))
            if outcome:
                self._kept.move_to_end((settings, picture))
            return outcome

    def keep(self, picture: str, outcome: Outcome) -> None:
        """Remember a finished run's outcome."""
        with self._lock:
            self._kept[outcome.settings, picture] = outcome
            self._kept.move_to_end((outcome.settings, picture))
            while len(self._kept) > self._size:
                self._kept.popitem(last=False)
