"""The command that diagnoses a model of any maker."""

import json
import math
import sys
from pathlib import Path
from typing import Annotated

import typer

from lowlight_ddpm.cli.app import PATH, AsJson, OptionalImages, Threads, app, check_folder
from lowlight_ddpm.errors import Refusal


@app.command()
def diagnose(
    model: Annotated[
        str, typer.Argument(help="A folder of a diffusers pipeline, OWNER/NAME on the Hub, or a variant.")
    ],
    images: OptionalImages = None,
    mean: Annotated[
        str | None,
        typer.Option(help="Instead of images: the mean of their mean colours, like -0.2,-0.2,-0.3."),
    ] = None,
    covariance: Annotated[
        str | None,
        typer.Option(help="And their covariance, row by row, in [-1, 1] too: nine numbers, or one."),
    ] = None,
    steps: Annotated[int, typer.Option(min=1, help="Steps that the model is sampled with.")] = 50,
    count: Annotated[
        int | None, typer.Option(help="Images to generate: 16, or 8 with --quick; 0 from 256 pixels on.")
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Measure less: about a quarter of the time.")
    ] = False,
    label: Annotated[
        int | None, typer.Option(help="The class of a class-conditional model; all in turn if left out.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of all noise.")] = 0,
    device: Annotated[str | None, typer.Option(help="Where it is computed, like cpu or cuda:0.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for report.html, report.json and samples.", **PATH)
    ] = None,
    threads: Threads = 1,
    as_json: AsJson = False,
) -> None:
    """Find out whether a diffusion model's colours are wrong, why, by how much, and what to change.

    The colours are compared with those of --images, of --mean and --covariance, or of the folder's training
    record. Every correction is tried on the noise of the model's own sampling.
    """
    import torch

    from lowlight_ddpm.diagnosis.run import diagnose as run

    if out:
        check_folder(out)
    torch.set_num_threads(threads)
    report = run(
        model,
        images=images,
        mean=None if mean is None else _numbers(mean),
        covariance=None if covariance is None else _square(_numbers(covariance)),
        steps=steps,
        count=count,
        quick=quick,
        label=label,
        seed=seed,
        device=device,
        out=out,
        progress=lambda part: print(f"{part} …", file=sys.stderr, flush=True),
    )
    print(json.dumps(report.as_dict(), indent=1) if as_json else report)


def _numbers(text: str) -> list[float]:
    try:
        return [float(part) for part in text.replace(",", " ").split()]
    except ValueError:
        raise Refusal(
            f"“{text}” is no list of numbers: write them with commas, like -0.2,-0.2,-0.3."
        ) from None


def _square(numbers: list[float]) -> list[list[float]]:
    side = max(1, math.isqrt(len(numbers)))
    return [numbers[begin : begin + side] for begin in range(0, len(numbers), side)]
