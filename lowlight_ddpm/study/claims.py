"""The post's claims and the causes of the shift, a row each, and what the measurements say of them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
import pandas as pd

from lowlight_ddpm.metrics.image import misleads
from lowlight_ddpm.study.bootstrap import Interval, interval, paired_interval
from lowlight_ddpm.study.results import USUAL
from lowlight_ddpm.variants import find_variant

RESTORED, GENERATED = {"mode": "restore", "start": 600}, {"mode": "generate", "steps": 50}

# column -> (what it is, its unit, the smallest difference that an eye or a user would mind)
METRICS = {
    "tint": ("colour shift of denoised images", "/255", 1.0),
    "ground": ("background colour error", "/255", 1.0),
    "ssim": ("SSIM of denoised images", "", 0.01),
    "detail": ("high-frequency detail", "", 0.05),
}


@dataclass(frozen=True)
class Comparison:
    """`column` of one condition − that of another, on the same pictures and noise.

    `a` and `b` are variants, each with its training defaults, or with the `changed` settings in `a`. By the
    post's claim the difference has the sign `claimed`; 0 claims that there is none for the better.
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
        """What is compared: samples for their background, restorations from 600 for everything else."""
        return GENERATED if self.column == "ground" else RESTORED


@dataclass(frozen=True)
class Claim:
    """What the post says, and the comparisons that test it; README shows the `headline` ones."""

    text: str
    comparisons: tuple[Comparison, ...]
    headline: bool = False


SHALLOW, DEEP = ("dim-retrained", "dim-large"), ("dim-deep-again", "dim-deep")


def _both(a: str, b: str, claimed: int, trained_twice: tuple[str, str] | None) -> tuple[Comparison, ...]:
    """The shift, from pure noise and restoring."""
    return tuple(Comparison(a, b, column, claimed, trained_twice) for column in ("ground", "tint"))


CLAIMS = (
    Claim(
        "The larger variance corrects the shift (same weights)",
        _both("dim-large", "dim", -1, None),
        headline=True,
    ),
    Claim(
        "The larger variance corrects the shift (trained again, as the post did)",
        _both("dim-retrained", "dim", -1, SHALLOW),
    ),
    Claim(
        "More layers recover detail",
        tuple(Comparison("dim-deep", "dim-large", column, +1, DEEP) for column in ("ssim", "detail")),
        headline=True,
    ),
    Claim("Depth does not correct the shift", _both("dim-deep", "dim-large", 0, DEEP), headline=True),
    Claim(
        "Smaller betas are worse",
        _both("dim-deep-low", "dim-deep", +1, DEEP) + _both("dim-deep-mid", "dim-deep", +1, DEEP),
        headline=True,
    ),
    Claim("Higher betas would help", _both("dim-deep-high", "dim-deep", -1, DEEP)),
    Claim(
        "DDIM and PNDM lose detail",
        tuple(
            Comparison("dim", "dim", "detail", -1, changed={"sampler": sampler})
            for sampler in ("ddim", "pndm")
        ),
    ),
    Claim("Dim images fare worse than bright ones", _both("dim", "bright", +1, SHALLOW), headline=True),
)

# Each is the cause of the shift if the shift falls where a variant is without it.
CAUSE_CLAIMS = (
    Claim(
        "The signal leak, and epsilon's errors that 1/√ᾱ enlarges: zero terminal SNR with v",
        _both("dim-deep-zsnr", "dim-deep", -1, DEEP),
    ),
    Claim(
        "The signal leak alone: betas that leave next to nothing",
        _both("dim-deep-high", "dim-deep", -1, DEEP),
    ),
    Claim("Weight averaging (EMA): the last weights instead", _both("dim-raw", "dim", -1, None)),
    Claim(
        "Dimming itself: dim images stretched to full range", _both("dim-deep-renorm", "dim-deep", -1, DEEP)
    ),
    Claim(
        "A mean colour stored in the weights: centred images",
        _both("dim-deep-centred", "dim-deep", -1, DEEP),
    ),
    Claim("Noise with almost no mean colour: offset noise", _both("dim-deep-offset", "dim-deep", -1, DEEP)),
    Claim("Too little training: twice the epochs", _both("dim-long", "dim", -1, SHALLOW)),
)

# The post has butterflies alone: fruit has another outline, other hues and less pattern, on the same white.
SUBJECTS = (
    Claim("Dim fruit fares worse than bright fruit", _both("fruit-dim", "fruit-bright", +1, SHALLOW)),
)

# What the post's shortcut hides: white is as dark, but fewer photons are counted, not smaller pixel values.
LIGHTS = tuple(
    Claim(
        text,
        tuple(
            Comparison(name, name, column, sign, changed={"light": "camera"})
            for name in ("dim", "dim-deep-zsnr")
        ),
    )
    for text, column, sign in (
        ("A camera's darkness shifts colours further", "tint", +1),
        ("Less is recovered of what a camera sees", "ssim", -1),
    )
)


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

    A comparison whose conditions are not measured yet has no difference, and one that awaits a second
    training of the same network no spread; the verdict says so.
    """
    for claim in claims:
        for comparison in claim.comparisons:
            yield _tested(rows, source, claim, comparison)


def condition_rows(
    rows: pd.DataFrame, variant: str, where: dict, source: str | None = None, **changed
) -> pd.DataFrame:
    """The rows of one condition: `variant` with its training defaults and `changed` settings.

    `where` says how it started; `source` names the images. A variant of another subject is measured on images
    of that alone.
    """
    row = find_variant(variant)
    wanted = USUAL | {"variant": variant, "leaks": True} | where
    wanted |= {"brightness": row.brightness, "variance_type": row.variance_type} | changed
    if where["mode"] == "restore" and source and not row.source:
        wanted["source"] = source
    return rows.loc[np.logical_and.reduce([rows[name] == value for name, value in wanted.items()]), :]


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

    Restorations from 600, every variant with its training defaults. The eye's rank is CIEDE2000 between the
    mean colours; a pair counts where the one with the lower MSE is further off in colour by more than is just
    visible. Both of a pair are equally bright, since errors shrink with the brightness, and equally large,
    since the noise is another where they are not. None where there is no pair.
    """
    restored = rows.loc[(rows["mode"] == "restore") & (rows.start == 600) & rows.as_trained & rows.leaks, :]
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
    _, _, noticeable = METRICS[comparison.column]
    found = verdict(difference, comparison.claimed, max(spread, noticeable))
    return Finding(claim, comparison, difference, spread, found)


def _difference(rows, source, comparison: Comparison, a: str, b: str, changed: dict) -> Interval | None:
    one = condition_rows(rows, a, comparison.where, source, **changed)
    other = condition_rows(rows, b, comparison.where, source)
    return paired_interval(one, other, comparison.column) if len(one) and len(other) else None
