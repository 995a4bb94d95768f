"""Commands about experiments and networks: list, make images to train on, train, write cards, publish."""

import json
import os
import shlex
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Annotated

import typer

from lowlight_ddpm.cli.app import (
    PATH,
    AsJson,
    OptionalImages,
    OwnRows,
    Quiet,
    Threads,
    Trained,
    app,
    check_folder,
    is_main_process,
    progress,
    row_named,
    variant_names,
)
from lowlight_ddpm.environment import home
from lowlight_ddpm.errors import Refusal, encodable
from lowlight_ddpm.paths import STATES
from lowlight_ddpm.variants import VARIANTS, find_variant


class Precision(StrEnum):
    """The precision of the network's arithmetic; weights, averages and optimizer are always fp32."""

    fp32 = "fp32"
    bf16 = "bf16"


@app.command()
def variants(as_json: AsJson = False, own_rows: OwnRows = None) -> None:
    """List the experiments: what each changes, and which are trained."""
    from lowlight_ddpm.models.checkpoints import available

    trained = available()
    rows = [asdict(row) | {"available": row.name in trained} for row in VARIANTS.values()]
    if as_json:
        print(json.dumps(rows, indent=1))
        return
    width = max(map(len, VARIANTS))
    for row in rows:
        print(f"{row['name']:{width}}  {'' if row['available'] else '(not trained) '}{row['description']}")


@app.command()
def specimens(
    raw: Annotated[
        str, typer.Argument(help="The photographs: a folder of pictures or parquet files, or hub:OWNER/NAME.")
    ],
    out: Annotated[Path, typer.Argument(help="The folder that the squares are written to.", **PATH)],
    size: Annotated[int, typer.Option(min=16, max=1024, help="Side of the squares in pixels.")] = 128,
    quiet: Quiet = False,
) -> None:
    """Put pinned specimens, photographed on a light background, on squares of pure white.

    Each square is a PNG named as its photograph is. Photographs that cannot be cut out are listed.
    """
    from tqdm import tqdm

    from lowlight_ddpm.images import open_source
    from lowlight_ddpm.images.specimens import prepare
    from lowlight_ddpm.images.writing import save_png

    check_folder(out)
    source = open_source(raw)
    if out.resolve() == home(raw).resolve():
        raise Refusal(f"The squares would replace the photographs in “{raw}”: name another folder for them.")
    out.mkdir(parents=True, exist_ok=True)
    written, left_out = set(), 0
    for row in progress(source.rows, quiet=quiet, unit="image", mininterval=5):
        name = f"“{row['name']}” of {source.label}"
        try:
            square = prepare(source.opens(row["image"], name), size, name)
        except Refusal as refusal:
            left_out += 1
            tqdm.write(f"Left out: {refusal}")
            continue
        path = _free(row["name"], written)
        (out / path).parent.mkdir(parents=True, exist_ok=True)
        save_png(square, out / path, optimize=True)
        written.add(path)
    print(f"{out} holds {len(written)} specimens; {left_out} photographs were left out.")
    if not written:
        raise typer.Exit(1)


def _free(name: str, taken: set[Path]) -> Path:
    """The PNG for a photograph: a.png for a.jpg, or a.png.png where another a has taken that.

    A name of the Hub cannot lead out of the folder.
    """
    path = Path(*(part for part in PurePosixPath(name).parts if part not in ("/", ".."))).with_suffix(".png")
    while path in taken:
        path = path.with_name(f"{path.name}.png")
    return path


@app.command()
def train(
    name: Annotated[
        str, typer.Argument(help="The variant to train: see `variants`.", autocompletion=variant_names)
    ],
    images: OptionalImages = None,
    epochs: Annotated[
        int | None, typer.Option(min=1, help="Number of epochs; the variant's own if left out.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Where the checkpoint goes: checkpoints/NAME.", **PATH)
    ] = None,
    synthetic: Annotated[
        int | None,
        typer.Option(min=0, help="Synthetic butterflies to add: the variant's own number if left out."),
    ] = None,
    licence: Annotated[
        str | None,
        typer.Option(help="Licence of the training images, like CC0-1.0: for the record and the card."),
    ] = None,
    subject: Annotated[
        str | None,
        typer.Option(help="What the images show, like moths: for the record and the card."),
    ] = None,
    precision: Annotated[
        Precision, typer.Option(help="Arithmetic of the network: fp32, or bf16 autocast.")
    ] = Precision.fp32,
    accumulate: Annotated[
        int,
        typer.Option(min=1, help="Gradient accumulation: parts that a batch is split into, to save memory."),
    ] = 1,
    quiet: Quiet = False,
    threads: Threads = 1,
    own_rows: OwnRows = None,
) -> None:
    """Train a variant and write its checkpoint.

    The state is kept in runs/; the same command run again continues where it was stopped or killed. A variant
    of synthetic pictures needs no --images. Under torchrun or `accelerate launch` processes share each batch.
    """
    import torch

    from lowlight_ddpm.models import checkpoints
    from lowlight_ddpm.training import loop, milestones, records, saved_state
    from lowlight_ddpm.training.distributed import on_main

    torch.set_num_threads(threads)
    variant = row_named(name)
    learner = find_variant(variant.trained_as)
    source = images or learner.source
    if not source:
        raise Refusal(f"The variant {name} learns from pictures of your choice: name them with --images.")
    folder = out or checkpoints.ROOT / name
    check_folder(folder)
    recipe = loop.Recipe(
        epochs or learner.epochs,
        channels=learner.channels,
        attention_head_dim=learner.attention_head_dim,
        drawn=learner.synthetic if synthetic is None else synthetic,
    )
    # A row says what its own set shows, not what another set does.
    its_own = source == learner.source or (not learner.source and recipe.drawn == learner.synthetic)
    shown = (learner.subject if its_own else "") if subject is None else subject
    state = STATES / learner.name / "state.pt"
    data = on_main(lambda: records.training_set(source, recipe.drawn, learner.size, licence, shown))
    if recipe.drawn and is_main_process() and not quiet:
        says = f", and the card says that all of them show {shown}" if shown else ""
        print(
            f"{recipe.drawn} synthetic butterflies are added to the images of “{data.label}”{says}: "
            "--synthetic 0 leaves them out.",
            flush=True,
        )
    arithmetic = "no" if precision is Precision.fp32 else precision.value
    job = loop.Training(learner, data.images["learned"], recipe, arithmetic, accumulate)
    kept = state.parent / "milestones"
    command = encodable(shlex.join(["python", "-m", "lowlight_ddpm", *sys.argv[1:]]))

    total = job.total_steps * job.batch_size
    bar = progress(quiet=quiet, total=total, unit="image", desc=name, mininterval=5)
    if is_main_process() and not quiet:
        learned, held_out = (len(data.names[part]) for part in ("learned", "held_out"))
        steps = f"steps: {job.total_steps}, of {job.batch_size} images"
        left_out = learned % job.batch_size
        rest = f", and leaves out {left_out} images, others every time" if left_out else ""
        print(
            f"{learned} images are learned, {held_out} held out; {steps}; "
            f"an epoch has {job.steps_per_epoch}{rest}.",
            flush=True,
        )
    with stop_requested() as stopped, bar:
        for step in saved_state.run(job, state, stopped=stopped):
            bar.update(step.step * job.batch_size - bar.n)
            place, loss = f"{step.epoch}/{recipe.epochs}", f"{step.loss:.4f}"
            bar.set_postfix(epoch=place, loss=loss, refresh=False)
            if step.ends_epoch and bar.disable and is_main_process() and not quiet:  # a log has lines, no bar
                print(f"{name}: epoch {place}, loss {loss}", file=sys.stderr, flush=True)
            if is_main_process() and milestones.is_milestone(job):
                if bar.disable and not quiet:
                    print(
                        f"{name}: epoch {place}, drawing {milestones.SAMPLES} samples",
                        file=sys.stderr,
                        flush=True,
                    )
                milestones.keep(kept, job, data.measured("reported"))
            if is_main_process() and step.ends_epoch and step.epoch == records.POST_EPOCHS:
                records.export(state.parent / f"epoch-{step.epoch}", job, data, learner, command, kept)
    # From here on the processes need no communication. While they meet, gloo's threads release their Python
    # objects: PyTorch 2.8 would wait for them while holding the GIL, which they need for that.
    job.accelerator.wait_for_everyone()
    job.accelerator.end_training()
    done = job.place.step == job.total_steps
    if is_main_process():
        if done:
            records.export(folder, job, data, variant, command, kept)
            if not quiet:
                print(f"{folder} is trained: {job.place.step} steps, last loss {job.place.losses[-1]:.4f}.")
        else:
            where = f"step {job.place.step} of {job.total_steps}"
            print(f"Stopped after {where}: the same command goes on from there.")
    if not done:
        raise typer.Exit(1)


@contextmanager
def stop_requested() -> Iterator[Callable[[], bool]]:
    """Whether Ctrl-C or SIGTERM has requested a stop; a second one does not wait for the step under way.

    After some epochs that step is long, since samples are drawn: so the first is answered at once.
    """
    received, usual = [], {}

    def note(number: int, _) -> None:
        received.append(number)
        signal.signal(number, usual[number])
        # Not by print: the signal may come in the middle of one.
        os.write(2, b"Stopping after this step, and the samples if they are due; again to stop at once.\n")

    for number in (signal.SIGINT, signal.SIGTERM):
        usual[number] = signal.signal(number, note)
    try:
        yield lambda: bool(received)
    finally:
        for number, handler in usual.items():
            signal.signal(number, handler)


@app.command()
def cards(
    names: Trained = None,
    threads: Threads = 1,
    own_rows: OwnRows = None,
) -> None:
    """Write the model cards again, with what was measured and sixteen pictures from pure noise."""
    import torch

    from lowlight_ddpm.figures import Inputs
    from lowlight_ddpm.report.publish import write_cards

    torch.set_num_threads(threads)
    inputs = Inputs()
    for name in names or ():
        if row_named(name).name not in inputs.trained:
            raise Refusal(f"The variant {name} has no checkpoint in {inputs.root}: train it first.")
    for path in write_cards(names or inputs.trained, inputs):
        print(path, flush=True)


@app.command()
def publish(
    names: Annotated[
        list[str],
        typer.Argument(
            help="Names of the variants whose checkpoints are uploaded.", autocompletion=variant_names
        ),
    ],
    space: Annotated[str | None, typer.Option(help="The Space, OWNER/NAME.")] = None,
    models: Annotated[
        str | None, typer.Option(help="Hub user or organisation that owns the checkpoints' repositories.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="List what would be uploaded, and upload nothing.")
    ] = False,
    own_rows: OwnRows = None,
) -> None:
    """Upload the named checkpoints to the Hub, as models with their cards, in a Space, or both.

    The token is that of `hf auth login`, or HF_TOKEN.
    """
    from huggingface_hub import HfApi

    from lowlight_ddpm.report import publish

    for name in names:
        row_named(name)
    for upload in publish.uploads(names, space, models):
        size = sum(path.stat().st_size for path in upload.files.values()) / 1e6
        print(f"{upload.kind} {upload.repository}: {len(upload.files)} files, {size:.1f} MB")
        if dry_run:
            print("\n".join(f"  {path}" for path in upload.files))
        else:
            print(f"  at {publish.publish(upload, HfApi())}")
