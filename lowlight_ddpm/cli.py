"""The command line: every command reads its options, calls the core and prints what it gives.

Heavy imports stand inside the commands, so that --help and a typing mistake answer at once.
"""

import inspect
import json
import shlex
import sys
from collections.abc import Callable
from dataclasses import asdict
from functools import lru_cache
from itertools import zip_longest
from pathlib import Path
from typing import Annotated

import typer

from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.variants import VARIANTS, find_variant

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="See what a diffusion model does to a dark picture.",
)

STATES = Path("runs")

# Options that several commands share.
Images = Annotated[str, typer.Option(help="A folder of pictures, hub:OWNER/NAME, drawn or drawn:COUNT.")]
Threads = Annotated[int, typer.Option(min=1, help="Processor threads.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Brighten = Annotated[bool, typer.Option(help="Show the pictures as bright as before dimming.")]
Recorded = Annotated[
    Path | None,
    typer.Option("--settings", help="A run.json or measures.json: the settings in it, not the options'."),
]
Out = Annotated[Path, typer.Option(help="Folder for the results; made if it is missing.")]

# Fields of RunSettings that every run has: (what it is, help, default). None is as the variant was trained.
RUN_OPTIONS = {
    "variant": (str, "Which trained network: see `variants`.", "dim"),
    "steps": (int, "Network calls, 1 to 1000: more is finer and slower.", 50),
    "sampler": (
        str,
        "How steps are taken: ddpm, or without new noise ddim, pndm, dpm++, unipc, deis.",
        "ddpm",
    ),
    "variance_type": (
        str,
        "Noise that ddpm adds: fixed_small, fixed_large, or either with _log behind it.",
        None,
    ),
    "beta_start": (float, "Noise variance of the first timestep, like 0.0001.", None),
    "beta_end": (float, "Noise variance of the last timestep, like 0.02.", None),
    "clip": (bool, "Clip every estimate of the clean picture to what can be shown.", True),
    "clip_to_data": (bool, "Clip every estimate to what a picture this dim can hold.", False),
    "epsilon_scale": (float, "Divide the noise that the network finds by this: 1.006 takes away less.", 1.0),
    "seed": (int, "The noise: the same seed gives the same pictures again.", 0),
}


def takes_run_options(command: Callable) -> Callable:
    """Give a command with a `**run` the options of RUN_OPTIONS instead: typer reads signatures."""
    *own, _ = inspect.signature(command).parameters.values()
    shared = [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=default,
            annotation=Annotated[kind | None if default is None else kind, typer.Option(help=text)],
        )
        for name, (kind, text, default) in RUN_OPTIONS.items()
    ]
    command.__signature__ = inspect.Signature([*own, *shared])
    return command


def main() -> None:
    """Run the command line; a refusal is printed as its one sentence, with exit status 2."""
    try:
        app()
    except Refusal as refusal:
        print(refusal, file=sys.stderr)
        raise SystemExit(2) from None


@app.command()
def variants(as_json: AsJson = False) -> None:
    """List the experiments: what each changes, and which are trained."""
    from lowlight_ddpm.checkpoints import available

    trained = available()
    rows = [asdict(row) | {"available": row.name in trained} for row in VARIANTS.values()]
    if as_json:
        print(json.dumps(rows, indent=1))
        return
    width = max(map(len, VARIANTS))
    for row in rows:
        print(f"{row['name']:{width}}  {'' if row['available'] else '(not trained) '}{row['lesson']}")


@app.command()
@takes_run_options
def denoise(
    image: Annotated[str, typer.Argument(help="A photograph, or drawn:NUMBER.")],
    brightness: Annotated[float | None, typer.Option(help="Factor on pixel values, like 0.5.")] = None,
    light: Annotated[str, typer.Option(help="How it is dimmed: pixels, or as by a camera.")] = "pixels",
    start: Annotated[int, typer.Option(help="Timestep to noise it to: 0 hardly, 999 to nothing.")] = 600,
    anchor: Annotated[
        bool, typer.Option("--anchor", help="Hold the mean colour to what the noised picture tells of it.")
    ] = False,
    whole: Annotated[
        bool, typer.Option("--whole", help="All of it at its own size, in tiles, not its square at 64 px.")
    ] = False,
    brighten: Brighten = False,
    recorded: Recorded = None,
    out: Out = Path("out"),
    threads: Threads = 1,
    **run,
) -> None:
    """Dim a picture, noise it, take the noise away step by step, and measure the colours.

    Writes result.png, steps.png (noisy pictures above, estimates below), steps.gif and measures.json.
    """
    from lowlight_ddpm import images
    from lowlight_ddpm.settings import run_settings

    settings = (
        _recorded(recorded, "restore")
        if recorded
        else run_settings(brightness=brightness, light=light, whole=whole, start=start, anchor=anchor, **run)
    )
    checkpoint = _load(settings.variant, threads)
    size = checkpoint.unet.config.sample_size
    pixels = images.framed(images.open_picture(image), size, settings.whole)
    if settings.whole:
        _announce(checkpoint, settings.steps, *pixels.shape[1:])
    dim = settings.dim(pixels[None])
    walk = _walk(checkpoint, settings, dim)

    from lowlight_ddpm.judgement import judge
    from lowlight_ddpm.outputs import run_report, write_run

    judgement = judge(walk.steps, dim[0], settings.brightness, checkpoint.frame.scale)
    report = run_report(settings, walk, **asdict(judgement))
    paths = write_run(out, report, walk, 1 / settings.brightness if brighten else 1.0)
    print(judgement.in_words, *paths, sep="\n")


@app.command()
@takes_run_options
def generate(
    count: Annotated[
        int | None, typer.Option(min=1, max=256, help="How many pictures: 16, or 1 with --settings.")
    ] = None,
    leak_start: Annotated[
        bool, typer.Option("--leak-start", help="Start with a trace of a training colour in the noise.")
    ] = False,
    brighten: Brighten = False,
    recorded: Recorded = None,
    out: Out = Path("out"),
    threads: Threads = 1,
    **run,
) -> None:
    """Draw pictures from pure noise, and hold their mean colour against the training set's.

    Writes result.png (all in a grid), steps.png and steps.gif (the first) and measures.json.
    """
    from lowlight_ddpm.settings import run_settings

    settings = (
        _recorded(recorded, "generate")
        if recorded
        else run_settings(mode="generate", leak_start=leak_start, **run)
    )
    checkpoint = _load(settings.variant, threads)
    count = count or (1 if recorded else 16)
    walk = _walk(checkpoint, settings, count=count)

    from lowlight_ddpm.colour import channel_means
    from lowlight_ddpm.outputs import run_report, write_run

    means = channel_means(walk.steps[-1].x0)
    figures = {"means": means.mean(dim=0).tolist(), "training_means": checkpoint.training_means.tolist()}
    report = run_report(settings, walk, **figures)
    paths = write_run(out, report, walk, 1 / settings.brightness if brighten else 1.0)
    print("Mean R, G, B of {}: {:.1f} {:.1f} {:.1f}".format(count, *figures["means"]))
    print("In the training set: {:.1f} {:.1f} {:.1f}".format(*figures["training_means"]))
    print(*paths, sep="\n")


@app.command()
def measure(
    reference: Annotated[Path, typer.Argument(help="The original.")],
    image: Annotated[Path, typer.Argument(help="The picture that may have shifted; of the same size.")],
    brightness: Annotated[float, typer.Option(help="What both pictures were dimmed to, 0 to 1.")] = 1.0,
    as_json: AsJson = False,
) -> None:
    """Say how far a picture's colours are from another's, in figures and in words."""
    from lowlight_ddpm import images
    from lowlight_ddpm.judgement import between

    judgement = between(images.read(reference), images.read(image), brightness)
    figures = asdict(judgement.measures)
    if as_json:
        print(json.dumps(figures | {"in_words": judgement.in_words}, indent=1))
        return
    for name, figure in figures.items():
        print(f"{name:20} {'undefined' if figure is None else format(figure, '.4g')}")
    print(judgement.in_words)


@app.command()
def train(
    name: Annotated[str, typer.Argument(help="The variant to train: see `variants`.")],
    images: Images,
    epochs: Annotated[int | None, typer.Option(min=1, help="Times that every picture is seen.")] = None,
    out: Annotated[Path | None, typer.Option(help="Where the checkpoint goes: checkpoints/NAME.")] = None,
    threads: Threads = 1,
) -> None:
    """Train a variant and write its checkpoint.

    The state is kept in runs/; the same command run again goes on where it was stopped or killed.
    """
    import torch
    from tqdm import tqdm

    from lowlight_ddpm import checkpoints, recording, training
    from lowlight_ddpm.network import RESOLUTION

    torch.set_num_threads(threads)
    variant = find_variant(name)
    learner = find_variant(variant.trained_as)
    recipe = training.Recipe(epochs or learner.epochs)
    data = recording.training_set(images, recipe.drawn)
    state = STATES / learner.name / "state.pt"
    precision = training.precision_of(state) or training.fastest_precision(learner, recipe, RESOLUTION)
    job = training.Training(learner, data.pictures, recipe, precision)
    folder = out or checkpoints.ROOT / name
    command = shlex.join(["python", "-m", "lowlight_ddpm", *sys.argv[1:]])

    with tqdm(total=job.total_steps * job.batch_size, unit="image", desc=name, mininterval=5) as bar:
        for step in training.run(job, state):
            bar.update(step.step * job.batch_size - bar.n)
            bar.set_postfix(epoch=f"{step.epoch}/{recipe.epochs}", loss=f"{step.loss:.4f}", refresh=False)
            if step.ends_epoch and step.epoch == recording.POST_EPOCHS:
                recording.export(state.parent / f"epoch-{step.epoch}", job, data, learner, command)
    recording.export(folder, job, data, variant, command)
    print(f"{folder} is trained: {job.place.step} steps, last loss {job.place.losses[-1]:.4f}.")


@app.command()
def evaluate(
    names: Annotated[list[str] | None, typer.Argument(help="Variants; all that are trained if none.")] = None,
    images: Annotated[str | None, typer.Option(help="The photographs trained on: folder, hub:...")] = None,
    threads: Threads = 1,
) -> None:
    """Run the post's protocol on every variant, and print what it gives.

    16 unseen pictures, drawn ones and those of --images, noised to 50, 300, 600 and 999 and restored, with
    two noise seeds; 64 pictures from pure noise; both variance types. What results/ holds is not run again.
    """
    import torch
    from tqdm import tqdm

    from lowlight_ddpm import checkpoints, evaluation, results

    torch.set_num_threads(threads)
    names = names or checkpoints.available()
    drawn = evaluation.evaluation_set("drawn")
    todo = []
    for name in names:
        pictures, photographs = [drawn], None
        if images:
            photographs = _evaluation_set(images, tuple(checkpoints.record(name)["held_out"]))
            pictures.append(photographs)
            evaluation.describe_training_set(photographs, find_variant(name).brightness)
        todo.append(evaluation.cells(name, pictures, photographs))
    # A cell of every variant in turn: a run that is cut short leaves what can be compared.
    in_turn = [cell for turn in zip_longest(*todo) for cell in turn if cell]
    for cell in tqdm(in_turn, unit="cell"):
        if not cell.done:
            cell.run()
    rows = results.table()
    print(
        results.summary(rows[rows.variant.isin(names)]).to_string(index=False, float_format="{:.2f}".format)
    )


@lru_cache
def _evaluation_set(images: str, held_out: tuple[str, ...]):
    from lowlight_ddpm.evaluation import evaluation_set

    return evaluation_set(images, held_out)


@app.command()
def baselines(
    name: Annotated[str, typer.Argument(help="The variant to compare: see `variants`.")],
    images: Images,
    as_json: AsJson = False,
    threads: Threads = 1,
) -> None:
    """Restore held-out pictures from 100, 300 and 600, beside the best classical filters and pure noise.

    16 pictures, 4 noise seeds, 50 steps; takes some minutes. Shifts are signed means in 1/255.
    """
    from lowlight_ddpm import baselines

    checkpoint = _load(name, threads)
    data = _evaluation_set(images, tuple(checkpoint.record["held_out"]))
    rows = []
    if not as_json:
        print(f"{name} on {len(data.unseen)} unseen pictures of “{data.label}”")
        print(f"{'start':>5}  {'method':22} {'SSIM':>6}  {'dR':>6} {'dG':>6} {'dB':>6}")
    for row in baselines.restorations(checkpoint, data):
        rows.append(asdict(row))
        if not as_json:
            shifts = " ".join(f"{shift:+6.1f}" for shift in (row.shift_r, row.shift_g, row.shift_b))
            print(f"{row.start:5}  {row.method:22} {row.ssim:6.3f}  {shifts}", flush=True)
    _, noise = baselines.from_noise(checkpoint, data)
    if as_json:
        print(json.dumps({"restorations": rows, "from_noise": asdict(noise)}, indent=1))
        return
    print("pure noise                    samples             training")
    for label, ours, theirs in (
        ("means", noise.means, noise.reference_means),
        ("border mean", noise.border_mean, noise.reference_border_mean),
        ("border deviation", noise.border_std, noise.reference_border_std),
    ):
        print(
            f"       {label:22} "
            + "   ".join("{:5.1f} {:5.1f} {:5.1f}".format(*rgb) for rgb in (ours, theirs))
        )


@app.command()
def findings(
    names: Annotated[list[str] | None, typer.Argument(help="Tables like claims; all if none.")] = None,
    write: Annotated[bool, typer.Option("--write", help="Write them into README and docs instead.")] = False,
) -> None:
    """Print what the results say, as Markdown: a verdict on each claim of the post, and what explains it."""
    from lowlight_ddpm.figures import Inputs
    from lowlight_ddpm.report import BLOCKS, PAGES, fill, written

    inputs = Inputs()
    if write:
        for page in PAGES:
            page.write_text(fill(page.read_text(), inputs))
            print(page)
        return
    for name in names or BLOCKS:
        print(f"{name}\n\n{written(name, inputs)}\n")


@app.command()
def figures(
    names: Annotated[list[str] | None, typer.Argument(help="Figures like 1.1-walk; all if none.")] = None,
    images: Annotated[str | None, typer.Option(help="Photographs to draw from, not drawn ones.")] = None,
    out: Annotated[Path | None, typer.Option(help="Where they go; docs/figures if left out.")] = None,
    threads: Threads = 1,
) -> None:
    """Draw the figures of the post again, and ours, from what is trained and evaluated.

    What cannot be drawn yet is left out, and said. Figures of photographs never go to docs/.
    """
    import torch

    from lowlight_ddpm.figures import Inputs, draw_figures

    torch.set_num_threads(threads)
    for line in draw_figures(names or [], Inputs(images=images), out):
        print(line, flush=True)


@app.command()
def cards(
    names: Annotated[list[str] | None, typer.Argument(help="Variants; all that are trained if none.")] = None,
    threads: Threads = 1,
) -> None:
    """Write the model cards again, with what was measured and sixteen pictures from pure noise."""
    import torch

    from lowlight_ddpm.cards import write_cards
    from lowlight_ddpm.figures import Inputs

    torch.set_num_threads(threads)
    inputs = Inputs()
    for path in write_cards(names or inputs.trained, inputs):
        print(path, flush=True)


def _recorded(path: Path, mode: str):
    """The settings of an earlier run, which must be one of the command's kind."""
    from lowlight_ddpm.settings import run_settings

    try:
        settings = run_settings(**json.loads(path.read_text())["settings"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        if isinstance(error, Refusal):
            raise
        raise Refusal(f"{path} holds no settings of a run: give a run.json or a measures.json.") from error
    if settings.mode != mode:
        other = {"restore": "denoise", "generate": "generate"}[settings.mode]
        raise Refusal(f"The run in {path} is another kind of run: use the command {other}.")
    return settings


def _load(variant: str, threads: int):
    import torch

    from lowlight_ddpm.checkpoints import load

    torch.set_num_threads(threads)
    return load(variant)


def _walk(checkpoint, settings, dim=None, count: int = 1):
    """The history of a run, with a progress bar on the terminal."""
    from tqdm import tqdm

    from lowlight_ddpm.history import History
    from lowlight_ddpm.sampling import denoise as steps_of

    history = History()
    for step in tqdm(steps_of(checkpoint, settings, dim, count), total=settings.steps, unit="step"):
        history.keep(step)
    return history


def _announce(checkpoint, steps: int, height: int, width: int) -> None:
    """Say how long a large picture will take."""
    from lowlight_ddpm.sampling import seconds_per_call
    from lowlight_ddpm.tiling import tile_count

    tiles = tile_count(height, width, checkpoint.unet.config.sample_size)
    seconds = steps * seconds_per_call(checkpoint, height, width)
    print(f"{width}×{height} pixels in {tiles} tiles, {steps} steps: about {seconds:.0f} s.", file=sys.stderr)
