"""The command line's one app, and the options that several commands share."""

import logging
import os
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from lowlight_ddpm import __version__, environment
from lowlight_ddpm.environment import MOST_THREADS, home
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.variants import (
    OR_OWN,
    OR_ROW,
    VARIANTS,
    Variant,
    find_variant,
    register_file,
    register_from_environment,
)


class _Command(TyperCommand):
    """A command that reads the environment once it is to do something: its --help is there in any."""

    def invoke(self, ctx: typer.Context) -> Any:
        environment.check()
        register_from_environment()
        return super().invoke(ctx)


class _App(typer.Typer):
    def command(self, *arguments: Any, **options: Any) -> Any:
        return super().command(*arguments, cls=_Command, **options)


app = _App(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="See what a diffusion model does to a dark picture: `denoise` shows diffusion, and invents what "
    "noise hides. To make dark photographs light use `brighten`, which invents nothing; `dark` measures "
    "both on pairs of photographs.",
)

PATH = {"parser": home, "metavar": "PATH"}  # of every option that is a path: ~ is the home folder
_IMAGES = typer.Option(
    help="A folder of images or parquet, a zip, hub:OWNER/NAME, or synthetic: drawn[:COUNT], fruit[:COUNT]."
)
Images = Annotated[str, _IMAGES]
OptionalImages = Annotated[str | None, _IMAGES]
Threads = Annotated[int, typer.Option(min=1, max=MOST_THREADS, help="Processor threads.")]
FastestThreads = Annotated[
    int | None,
    typer.Option(
        min=1, max=MOST_THREADS, help="Processor threads; if left out, the number that is fastest here."
    ),
]


def _registered(file: Path | None) -> None:
    if file:
        register_file(file)


OwnRows = Annotated[
    Path | None,
    typer.Option(
        "--variants",
        callback=_registered,
        help="A TOML file with variants of your own; LOWLIGHT_VARIANTS names one for every command.",
        **PATH,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


def _hushed(quiet: bool) -> bool:
    if quiet:  # until the command line has ended: it sets the level anew
        logging.getLogger("lowlight_ddpm").setLevel(logging.WARNING)
    return quiet


Quiet = Annotated[
    bool,
    typer.Option(
        "--quiet", "-q", callback=_hushed, help="Show no progress; print what is asked for, and errors."
    ),
]


def variant_names(incomplete: str) -> list[str]:
    """Names of variants that begin so: what a shell completes a word with."""
    with suppress(Refusal):
        register_from_environment()
    return [name for name in VARIANTS if name.startswith(incomplete)]


Trained = Annotated[
    list[str] | None,
    typer.Argument(help="Names of variants; all that are trained if none.", autocompletion=variant_names),
]


def _print_version(requested: bool) -> None:
    if requested:
        print(f"lowlight-ddpm {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Print the version.")
    ] = False,
) -> None:
    """Options that stand before a command."""


def is_main_process() -> bool:
    """Whether this is the process of its launch that prints and writes; launchers number theirs in RANK."""
    try:
        return not environment.value("RANK")
    except Refusal:  # of a number that is none; someone has to print it
        return True


def progress(steps: Any = None, *, quiet: bool = False, **options: Any) -> Any:
    """A bar of tqdm's over `steps`; it is seen where the main process writes to a terminal."""
    from tqdm import tqdm

    return tqdm(steps, disable=True if quiet or not is_main_process() else None, **options)


def told(jobs: Iterator[Any], total: int, unit: str, quiet: bool) -> Iterator[Any]:
    """`jobs` with a bar; off a terminal, where a log has lines, with a line after each and the time left."""
    bar = progress(quiet=quiet, total=total, unit=unit)
    began = time.monotonic()
    with bar:
        for done, job in enumerate(jobs, 1):
            bar.update()
            if bar.disable and is_main_process() and not quiet:
                left = (time.monotonic() - began) / done * (total - done) / 60
                print(f"{unit} {done}/{total}, about {left:.0f} min left", file=sys.stderr, flush=True)
            yield job


def check_folder(folder: Path) -> None:
    """Raise Refusal unless files can be put into a folder, which need not be there; none is made."""
    there = next(place for place in (folder, *folder.absolute().parents) if os.path.lexists(place))
    if not there.is_dir():
        raise Refusal(f"“{there}” is no folder: name another for the results.")
    if not os.access(there, os.W_OK | os.X_OK):
        raise Refusal(f"Nothing may be written into “{there}”: name another folder for the results.")


def row_of(network: str) -> Variant:
    """The row of a variant, or of the network in a folder or at OWNER/NAME of the Hub."""
    if network in VARIANTS or not is_known(network):
        return find_variant(network, OR_OWN)  # at once, as torch takes seconds
    from lowlight_ddpm.models.checkpoints import row_at

    return row_at(network)


def is_known(network: str) -> bool:
    """Whether it is a name that there is here, or may be a place."""
    return network in VARIANTS or _is_place(network) or bool(environment.network_called(network))


def row_named(name: str) -> Variant:
    """The row of a variant, for a command that keeps what it makes by its name."""
    if name not in VARIANTS and _is_place(name):
        raise Refusal(
            f"“{name}” is a place, and this command keeps what it makes by names of variants: give the name "
            "of its row, which --variants or LOWLIGHT_VARIANTS may add, and have LOWLIGHT_CHECKPOINTS name "
            "the folder that it is in."
        )
    return find_variant(name, OR_ROW)


def _is_place(network: str) -> bool:
    return "/" in network or home(network).is_dir()


def load_network(network: str, threads: int | None):
    """The checkpoint of what `row_of` takes, to be run on so many threads; None: as many as are fastest."""
    import torch

    from lowlight_ddpm.diffusion.backends import settle_threads
    from lowlight_ddpm.models.checkpoints import open_network

    checkpoint = open_network(network)
    if threads:
        torch.set_num_threads(threads)
    else:
        settle_threads(checkpoint.unet)
    return checkpoint
