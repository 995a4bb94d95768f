"""The post's claims held against our measurements: each a row, its verdict following from the figures."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import combinations

import pandas as pd

from lowlight_ddpm.colour import JUST_NOTICEABLE
from lowlight_ddpm.statistics import Interval, interval, paired_interval
from lowlight_ddpm.variants import find_variant

RESTORED, GENERATED = {"mode": "restore", "start": 600}, {"mode": "generate", "steps": 50}

# column -> (what it is, its unit, the smallest difference that an eye or a user would mind)
FIGURES = {
    "tint": ("colour shift of a restored picture", "/255", 1.0),
    "ground": ("false colour of a sample's ground", "/255", 1.0),
    "ssim": ("SSIM of a restored picture", "", 0.01),
    "detail": ("fine structure over the original's", "", 0.05),
}


@dataclass(frozen=True)
class Comparison:
    """`column` of one cell less that of another, on the same pictures and noise.

    `a` and `b` are variants, each as it was trained, or with the `changed` settings in `a`. `claimed` is the
    sign that the post's claim gives the difference, or 0 where it says that there is none for the better.
    `trained_twice` are two trainings of one experiment: what they differ by, any two trainings may.
    """

    a: str
    b: str
    column: str
    claimed: int
    trained_twice: tuple[str, str] | None = None
    changed: dict = field(default_factory=dict)

    @property
    def where(self) -> dict:
        """Which cells are compared: samples for their ground, restorations from 600 for everything else."""
        return GENERATED if self.column == "ground" else RESTORED


@dataclass(frozen=True)
class Claim:
    """What the post says, and the comparisons that test it."""

    text: str
    comparisons: tuple[Comparison, ...]


@dataclass(frozen=True)
class Finding:
    """A comparison's outcome; `spread` is what training again alone changes, None without such a pair."""

    claim: Claim
    comparison: Comparison
    difference: Interval | None
    spread: float | None
    verdict: str


SHALLOW, DEEP = ("dim-retrained", "dim-large"), ("dim-deep-again", "dim-deep")


def _both(a: str, b: str, claimed: int, trained_twice: tuple[str, str] | None) -> tuple[Comparison, ...]:
    """The shift, from pure noise and restoring."""
    return tuple(Comparison(a, b, column, claimed, trained_twice) for column in ("ground", "tint"))


CLAIMS = (
    Claim("The larger variance cures the shift (same weights)", _both("dim-large", "dim", -1, None)),
    Claim(
        "The larger variance cures the shift (trained again, as the post did)",
        _both("dim-retrained", "dim", -1, SHALLOW),
    ),
    Claim(
        "More layers recover detail",
        tuple(Comparison("dim-deep", "dim-large", column, +1, DEEP) for column in ("ssim", "detail")),
    ),
    Claim("Depth does not cure the shift", _both("dim-deep", "dim-large", 0, DEEP)),
    Claim(
        "Smaller betas are worse",
        _both("dim-deep-low", "dim-deep", +1, DEEP) + _both("dim-deep-mid", "dim-deep", +1, DEEP),
    ),
    Claim("Higher betas would help", _both("dim-deep-high", "dim-deep", -1, DEEP)),
    Claim(
        "DDIM and PNDM lose detail",
        tuple(
            Comparison("dim", "dim", "detail", -1, changed={"sampler": sampler})
            for sampler in ("ddim", "pndm")
        ),
    ),
    Claim("Dim pictures fare worse than bright ones", _both("dim", "bright", +1, SHALLOW)),
)


def findings(rows: pd.DataFrame, source: str | None = None) -> Iterator[Finding]:
    """Test every claim on `results.table()`. `source` names the pictures, for restorations from `rows` alone.

    A comparison whose cells are not there yet has no difference, and the verdict says so.
    """
    for claim in CLAIMS:
        for comparison in claim.comparisons:
            yield _tested(rows, source, claim, comparison)


def cell(rows: pd.DataFrame, variant: str, where: dict, source: str | None = None, **changed) -> pd.DataFrame:
    """The rows of one cell: `variant` as it was trained, with `changed` settings, where `where` says."""
    row = find_variant(variant)
    wanted = {"variant": variant, "leaks": True, "sampler": "ddpm"} | where
    wanted |= {"brightness": row.brightness, "variance_type": row.variance_type} | changed
    if where["mode"] == "restore" and source:
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
    pair counts where the one with the lower MSE is further off in colour by more than is just visible. None
    where there is no pair.
    """
    restored = rows[(rows["mode"] == "restore") & (rows.start == 600) & rows.as_trained & rows.leaks]
    if source:
        restored = restored[restored.source == source]
    judged = []
    for (picture, seed), group in restored.groupby(["picture", "seed"]):
        pairs = list(combinations(zip(group.mse, group.delta_e, strict=True), 2))
        against = [
            (mse_a - mse_b) * (eye_a - eye_b) < 0 and abs(eye_a - eye_b) > JUST_NOTICEABLE
            for (mse_a, eye_a), (mse_b, eye_b) in pairs
        ]
        if pairs:
            judged.append({"picture": picture, "seed": seed, "share": sum(against) / len(pairs)})
    return interval(pd.DataFrame(judged), "share") if judged else None


def as_markdown(rows: pd.DataFrame, source: str) -> str:
    """The verdicts as a Markdown table, and the share of pairs that MSE misjudges below it."""
    lines = [
        "| the post says | compared | what | difference (95 %) | training again changes | verdict |",
        "|---|---|---|---|---|---|",
    ]
    told = ""
    for finding in findings(rows, source):
        text = finding.claim.text if finding.claim.text != told else ""
        told = finding.claim.text
        lines.append(f"| {text} | {' | '.join(_columns(finding))} |")
    share = misleading_share(rows, source)
    lines += ["", _MISLEADING.format(share=share)] if share else []
    return "\n".join(lines)


_MISLEADING = (
    "MSE misleads: of all pairs of variants on one picture and noise, restored from 600, it prefers the one "
    "with the visibly worse colour in {share.mean:.0%} ({share.low:.0%} to {share.high:.0%})."
)


def _columns(finding: Finding) -> list[str]:
    """What is compared, by which figure, the difference, the retraining spread, and the verdict, as text."""
    c = finding.comparison
    a = c.a + "".join(f" by {value}" for value in c.changed.values())
    meaning, unit, _ = FIGURES[c.column]
    difference = spread = "–"
    if finding.difference:
        mean, low, high = finding.difference
        difference = f"{mean:+.2f}{unit} ({low:+.2f} to {high:+.2f})"
    if finding.spread is not None:
        spread = f"{finding.spread:.2f}{unit}" if c.trained_twice else "same weights"
    return [f"{a} less {c.b}", meaning, difference, spread, finding.verdict]


def _tested(rows: pd.DataFrame, source: str | None, claim: Claim, comparison: Comparison) -> Finding:
    difference = _difference(rows, source, comparison, comparison.a, comparison.b, comparison.changed)
    spread = 0.0  # of the same weights
    if comparison.trained_twice:
        again = _difference(rows, source, comparison, *comparison.trained_twice, {})
        spread = abs(again.mean) if again else None
    if difference is None or spread is None:
        return Finding(claim, comparison, difference, spread, "not measured yet")
    _, _, noticeable = FIGURES[comparison.column]
    found = verdict(difference, comparison.claimed, max(spread, noticeable))
    return Finding(claim, comparison, difference, spread, found)


def _difference(rows, source, comparison: Comparison, a: str, b: str, changed: dict) -> Interval | None:
    one = cell(rows, a, comparison.where, source, **changed)
    other = cell(rows, b, comparison.where, source)
    return paired_interval(one, other, comparison.column) if len(one) and len(other) else None
