"""The claims and what was measured, as HTML: each with its comparisons, their differences and verdicts."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from html import escape
from typing import Any

import pandas as pd

from lowlight_ddpm.diffusion.samplers import SAMPLERS
from lowlight_ddpm.images import photometry
from lowlight_ddpm.images.sources import DRAWN, FRUIT
from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.study import dark_photographs, protocol, results
from lowlight_ddpm.study.bootstrap import Interval
from lowlight_ddpm.study.claims import (
    CAUSE_CLAIMS,
    CLAIMS,
    LIGHTS,
    METRICS,
    SUBJECTS,
    Claim,
    Comparison,
    Finding,
    findings,
)
from lowlight_ddpm.study.results import USUAL
from lowlight_ddpm.ui.html.charts import Axis, svg, vertical_line
from lowlight_ddpm.variants import VARIANTS

ROOM = 1.15  # of the furthest end, so that no whisker touches the edge
# verdict -> the class of its badge
BADGES = {
    "holds": "holds",
    "does not hold": "fails",
    "cannot be told": "open",
    "no verdict yet": "untold",  # measured, but the seed variance is not
    "not measured yet": "untold",
}
# A setting that a comparison may change -> its value in words.
_SETTINGS: dict[str, Callable[[Any], str]] = {
    "sampler": lambda name: f"by {SAMPLERS[name].title}",
    "light": lambda name: f"dimmed by “{photometry.LIGHTS[name].title}”",
}
READING = (
    "A dot is the mean difference on the same images and noise, its line the 95 % interval; the vertical "
    "line is zero. Differences within the grey band are too small to count: they are not visible, or smaller "
    "than the seed variance of training. A claim <b>holds</b> if the interval lies on its side and the dot "
    "beyond the band, <b>does not hold</b> if the interval ends before that, and otherwise <b>cannot be "
    "told</b>. Shifts are of 255, as at full brightness."
)


@dataclass(frozen=True)
class Tested:
    """One comparison on one set of images; `source` is None for unconditional sampling."""

    finding: Finding
    source: str | None


Tests = tuple[Claim, list[Tested]]
"""A claim and the outcomes of its comparisons."""


@dataclass(frozen=True)
class Measured:
    """`rows` are results.table(); the rest follows from them.

    `restored` has a row for each condition of denoising, `generated` for each of unconditional sampling;
    `dark` is dark_photographs.method_table().
    """

    rows: pd.DataFrame
    restored: pd.DataFrame
    generated: pd.DataFrame
    claims: list[Tests]
    causes: list[Tests]
    lights: list[Tests]
    subjects: list[Tests]
    dark: pd.DataFrame

    @property
    def variants(self) -> list[str]:
        """The variants that have results, in the order of VARIANTS."""
        return [name for name in VARIANTS if name in set(self.rows["variant"])]


@cache
def measured() -> Measured:
    """The results in results/ of the checkpoints that are there, read once."""
    rows = results.table(protocol.RESULTS, checkpoints.ROOT)
    there = rows["source"].dropna().unique()
    sources = [source for source in there if source not in (DRAWN, FRUIT)] + [DRAWN] * (DRAWN in there)
    claims, causes, lights = (_tested(rows, sources, claims) for claims in (CLAIMS, CAUSE_CLAIMS, LIGHTS))
    subjects = _tested(rows, [FRUIT], SUBJECTS)
    restored, generated = results.summary(rows), results.samples(rows, protocol.RESULTS)
    in_the_dark = dark_photographs.method_table(protocol.RESULTS, checkpoints.ROOT)
    return Measured(rows, restored, generated, claims, causes, lights, subjects, in_the_dark)


def shown_as(source: str | None) -> str:
    """The page's name for the images of a source: all that are not synthetic are photographs."""
    return source if source in (DRAWN, FRUIT) else "photographs"


def _tested(rows: pd.DataFrame, sources: list[str], claims: tuple[Claim, ...]) -> list[Tests]:
    """Every claim's comparisons; those of denoising once for each source, photographs first."""
    found = []
    for claim in claims:
        tests = []
        for comparison in claim.comparisons:
            alone = replace(claim, comparisons=(comparison,))
            restores = comparison.where["mode"] == "restore"
            for source in sources if restores and sources else [None]:
                tests += [Tested(finding, source) for finding in findings(rows, source, (alone,))]
        found.append((claim, tests))
    return found


def claims(found: Measured) -> str:
    """HTML of all claims with their verdicts, how to read them, and what is not measured yet."""
    return (
        f'{_progress(found)}<p class="how">{READING}</p>'
        f'<h3>The post’s claims</h3><div class="claims">{_cards(found.claims)}</div>'
        "<h3>What explains the shift</h3>"
        '<p class="how">Each network below lacks one possible cause. “Holds” means that the shift is smaller '
        f'without it, so it is a cause.</p><div class="claims">{_cards(found.causes)}</div>'
        "<h3>What linear scaling hides</h3>"
        '<p class="how">The same networks and images with white equally dark, but dimmed by the camera '
        "model. The input that results are compared with has the camera's noise too.</p>"
        f'<div class="claims">{_cards(found.lights)}</div>'
        "<h3>Another subject</h3>"
        '<p class="how">Two more networks are trained on synthetic fruit, which shows what is specific to '
        "butterflies.</p>"
        f'<div class="claims">{_cards(found.subjects)}</div>'
    )


def _progress(found: Measured) -> str:
    missing = [row.title for name, row in VARIANTS.items() if name not in found.variants]
    if not found.variants:
        return '<p class="verdict">Nothing has been measured yet: results/ has no trained network.</p>'
    verdicts = Counter(t.finding.verdict for _, tests in found.claims for t in tests)
    counts = ", ".join(f"<b>{verdicts[name]}</b> “{name}”" for name in BADGES if verdicts[name])
    html = f'<p class="verdict">{verdicts.total()} comparisons test the post’s claims: {counts}.</p>'
    if missing:
        html += (
            f'<p class="how">{len(found.variants)} of {len(VARIANTS)} networks have results so far. '
            f"Not yet: {escape('; '.join(missing))}.</p>"
        )
    return html


def _cards(found: list[Tests]) -> str:
    return "".join(
        f'<article class="claim"><h4>{escape(claim.text)}</h4>{_lines(tests)}</article>'
        for claim, tests in found
    )


def _lines(tests: list[Tested]) -> str:
    """A line for each comparison that is measured, and one for each pair that is not."""
    there = [tested for tested in tests if tested.finding.difference]
    lacking = (_lacking(tested.finding.comparison) for tested in tests if tested not in there)
    return "".join(map(_line, there)) + "".join(dict.fromkeys(lacking))


def _line(tested: Tested) -> str:
    finding = tested.finding
    what, sentence = f"{_meaning(finding.comparison)}{_where(tested)}", in_words(finding)
    drawn = whisker(_difference(finding), _too_small(finding), f"{what}: {sentence}")
    if finding.spread is None:
        sentence += " The seed variance of training is not known yet."
    head = f"<p><b>{escape(what)}</b> {_badge(finding.verdict)}</p>"
    return f'<div class="tested">{head}{drawn}<p>{escape(sentence)}</p></div>'


def _lacking(c: Comparison) -> str:
    badge = _badge("not measured yet")
    return f'<div class="tested"><p><b>{escape(" against ".join(_named(c)))}</b> {badge}</p></div>'


def _badge(verdict: str) -> str:
    return f'<span class="badge {BADGES[verdict]}">{verdict}</span>'


def in_words(finding: Finding) -> str:
    """The difference and its interval in a sentence."""
    c, d = finding.comparison, _difference(finding)
    _, unit, _ = METRICS[c.column]
    a, b = _named(c)
    way, digits = "higher" if d.mean > 0 else "lower", 2 if unit else 3
    # Adding 0.0 turns a rounded -0.0 into 0.0.
    low, high = (f"{round(end, digits) + 0.0:+.{digits}f}".replace("-", "−") for end in (d.low, d.high))
    return f"{abs(d.mean):.{digits}f}{unit} {way} with {a} than with {b} ({low} to {high})."


def _difference(finding: Finding) -> Interval:
    assert finding.difference is not None, "only what is measured has a line"
    return finding.difference


def _named(c: Comparison) -> tuple[str, str]:
    """The titles of what is compared, with the settings that differ."""
    a, b = (f"“{VARIANTS[name].title}”" for name in (c.a, c.b))
    for name, value in c.changed.items():
        say = _SETTINGS[name]
        a, b = f"{a} {say(value)}", f"{b} {say(USUAL[name])}"
    return a, b


def _too_small(finding: Finding) -> float:
    return max(finding.spread or 0.0, METRICS[finding.comparison.column][2])


def _meaning(c: Comparison) -> str:
    meaning = METRICS[c.column][0]
    return meaning[0].upper() + meaning[1:]


def _where(tested: Tested) -> str:
    return "" if tested.source is None else f", {shown_as(tested.source)}"


def whisker(difference: Interval, too_small: float, summary: str) -> str:
    """HTML of a difference as a dot on its interval, around zero in the middle.

    The grey band is what is `too_small` to count, and `summary` all of it in words. Every whisker has a scale
    of its own, which the band shows.
    """
    reach = ROOM * max(abs(difference.low), abs(difference.high), 1.5 * too_small)
    x = Axis(-reach, reach)
    left, right = x.place(-too_small), x.place(too_small)
    return (
        f'<div class="whisker" role="img" aria-label="{escape(summary)}">'
        + svg(
            f'<rect x="{left}" width="{round(right - left, 2)}" y="0" height="100"/>'
            f"{vertical_line('zero', x, 0)}"
            f'<line x1="{x.place(difference.low)}" x2="{x.place(difference.high)}" y1="50" y2="50"/>'
        )
        + f'<i style="left:{x.place(difference.mean)}%"></i></div>'
    )
