"""Where images come from: one function opens any source by its name.

Parquet files and sets of the Hub are read through `datasets`, which is imported inside functions: its pandas
and pyarrow would double the time to the first page of a demo that needs neither. It never decodes images, so
that `read` treats all of them alike. What a source holds besides images is left out, and told.
"""

import glob
import hashlib
import random
import re
import socket
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import getproxies

from huggingface_hub.constants import ENDPOINT
from PIL import Image

from lowlight_ddpm.environment import home
from lowlight_ddpm.errors import Refusal, encodable
from lowlight_ddpm.images.folders import (
    PARQUET,
    ZIP,
    Member,
    legible,
    list_folder,
    list_zips,
    name_of,
    tell,
)
from lowlight_ddpm.images.reading import ImageLike, read
from lowlight_ddpm.images.rows import Remote, Rows
from lowlight_ddpm.images.synthetic.butterflies import draw, draw_hue
from lowlight_ddpm.images.synthetic.fruit import draw_fruit

if TYPE_CHECKING:
    from datasets import IterableDataset


@dataclass(frozen=True)
class Source:
    """Named images in a fixed order; iterating opens them one by one as (name, RGB image).

    `rows` have a "name", and an "image" that `opens` makes an image of, given what to call it in a refusal.
    `card` is what a checkpoint that is trained on them records of where they come from: JSON-able. `left_out`
    has the files or rows that are no images, each with why: of a folder at once, of a streamed set as far as
    it has been looked through.
    """

    label: str
    rows: Iterable[dict[str, Any]]
    card: dict[str, str] = field(default_factory=dict)
    opens: Callable[[Any, str], Image.Image] = read
    left_out: dict[str, str] = field(default_factory=dict)

    def __iter__(self) -> Iterator[tuple[str, Image.Image]]:
        for row in self.rows:
            yield row["name"], self.opens(row["image"], f"“{row['name']}” of {self.label}")

    def only(self, names: Container[str]) -> "Source":
        """The images of these names; none is opened for it."""
        return replace(self, rows=[row for row in self.rows if row["name"] in names])


POST_DATASET = "huggan/smithsonian_butterflies_subset"
# Commits that a Hub set is read at unless another is asked for, so that its images never change under us.
_PINNED = {POST_DATASET: "3cdedf844922ab40393d46d4c7f81c596e1c6d45"}
_FILES_OF_A_SET = "hf://datasets/{}@"  # where `datasets` finds them

OURS = "drawn by our own code"  # in records: the kind of source that needs nobody's licence
DRAWN, FRUIT = "drawn butterflies", "drawn fruit"  # in results: labels of images that anyone has
FOUR_HUES = "synthetic butterflies in four hues"
_FILES = "PNG, JPEG, WebP, AVIF or TIFF files"
HELD_OUT = 16  # images set aside for testing, as in the post

# Synthetic images: the kind that the name of a source or an image starts with -> (label, what makes one).
SYNTHETIC: dict[str, tuple[str, Callable[[int], Image.Image]]] = {
    "drawn": (DRAWN, draw),
    "fruit": (FRUIT, draw_fruit),
    "hues": (FOUR_HUES, draw_hue),
}


def open_source(spec: str) -> Source:
    """Open a source of images by its name.

    `drawn[:COUNT[:FIRST]]`, `fruit[:COUNT[:FIRST]]` and `hues[:COUNT[:FIRST]]` are synthetic images;
    `hub:OWNER/NAME[@REVISION]` is a data set of the Hub, of which only the rows that are looked at are
    downloaded; anything else is the path of a folder of images, zip archives or parquet files, or of one zip
    or parquet file, in which ~ is the home folder. What is left out is logged.
    Raises Refusal for a source that is not there, is out of reach, or holds no image.
    """
    kind, _, rest = spec.partition(":")
    if kind in SYNTHETIC:
        return _synthetic(kind, rest)
    if kind == "hub":
        return _hub(rest)
    path = home(spec)
    if path.is_dir():
        return _folder(path)
    suffix = path.suffix.lower()
    if suffix == PARQUET:
        return _parquet([path], _name(path), {})
    if suffix == ZIP and path.is_file():
        return _zip(path)
    if path.is_file():
        raise Refusal(f"“{path}” is one file: give the folder that it lies in, a zip or a parquet file.")
    raise Refusal(f"There is no folder “{path}”: give a folder, drawn, or hub:OWNER/NAME.")


def open_picture(spec: str, name: str = "") -> Image.Image:
    """Open one image: a file, or `drawn:NUMBER`, `fruit:NUMBER`, `hues:NUMBER` of ours.

    `name` is what refusals call it. Raises Refusal as `read` does.
    """
    if _is_synthetic(spec):
        kind, _, number = spec.partition(":")
        _, make = SYNTHETIC[kind]
        return make(int(number))
    return read(home(spec), name)


def origin(source: ImageLike) -> dict[str, str]:
    """What a record says of where an image came from: the name and the sha256 of its file, where it has one.

    `source` is one that has been opened.
    """
    if isinstance(source, str) and _is_synthetic(source):
        return {"name": source}
    if isinstance(source, bytes):
        return {"sha256": hashlib.sha256(source).hexdigest()}
    if not isinstance(source, str | Path):
        return {}
    path = home(source)
    with path.open("rb") as file:
        return {"name": encodable(path.name), "sha256": hashlib.file_digest(file, "sha256").hexdigest()}


def _is_synthetic(spec: str) -> bool:
    kind, _, number = spec.partition(":")
    return kind in SYNTHETIC and number.isdecimal()


def drawn_picture(name: str) -> Image.Image | None:
    """The synthetic image of a name like fruit_0007; None for any other name."""
    if not is_drawn(name):
        return None
    kind, _, number = name.partition("_")
    _, make = SYNTHETIC[kind]
    return make(int(number))


def is_drawn(name: str) -> bool:
    """Whether a name like fruit_0007 is that of a synthetic image."""
    return re.fullmatch(rf"({'|'.join(SYNTHETIC)})_\d{{4,9}}", name, re.ASCII) is not None


def hold_out(names: list[str]) -> list[str]:
    """The 16 test images of a source: chosen once, with a fixed seed, from the sorted names.

    Raises Refusal where fewer than twice as many images are there.
    """
    if len(names) < 2 * HELD_OUT:
        raise Refusal(f"Training needs at least {2 * HELD_OUT} pictures, and this source has {len(names)}.")
    return sorted(random.Random(0).sample(sorted(names), HELD_OUT))


def _synthetic(kind: str, rest: str) -> Source:
    form = re.fullmatch(r"(\d*)(?::(\d*))?", rest, re.ASCII)
    count, first = (int(form[1] or HELD_OUT), int(form[2] or 0)) if form else (0, 0)
    if not count:
        forms = f"{kind}, {kind}:COUNT or {kind}:COUNT:FIRST"
        raise Refusal(f"“{kind}:{rest}” is no source: write {forms}, COUNT from 1 up.")
    label, make = SYNTHETIC[kind]
    rows = [{"name": f"{kind}_{number:04d}", "image": number} for number in range(first, first + count)]
    return Source(label, rows, {"kind": OURS}, lambda number, _: make(number))


def _folder(path: Path) -> Source:
    """The images of a folder and those below it; else those of its zip archives; else its parquet files.

    The others are left out where one kind is there: an archive beside images mostly holds the same images.
    Raises Refusal where none is there.
    """
    listing = list_folder(path)
    label, found, left_out, kind = _name(path), listing.images, listing.left_out, "image folder"
    if not found and listing.archives:
        found, packed = list_zips(listing.archives)
        left_out, kind = left_out | packed, "zip"
    if found:
        beside = listing.tables | ({} if kind == "zip" else listing.archives)
        return _listed(label, found, left_out | dict.fromkeys(beside, "beside image files"), kind)
    if listing.tables:
        return _parquet([*listing.tables.values()], label, left_out)
    raise Refusal(f"The folder “{path}” holds no picture: put {_FILES} into it{_why(left_out)}.")


def _zip(path: Path) -> Source:
    """The images of one zip archive; raises Refusal where it holds none."""
    found, left_out = list_zips({"": path})
    if not found:
        raise Refusal(f"The zip archive “{path}” holds no picture: pack {_FILES} into it{_why(left_out)}.")
    return _listed(_name(path), found, left_out, "zip")


def _listed(label: str, found: Mapping[str, Path | Member], left_out: dict[str, str], kind: str) -> Source:
    tell(label, len(found), left_out)
    rows = [{"name": name, "image": image} for name, image in found.items()]
    return Source(label, rows, {"kind": kind}, _opened, left_out)


def _opened(image: Any, name: str) -> Image.Image:
    return read(image.read(name) if isinstance(image, Member | Remote) else image, name)


def _why(left_out: dict[str, str]) -> str:
    """What is added to a refusal of a source in which all there is was left out."""
    if not left_out:
        return ""
    name, reason = next(iter(left_out.items()))
    return f" (left out: {legible(name)}, {reason}{', and others' if len(left_out) > 1 else ''})"


def _name(path: Path) -> str:
    """What a source of files is called: the name of its folder, or of its file without the ending."""
    if not path.is_dir():
        return name_of(path.stem)
    return name_of(path.name if path.name not in ("", "..") else path.resolve().name)


def _parquet(files: list[Path], label: str, left_out: dict[str, str]) -> Source:
    """The rows of parquet files that have a column of images; raises Refusal where they have none."""
    from datasets import load_dataset

    try:
        names = {"train": [glob.escape(str(file)) for file in files]}
        rows = load_dataset("parquet", data_files=names, split="train", streaming=True)
        found = Rows(rows, label, _lacking(label), left_out)
        return Source(label, found, {"kind": "parquet"}, _opened, left_out)
    except Exception as error:  # pyarrow raises many kinds for a file that is no parquet
        raise Refusal(_lacking(label)) from error


def _hub(spec: str) -> Source:
    """The data set OWNER/NAME[@REVISION] of the Hub, streamed: only what is looked at is downloaded."""
    name, _, revision = spec.partition("@")
    if not _hub_is_known():
        raise Refusal(_out_of_reach(name))
    revision = revision or _PINNED.get(name)
    try:
        rows = _streamed(name, revision)
    except Exception as error:  # datasets raises many kinds for a set that it does not find or reach
        raise Refusal(_out_of_reach(name)) from error
    known = {"revision": revision, "licence": rows.info.license, "homepage": rows.info.homepage}
    card = {"kind": "Hub", **{what: value for what, value in known.items() if value}}
    left_out = {}
    found = Rows(rows, name, _out_of_reach(name), left_out, root=_FILES_OF_A_SET.format(name))
    return Source(name, found, card, _opened, left_out)


def _streamed(name: str, revision: str | None) -> "IterableDataset":
    """The rows of a set; a table beside image files that is no list of them is no reason to fail."""
    from datasets import load_dataset

    how = {"revision": revision, "split": "train", "streaming": True}
    try:
        return load_dataset(name, **how)
    except ValueError:
        return load_dataset(name, **how, drop_metadata=True)


def _hub_is_known() -> bool:
    """Whether the Hub's name is found: this tells at once what datasets says after half a minute of retries.

    Behind a proxy it is taken to be known, since there the proxy looks names up.
    """
    try:
        return bool(getproxies().keys() - {"no"} or socket.getaddrinfo(urlsplit(ENDPOINT).hostname, 443))
    except OSError:
        return False


def _lacking(label: str) -> str:
    return f"“{label}” holds no pictures that can be read: give parquet files with an Image column."


def _out_of_reach(name: str) -> str:
    return (
        f"The data set “{name}” cannot be reached or lacks pictures: go online, name a folder, or use the "
        "synthetic butterflies, drawn."
    )
