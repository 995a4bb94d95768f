"""The committed results as the tab Experiments shows them: read once, when someone first asks."""

from dataclasses import dataclass, replace
from functools import cache

import pandas as pd

from lowlight_ddpm.images.sources import DRAWN, FRUIT
from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.study import dark_photographs, protocol, results
from lowlight_ddpm.study.claims import CAUSES, CLAIMS, LIGHTS, SUBJECTS, Claim
from lowlight_ddpm.study.verdicts import Finding, findings
from lowlight_ddpm.variants import VARIANTS


@dataclass(frozen=True)
class Tested:
    """One comparison on one set of pictures; `source` is None where it starts from pure noise."""

    finding: Finding
    source: str | None


Tests = tuple[Claim, list[Tested]]
"""A claim with its comparisons."""


@dataclass(frozen=True)
class Measured:
    """`rows` are results.table(); the rest follows from them.

    `restored` has a row for each cell of restorations, `generated` for each of samples; `dark` is
    dark_photographs.table().
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
        """The variants that have results, in the table's order."""
        return [name for name in VARIANTS if name in set(self.rows["variant"])]


@cache
def measured() -> Measured:
    """What results/ holds of the checkpoints that are there."""
    rows = results.table(protocol.RESULTS, checkpoints.ROOT)
    there = rows["source"].dropna().unique()
    sources = [source for source in there if source not in (DRAWN, FRUIT)] + [DRAWN] * (DRAWN in there)
    claims, causes, lights = (_tested(rows, sources, claims) for claims in (CLAIMS, CAUSES, LIGHTS))
    subjects = _tested(rows, [FRUIT], SUBJECTS)
    restored, generated = results.summary(rows), results.samples(rows, protocol.RESULTS)
    in_the_dark = dark_photographs.table(protocol.RESULTS / dark_photographs.FOLDER.name, checkpoints.ROOT)
    return Measured(rows, restored, generated, claims, causes, lights, subjects, in_the_dark)


def shown_as(source: str | None) -> str:
    """What the page calls the pictures of a source; whatever is not ours is photographs."""
    return source if source in (DRAWN, FRUIT) else "photographs"


def _tested(rows: pd.DataFrame, sources: list[str], claims: tuple[Claim, ...]) -> list[Tests]:
    """Every comparison of restorations once for each source, photographs before drawn ones."""
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
