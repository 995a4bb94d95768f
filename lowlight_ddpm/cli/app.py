"""The command line's one app, and the options that several commands share."""

import os
from typing import Annotated

import typer

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="See what a diffusion model does to a dark picture.",
)

_IMAGES = typer.Option(
    help="A folder of pictures or parquet files, hub:OWNER/NAME, or ours: drawn[:COUNT], fruit[:COUNT]."
)
Images = Annotated[str, _IMAGES]
OptionalImages = Annotated[str | None, _IMAGES]
Threads = Annotated[int, typer.Option(min=1, help="Processor threads.")]
ThreadsThatPay = Annotated[
    int | None, typer.Option(min=1, help="Processor threads; left out, as many as are faster here.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


def speaks() -> bool:
    """Whether this process prints and writes for its launch: launchers number their processes in RANK."""
    return os.environ.get("RANK", "0") == "0"


def load_network(variant: str, threads: int | None):
    """A variant's checkpoint, to be run on so many threads; None takes as many as pay."""
    import torch

    from lowlight_ddpm.checkpoints import load
    from lowlight_ddpm.sampling import settle_threads

    checkpoint = load(variant)
    if threads:
        torch.set_num_threads(threads)
    else:
        settle_threads(checkpoint.unet)
    return checkpoint
