"""One run's colour shift taken apart, with numbers and in words.

The same noise again, with one cause removed at a time.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from lowlight_ddpm.analysis.ablations import CAUSES, SWAPS, Cause, Trial
from lowlight_ddpm.diffusion.sampling import Request, Source, Step
from lowlight_ddpm.diffusion.settings import RunSettings
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.metrics.colour_shift import channels
from lowlight_ddpm.metrics.image import JUST_NOTICEABLE, channel_means, measure
from lowlight_ddpm.models import checkpoints

BATCH = 16  # pictures that a run from pure noise is judged by
SMALL = 0.05  # of 255: less is written as 0.0


@dataclass(frozen=True, eq=False)
class TrialResult:
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


@dataclass(frozen=True, eq=False, repr=False)
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
    found: dict[Trial, TrialResult] = field(default_factory=dict)

    def __repr__(self) -> str:
        said = self.in_words if self.complete else f"{len(self.found)} of {len(self.trials)} runs"
        return f"<Explanation of {self.run.settings.variant}: {said}>"

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
        known = [part for part in parts if part is not None]
        if self.total is None or len(known) < len(parts):
            return None
        return self.total - sum(known)

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

    @property
    def in_words(self) -> str:
        """The `reasons`, in one text."""
        return " ".join(reasons(self))

    def knowing(self, trial: Trial, result: TrialResult) -> "Explanation":
        """The same with one more trial found."""
        return replace(self, found=self.found | {trial: result})

    def _found_where(self, compare: Callable[[Tensor, Tensor], Tensor]) -> list[Question]:
        """The causes without which the distance from the aim compares so with that of the run."""
        total = self.total
        if total is None:
            return []
        found = [question for question in self.causes if question.trial in self.found]
        return [question for question in found if compare(self._without(question), total.norm())]

    def _without(self, question: Question) -> Tensor:
        return self.found[question.trial].shift.norm()

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
    settings: RunSettings, picture: Tensor | None, source: Source
) -> Iterator[tuple[Explanation, list[Step]]]:
    """Answer all `questions`; for every network call, what is known then and the Steps that it made.

    `picture` is uint8 (3, H, W) before it is dimmed, None where the run starts from pure noise: a batch of 16
    does then. The last explanation is complete; whoever closes the generator before keeps what he has.
    Raises Refusal for a picture that is missing, as `checkpoints.record` does, and whatever `source` does.
    """
    if settings.mode == "restore" and picture is None:
        raise Refusal("There is no picture to explain the run with: pick one, or generate from pure noise.")
    explanation = questions(settings)
    trials = explanation.trials
    pictures, aims = zip(*(_input(trial, picture) for trial in trials), strict=True)
    requests = [Request(trial.settings, its, BATCH) for trial, its in zip(trials, pictures, strict=True)]
    for steps in source(requests):
        for place, step in steps.items():
            if step.is_last:
                explanation = explanation.knowing(trials[place], TrialResult(step.x0.clone(), aims[place]))
        yield explanation, list(steps.values())


def _input(trial: Trial, picture: Tensor | None) -> tuple[Tensor | None, Tensor]:
    """(pictures to noise, or None; colour to aim at) of a trial."""
    row, record = trial.settings.row, checkpoints.record(trial.settings.variant)
    if trial.settings.mode == "generate" or picture is None:
        mean, _ = checkpoints.colours(row, record)
        return None, (torch.tensor(mean, dtype=torch.float64) + 1) * 127.5
    dim = trial.settings.dim(picture[None])
    frame = checkpoints.frame_of(row, record)
    return frame.empty(dim) if trial.emptied else dim, channel_means(dim)[0].double()


def reasons(explanation: Explanation) -> tuple[str, str, str]:
    """How far the colours went and if an eye sees it; what draws and what holds them; what is left.

    Raises ValueError as long as the explanation is not complete.
    """
    if not explanation.complete:
        raise ValueError("only a complete explanation can be put into words")
    held = _holding(explanation)
    return _shift(explanation), f"{_leading(explanation)} {held}".rstrip(), _rest(explanation)


def visible_leader(explanation: Explanation) -> Question | None:
    """The cause that leads, where an eye would see its contribution by itself."""
    leader = explanation.leader
    return leader if leader and _is_visible(explanation, leader) else None


def _is_visible(explanation: Explanation, question: Question) -> bool:
    result = explanation.found[explanation.run]
    return _distance(result, _known(explanation.contribution(question))) >= JUST_NOTICEABLE


def _known(value: Tensor | None) -> Tensor:
    assert value is not None, "only what is found is put into words"
    return value


def _distance(result: TrialResult, shift: Tensor) -> float:
    """CIEDE2000 between the colour that a result aims at and that colour moved by `shift` (3,) in 1/255."""
    aim, moved = ((colour / 127.5 - 1).float()[:, None, None] for colour in (result.aim, result.aim + shift))
    return measure(aim, moved).delta_e


def _shift(explanation: Explanation) -> str:
    generated = explanation.run.settings.mode == "generate"
    total, result = _known(explanation.total), explanation.found[explanation.run]
    whose = "the training set's" if generated else "the dimmed picture's"
    average = f"Over {BATCH} pictures, the" if generated else "The"
    seen = _distance(result, total)
    said = f"too little for an eye to see (under {JUST_NOTICEABLE:g} CIEDE2000)"
    if seen >= JUST_NOTICEABLE:
        said = f"an eye sees it ({seen:.1f} CIEDE2000, and {JUST_NOTICEABLE:g} is just visible)"
    size = f"{channels(total.tolist())} of 255"
    return f"{average} mean colour ends {size} away from {whose}: {said}."


def _leading(explanation: Explanation) -> str:
    if not explanation.causes:
        return "Nothing in this run can be switched off."
    leader = explanation.leader
    if leader is None:
        return "Without any one of the known causes the mean colour ends no nearer to where it should."
    size = _known(explanation.contribution(leader))
    if size.abs().max() < SMALL:
        return "Switching the known causes off one at a time changes nothing."
    adds = f"it adds {channels(size.tolist())}"
    if visible_leader(explanation) is None:
        return (
            "Nothing that can be switched off draws the colours off as far as an eye sees; "
            f"“{leader.cause.title}” comes first: {adds}."
        )
    # Single pictures tell: over a batch, shifts to all sides cancel.
    run, without = (explanation.found[trial].distance for trial in (explanation.run, leader.trial))
    what = "the single pictures" if explanation.run.settings.mode == "generate" else "the colours"
    where = "further from" if without > run else "nearer to"
    return (
        f"“{leader.cause.title}” matters most of what can be switched off: {adds}, and without it {what} "
        f"would end {where} where they should."
    )


def _holding(explanation: Explanation) -> str:
    guard = explanation.guard
    if guard is None or not _is_visible(explanation, guard):
        return ""
    away = channels(explanation.found[guard.trial].shift.tolist())
    return f"“{guard.cause.title}” holds the shift back: without it, it would be {away}."


def _rest(explanation: Explanation) -> str:
    if not explanation.causes:
        return "All of the shift is the network's own."
    rest = channels(_known(explanation.remainder).tolist())
    both = f"With everything switched off, {rest} remain: the network's own doing"
    shared = _known(explanation.interaction)
    if shared.abs().max() < SMALL:
        return f"{both}."
    return f"{both}; {channels(shared.tolist())} come from causes acting together."
