"""How often the rule of verdicts errs, and what it finds: docs/protocol.md's rule on trainings made up.

python -m benchmarks.verdicts

The family is that of `study.headlines`: two comparisons within networks and four between trainings, of which
three have measure and arms in common. Trainings of a recipe deviate by SPREAD, in the measure's logarithm.
"""

from collections.abc import Iterator, Mapping

import numpy as np

from lowlight_ddpm.study.verdicts import (
    CONTRARY,
    HOLDS,
    NO_DIFFERENCE,
    between,
    decide,
    holm,
    p_difference,
    p_equivalence,
    pooled_variance,
    within,
)

RUNS = 20_000
SPREAD = 0.25  # standard deviation of trainings of one recipe, and of what a setting does to networks
SAMPLING = 0.07  # standard error of a difference by images and noise: today's, of 64 images
NETWORKS = 8
DELTA = np.log(1.5)
ARMS = {"deep": 3, "dim": 3, "low": 1, "bright": 1}  # trainings of each
# Name of a headline -> the sign claimed, its measure and, between trainings, the arms.
FAMILY = {
    "larger variance": (-1, "background", None),
    "detail": (-1, "detail", ("deep", "dim")),
    "depth": (0, "background", ("deep", "dim")),
    "low betas": (1, "background", ("low", "deep")),
    "dim": (1, "background", ("dim", "bright")),
    "correction": (-1, "background", None),
}


def main() -> None:
    """Print every share; each has a standard error of at most 0.4 %."""
    for what, share in [*errors(RUNS), *powers(RUNS)]:
        print(f"{share:7.2%} {what}")


def errors(runs: int) -> Iterator[tuple[str, float]]:
    """(what, share of runs) of false verdicts, and of "makes no difference" where that is right."""
    plain = family(runs=runs)
    yield "no effect: a headline or more shows a difference", differs(plain).mean()
    nothing = plain["larger variance"] == NO_DIFFERENCE
    yield f"{NETWORKS} networks without effect: makes no difference", nothing.mean()
    for name in ("larger variance", "low betas"):
        edge = family({name: DELTA}, runs=runs)[name] == NO_DIFFERENCE
        yield f"an effect of δ, {name}: makes no difference", edge.mean()
    for arm in ARMS:
        wide = differs(family(spreads={arm: 2 * SPREAD}, runs=runs))
        yield f"no effect, {arm} of twice the spread: a headline or more shows a difference", wide.mean()


def powers(runs: int) -> Iterator[tuple[str, float]]:
    """(what, share of runs) in which a factor is found, between trainings and within networks."""
    for name in ("low betas", "dim", "correction"):
        for factor in (3, 5, 10):
            sign = FAMILY[name][0]
            found = family({name: sign * np.log(factor)}, runs=runs)[name] == HOLDS
            yield f"a factor of {factor}, {name}: holds", found.mean()


def differs(verdicts: Mapping[str, np.ndarray]) -> np.ndarray:
    """In which runs (runs,) a headline shows a difference; that a claim of none holds shows no difference."""
    shown = [(v == CONTRARY) | ((v == HOLDS) & (FAMILY[name][0] != 0)) for name, v in verdicts.items()]
    return np.any(shown, axis=0)


def family(
    effects: Mapping[str, float] | None = None,
    spreads: Mapping[str, float] | None = None,
    *,
    runs: int,
    seed: int = 0,
) -> dict[str, np.ndarray]:
    """The verdicts (runs,) on every headline, whose true effects and whose arms' deviations are as said."""
    rng = np.random.default_rng(seed)
    effects, spreads = effects or {}, dict.fromkeys(ARMS, SPREAD) | dict(spreads or {})
    arms = {
        measure: {arm: spreads[arm] * rng.normal(size=(count, runs)) for arm, count in ARMS.items()}
        for measure in ("background", "detail")
    }
    measured = {}
    for name, (_, measure, compared) in FAMILY.items():
        effect = effects.get(name, 0.0)
        if compared:
            a, b = (arms[measure][arm] for arm in compared)
            drawn = effect + SAMPLING * rng.normal(size=runs)
            measured[name] = between(a + drawn, b, *pooled_variance([*arms[measure].values()]), SAMPLING**2)
        else:
            measured[name] = within(effect + SPREAD * rng.normal(size=(NETWORKS, runs)))
    p_diff = holm(np.stack([p_difference(effect) for effect in measured.values()]))
    p_eq = holm(np.stack([p_equivalence(effect, DELTA) for effect in measured.values()]))
    return {
        name: decide(effect.difference, p_diff[place], p_eq[place], FAMILY[name][0], DELTA)
        for place, (name, effect) in enumerate(measured.items())
    }


if __name__ == "__main__":
    main()
