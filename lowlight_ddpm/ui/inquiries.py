"""The two kinds of work of the tab Why: a run taken apart, and a run that is tinted on its way."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from lowlight_ddpm.explain import Explanation, explain, questions
from lowlight_ddpm.probe import Probe, Tint, probe
from lowlight_ddpm.sampling import Step
from lowlight_ddpm.ui import model
from lowlight_ddpm.ui.jobs import Job
from lowlight_ddpm.ui.run import Run


@dataclass
class Inquiry(Job):
    """`explanation` of a run, as far as it goes; `source` is the run of Watch that it was made from."""

    run: Run
    source: Run
    explanation: Explanation = field(init=False)
    step: Step | None = None
    done: int = 0

    def __post_init__(self) -> None:
        self.explanation = questions(self.run.settings)

    def answers(self, other: "Inquiry") -> bool:
        """Whether all that `other` asks is known from this one."""
        return self.explanation.complete and _same(self.run, other.run)

    @property
    def count(self) -> tuple[int, int]:
        """Network calls done, and those still to come."""
        calls = sum(trial.settings.steps for trial in self.explanation.trials)
        return self.done, calls - self.done

    @property
    def said(self) -> str:
        """How far it is, in words."""
        runs, found = len(self.explanation.trials), len(self.explanation.found)
        if self.step is None or self.ended or found == runs:
            return f"{found} of {runs} runs"
        # The step that ends a run has counted it as found.
        at = found + (self.step.index < self.step.total - 1)
        return f"run {at} of {runs}, step {self.step.index + 1} of {self.step.total}"

    def calls(self) -> Iterator[bool]:
        """Make the runs, one after another; True when one is finished."""
        for explanation, step in explain(self.run.settings, self.run.pixels, model.walk):
            changed = explanation is not self.explanation and bool(explanation.found)
            self.explanation, self.step, self.done = explanation, step, self.done + 1
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
        """Network calls done, and those still to come."""
        done = len(self.probe.plain) + len(self.probe.tinted)
        return done, 2 * self.run.settings.steps - done

    @property
    def said(self) -> str:
        """How far it is, in words."""
        steps = self.run.settings.steps
        if self.ended:
            return f"{self.count[0]} of {2 * steps} steps"
        if self.probe.tinted:
            return f"with the tint, step {len(self.probe.tinted)} of {steps}"
        return f"without the tint, step {len(self.probe.plain)} of {steps}"

    def calls(self) -> Iterator[bool]:
        """Make the run plain, then tinted; it is looked at on the way."""
        for known, _ in probe(self.run.settings, self.run.pixels, self.tint, model.walk):
            self.probe = known
            yield False


def _same(run: Run, other: Run) -> bool:
    """Whether two runs are one: of equal settings, and of the same picture."""
    return run.settings == other.settings and run.picked.image is other.picked.image
