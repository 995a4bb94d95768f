"""The two kinds of work of the tab Why: a run taken apart, and a run that is tinted on its way."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from lowlight_ddpm.analysis.explain import Explanation, explain, questions
from lowlight_ddpm.analysis.tint_injection import Probe, Tint, probe
from lowlight_ddpm.diffusion.trajectory import Step
from lowlight_ddpm.ui.components.jobs import Job, under_way
from lowlight_ddpm.ui.session import Run
from lowlight_ddpm.ui.worker import model


@dataclass
class Inquiry(Job):
    """`explanation` of a run, as far as it goes; `source` is the run of Watch that it was made from.

    `steps` are those of the newest network call.
    """

    run: Run
    source: Run
    explanation: Explanation = field(init=False)
    steps: list[Step] = field(default_factory=list)
    done: int = 0

    def __post_init__(self) -> None:
        self.explanation = questions(self.run.settings)

    def answers(self, other: "Inquiry") -> bool:
        """Whether all that `other` asks is known from this one."""
        return self.explanation.complete and _same(self.run, other.run)

    @property
    def count(self) -> tuple[int, int]:
        """Steps done, and those still to come, of all runs."""
        steps = sum(trial.settings.steps for trial in self.explanation.trials)
        return self.done, steps - self.done

    @property
    def said(self) -> str:
        """How far it is, in words."""
        runs, found = len(self.explanation.trials), len(self.explanation.found)
        return f"{found} of {runs} finished{'' if self.ended else under_way(self.steps)}"

    def calls(self) -> Iterator[bool]:
        """Make the runs, those of one network together; True when any is finished."""
        for explanation, steps in explain(self.run.settings, self.run.pixels, model.walk_together):
            changed = explanation is not self.explanation and bool(explanation.found)
            self.explanation, self.steps, self.done = explanation, steps, self.done + len(steps)
            yield changed


@dataclass
class Injection(Job):
    """`probe` of a run with a tint, as far as it goes."""

    live = True
    run: Run
    tint: Tint
    probe: Probe = field(init=False)

    def __post_init__(self) -> None:
        self.probe = Probe(self.tint)

    def answers(self, other: "Injection") -> bool:
        """Whether this one has done all that `other` asks."""
        return not self.count[1] and self.tint == other.tint and _same(self.run, other.run)

    @property
    def count(self) -> tuple[int, int]:
        """Steps done, and those still to come, of both runs."""
        done = len(self.probe.plain) + len(self.probe.tinted)
        return done, 2 * self.run.settings.steps - done

    @property
    def said(self) -> str:
        """How far it is, in words."""
        done, left = self.count
        return f"{done} of {done + left} steps, half of them with the tint"

    def calls(self) -> Iterator[bool]:
        """Make the run plain and tinted; it is looked at on the way."""
        for known in probe(self.run.settings, self.run.pixels, self.tint, model.walk_together):
            self.probe = known
            yield False


def _same(run: Run, other: Run) -> bool:
    """Whether two runs are one: of equal settings, and of the same picture."""
    return run.settings == other.settings and run.picked.image is other.picked.image
