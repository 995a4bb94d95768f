"""One run's colour shift taken apart: the same noise again, with one cause removed at a time."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from lowlight_ddpm.analysis.ablations import CAUSES, SWAPS, Cause, Trial
from lowlight_ddpm.diffusion.sampling import Told
from lowlight_ddpm.diffusion.settings import RunSettings
from lowlight_ddpm.diffusion.trajectory import Request, Step, step_of
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.metrics.colour import channel_means
from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.models.normalization import Frame
from lowlight_ddpm.variants import find_variant

BATCH = 16  # pictures that a run from pure noise is judged by
Walks = Callable[[Sequence[Request]], Iterator[Told]]
"""Makes several runs together, as `sampling.denoise_together` does."""


@dataclass(frozen=True, eq=False)
class Finding:
    """What a trial came to: its last x0 (B, 3, H, W) in model range, and where its colours should be.

    `aim` is the dimmed picture's mean colour, or the training set's where a run starts from pure noise;
    `shift` is the mean of x0 over pixels and pictures less `aim`. Both float64 (3,) in 1/255.
    """

    x0: Tensor
    aim: Tensor

    @property
    def shift(self) -> Tensor:
        """Mean colour less `aim`."""
        return channel_means(self.x0).double().mean(dim=0) - self.aim

    @property
    def distance(self) -> float:
        """How far single pictures are from `aim`: mean over them of the Euclidean distance, in 1/255."""
        return (channel_means(self.x0).double() - self.aim).norm(dim=1).mean().item()


@dataclass(frozen=True, eq=False)
class Question:
    """What would be without `cause`: the trial that answers it."""

    cause: Cause
    trial: Trial


@dataclass(frozen=True, eq=False)
class Explanation:
    """A run's shift as a sum, as far as its trials are `found`; signed, float64 (3,) in 1/255.

    total = Σ contributions + remainder + interaction, exactly, in every channel:

    - `total` is the shift of the run as it is;
    - the contribution of a cause is `total` less the shift of the same run without that cause;
    - `remainder` is the shift of the run without any of `causes`, the trial `bare`;
    - `interaction` is `total` less the sum of contributions and remainder: 0 where effects simply add up,
      below or above where causes share an effect or need each other.

    `swaps` ask as causes do, but are in no sum. All trials have the same noise. A value is None as long as a
    trial that it needs is not found.
    """

    run: Trial
    causes: tuple[Question, ...]
    bare: Trial
    swaps: tuple[Question, ...]
    found: dict[Trial, Finding] = field(default_factory=dict)

    @property
    def trials(self) -> list[Trial]:
        """Every run that must be made, each once, in the order in which they are."""
        asked = [question.trial for question in self.causes]
        return list(dict.fromkeys([self.run, *asked, self.bare, *(swap.trial for swap in self.swaps)]))

    @property
    def complete(self) -> bool:
        """Whether everything is found."""
        return len(self.found) == len(self.trials)

    @property
    def total(self) -> Tensor | None:
        """Shift of the run as it is."""
        return self._shift(self.run)

    @property
    def remainder(self) -> Tensor | None:
        """Shift that is there without any of the causes."""
        return self._shift(self.bare)

    def contribution(self, question: Question) -> Tensor | None:
        """What a cause adds to the shift, or what doing otherwise would take off it."""
        without = self._shift(question.trial)
        return None if self.total is None or without is None else self.total - without

    @property
    def interaction(self) -> Tensor | None:
        """What the contributions and the remainder leave over, or count twice."""
        parts = [self.remainder, *map(self.contribution, self.causes)]
        if self.total is None or any(part is None for part in parts):
            return None
        return self.total - sum(parts)

    @property
    def leader(self) -> Question | None:
        """The cause without which the mean colour ends nearest to its aim (Euclidean over channels).

        None where it ends no nearer without any of those that are found.
        """
        return min(self._found_where(torch.lt), key=self._without, default=None)

    @property
    def guard(self) -> Question | None:
        """The cause without which the mean colour ends furthest from its aim: what holds the shift back.

        None where it ends no further without any of those that are found.
        """
        return max(self._found_where(torch.gt), key=self._without, default=None)

    def knowing(self, trial: Trial, finding: Finding) -> "Explanation":
        """The same with one more trial found."""
        return replace(self, found=self.found | {trial: finding})

    def _found_where(self, compare: Callable[[Tensor, Tensor], Tensor]) -> list[Question]:
        """The causes without which the distance from the aim compares so with that of the run."""
        found = [question for question in self.causes if {question.trial, self.run} <= self.found.keys()]
        return [question for question in found if compare(self._without(question), self.total.norm())]

    def _without(self, question: Question) -> Tensor:
        return self._shift(question.trial).norm()

    def _shift(self, trial: Trial) -> Tensor | None:
        return self.found[trial].shift if trial in self.found else None


def questions(settings: RunSettings, names: Sequence[str] | None = None) -> Explanation:
    """What there is to ask about a run, nothing found yet; `names` are the variants at hand."""
    names = checkpoints.available() if names is None else names
    run = bare = Trial(settings)
    asked = [Question(cause, cause.remove(run, names)) for cause in CAUSES if cause.applies(run, names)]
    for question in asked:
        bare = question.cause.remove(bare, names)
    swaps = [Question(swap, swap.remove(run, names)) for swap in SWAPS if swap.applies(run, names)]
    return Explanation(run, tuple(asked), bare, tuple(swaps))


def explain(
    settings: RunSettings, picture: Tensor | None, walks: Walks
) -> Iterator[tuple[Explanation, list[Step]]]:
    """Answer all `questions`; for every network call, what is known then and the Steps that it made.

    `picture` is uint8 (3, H, W) before it is dimmed, None where the run starts from pure noise: a batch of 16
    does then. The last explanation is complete; whoever closes the generator before keeps what he has.
    Raises Refusal for a picture that is missing, as `checkpoints.record` does, and whatever `walks` tells.
    """
    if settings.mode == "restore" and picture is None:
        raise Refusal("There is no picture to explain the run with: pick one, or generate from pure noise.")
    explanation = questions(settings)
    trials = explanation.trials
    pictures, aims = zip(*(_input(trial, picture) for trial in trials), strict=True)
    requests = [Request(trial.settings, its, BATCH) for trial, its in zip(trials, pictures, strict=True)]
    for told in walks(requests):
        steps = {place: step_of(step) for place, step in told.items()}
        for place, step in steps.items():
            if step.is_last:
                explanation = explanation.knowing(trials[place], Finding(step.x0.clone(), aims[place]))
        yield explanation, list(steps.values())


def _input(trial: Trial, picture: Tensor | None) -> tuple[Tensor | None, Tensor]:
    """(pictures to noise, or None; colour to aim at) of a trial."""
    mean = checkpoints.record(trial.settings.variant)["channel_mean"]
    if trial.settings.mode == "generate":
        return None, (torch.tensor(mean, dtype=torch.float64) + 1) * 127.5
    dim = trial.settings.dim(picture[None])
    frame = Frame.of(find_variant(trial.settings.variant), mean)
    return frame.empty(dim) if trial.emptied else dim, channel_means(dim)[0].double()
