"""The forms of what the endpoints report, as language models' clients are told them; nothing is made of them.

Colours are R, G, B in 1/255, in that order.
"""

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from lowlight_ddpm.metrics.image import Measures
from lowlight_ddpm.variants import Variant

Colour = tuple[float, float, float]
Settings = Annotated[dict[str, Any], Field(description="the run's settings in full")]
Notes = Annotated[list[str], Field(description="what was done to the picture before the run")]
Versions = Annotated[dict[str, str], Field(description="of this software, Python, torch and diffusers")]
Seeds = Annotated[list[int], Field(description="that of each picture's noise")]
Source = Annotated[
    dict[str, str] | None,
    Field(description="of the picture: sha256 of its file, and of the pixels that the network got"),
]
Weights = Annotated[str | None, Field(description="sha256 of the network's file of weights")]
Verdict = Annotated[str, Field(description="what became of the colours, in words")]


@dataclass(kw_only=True)
class MadeFrom:
    """What a run is made from, as measures.json has it."""

    versions: Versions
    count: int
    seeds: Seeds
    picture: Source
    weights_sha256: Weights


@dataclass(kw_only=True)
class Finished(MadeFrom):
    """A run that has ended; what is measured against a picture is left out of one from pure noise."""

    settings: Settings
    notes: Notes
    mean: Annotated[Colour, Field(description="mean colour of the result")]
    target: Annotated[Colour | None, Field(description="what it should be, unless that is not known")]
    measures: Measures | None = None
    verdict: Verdict | None = None


@dataclass(kw_only=True)
class Ranked(MadeFrom):
    """One network of several: shifts, ΔE and MSE are as at full brightness, measures at the run's own."""

    variant: str
    rank_by_eye: Annotated[int, Field(description="by delta_e, 1 is the best; no person is involved")]
    rank_by_mse: int
    delta_e: float
    mse: float
    shift: Colour
    settings: Settings
    measures: Measures


@dataclass
class Disagreement:
    """Two networks that MSE and CIEDE2000 rank differently, by so much CIEDE2000."""

    mse_prefers: str
    truer_colour: str
    by: float


@dataclass
class Comparison:
    """Several networks on one picture and noise."""

    runs: list[Ranked]
    disagreements: list[Disagreement]
    notes: Notes


@dataclass
class Cause:
    """A cause or a swap, and by how much the shift is more than without it."""

    name: str
    title: str
    meaning: str
    contribution: Colour | None


@dataclass(kw_only=True)
class Explained(MadeFrom):
    """A shift by its causes: total = sum of their contributions + remainder + interaction."""

    settings: Settings
    total: Colour | None
    causes: list[Cause]
    remainder: Colour | None
    interaction: Colour | None
    swaps: list[Cause]
    verdict: Verdict
    notes: Notes


@dataclass(frozen=True, kw_only=True)
class Measured(Measures):
    """The measures of two pictures, and what they say."""

    verdict: Verdict


@dataclass
class Reading:
    """A schedule at one timestep."""

    timestep: int
    beta: float
    alpha_cumprod: float
    signal: Annotated[float, Field(description="what the picture is multiplied by")]
    noise: float
    snr_db: float


@dataclass
class Schedule:
    """A schedule at several timesteps, and what it leaks."""

    beta_start: float
    beta_end: float
    beta_schedule: str
    zero_terminal_snr: bool
    timesteps: list[Reading]
    terminal_snr_db: float
    kept_colour: Annotated[float | None, Field(description="signal leak, 0 to 1")]


@dataclass(frozen=True, kw_only=True)
class Experiment(Variant):
    """A row of the table of variants."""

    available: Annotated[bool, Field(description="whether its network can be run here")]


@dataclass
class Experiments:
    """All rows of the table."""

    # The protocol has objects alone as reports, and its own package names a list like this.
    result: list[Experiment]
