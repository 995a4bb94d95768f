"""Commands that make runs, or measure images."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lowlight_ddpm.cli.app import AsJson, FastestThreads, OwnRows, Quiet, app, load_network
from lowlight_ddpm.cli.output import Brighten, Out, Output, ReportAsJson
from lowlight_ddpm.cli.pictures import pictures
from lowlight_ddpm.cli.settings import RecordFile, record_of, settings_of, takes_settings

if TYPE_CHECKING:
    from lowlight_ddpm.diffusion.settings import RunSettings

MOSTLY_LEFT = 0.5  # √ᾱ from which on most of an image is left
_IMAGE = "a photograph, drawn:NUMBER, fruit:NUMBER, or - for standard input"


@app.command()
@takes_settings("restore")
def denoise(
    ctx: typer.Context,
    image: Annotated[list[str], typer.Argument(metavar="IMAGE", help=f"One or more, each {_IMAGE}.")],
    *,
    brighten: Brighten = False,
    recorded: RecordFile = None,
    out: Out = Path("out"),
    as_json: ReportAsJson = False,
    quiet: Quiet = False,
    threads: FastestThreads = None,
    own_rows: OwnRows = None,
    **values,
) -> None:
    """Dim a picture, noise it, remove the noise step by step, and measure the colours.

    It shows what diffusion does: from a high --start, most of the result is invented. To make a dark
    photograph light, use `brighten`.

    Writes result.png, steps.png (noisy pictures above, estimates below), steps.gif and measures.json; of
    several pictures, into a folder each, named as the picture is.
    """
    from lowlight_ddpm import images
    from lowlight_ddpm.runs.run import Run

    record = record_of(ctx, "restore", recorded, values)
    settings = settings_of(ctx, "restore", values, record)
    given = pictures(image)
    names = [picture.name for picture in given]
    output = Output(out, brighten=brighten, as_json=as_json, quiet=quiet, names=names)
    checkpoint = load_network(settings.variant, threads)
    for place, chosen in enumerate(given):
        its_own = record and (record.beside(output.folders[place].name) if len(given) > 1 else record)
        picture = chosen.opened()
        pixels, notes = (
            images.framed(picture, checkpoint.size, settings.whole),
            images.notes(picture, settings.whole),
        )
        run = Run(settings, pixels, checkpoint=checkpoint, notes=notes, origin=chosen.origin)
        if settings.whole:
            output.tell(_duration(checkpoint, settings.steps, *pixels.shape[1:]), place)
        if not record and (left := _what_is_left(settings)):
            output.tell(left, place)
        for sentence in [*notes, *(its_own.differences(run) if its_own else ())]:
            output.tell(sentence, place)
        output.make(run, place)


@app.command()
@takes_settings("generate")
def generate(
    ctx: typer.Context,
    count: Annotated[
        int | None,
        typer.Option(min=1, max=256, help="How many pictures: 16, or as many as --settings has on record."),
    ] = None,
    *,
    brighten: Brighten = False,
    recorded: RecordFile = None,
    out: Out = Path("out"),
    as_json: ReportAsJson = False,
    quiet: Quiet = False,
    threads: FastestThreads = None,
    own_rows: OwnRows = None,
    **values,
) -> None:
    """Generate pictures from pure noise, and compare their mean colour with the training set's.

    Writes result.png (all in a grid), steps.png and steps.gif (the first) and measures.json.
    """
    from lowlight_ddpm.runs.run import Run

    record = record_of(ctx, "generate", recorded, values)
    settings = settings_of(ctx, "generate", values, record)
    output = Output(out, brighten=brighten, as_json=as_json, quiet=quiet)
    checkpoint = load_network(settings.variant, threads)
    run = Run(settings, count=count or (record.count if record else 16), checkpoint=checkpoint)
    for sentence in record.differences(run) if record else ():
        output.tell(sentence)
    output.make(run)


@app.command()
def measure(
    reference: Annotated[str, typer.Argument(help=f"The original: {_IMAGE}.")],
    image: Annotated[
        str, typer.Argument(help="The picture that may have shifted, named likewise; of its size.")
    ],
    brightness: Annotated[float, typer.Option(help="What both pictures were dimmed to, 0 to 1.")] = 1.0,
    as_json: AsJson = False,
) -> None:
    """Measure how far a picture's colours are from another's, in numbers and in words."""
    from lowlight_ddpm import api, images

    given = pictures([reference, image])
    original, shifted = (picture.opened() for picture in given)
    for picture, opened in zip(given, (original, shifted), strict=True):
        for note in images.notes(opened):
            print(f"{picture.name}: {note}", file=sys.stderr)
    shift = api.measure(original, shifted, brightness)
    if as_json:
        print(json.dumps(asdict(shift.measures) | {"in_words": shift.in_words}, indent=1))
    else:
        print(shift)


def _what_is_left(settings: "RunSettings") -> str | None:
    """How much of the image is left at a start so high that little is, in words."""
    share = float(settings.alphas_cumprod[settings.start]) ** 0.5
    if share >= MOSTLY_LEFT:
        return None
    return f"Noised to {settings.start}, {share:.0%} of the image is left (√ᾱ): the rest is invented."


def _duration(checkpoint, steps: int, height: int, width: int) -> str:
    """How long a large picture will take, in words."""
    from lowlight_ddpm.diffusion.backends import seconds_per_call, tile_count

    tiles = tile_count(height, width, checkpoint.size)
    seconds = steps * seconds_per_call(checkpoint, height, width)
    return f"{width}×{height} pixels in {tiles} tiles, {steps} steps: about {seconds:.0f} s."
