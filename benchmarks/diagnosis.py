"""How often a diagnosis names the fault that was built into a network: 40 random faults, 20 healthy networks.

python -m benchmarks.diagnosis

Networks are ideal denoisers of normal images but for their fault. Faults, their strength, the betas, the
prediction and all noise are drawn from seeds; the ranges below are chosen so that a fault changes colours by
more than chance does, and they and `causes.THRESHOLDS` are committed before the cases are run.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch

from benchmarks.constructed import SHAPE, Constructed, images, scheduler
from benchmarks.record import record, show
from lowlight_ddpm.diagnosis.causes import CAUSES
from lowlight_ddpm.diagnosis.run import diagnose

FAULTY, HEALTHY = 40, 20
NONE = "none"
COUNT = 16  # images that are generated, as without --quick
PREDICTIONS = ("epsilon", "v_prediction", "sample")


@dataclass(frozen=True)
class Case:
    """A network with the `fault` that was built in (NONE of a healthy one), and how it is sampled."""

    fault: str
    network: Constructed
    steps: int
    seed: int

    def named(self) -> str:
        """The first cause that a diagnosis names, NONE where it finds no fault."""
        report = diagnose(
            self.network,
            self.network.scheduler,
            shape=SHAPE,
            images=images(seed=self.seed),
            count=COUNT,
            steps=self.steps,
            seed=1000 * self.seed,
        )
        return report.verdict.causes[0] if report.verdict.causes else NONE


def main() -> bool:
    """Run all cases, print how many were named rightly, and record it; True if the aims are reached."""
    torch.set_num_threads(1)
    named = Counter((case.fault, case.named()) for case in cases())
    rows = [_row(fault, named) for fault in (*FAULTS, NONE)]
    record("diagnosis", rows)
    show(rows)
    right = sum(line["held"] for line in rows[:-1])
    return right >= 0.9 * FAULTY and rows[-1]["held"] >= HEALTHY - 1


def cases() -> Iterator[Case]:
    """All of them: faults in turn, so that each has its share, then the healthy ones."""
    names = list(FAULTS)
    for number in range(FAULTY):
        yield drawn(names[number % len(names)], number)
    for number in range(FAULTY, FAULTY + HEALTHY):
        yield drawn(NONE, number)


def drawn(fault: str, number: int) -> Case:
    """The case of that number."""
    chance = random.Random(number)
    network, steps = (FAULTS | {NONE: _healthy})[fault](chance)
    return Case(fault, network, steps, number)


def _row(fault: str, named: Counter) -> dict[str, Any]:
    """A line of the confusion table: what was named first in how many cases of a fault."""
    found = {cause: named[fault, cause] for cause in (*(row.name for row in CAUSES), NONE)}
    said = ", ".join(f"{cause} {count}" for cause, count in found.items() if count)
    return {"what": fault, "tried": sum(found.values()), "held": found[fault], "note": said, "named": found}


Made = tuple[Constructed, int]
"""A network, and the steps that it is sampled in."""


def _any(chance: random.Random, **config: Any) -> Any:
    """A scheduler whose betas leave next to nothing, of any prediction."""
    usual = {"beta_end": chance.uniform(0.028, 0.04), "prediction_type": chance.choice(PREDICTIONS)}
    return scheduler(**usual | config)


def _insensitive(chance: random.Random) -> Made:
    predicts = chance.choice(("epsilon", "v_prediction"))  # x0 has no tint to pass on
    return Constructed(_any(chance, prediction_type=predicts), passes=chance.uniform(0.8, 1.0)), 20


def _biased(chance: random.Random) -> Made:
    first = chance.randrange(0, 300)
    off = chance.choice((-1, 1)) * chance.uniform(0.12, 0.3)
    return Constructed(_any(chance), first=first, last=first + chance.randrange(300, 500), off=off), 20


def _leaking(chance: random.Random) -> Made:
    return Constructed(_any(chance, beta_end=chance.uniform(0.001, 0.003))), 20


def _late(chance: random.Random) -> Made:
    weak = _any(chance, beta_end=chance.uniform(0.005, 0.008), timestep_spacing="leading")
    return Constructed(weak), chance.choice((3, 4, 5))


def _clipped(chance: random.Random) -> Made:
    cut = _any(chance, clip_sample=True, clip_sample_range=chance.uniform(0.15, 0.33))
    return Constructed(cut), 20


def _at_zero_snr(chance: random.Random) -> Made:
    zero = _any(chance, prediction_type="epsilon", rescale_betas_zero_snr=True)
    return Constructed(zero), chance.randrange(10, 30)


def _healthy(chance: random.Random) -> Made:
    """Ideal, or with a fault too small to be seen."""
    return chance.choice(
        (
            lambda: (Constructed(_any(chance)), 20),
            lambda: (Constructed(_any(chance, clip_sample=True)), 20),
            lambda: (
                Constructed(_any(chance, prediction_type="v_prediction", rescale_betas_zero_snr=True)),
                20,
            ),
            lambda: (Constructed(_any(chance, timestep_spacing="leading")), 50),
            lambda: (Constructed(_any(chance), first=300, last=500, off=chance.uniform(-0.005, 0.005)), 20),
        )
    )()


FAULTS: dict[str, Callable[[random.Random], Made]] = {
    "insensitive": _insensitive,
    "mean_bias": _biased,
    "grid": _late,
    "leak": _leaking,
    "clipping": _clipped,
    "zero_snr": _at_zero_snr,
}

if __name__ == "__main__":
    raise SystemExit(not main())
