"""Where a run's results go, a folder or standard output, and what is printed of it."""

import json
import sys
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Annotated

import typer

from lowlight_ddpm.cli.app import PATH, check_folder, progress
from lowlight_ddpm.cli.pictures import STREAM
from lowlight_ddpm.errors import Refusal

if TYPE_CHECKING:
    from lowlight_ddpm.runs.run import Run

Out = Annotated[
    Path,
    typer.Option(
        help="Folder for the results, made if it is missing; - sends result.png to standard output.", **PATH
    ),
]
Brighten = Annotated[bool, typer.Option(help="Write the pictures as bright as before dimming.")]
ReportAsJson = Annotated[
    bool, typer.Option("--json", help="Print what measures.json holds: a line of JSON for each run.")
]


class Output:
    """Where the runs of one command go; `names` are those of their images, where there are several.

    One run has the folder `out` to itself, of several each has one in it that is named as its image is.
    Raises Refusal for what cannot be written to.
    """

    def __init__(
        self, out: Path, *, brighten: bool, as_json: bool, quiet: bool, names: Sequence[str] = ("",)
    ) -> None:
        from lowlight_ddpm.runs.export import check_folder_name

        self.brighten, self.as_json, self.quiet, self.names = brighten, as_json, quiet, names
        self.piped = str(out) == STREAM
        self.folders = _folders(out, names)
        if self.piped:
            self._check_stream()
        else:
            check_folder_name(out)
            for folder in self.folders:
                check_folder(folder)

    def tell(self, sentence: str, place: int = 0) -> None:
        """Print a sentence on the run in a place, beside its results."""
        if not self.quiet:
            print(self._named(sentence, place), file=sys.stderr)

    def make(self, run: "Run", place: int = 0) -> None:
        """Make the run in a place, with a bar on a terminal, write its files, and print what it did."""
        from lowlight_ddpm.images.writing import save_png

        for _ in progress(run, quiet=self.quiet, unit="step", desc=self.names[place] or None):
            pass
        if self.piped:
            png = BytesIO()  # a pipe cannot be written to and fro
            save_png(run.image(self.brighten), png)
            sys.stdout.buffer.write(png.getvalue())
            sys.stdout.flush()
            self.tell(run.in_words)
            return
        paths = run.save(self.folders[place], self.brighten)
        if self.as_json:
            print(json.dumps(run.report()), flush=True)
        elif not self.quiet:
            print(self._named(run.in_words, place), *paths, sep="\n", flush=True)

    def _named(self, sentence: str, place: int) -> str:
        return f"{self.names[place]}: {sentence}" if len(self.names) > 1 else sentence

    def _check_stream(self) -> None:
        if len(self.names) > 1:
            raise Refusal("One picture fits through standard output: name a folder with --out for several.")
        if self.as_json:
            raise Refusal(
                "The picture goes to standard output with --out -: leave --json out, or name a folder."
            )
        if sys.stdout.isatty():
            raise Refusal(
                "A terminal shows no PNG: send it on, as in --out - > result.png, or name a folder."
            )


def _folders(out: Path, names: Sequence[str]) -> list[Path]:
    """A folder for each image, no two of which are the same on any file system."""
    if len(names) == 1:
        return [out]
    folders = {}
    for name in names:
        stem = PurePath(name).stem.replace(":", "_")
        folder, number = stem, 1
        while folder.lower() in folders:
            number += 1
            folder = f"{stem}-{number}"
        folders[folder.lower()] = out / folder
    return list(folders.values())
