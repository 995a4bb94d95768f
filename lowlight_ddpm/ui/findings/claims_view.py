"""The claims and what was measured, as HTML: each with its comparisons, their differences and verdicts."""

import math
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from html import escape
from typing import Any

import pandas as pd

from lowlight_ddpm.diffusion.samplers import SAMPLERS
from lowlight_ddpm.images import photometry
from lowlight_ddpm.images.sources import DRAWN, FRUIT
from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.study import dark_photographs, protocol, results
from lowlight_ddpm.study.claims import CAUSE_CLAIMS, CLAIMS, CORRECTIONS, LIGHTS, SUBJECTS, Claim
from lowlight_ddpm.study.findings import (
    INTERVAL_ONLY,
    NO_INTERVAL,
    NOT_MEASURED,
    Finding,
    Judged,
    Outcome,
    findings,
    judge,
)
from lowlight_ddpm.study.headlines import MEASURES, Comparison
from lowlight_ddpm.study.verdicts import CONTRARY, HOLDS, NO_DIFFERENCE, OPEN
from lowlight_ddpm.ui.html.charts import Axis, svg, vertical_line
from lowlight_ddpm.variants import VARIANTS

ROOM = 1.15  # of the furthest end, so that no whisker touches the edge
# verdict, or why there is none -> the class of its badge
BADGES = {
    HOLDS: "holds",
    CONTRARY: "fails",
    NO_DIFFERENCE: "fails",
    OPEN: "open",
    INTERVAL_ONLY: "untold",
    NO_INTERVAL: "untold",  # measured, but no recipe has been trained twice
    NOT_MEASURED: "untold",
}
# A setting that a comparison may change -> its value in words.
_SETTINGS: dict[str, Callable[[Any], str]] = {
    "sampler": lambda name: f"by {SAMPLERS[name].title}",
    "light": lambda name: f"dimmed by “{photometry.LIGHTS[name].title}”",
    "variance_type": lambda name: f"with the variance “{name}”",
}
READING = (
    "A dot is the mean difference on the same images and noise, its line the 95 % interval, of training and "
    "of images; the vertical line is zero, and the grey band what is too small to count. At most six claims "
    "are judged, each by one comparison and all six together: a claim <b>holds</b>, or the figures show "
    "<b>the contrary</b>, if the difference is shown and beyond the band; it <b>makes no difference</b> if "
    "it is shown to lie within the band; otherwise it <b>cannot be told</b>. Shifts are of 255, as at full "
    "brightness. docs/protocol.md has the rule."
)


@dataclass(frozen=True)
class Tested:
    """One comparison on one set of images; `source` is None for unconditional sampling."""

    finding: Finding
    source: str | None


@dataclass(frozen=True, eq=False)
class Measured:
    """`rows` are results.table(); the rest follows from them, each part when it is first asked for."""

    rows: pd.DataFrame
    _tests: dict[str, list[Tested]] = field(default_factory=dict, repr=False)

    @cached_property
    def sources(self) -> list[str]:
        """What restorations are judged by: the photographs first, then the synthetic butterflies."""
        there = self.rows["source"].dropna().unique()
        photographs = [source for source in there if source not in (DRAWN, FRUIT)][:1]
        return [*photographs, *([DRAWN] if DRAWN in there else [])]

    @cached_property
    def judged(self) -> Judged:
        """The verdicts on the headlines, all of which are judged together."""
        return judge(self.rows, next((source for source in self.sources if source != DRAWN), None))

    @cached_property
    def restored(self) -> pd.DataFrame:
        """A row for each condition of denoising."""
        return results.summary(self.rows)

    @cached_property
    def generated(self) -> pd.DataFrame:
        """A row for each condition of unconditional sampling."""
        return results.samples(self.rows, protocol.RESULTS)

    @cached_property
    def dark(self) -> pd.DataFrame:
        """A row for each method on each real pair of photographs."""
        return dark_photographs.method_table(protocol.RESULTS, checkpoints.ROOT)

    def tests(self, claim: Claim) -> list[Tested]:
        """What became of a claim's comparisons; those of denoising once for each source."""
        if claim.key not in self._tests:
            self._tests[claim.key] = list(self._tested(claim))
        return self._tests[claim.key]

    def _tested(self, claim: Claim) -> Iterator[Tested]:
        # How far trainings lie apart is known of butterflies alone, by whose noise fruit is judged too.
        fruit = claim in SUBJECTS
        sources = self.sources[:1] if fruit else self.sources
        for comparison in claim.comparisons:
            alone = replace(claim, comparisons=(comparison,))
            for source in sources if comparison.start and sources else [None]:
                for finding in findings(self.rows, (alone,), source, self.judged):
                    yield Tested(finding, FRUIT if fruit and source else source)

    @property
    def variants(self) -> list[str]:
        """The variants that have results, in the order of VARIANTS."""
        return [name for name in VARIANTS if name in set(self.rows["variant"])]


@cache
def measured() -> Measured:
    """The results in results/ of the checkpoints that are there, read once."""
    return Measured(results.table(protocol.RESULTS, checkpoints.ROOT))


def shown_as(source: str | None) -> str:
    """The page's name for the images of a source: all that are not synthetic are photographs."""
    return source if source in (DRAWN, FRUIT) else "photographs"


def claims(found: Measured) -> str:
    """HTML of all claims with their verdicts, how to read them, and what is not measured yet."""
    return (
        f'{_progress(found)}<p class="how">{READING}</p>'
        f'<h3>The post’s claims</h3><div class="claims">{_cards(found, CLAIMS)}</div>'
        "<h3>What explains the shift</h3>"
        '<p class="how">Each network below lacks one possible cause, which it would be if the shift were '
        f'smaller without it.</p><div class="claims">{_cards(found, CAUSE_CLAIMS)}</div>'
        f'<h3>What corrects it</h3><div class="claims">{_cards(found, CORRECTIONS)}</div>'
        "<h3>What linear scaling hides</h3>"
        '<p class="how">The same networks and images with white equally dark, but dimmed by the camera '
        "model. The input that results are compared with has the camera's noise too.</p>"
        f'<div class="claims">{_cards(found, LIGHTS)}</div>'
        "<h3>Another subject</h3>"
        '<p class="how">Two more networks are trained on synthetic fruit, which shows what is specific to '
        "butterflies.</p>"
        f'<div class="claims">{_cards(found, SUBJECTS)}</div>'
    )


def _progress(found: Measured) -> str:
    missing = [row.title for name, row in VARIANTS.items() if name not in found.variants]
    if not found.variants:
        return '<p class="verdict">Nothing has been measured yet: results/ has no trained network.</p>'
    verdicts = Counter(t.finding.verdict for claim in CLAIMS for t in found.tests(claim))
    counts = ", ".join(f"<b>{verdicts[name]}</b> “{name}”" for name in BADGES if verdicts[name])
    html = f'<p class="verdict">{verdicts.total()} comparisons test the post’s claims: {counts}.</p>'
    if missing:
        html += (
            f'<p class="how">{len(found.variants)} of {len(VARIANTS)} networks have results so far. '
            f"Not yet: {escape('; '.join(missing))}.</p>"
        )
    return html


def _cards(found: Measured, claims: tuple[Claim, ...]) -> str:
    return "".join(
        f'<article class="claim" id="claim-{claim.key}"><h4>{escape(claim.text)}</h4>'
        f"{_lines(found.tests(claim))}</article>"
        for claim in claims
    )


def _lines(tests: list[Tested]) -> str:
    """A line for each comparison that is measured, and one for each pair that is not."""
    lines, lacking = [], []
    for tested in tests:
        if tested.finding.outcome:
            lines.append(_line(tested, tested.finding.outcome))
        else:
            lacking.append(_lacking(tested.finding.comparison))
    return "".join([*lines, *dict.fromkeys(lacking)])


def _line(tested: Tested, outcome: Outcome) -> str:
    finding = tested.finding
    measure = MEASURES[finding.comparison.measure]
    what = f"{measure.meaning[0].upper()}{measure.meaning[1:]}"
    what += "" if tested.source is None else f", {shown_as(tested.source)}"
    sentence, drawn = in_words(finding.comparison, outcome), ""
    if finding.verdict == NO_INTERVAL:
        sentence += " How far trainings of one recipe lie apart is not known yet."
    else:
        drawn = whisker(outcome.interval, measure.scaled_delta, f"{what}: {sentence}")
    head = f"<p><b>{escape(what)}</b> {_badge(finding.verdict)}</p>"
    return f'<div class="tested">{head}{drawn}<p>{escape(sentence)}</p></div>'


def _lacking(c: Comparison) -> str:
    badge = _badge(NOT_MEASURED)
    return f'<div class="tested"><p><b>{escape(" against ".join(_named(c)))}</b> {badge}</p></div>'


def _badge(verdict: str) -> str:
    return f'<span class="badge {BADGES[verdict]}">{verdict}</span>'


def in_words(c: Comparison, outcome: Outcome) -> str:
    """The difference, its interval where there is one, and what it is of, in a sentence."""
    measure, (mean, low, high), (a, b) = MEASURES[c.measure], outcome.interval, _named(c)
    digits = 2 if measure.unit or measure.logarithm else 3
    if measure.logarithm:
        how, ends = f"{math.exp(mean):.2f} times as large", [f"{math.exp(end):.2f}" for end in (low, high)]
    else:
        how = f"{abs(mean):.{digits}f}{measure.unit} {'higher' if mean > 0 else 'lower'}"
        # Adding 0.0 turns a rounded -0.0 into 0.0.
        ends = [f"{round(end, digits) + 0.0:+.{digits}f}".replace("-", "−") for end in (low, high)]
    than = "as with" if measure.logarithm else "than with"
    interval = "" if math.isnan(low) else f"{' to '.join(ends)}; "
    return f"{how} with {a} {than} {b} ({interval}{outcome.basis})."


def _named(c: Comparison) -> tuple[str, str]:
    """The titles of what is compared, with the setting that differs."""
    a, b = (f"“{VARIANTS[name].title}”" if name else "every network" for name in (c.a, c.b or c.a))
    if c.change:
        setting, *values = c.change
        say = _SETTINGS.get(setting, lambda value: f"with {setting} {value}")
        a, b = (f"{side} {say(value)}" for side, value in zip((a, b), values, strict=True))
    return a, b


def whisker(interval: tuple[float, float, float], too_small: float, summary: str) -> str:
    """HTML of a difference as a dot on its interval (mean, low, high), around zero in the middle.

    The grey band is what is `too_small` to count, and `summary` all of it in words. Every whisker has a scale
    of its own, which the band shows.
    """
    mean, low, high = interval
    reach = ROOM * max(abs(low), abs(high), 1.5 * too_small)
    x = Axis(-reach, reach)
    left, right = x.place(-too_small), x.place(too_small)
    return (
        f'<div class="whisker" role="img" aria-label="{escape(summary)}">'
        + svg(
            f'<rect x="{left}" width="{round(right - left, 2)}" y="0" height="100"/>'
            f"{vertical_line('zero', x, 0)}"
            f'<line x1="{x.place(low)}" x2="{x.place(high)}" y1="50" y2="50"/>'
        )
        + f'<i style="left:{x.place(mean)}%"></i></div>'
    )
