"""The post's claims and the causes of the shift, each with its verdict."""

from collections.abc import Iterator
from itertools import groupby

from lowlight_ddpm.figures.inputs import Inputs
from lowlight_ddpm.report.markdown import signed, table
from lowlight_ddpm.study.claims import CLAIMS, FIGURES, Claim, Comparison
from lowlight_ddpm.study.verdicts import Finding, findings, misleading_share

_CHANGED = {"sampler": "by {}", "light": "in {} light"}


def verdicts(inputs: Inputs, claims: tuple[Claim, ...] = CLAIMS, source: str | None = None) -> str:
    """One line for every comparison: the difference, what training again changes, and the verdict.

    `source` names the pictures that were restored; the photographs if it is left out.
    """
    heads = ("", "compared", "what", "difference (95 %)", "training again changes", "verdict")
    found = findings(inputs.rows, source or inputs.photographs, claims)
    return table(heads, _lines(found))


def in_short(inputs: Inputs) -> str:
    """One line for every claim of the post: what each of its measures says."""
    found = findings(inputs.rows, inputs.photographs)
    lines = []
    for claim, tested in groupby(found, key=lambda finding: finding.claim):
        lines.append((claim.text, "<br>".join(_result(finding) for finding in tested)))
    return table(("the post says", "we measure"), lines)


def misleading(inputs: Inputs) -> str:
    """How often MSE prefers the picture with the visibly worse colour."""
    share = misleading_share(inputs.rows, inputs.photographs)
    if share is None:
        return "No two networks have restored the same pictures yet."
    return (
        "Of all pairs of variants on one picture and noise, restored from 600, MSE prefers the one with the "
        f"visibly worse colour in {share.mean:.0%} ({share.low:.0%} to {share.high:.0%})."
    )


def _lines(found: Iterator[Finding]) -> Iterator[tuple[str, ...]]:
    told = None
    for finding in found:
        c = finding.comparison
        meaning, unit, _ = FIGURES[c.column]
        claim = "" if finding.claim is told else finding.claim.text
        told = finding.claim
        difference = signed(finding.difference, unit)
        yield claim, _compared(c), meaning, difference, _spread(finding, unit), finding.verdict


def _compared(c: Comparison) -> str:
    changed = "".join(f" {_CHANGED[name].format(value)}" for name, value in c.changed.items())
    return f"{c.a}{changed} less {c.b}"


def _spread(finding: Finding, unit: str) -> str:
    if finding.spread is None:
        return "–"
    return f"{finding.spread:.2f}{unit}" if finding.comparison.trained_twice else "same weights"


def _result(finding: Finding) -> str:
    meaning, unit, _ = FIGURES[finding.comparison.column]
    measured = f" {signed(finding.difference, unit)}:" if finding.difference else ","
    return f"{meaning}, {_compared(finding.comparison)}{measured} **{finding.verdict}**"
