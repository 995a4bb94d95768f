"""Where pictures come from: one function opens a Hub data set, a folder or our own drawings by name."""

import random
import re
import socket
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import getproxies

from huggingface_hub.constants import ENDPOINT
from PIL import Image

from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.images.drawn import draw
from lowlight_ddpm.images.reading import read

HELD_OUT = 16  # pictures set aside for testing, as in the post
POST_DATASET = "huggan/smithsonian_butterflies_subset"
# Commits that a Hub set is read at unless another is asked for, so that its pictures never change under us.
_PINNED = {POST_DATASET: "3cdedf844922ab40393d46d4c7f81c596e1c6d45"}

_SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff"}


@dataclass(frozen=True)
class Source:
    """Named pictures in a fixed order; iterating opens them one by one as (name, RGB picture)."""

    label: str
    rows: Iterable[dict]

    def __iter__(self) -> Iterator[tuple[str, Image.Image]]:
        for row in self.rows:
            yield row["name"], read(row["image"])


def open_source(spec: str) -> Source:
    """Open `hub:OWNER/NAME[@REVISION]`, `drawn[:COUNT[:FIRST]]`, or the path of a folder of pictures.

    A Hub set is streamed: only the rows that are looked at are downloaded. Raises Refusal for a source that
    is not there, is out of reach, or holds no picture.
    """
    kind, _, rest = spec.partition(":")
    opener = {"hub": _hub, "drawn": _drawn}.get(kind)
    return opener(rest) if opener else _folder(Path(spec))


def open_picture(spec: str) -> Image.Image:
    """Open one picture: a file, or `drawn:NUMBER`, a butterfly of ours. Raises Refusal as `read` does."""
    kind, _, number = spec.partition(":")
    if kind == "drawn" and number.isdecimal():
        return draw(int(number))
    return read(spec)


def hold_out(names: list[str]) -> list[str]:
    """The 16 test pictures of a source: drawn once, with a fixed seed, from the sorted names.

    Raises Refusal where fewer than twice as many pictures are there.
    """
    if len(names) < 2 * HELD_OUT:
        raise Refusal(f"Training needs at least {2 * HELD_OUT} pictures, and this source has {len(names)}.")
    return sorted(random.Random(0).sample(sorted(names), HELD_OUT))


def _drawn(rest: str) -> Source:
    form = re.fullmatch(r"(\d*)(?::(\d*))?", rest, re.ASCII)
    count, first = (int(form[1] or HELD_OUT), int(form[2] or 0)) if form else (0, 0)
    if not count:
        raise Refusal(
            f"“drawn:{rest}” is no source: write drawn, drawn:COUNT or drawn:COUNT:FIRST, COUNT from 1 up."
        )
    return Source("drawn butterflies", _DrawnRows(range(first, first + count)))


@dataclass(frozen=True)
class _DrawnRows:
    numbers: range

    def __iter__(self) -> Iterator[dict]:
        for number in self.numbers:
            yield {"name": f"drawn_{number:04d}", "image": draw(number)}


def _folder(path: Path) -> Source:
    if not path.is_dir():
        raise Refusal(f"There is no folder “{path}”: give a folder, drawn, or hub:OWNER/NAME.")
    files = sorted(file for file in path.iterdir() if file.suffix.lower() in _SUFFIXES)
    if not files:
        raise Refusal(f"The folder “{path}” holds no picture: put PNG, JPEG, WebP or TIFF files into it.")
    return Source(path.name, [{"name": file.name, "image": file} for file in files])


def _hub(rest: str) -> Source:
    name, _, revision = rest.partition("@")
    if not _hub_is_known():
        raise Refusal(_out_of_reach(name))
    # Imported here: pandas and pyarrow would double the time to the first page of a demo that needs neither.
    from datasets import Image as ImageFeature
    from datasets import load_dataset

    try:
        rows = load_dataset(name, revision=revision or _PINNED.get(name), split="train", streaming=True)
    except Exception as error:  # datasets raises many kinds for a set that it does not find or reach
        raise Refusal(_out_of_reach(name)) from error
    return Source(name, _HubRows(name, rows.cast_column("image", ImageFeature(decode=True))))


def _hub_is_known() -> bool:
    """Whether the Hub's name is found: this tells at once what datasets says after half a minute of retries.

    Behind a proxy it is taken to be known, since there the proxy looks names up.
    """
    try:
        return bool(getproxies() or socket.getaddrinfo(urlsplit(ENDPOINT).hostname, 443))
    except OSError:
        return False


@dataclass(frozen=True)
class _HubRows:
    """A Hub set's rows, named by number and by their own names, of which several may be the same."""

    dataset: str
    rows: Iterable[dict]

    def __iter__(self) -> Iterator[dict]:
        rows = enumerate(self.rows)
        while True:
            try:
                number, row = next(rows)
            except StopIteration:
                return
            except Exception as error:  # the connection lost, or a picture that cannot be decoded
                raise Refusal(_out_of_reach(self.dataset)) from error
            if not row["image"]:
                raise Refusal(_out_of_reach(self.dataset))
            yield row | {"name": f"row {number:04d} {row.get('name') or ''}".strip()}


def _out_of_reach(name: str) -> str:
    return f"The data set “{name}” is out of reach or lacks pictures: go online, or use a folder or drawn."
