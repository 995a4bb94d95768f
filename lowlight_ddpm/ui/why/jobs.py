"""The two jobs of the tab Why and what each shows as HTML: parts of a colour shift, an injected tint."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d
from torchvision.utils import make_grid

from lowlight_ddpm.analysis.ablations import Trial
from lowlight_ddpm.analysis.explain import (
    BATCH,
    Explanation,
    Question,
    explain,
    questions,
    reasons,
    visible_leader,
)
from lowlight_ddpm.analysis.tint_injection import Probe, Tint, probe
from lowlight_ddpm.diffusion.sampling import Step
from lowlight_ddpm.runs.run import Run
from lowlight_ddpm.ui.components.jobs import Job, under_way
from lowlight_ddpm.ui.components.run_view import gain, panel
from lowlight_ddpm.ui.html.charts import CHANNELS, trace
from lowlight_ddpm.ui.html.images import data_uri
from lowlight_ddpm.ui.session import Watched
from lowlight_ddpm.ui.worker import source

SMALLEST_SCALE = 2.0  # of 255; less would enlarge an invisible shift to the whole width
REMAINDER = (
    "Remainder",
    "What is left with everything above switched off: the network itself, and the randomness of its noise.",
)
INTERACTION = (
    "Interaction",
    "The whole shift − the sum of all rows above: not 0 if the effects of the causes do not simply add up.",
)
APART = "These cannot be left out, only replaced. They are in no sum."
TINT_CAPTION = "x0 of the tinted run − x0 of the plain run at every step, of 255."
# (name, title, description) of each image.
PANELS = (
    ("plain", "Plain", "result without the tint"),
    ("tinted", "Tinted", "x0 at that step"),
    ("result", "Result", "of the tinted run"),
)
# (smallest share that is left, what the network did with the tint).
_OUTCOMES = (
    (0.75, "the network keeps"),
    (0.25, "the network removes a part of"),
    (float("-inf"), "the network removes most of"),
)


@dataclass
class ExplanationJob(Job):
    """The `explanation` of a run so far; `source` is the run of Play that its settings come from.

    `steps` are those of the newest network call.
    """

    run: Run
    source: Watched
    explanation: Explanation = field(init=False)
    steps: list[Step] = field(default_factory=list)
    done: int = 0

    def __post_init__(self) -> None:
        self.explanation = questions(self.run.settings)

    def answers(self, other: "ExplanationJob") -> bool:
        """Whether this job is complete and of the same run as `other`."""
        return self.explanation.complete and _same(self.run, other.run)

    @property
    def count(self) -> tuple[int, int]:
        """Steps done and steps left, of all runs."""
        steps = sum(trial.settings.steps for trial in self.explanation.trials)
        return self.done, steps - self.done

    @property
    def said(self) -> str:
        """The progress in words."""
        runs, found = len(self.explanation.trials), len(self.explanation.found)
        return f"{found} of {runs} finished{'' if self.ended else under_way(self.steps)}"

    def calls(self) -> Iterator[bool]:
        """Make the runs, those of one network together; True when any of them is finished."""
        for explanation, steps in explain(self.run.settings, self.run.pixels, source.steps):
            changed = explanation is not self.explanation and bool(explanation.found)
            self.explanation, self.steps, self.done = explanation, steps, self.done + len(steps)
            yield changed


@dataclass
class TintJob(Job):
    """The `probe` of a run with a tint so far."""

    live = True
    run: Run
    tint: Tint
    probe: Probe = field(init=False)

    def __post_init__(self) -> None:
        self.probe = Probe(self.tint)

    def answers(self, other: "TintJob") -> bool:
        """Whether this job is complete and of the same run and tint as `other`."""
        return not self.count[1] and self.tint == other.tint and _same(self.run, other.run)

    @property
    def count(self) -> tuple[int, int]:
        """Steps done and steps left, of both runs."""
        done = len(self.probe.plain) + len(self.probe.tinted)
        return done, 2 * self.run.settings.steps - done

    @property
    def said(self) -> str:
        """The progress in words."""
        done, left = self.count
        return f"{done} of {done + left} steps, half of them with the tint"

    def calls(self) -> Iterator[bool]:
        """Make the run with and without the tint."""
        for known in probe(self.run.settings, self.run.pixels, self.tint, source.steps):
            self.probe = known
            yield False


def _same(run: Run, other: Run) -> bool:
    """Whether two runs have equal settings and the same image."""
    if run.settings != other.settings:
        return False
    return run.pixels is None or other.pixels is None or torch.equal(run.pixels, other.pixels)


def explanation(job: ExplanationJob, brightened: bool) -> str:
    """HTML of all parts of the shift; a part that is not known yet has its place all the same."""
    known, exposure = job.explanation, gain(job.run.settings, brightened)
    sums = [known.total, known.remainder, known.interaction, *map(known.contribution, known.causes)]
    shown = _Rows(known, exposure, sums)
    aim = () if job.run.dim is None else (("input", job.run.dim[0]),)
    rows = shown.row("The whole shift", _whole(known), known.total, (*aim, ("unchanged", shown.run)))
    rows += "".join(shown.question(question, "removed") for question in known.causes)
    rows += shown.row(*REMAINDER, known.remainder, shown.pair(known.bare, "all removed"))
    rows += shown.row(*INTERACTION, known.interaction)
    apart = _Rows(known, exposure, map(known.contribution, known.swaps))
    swaps = "".join(apart.question(question, "replaced") for question in known.swaps)
    first, *more = _sentences(known)
    rest = "".join(f"<p>{escape(sentence)}</p>" for sentence in more)
    return (
        f'<div class="reasons"><p class="verdict">{escape(first)}</p>{rest}</div>'
        f'<p class="scale">Signed shifts of the mean colour. {shown.legend}</p><ul class="parts">{rows}</ul>'
        f'<h3>Shown separately</h3><p class="scale">{APART} {apart.legend}</p><ul class="parts">{swaps}</ul>'
    )


class _Rows:
    """Rows of one explanation, at one exposure and on one scale that fits all of `sizes`."""

    def __init__(self, known: Explanation, exposure: float, sizes: Iterable[Tensor | None]) -> None:
        self.known, self.exposure = known, exposure
        largest = (size.abs().max().item() for size in sizes if size is not None)
        self.scale = max([SMALLEST_SCALE, *largest])
        self.run = self._image(known.run)

    @property
    def legend(self) -> str:
        """The scale of the bars, as HTML."""
        return f"A full bar, from the middle to the edge, is <b>{self.scale:.1f}</b> of 255."

    def question(self, question: Question, caption: str) -> str:
        """The row of a cause or a swap."""
        leads = self.known.complete and question is visible_leader(self.known)
        return self.row(
            question.cause.title,
            question.cause.sentence,
            self.known.contribution(question),
            self.pair(question.trial, caption),
            leads,
        )

    def pair(self, trial: Trial, caption: str) -> tuple[Any, ...]:
        """(caption, image) of the run as it is, and of `trial`."""
        return ("unchanged", self.run), (caption, self._image(trial))

    def row(
        self, title: str, sentence: str, size: Tensor | None, pair: tuple[Any, ...] = (), leads: bool = False
    ) -> str:
        """One part of the shift: its description, its bars, its images."""
        images = "".join(self._figure(title, *image) for image in pair)
        return (
            f'<li class="part{" leads" if leads else ""}">'
            f'<div class="about"><h4>{escape(title)}</h4><p>{escape(sentence)}</p></div>'
            f'{self._bars(title, size)}<div class="pair">{images}</div></li>'
        )

    def _bars(self, title: str, size: Tensor | None) -> str:
        values = [None] * len(CHANNELS) if size is None else size.tolist()
        bars = "".join(self._bar(name, value) for name, value in zip(CHANNELS, values, strict=True))
        return f'<ul class="bars" aria-label="{escape(title)}, of 255">{bars}</ul>'

    def _bar(self, name: str, value: float | None) -> str:
        width = 0 if value is None else 50 * abs(value) / self.scale
        left = 50 - width if value is not None and value < 0 else 50
        number = "" if value is None else f"{round(value, 1) + 0.0:+.1f}"
        return (
            f'<li class="{name}"><span>{name}</span><i aria-hidden="true">'
            f'<u style="left:{left:.2f}%;width:{width:.2f}%"></u></i><b>{number}</b></li>'
        )

    def _figure(self, title: str, caption: str, x: Tensor | None) -> str:
        alt = escape(f"{title}: {caption}")
        image = "" if x is None else f'<img alt="{alt}" src="{data_uri(x, self.exposure)}">'
        return f'<figure><div class="pixels">{image}</div><figcaption>{caption}</figcaption></figure>'

    def _image(self, trial: Trial) -> Tensor | None:
        """The result of a trial; sixteen images as one grid, at half size."""
        if trial not in self.known.found:
            return None
        x0 = self.known.found[trial].x0
        return x0[0] if len(x0) == 1 else avg_pool2d(make_grid(x0, nrow=4, padding=0), 2)


def _whole(known: Explanation) -> str:
    if known.run.settings.mode == "generate":
        return f"The mean colour of {BATCH} images − that of the training set."
    return "The mean colour of the run's result − that of its dimmed input."


def _sentences(known: Explanation) -> Sequence[str]:
    if known.complete:
        return reasons(known)
    return (
        f"The run is repeated {len(known.trials)} times with the same noise.",
        "Once unchanged, then each time with one possible cause of its colour shift removed or replaced, and "
        "once with all removed. The difference from the unchanged run is the contribution of the cause.",
    )


def tint(job: TintJob, brightened: bool) -> str:
    """HTML of the share of the tint that is left, of three images and of the difference over the steps."""
    known, settings = job.probe, job.run.settings
    at, exposure = job.tint.index, gain(settings, brightened)
    done = len(known.tinted) == settings.steps
    images = (
        known.plain[-1] if len(known.plain) == settings.steps else None,
        known.tinted[at] if len(known.tinted) > at else None,
        known.tinted[-1] if done else None,
    )
    panels = "".join(panel(*words, "", x, exposure) for words, x in zip(PANELS, images, strict=True))
    differences = [tuple(difference.tolist()) for difference in known.traces]
    lines = trace(differences, settings.steps, (0, 0, 0), "no tint left", TINT_CAPTION)
    outcome = f'<p class="verdict">{escape(_outcome(job, done))}</p>'
    return f'{outcome}<div class="panels">{panels}</div><div class="tint">{lines}</div>'


def _outcome(job: TintJob, done: bool) -> str:
    step = f"step {job.tint.index + 1} of {job.run.settings.steps}"
    if not done:
        return f"The image is tinted at {step}. Does the network keep the tint, or remove it?"
    share, left = job.probe.share, job.probe.left.tolist()
    parts = [f"{name} {part:.0%}" for name, part in zip(CHANNELS, left, strict=True) if not math.isnan(part)]
    kept = next(words for least, words in _OUTCOMES if share >= least)
    return (
        f"{share:.0%} of the tint is left at the end ({', '.join(parts)}): {kept} what was added at {step}."
    )
