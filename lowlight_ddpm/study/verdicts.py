"""The post's claims held against our measurements: each a row, its verdict following from the figures."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import pandas as pd

from lowlight_ddpm.analysis.compare import misleads
from lowlight_ddpm.study.bootstrap import Interval, interval, paired_interval
from lowlight_ddpm.study.claims import CLAIMS, FIGURES, Claim, Comparison
from lowlight_ddpm.study.results import USUAL
from lowlight_ddpm.variants import find_variant


@dataclass(frozen=True)
class Finding:
    """A comparison's outcome; `spread` is what training again alone changes, None without such a pair."""

    claim: Claim
    comparison: Comparison
    difference: Interval | None
    spread: float | None
    verdict: str


def findings(
    rows: pd.DataFrame, source: str | None = None, claims: tuple[Claim, ...] = CLAIMS
) -> Iterator[Finding]:
    """Test every claim on `results.table()`. `source` names the pictures, for restorations from `rows` alone.

    A comparison whose cells are not there yet has no difference, and one that awaits a second training of the
    same network no spread; the verdict says so.
    """
    for claim in claims:
        for comparison in claim.comparisons:
            yield _tested(rows, source, claim, comparison)


def cell(rows: pd.DataFrame, variant: str, where: dict, source: str | None = None, **changed) -> pd.DataFrame:
    """The rows of one cell: `variant` as it was trained, with `changed` settings, where `where` says.

    `source` names the pictures; a variant of another subject is measured on pictures of that alone.
    """
    row = find_variant(variant)
    wanted = USUAL | {"variant": variant, "leaks": True} | where
    wanted |= {"brightness": row.brightness, "variance_type": row.variance_type} | changed
    if where["mode"] == "restore" and source and not row.source:
        wanted["source"] = source
    for name, value in wanted.items():
        rows = rows[rows[name] == value]
    return rows


def verdict(difference: Interval, claimed: int, smallest: float) -> str:
    """Does the post's claim hold? `smallest` is the least difference that counts.

    It holds where the whole interval lies on the claimed side and the mean is beyond `smallest`; it does not
    where the interval lies on the other side, or not even its far end is beyond `smallest`. A claim of no
    improvement holds where no improvement, a lower figure, is shown.
    """
    if claimed == 0:
        return "does not hold" if difference.high < 0 and -difference.mean > smallest else "holds"
    low, high = sorted((claimed * difference.low, claimed * difference.high))
    if low > 0 and claimed * difference.mean > smallest:
        return "holds"
    return "does not hold" if high <= smallest else "cannot be told"


def misleading_share(rows: pd.DataFrame, source: str | None = None) -> Interval | None:
    """Of all pairs of variants on one picture and noise, the share that MSE ranks against the eye.

    Restorations from 600, every variant as trained. The eye's rank is CIEDE2000 between the mean colours; a
    pair counts where the one with the lower MSE is further off in colour by more than is just visible. Both
    of a pair are equally bright, since errors shrink with the brightness, and equally large, since the noise
    is another where they are not. None where there is no pair.
    """
    restored = rows[(rows["mode"] == "restore") & (rows.start == 600) & rows.as_trained & rows.leaks]
    if source:
        restored = restored[restored.source == source]
    judged = []
    for (picture, seed, _), group in restored.groupby(["picture", "seed", "size"]):
        figures = zip(group.mse, group.delta_e, group.brightness, strict=True)
        pairs = [(a, b) for a, b in combinations(figures, 2) if a[2] == b[2]]
        against = [misleads(mse_a, eye_a, mse_b, eye_b) for (mse_a, eye_a, _), (mse_b, eye_b, _) in pairs]
        if pairs:
            judged.append({"picture": picture, "seed": seed, "share": sum(against) / len(pairs)})
    return interval(pd.DataFrame(judged), "share") if judged else None


def _tested(rows: pd.DataFrame, source: str | None, claim: Claim, comparison: Comparison) -> Finding:
    difference = _difference(rows, source, comparison, comparison.a, comparison.b, comparison.changed)
    spread = 0.0  # of the same weights
    if comparison.trained_twice:
        again = _difference(rows, source, comparison, *comparison.trained_twice, {})
        spread = abs(again.mean) if again else None
    if difference is None or spread is None:
        missing = "no verdict yet" if difference else "not measured yet"
        return Finding(claim, comparison, difference, spread, missing)
    _, _, noticeable = FIGURES[comparison.column]
    found = verdict(difference, comparison.claimed, max(spread, noticeable))
    return Finding(claim, comparison, difference, spread, found)


def _difference(rows, source, comparison: Comparison, a: str, b: str, changed: dict) -> Interval | None:
    one = cell(rows, a, comparison.where, source, **changed)
    other = cell(rows, b, comparison.where, source)
    return paired_interval(one, other, comparison.column) if len(one) and len(other) else None
