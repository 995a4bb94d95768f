"""Commands about the experiments and their networks: what there is, making one, its card."""

import json
import shlex
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from lowlight_ddpm.cli.app import AsJson, OptionalImages, Threads, app, speaks
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.paths import STATES
from lowlight_ddpm.variants import VARIANTS, find_variant


class Precision(StrEnum):
    """What the network is calculated in; weights, their averages and the optimizer are fp32 in any."""

    fp32 = "fp32"
    bf16 = "bf16"


@app.command()
def variants(as_json: AsJson = False) -> None:
    """List the experiments: what each changes, and which are trained."""
    from lowlight_ddpm.models.checkpoints import available

    trained = available()
    rows = [asdict(row) | {"available": row.name in trained} for row in VARIANTS.values()]
    if as_json:
        print(json.dumps(rows, indent=1))
        return
    width = max(map(len, VARIANTS))
    for row in rows:
        print(f"{row['name']:{width}}  {'' if row['available'] else '(not trained) '}{row['lesson']}")


@app.command()
def train(
    name: Annotated[str, typer.Argument(help="The variant to train: see `variants`.")],
    images: OptionalImages = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="Times that every picture is seen.")] = None,
    out: Annotated[Path | None, typer.Option(help="Where the checkpoint goes: checkpoints/NAME.")] = None,
    licence: Annotated[
        str | None, typer.Option(help="Of the images, for the record and the card, like CC0-1.0.")
    ] = None,
    precision: Annotated[
        Precision, typer.Option(help="Of the network's arithmetic: fp32, or bf16 autocast.")
    ] = Precision.fp32,
    accumulate: Annotated[
        int, typer.Option(min=1, help="Parts that a batch is worked through in, to need less memory.")
    ] = 1,
    threads: Threads = 1,
) -> None:
    """Train a variant and write its checkpoint.

    The state is kept in runs/; the same command run again goes on where it was stopped or killed. A variant
    of drawn pictures needs no --images. Under torchrun or `accelerate launch` the processes share each batch.
    """
    import torch
    from tqdm import tqdm

    from lowlight_ddpm.models import checkpoints
    from lowlight_ddpm.training import loop, milestones, records, saved_state
    from lowlight_ddpm.training.distributed import on_main

    torch.set_num_threads(threads)
    variant = find_variant(name)
    learner = find_variant(variant.trained_as)
    source = images or learner.source
    if not source:
        raise Refusal(f"The variant {name} learns from pictures of your choice: name them with --images.")
    recipe = loop.Recipe(
        epochs or learner.epochs,
        channels=learner.channels,
        attention_head_dim=learner.attention_head_dim,
        drawn=0 if learner.source else loop.Recipe.drawn,
    )
    state = STATES / learner.name / "state.pt"
    data = on_main(lambda: records.training_set(source, recipe.drawn, learner.size, licence))
    arithmetic = "no" if precision is Precision.fp32 else precision.value
    job = loop.Training(learner, data.images["learned"], recipe, arithmetic, accumulate)
    kept = state.parent / "milestones"
    folder = out or checkpoints.ROOT / name
    command = shlex.join(["python", "-m", "lowlight_ddpm", *sys.argv[1:]])

    total = job.total_steps * job.batch_size
    bar = tqdm(total=total, unit="image", desc=name, mininterval=5, disable=not speaks())
    with stop_asked() as stopped, bar:
        for step in saved_state.run(job, state, stopped=stopped):
            bar.update(step.step * job.batch_size - bar.n)
            bar.set_postfix(epoch=f"{step.epoch}/{recipe.epochs}", loss=f"{step.loss:.4f}", refresh=False)
            if speaks() and milestones.is_milestone(job):
                milestones.keep(kept, job, data.measured("reported"))
            if speaks() and step.ends_epoch and step.epoch == records.POST_EPOCHS:
                records.export(state.parent / f"epoch-{step.epoch}", job, data, learner, command, kept)
    # From here on the processes do without each other. While they meet, gloo's threads drop what they hold of
    # Python: PyTorch 2.8 would wait for them with the GIL, which they need for that.
    job.accelerator.wait_for_everyone()
    job.accelerator.end_training()
    done = job.place.step == job.total_steps
    if speaks():
        if done:
            records.export(folder, job, data, variant, command, kept)
            print(f"{folder} is trained: {job.place.step} steps, last loss {job.place.losses[-1]:.4f}.")
        else:
            where = f"step {job.place.step} of {job.total_steps}"
            print(f"Stopped after {where}: the same command goes on from there.")
    if not done:
        raise typer.Exit(1)


@contextmanager
def stop_asked() -> Iterator[Callable[[], bool]]:
    """Whether Ctrl-C or SIGTERM has asked to stop; a second one does not wait for the step under way."""
    asked, usual = [], {}

    def ask(number: int, _) -> None:
        asked.append(number)
        signal.signal(number, usual[number])

    for number in (signal.SIGINT, signal.SIGTERM):
        usual[number] = signal.signal(number, ask)
    try:
        yield lambda: bool(asked)
    finally:
        for number, handler in usual.items():
            signal.signal(number, handler)


@app.command()
def cards(
    names: Annotated[list[str] | None, typer.Argument(help="Variants; all that are trained if none.")] = None,
    threads: Threads = 1,
) -> None:
    """Write the model cards again, with what was measured and sixteen pictures from pure noise."""
    import torch

    from lowlight_ddpm.figures.inputs import Inputs
    from lowlight_ddpm.report.model_cards import write_cards

    torch.set_num_threads(threads)
    inputs = Inputs()
    for path in write_cards(names or inputs.trained, inputs):
        print(path, flush=True)
