"""The command that makes training pictures of photographs of pinned specimens."""

from pathlib import Path, PurePosixPath
from typing import Annotated

import typer

from lowlight_ddpm.cli.app import app
from lowlight_ddpm.errors import Refusal


@app.command()
def specimens(
    raw: Annotated[
        str, typer.Argument(help="The photographs: a folder of pictures or parquet files, or hub:OWNER/NAME.")
    ],
    out: Annotated[Path, typer.Argument(help="The folder that the squares are written to.")],
    size: Annotated[int, typer.Option(min=16, max=1024, help="Side of the squares in pixels.")] = 128,
) -> None:
    """Put pinned specimens, photographed on a light background, on squares of pure white.

    Each square is a PNG named as its photograph is. What cannot be cut out is left out, and told.
    """
    from tqdm import tqdm

    from lowlight_ddpm.images import open_source
    from lowlight_ddpm.images.specimens import prepare

    source = open_source(raw)
    if out.resolve() == Path(raw).resolve():
        raise Refusal(f"The squares would replace the photographs in “{raw}”: name another folder for them.")
    _make(out)
    written, left_out = set(), 0
    for row in tqdm(source.rows, unit="image", mininterval=5):
        name = f"“{row['name']}” of {source.label}"
        try:
            square = prepare(source.opens(row["image"], name), size, name)
        except Refusal as refusal:
            left_out += 1
            tqdm.write(f"Left out: {refusal}")
            continue
        path = _free(row["name"], written)
        _make((out / path).parent)
        square.save(out / path, optimize=True)
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


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Refusal(f"The folder “{folder}” cannot be made: choose another.") from error
