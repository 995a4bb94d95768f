"""The command that takes trained networks into the study, and has all that depends on them made again."""

from pathlib import Path
from typing import Annotated

import typer

from lowlight_ddpm.cli.app import PATH, Images, Quiet, Threads, app, variant_names
from lowlight_ddpm.cli.studies import evaluate, figures, findings
from lowlight_ddpm.cli.training import cards


@app.command()
def adopt(
    names: Annotated[
        list[str], typer.Argument(help="Variants whose networks wait.", autocompletion=variant_names)
    ],
    images: Images,
    waiting: Annotated[
        Path | None, typer.Option(help="Where they wait; checkpoints/next if left out.", **PATH)
    ] = None,
    quiet: Quiet = False,
    threads: Threads = 1,
) -> None:
    """Take trained networks into the study: check, move and evaluate them, and write all documents again.

    Nothing is moved unless all are as the study's networks must be: trained by a recorded command to the end,
    in fp32, on the same images, small, and drawing in plain diffusers. Results of networks that are no longer
    there are deleted. Evaluation takes an hour a network on one thread; the same command goes on where it was
    stopped. `make prepared` then makes the page's prepared images again.
    """
    from lowlight_ddpm.models.checkpoints import ROOT
    from lowlight_ddpm.study.results import forget_replaced
    from lowlight_ddpm.training import adoption

    place = waiting or ROOT / "next"
    here = [name for name in names if (place / name).is_dir() or not (ROOT / name).is_dir()]
    for name in here:
        adoption.check(name, place)
    for name in here:
        adoption.move(name, place)
    forget_replaced()
    evaluate(names, images, quiet, threads)
    cards(names, threads)
    figures(threads=threads)
    findings(write=True)
