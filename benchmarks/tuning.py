"""The recipe, chosen: `dim` trained in several ways at equal processor time, judged by images held out.

`python -m benchmarks.tuning run ../shared/data/heliconius` trains every way that benchmarks/tuning.json does
not have yet, one thread and one after the other; ways named after it are the only ones. Without `run` it
prints the table of docs/training.md.
"""

import json
import math
import sys
import time
from dataclasses import replace
from itertools import islice
from pathlib import Path

import torch
from filelock import FileLock

from lowlight_ddpm.held_out import epsilon_errors
from lowlight_ddpm.photometry import digest
from lowlight_ddpm.recording import TrainingSet, training_set
from lowlight_ddpm.training import Recipe, Training
from lowlight_ddpm.variants import find_variant

DIM = find_variant("dim")
SECONDS = 480.0  # of processor time for each way
RESULTS = Path(__file__).parent / "tuning.json"
TIMED = 4  # steps that tell what one takes
SHOWN = (300, 600, 900)  # timesteps that the table has columns for

# What is asked -> what the recipe has otherwise.
START = Recipe(epochs=1, learning_rate=0.02, batch_size=16, stratified=True, channels=(16, 32, 64, 128))
WAYS: dict[str, dict] = {
    "start": {},
    "wider at full size": {"channels": (24, 32, 64, 128)},
    "half the rate": {"learning_rate": 0.01},
    "twice the rate": {"learning_rate": 0.04},
    "batches of 32": {"batch_size": 32},
    "timesteps not stratified": {"stratified": False},
}


def measured(way: str, data: TrainingSet) -> dict:
    """Train for SECONDS of processor time, and what the averaged weights do on the images to tune on."""
    recipe = replace(START, **WAYS[way])
    steps = max(1, math.floor(SECONDS / _seconds_per_step(recipe, data)))
    per_epoch = len(data.images["learned"]) // recipe.batch_size
    training = Training(DIM, data.images["learned"], replace(recipe, epochs=steps / per_epoch))
    begin = time.process_time()
    for _ in training:
        pass
    seconds = time.process_time() - begin
    errors = epsilon_errors(training.checkpoint, data.measured("tuning"))
    return {
        "recipe": {
            name: getattr(recipe, name) for name in ("learning_rate", "batch_size", "stratified", "channels")
        },
        "images": digest(data.images["learned"]),
        "steps": training.place.step,
        "seconds": round(seconds),
        "loss": sum(training.place.losses[-50:]) / len(training.place.losses[-50:]),
        "errors": errors,
    }


def _seconds_per_step(recipe: Recipe, data: TrainingSet) -> float:
    steps = iter(Training(DIM, data.images["learned"], recipe))
    next(steps)  # the first also allocates
    begin = time.process_time()
    list(islice(steps, TIMED))
    return (time.process_time() - begin) / TIMED


def table() -> str:
    """What is known so far, as Markdown: a row each way, the best mean error first."""
    known = sorted(_known().items(), key=lambda item: _mean(item[1]))
    lines = [
        "| recipe | rate | widths | batch | CPU s | steps | error, mean | "
        + " | ".join(map("t = {}".format, SHOWN))
        + " |",
        "|---|" + "---:|" * (6 + len(SHOWN)),
    ]
    for way, found in known:
        recipe = found["recipe"]
        widths = ", ".join(map(str, recipe["channels"]))
        errors = " | ".join(f"{found['errors'][str(timestep)]:.5f}" for timestep in SHOWN)
        lines.append(
            f"| {way} | {recipe['learning_rate']} | {widths} | {recipe['batch_size']} | {found['seconds']} | "
            f"{found['steps']} | {_mean(found):.4f} | {errors} |"
        )
    return "\n".join(lines)


def _mean(found: dict) -> float:
    return sum(found["errors"].values()) / len(found["errors"])


def _known() -> dict[str, dict]:
    return json.loads(RESULTS.read_text()) if RESULTS.exists() else {}


def _run(source: str, ways: list[str]) -> None:
    torch.set_num_threads(1)
    data = training_set(source, Recipe.drawn)
    for way in ways:
        if way not in _known():
            found = measured(way, data)
            with FileLock(RESULTS.with_suffix(".lock")):
                RESULTS.write_text(json.dumps(_known() | {way: found}, indent=1) + "\n")
            print(f"{way}: {_mean(found):.4f}", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["run"]:
        _run(sys.argv[2], sys.argv[3:] or list(WAYS))
    else:
        print(table())
