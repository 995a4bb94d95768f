"""What is judged, written down before it is measured: measures, their δ, comparisons, and the six headlines.

docs/protocol.md has these tables, made from here, beside the rule that judges them (`study.verdicts`).
"""

import math
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from lowlight_ddpm.variants import Variant, find_variant


class Measure(NamedTuple):
    """`meaning` in words, `unit` of its values, and δ, the `delta` that a difference must exceed to count.

    `delta` is a factor where `logarithm` is true: y_k is then ln of the mean, and differences are factors.
    """

    meaning: str
    unit: str
    delta: float
    logarithm: bool = False

    @property
    def scaled_delta(self) -> float:
        """δ on the scale that is judged."""
        return math.log(self.delta) if self.logarithm else self.delta


# A column of results.table() -> its measure: clause (1).
MEASURES = {
    "ground": Measure("background colour error", "", 1.5, logarithm=True),
    "excess": Measure("colour shift beyond a perfect sampler's", "/255", 2.0),
    "delta_e": Measure("CIEDE2000 of the mean colours", "", 1.0),
    "ssim": Measure("SSIM", "", 0.02),
    "detail_error": Measure("error of high-frequency detail", "", 0.1),
}


class Change(NamedTuple):
    """A setting of RunSettings that is `a` on one side and `b` on the other."""

    setting: str
    a: object
    b: object


@dataclass(frozen=True)
class Comparison:
    """`measure` of one condition − that of another, on the same images and noise.

    `a` and `b` are variants, each with its training defaults and for its recipe: all trainings of it are
    one arm. Without `b` the sides differ by the `change` alone, in the weights of `a`, or in those of every
    recipe that `has_the_fault` if there is no `a` either. By the claim the difference has the sign
    `claimed`; 0 claims that there is none. `start` is the timestep of restorations, None for pure noise;
    `other_start` is that of `b`, where it is another.

    Raises ValueError where two trainings of one recipe would be contrasted.
    """

    measure: str
    claimed: int
    a: str | None = None
    b: str | None = None
    change: Change | None = None
    start: int | None = None
    other_start: int | None = None

    def __post_init__(self) -> None:
        if self.a and self.b and not self.within and recipe(self.a) == recipe(self.b):
            raise ValueError(f"{self.a} and {self.b} are trainings of one recipe")  # (10)

    @property
    def within(self) -> bool:
        """Whether both sides have the same training, so that nothing is drawn anew between them."""
        return not (self.a and self.b) or find_variant(self.a).trained_as == find_variant(self.b).trained_as

    @property
    def sides(self) -> str:
        """What is compared, in words."""
        if self.change is None:
            return f"{self.a} − {self.b}"
        setting, a, b = self.change
        return f"{self.a or 'every network'}, {setting} {a} − {b}"

    @property
    def where(self) -> dict[str, Any]:
        """Settings of the runs that are compared."""
        if self.start is None:
            return {"mode": "generate", "steps": 50}
        return {"mode": "restore", "start": self.start}

    @property
    def where_other(self) -> dict:
        """Settings of the runs that they are compared with."""
        return self.where | ({"start": self.other_start} if self.other_start else {})


def recipe(name: str) -> Variant:
    """What trainings of one arm have in common: all of a variant but seed, words and variance type."""
    words = dict.fromkeys(("name", "title", "description", "figure"), "any")
    return replace(find_variant(name), **words, seed=0, weights=None, variance_type="fixed_small")


def has_the_fault(row: Variant) -> bool:
    """Whether a recipe is among those that a headline within networks is about: epsilon, ordinary noise.

    One for each training: rows that share another's weights are left out.
    """
    return row.prediction_type == "epsilon" and not row.offset_noise and row.trained_as == row.name


VARIANCE = Change("variance_type", "fixed_large", "fixed_small")

# Claim -> what decides on it. At most six, since each makes all others harder to show.
HEADLINES = {
    "The larger variance corrects the shift": Comparison("ground", -1, change=VARIANCE),
    "More layers recover detail": Comparison("detail_error", -1, "dim-deep", "dim-large", start=600),
    "Depth does not correct the shift": Comparison("ground", 0, "dim-deep", "dim-large"),
    "Smaller betas are worse": Comparison("ground", +1, "dim-deep-low", "dim-deep"),
    "Dim images fare worse than bright ones": Comparison("ground", +1, "dim", "bright"),
    "The mean correction corrects the shift": Comparison(
        "ground", -1, change=Change("mean_correction", "training", "off")
    ),
}
