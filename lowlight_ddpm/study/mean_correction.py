"""The mean correction on every row: with it and without, from the same noise.

From pure noise by DDPM and by DPM-Solver++; restorations are of up to 64 images of a source, with one noise
each, in a kind of their own, since the protocol's are of 16 with two.
"""

from collections.abc import Iterator
from itertools import product
from pathlib import Path

from lowlight_ddpm.diffusion.settings import LAST_TIMESTEP, run_settings
from lowlight_ddpm.models.checkpoints import ROOT
from lowlight_ddpm.study import protocol
from lowlight_ddpm.study.protocol import RESULTS, Condition, EvaluationSet, network_id

KIND = "mean-correction"  # of its restorations in the store
FEW_STEPS = 20  # of DPM-Solver++
# What is generated besides the protocol's own DDPM without the correction. Pure noise has no signal leak; a
# stochastic reverse process forgets that, an ODE does not: leak_start is a part of the correction there.
GENERATED = (
    {"mean_correction": "training"},
    {"steps": FEW_STEPS, "sampler": "dpm++"},
    {"steps": FEW_STEPS, "sampler": "dpm++", "mean_correction": "training"},
    {"steps": FEW_STEPS, "sampler": "dpm++", "mean_correction": "training", "leak_start": True},
)
RESTORED = ("off", "wide")  # as a user's own image is restored, and so all the images here


def conditions(
    name: str,
    sources: list[EvaluationSet],
    training: EvaluationSet | None = None,
    folder: Path = RESULTS,
    root: Path = ROOT,
) -> Iterator[Condition]:
    """Those of one variant, restoring unseen images of each source from every start but pure noise.

    `training` is as for `protocol.conditions`.
    """
    network = network_id(name, root)
    for how in GENERATED:
        settings = run_settings(variant=name, mode="generate", **({"steps": protocol.STEPS} | how))
        yield Condition(settings, network, None, training, True, folder, root)
    for data in sources:
        starts = {start: steps for start, steps in protocol.STEPS_FROM.items() if start < LAST_TIMESTEP}
        for (start, steps), correction in product(starts.items(), RESTORED):
            settings = run_settings(variant=name, start=start, steps=steps, mean_correction=correction)
            yield Condition(settings, network, data, None, True, folder, root, KIND, seeds=1)


def apart(record: dict) -> tuple[str, ...]:
    """Names of up to `protocol.SAMPLES` images that a network has not learned from, by its own record."""
    reported = record.get("names", {}).get("reported", ())
    return tuple([*record["held_out"], *reported][: protocol.SAMPLES])


def synthetic() -> tuple[str, tuple[str, ...]]:
    """As many synthetic butterflies, as `evaluation_set` takes them: of the first, no network learns any."""
    count = protocol.SAMPLES
    return f"drawn:{count}", tuple(f"drawn_{number:04d}" for number in range(count))
