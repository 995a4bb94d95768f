"""Commands that make one run, or look at pictures."""

import inspect
import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from lowlight_ddpm.cli.app import AsJson, ThreadsThatPay, app, load_network
from lowlight_ddpm.errors import Refusal

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
    "backend": (str, "What computes the network: torch, or onnx where ONNX Runtime is installed.", "torch"),
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


@app.command()
@takes_run_options
def denoise(
    image: Annotated[str, typer.Argument(help="A photograph, drawn:NUMBER or fruit:NUMBER.")],
    brightness: Annotated[float | None, typer.Option(help="Factor on pixel values, like 0.5.")] = None,
    light: Annotated[str, typer.Option(help="How it is dimmed: pixels, or as by a camera.")] = "pixels",
    start: Annotated[int, typer.Option(help="Timestep to noise it to: 0 hardly, 999 to nothing.")] = 600,
    anchor: Annotated[
        bool, typer.Option("--anchor", help="Hold the mean colour to what the noised picture tells of it.")
    ] = False,
    whole: Annotated[
        bool,
        typer.Option("--whole", help="All of it at its own size, in tiles, not its square at the network's."),
    ] = False,
    brighten: Brighten = False,
    recorded: Recorded = None,
    out: Out = Path("out"),
    threads: ThreadsThatPay = None,
    **run,
) -> None:
    """Dim a picture, noise it, take the noise away step by step, and measure the colours.

    Writes result.png, steps.png (noisy pictures above, estimates below), steps.gif and measures.json.
    """
    from lowlight_ddpm import images
    from lowlight_ddpm.diffusion.settings import run_settings
    from lowlight_ddpm.runs.run import Run

    settings = (
        _recorded(recorded, "restore")
        if recorded
        else run_settings(brightness=brightness, light=light, whole=whole, start=start, anchor=anchor, **run)
    )
    checkpoint = load_network(settings.variant, threads)
    size = checkpoint.unet.config.sample_size
    pixels = images.framed(images.open_picture(image), size, settings.whole)
    if settings.whole:
        _announce(checkpoint, settings.steps, *pixels.shape[1:])
    _watch(Run(settings, checkpoint, pixels), out, brighten)


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
    threads: ThreadsThatPay = None,
    **run,
) -> None:
    """Draw pictures from pure noise, and hold their mean colour against the training set's.

    Writes result.png (all in a grid), steps.png and steps.gif (the first) and measures.json.
    """
    from lowlight_ddpm.diffusion.settings import run_settings
    from lowlight_ddpm.runs.run import Run

    settings = (
        _recorded(recorded, "generate")
        if recorded
        else run_settings(mode="generate", leak_start=leak_start, **run)
    )
    checkpoint = load_network(settings.variant, threads)
    _watch(Run(settings, checkpoint, count=count or (1 if recorded else 16)), out, brighten)


@app.command()
def measure(
    reference: Annotated[Path, typer.Argument(help="The original.")],
    image: Annotated[Path, typer.Argument(help="The picture that may have shifted; of the same size.")],
    brightness: Annotated[float, typer.Option(help="What both pictures were dimmed to, 0 to 1.")] = 1.0,
    as_json: AsJson = False,
) -> None:
    """Say how far a picture's colours are from another's, in figures and in words."""
    from lowlight_ddpm import api

    judgement = api.measure(reference, image, brightness)
    if as_json:
        print(json.dumps(asdict(judgement.measures) | {"in_words": judgement.in_words}, indent=1))
    else:
        print(judgement)


def _recorded(path: Path, mode: str):
    """The settings of an earlier run, which must be one of the command's kind."""
    from lowlight_ddpm.diffusion.settings import run_settings

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


def _watch(run, out: Path, brighten: bool) -> None:
    """Make a run with a progress bar on the terminal; write what it leaves, and say what it did."""
    from tqdm import tqdm

    for _ in tqdm(run, unit="step"):
        pass
    paths = run.save(out, brighten)
    print(run.in_words, *paths, sep="\n")


def _announce(checkpoint, steps: int, height: int, width: int) -> None:
    """Say how long a large picture will take."""
    from lowlight_ddpm.diffusion.sampling import seconds_per_call
    from lowlight_ddpm.diffusion.tiling import tile_count

    tiles = tile_count(height, width, checkpoint.unet.config.sample_size)
    seconds = steps * seconds_per_call(checkpoint, height, width)
    print(f"{width}×{height} pixels in {tiles} tiles, {steps} steps: about {seconds:.0f} s.", file=sys.stderr)
