"""The recipe, chosen: `dim` trained in several ways at equal processor time, judged by images held out.

`python -m benchmarks.tuning run FOLDER` trains every way that benchmarks/tuning.json does
not have yet, one thread and one after the other; ways named after it are the only ones. Without `run` it
prints the table of docs/training.md.
"""

import json
import math
import sys
import time
from dataclasses import replace
from itertools import islice, pairwise
from pathlib import Path

import torch
from filelock import FileLock

from lowlight_ddpm.images.photometry import digest
from lowlight_ddpm.training.loop import Recipe, Training
from lowlight_ddpm.training.milestones import epsilon_errors
from lowlight_ddpm.training.records import TrainingSet, training_set
from lowlight_ddpm.variants import find_variant

DIM = find_variant("dim")
SECONDS = 360.0  # of processor time for each way, at what a step takes undisturbed
RESULTS = Path(__file__).parent / "tuning.json"
TIMED = 8  # steps of which the fastest tells what one takes: others on the machine only add to it
SHOWN = (20, 60, 120, 200, 300, 600, 900)  # timesteps that the table has columns for

# What is asked -> what the recipe has otherwise.
START = Recipe(epochs=1, learning_rate=0.02, batch_size=16, stratified=True, channels=(16, 32, 64, 128))
WAYS: dict[str, dict] = {
    "start": {},
    "wider": {"channels": (24, 32, 64, 128)},
    "twice the rate": {"learning_rate": 0.04},
    "batches of 32": {"batch_size": 32},
    "timesteps not stratified": {"stratified": False},
    "wider, half the rate": {"channels": (24, 32, 64, 128), "learning_rate": 0.01},
    "wider, a quarter of the rate": {"channels": (24, 32, 64, 128), "learning_rate": 0.005},
}


def measured(way: str, data: TrainingSet) -> dict:
    """Train for SECONDS of processor time, and what the averaged weights do on the images to tune on."""
    recipe = replace(START, **WAYS[way])
    seconds = _known_cost(recipe) or _seconds_per_step(recipe, data)
    steps = max(1, math.floor(SECONDS / seconds))
    per_epoch = len(data.images["learned"]) // recipe.batch_size
    training = Training(DIM, data.images["learned"], replace(recipe, epochs=steps / per_epoch))
    for _ in training:
        pass
    errors = epsilon_errors(training.checkpoint, data.measured("tuning"))
    return {
        "recipe": {
            name: getattr(recipe, name) for name in ("learning_rate", "batch_size", "stratified", "channels")
        },
        "images": digest(data.images["learned"]),
        "steps": training.place.step,
        "seconds_per_step": round(seconds, 3),
        "loss": sum(training.place.losses[-50:]) / len(training.place.losses[-50:]),
        "errors": errors,
    }


def _known_cost(recipe: Recipe) -> float | None:
    """What a step takes by an earlier way of this network and batch: both are to make as many steps."""
    alike = [list(recipe.channels), recipe.batch_size]
    for found in _known().values():
        if [found["recipe"]["channels"], found["recipe"]["batch_size"]] == alike:
            return found["seconds_per_step"]
    return None


def _seconds_per_step(recipe: Recipe, data: TrainingSet) -> float:
    steps = iter(Training(DIM, data.images["learned"], recipe))
    next(steps)  # the first also allocates
    marks = [time.process_time() for _ in islice(steps, TIMED + 1)]
    return min(after - before for before, after in pairwise(marks))


def table() -> str:
    """What is known so far, as Markdown: a row each way, the least mean error first."""
    head = (
        "recipe",
        "rate",
        "widths",
        "batch",
        "s per step",
        "steps",
        "error, mean",
        *map("t = {}".format, SHOWN),
    )
    rows = [_cells(way, found) for way, found in sorted(_known().items(), key=lambda item: _mean(item[1]))]
    lines = [" | ".join(map(str, cells)) for cells in (head, *rows)]
    lines.insert(1, "|".join(["---", *["---:"] * (len(head) - 1)]))
    return "\n".join(f"| {line} |" for line in lines)


def _cells(way: str, found: dict) -> list:
    recipe = found["recipe"]
    widths = ", ".join(map(str, recipe["channels"]))
    errors = [f"{found['errors'][str(timestep)]:.5f}" for timestep in SHOWN]
    cost = f"{found['seconds_per_step']:.2f}"
    rate, batch = recipe["learning_rate"], recipe["batch_size"]
    return [way, rate, widths, batch, cost, found["steps"], f"{_mean(found):.4f}", *errors]


def _mean(found: dict) -> float:
    return sum(found["errors"].values()) / len(found["errors"])


def _known() -> dict[str, dict]:
    return json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}


def _run(source: str, ways: list[str]) -> None:
    torch.set_num_threads(1)
    data = training_set(source, DIM.synthetic)
    for way in ways:
        if way not in _known():
            found = measured(way, data)
            with FileLock(RESULTS.with_suffix(".lock")):
                RESULTS.write_text(json.dumps(_known() | {way: found}, indent=1) + "\n", encoding="utf-8")
            print(f"{way}: {_mean(found):.4f}", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["run"]:
        _run(sys.argv[2], sys.argv[3:] or list(WAYS))
    else:
        print(table())
