"""Where images come from: one function opens any source by its name, another finds dark and lit pairs.

Stored images are all read through `datasets`: image folders, parquet files, the Hub. It is imported inside
functions: its pandas and pyarrow would double the time to the first page of a demo that needs neither. It
never decodes images, so that `read` treats all of them alike.
"""

import glob
import random
import re
import socket
from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import getproxies

from huggingface_hub.constants import ENDPOINT
from PIL import Image

from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.images.reading import read
from lowlight_ddpm.images.synthetic.butterflies import draw, draw_hue
from lowlight_ddpm.images.synthetic.fruit import draw_fruit

if TYPE_CHECKING:
    from datasets import IterableDataset


@dataclass(frozen=True)
class Source:
    """Named images in a fixed order; iterating opens them one by one as (name, RGB image).

    `rows` have a "name", and an "image" that `opens` makes an image of, given what to call it in a refusal.
    `card` is what a checkpoint that is trained on them records of where they come from: JSON-able.
    """

    label: str
    rows: Iterable[dict]
    card: dict[str, str] = field(default_factory=dict)
    opens: Callable[[Any, str], Image.Image] = read

    def __iter__(self) -> Iterator[tuple[str, Image.Image]]:
        for row in self.rows:
            yield row["name"], self.opens(row["image"], f"“{row['name']}” of {self.label}")

    def only(self, names: Container[str]) -> "Source":
        """The images of these names; none is opened for it."""
        return replace(self, rows=[row for row in self.rows if row["name"] in names])


POST_DATASET = "huggan/smithsonian_butterflies_subset"
# Commits that a Hub set is read at unless another is asked for, so that its images never change under us.
_PINNED = {POST_DATASET: "3cdedf844922ab40393d46d4c7f81c596e1c6d45"}

OURS = "drawn by our own code"  # in records: the kind of source that needs nobody's licence
DRAWN, FRUIT = "drawn butterflies", "drawn fruit"  # in results: labels of images that anyone has
FOUR_HUES = "synthetic butterflies in four hues"
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
    downloaded; anything else is the path of a folder of images or of parquet files, or of one parquet file.
    Raises Refusal for a source that is not there, is out of reach, or holds no image.
    """
    kind, _, rest = spec.partition(":")
    if kind in SYNTHETIC:
        return _synthetic(kind, rest)
    if kind == "hub":
        return _hub(rest)
    path = Path(spec)
    return _parquet([path], path.stem) if path.suffix == ".parquet" else _folder(path)


def open_picture(spec: str) -> Image.Image:
    """Open one image: a file, or `drawn:NUMBER`, `fruit:NUMBER`, `hues:NUMBER` of ours.

    Raises Refusal as `read` does.
    """
    kind, _, number = spec.partition(":")
    if kind in SYNTHETIC and number.isdecimal():
        _, make = SYNTHETIC[kind]
        return make(int(number))
    return read(spec)


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
    """The images of a folder and those below it, named by their paths in it; else its parquet files.

    Raises Refusal where neither is there.
    """
    if not path.is_dir():
        raise Refusal(f"There is no folder “{path}”: give a folder, drawn, or hub:OWNER/NAME.")
    from datasets import load_dataset

    files = {"train": f"{glob.escape(str(path.resolve()))}/**"}
    # A stray metadata.csv would be taken for a list of the images, and end in its own words.
    rows = load_dataset(
        "imagefolder",
        data_files=files,
        split="train",
        streaming=True,
        drop_labels=True,
        drop_metadata=True,
    )
    found = [Path(row["image"]["path"]) for row in _undecoded(rows, "image")] if rows.features else []
    if not found:
        parts = sorted(path.rglob("*.parquet"))
        if parts:
            return _parquet(parts, path.name)
        raise Refusal(f"The folder “{path}” holds no picture: put PNG, JPEG, WebP or TIFF files into it.")
    names = {file.relative_to(path.resolve()).as_posix(): file for file in found}
    rows = [{"name": name, "image": names[name]} for name in sorted(names)]
    return Source(path.name, rows, {"kind": "image folder"})


def _parquet(files: list[Path], label: str) -> Source:
    """The rows of parquet files that have a column of images; raises Refusal where they have none."""
    from datasets import load_dataset

    try:
        names = {"train": [glob.escape(str(file)) for file in files]}
        rows = load_dataset("parquet", data_files=names, split="train", streaming=True)
        return Source(label, _Rows(rows, _lacking(label)), {"kind": "parquet"})
    except Refusal:
        raise
    except Exception as error:  # pyarrow raises many kinds for a file that is no parquet
        raise Refusal(_lacking(label)) from error


def _hub(spec: str) -> Source:
    """The data set OWNER/NAME[@REVISION] of the Hub, streamed: only what is looked at is downloaded."""
    name, _, revision = spec.partition("@")
    if not _hub_is_known():
        raise Refusal(_out_of_reach(name))
    from datasets import load_dataset

    revision = revision or _PINNED.get(name)
    try:
        rows = load_dataset(name, revision=revision, split="train", streaming=True)
    except Exception as error:  # datasets raises many kinds for a set that it does not find or reach
        raise Refusal(_out_of_reach(name)) from error
    known = {"revision": revision, "licence": rows.info.license, "homepage": rows.info.homepage}
    card = {"kind": "Hub", **{what: value for what, value in known.items() if value}}
    return Source(name, _Rows(rows, _out_of_reach(name)), card)


@dataclass(frozen=True)
class _Rows:
    """A data set's rows, named by number and by their own names, of which several may be the same.

    `refusal` is what is said where they have no images, or stop coming.
    """

    dataset: "IterableDataset"
    refusal: str

    def __iter__(self) -> Iterator[dict]:
        column = self._column()
        rows = enumerate(_undecoded(self.dataset, column))
        while True:
            try:
                number, row = next(rows)
            except StopIteration:
                return
            except Exception as error:  # the connection lost, or a file cut short
                raise Refusal(self.refusal) from error
            image = row[column] or {}
            file = image.get("bytes") or image.get("path")
            if not file:
                raise Refusal(self.refusal)
            yield {"name": f"row {number:04d} {row.get('name') or ''}".strip(), "image": file}

    def _column(self) -> str:
        """The first column of images; in files that do not say so, the one called image."""
        from datasets import Image

        features = self.dataset.features or {}
        pictures = [name for name, kind in features.items() if isinstance(kind, Image)]
        if not pictures and "image" not in features:
            raise Refusal(self.refusal)
        return pictures[0] if pictures else "image"


def _undecoded(dataset: "IterableDataset", column: str) -> Iterable[dict]:
    """The rows with images as {"bytes", "path"}."""
    from datasets import Image

    return dataset.cast_column(column, Image(decode=False))


def _hub_is_known() -> bool:
    """Whether the Hub's name is found: this tells at once what datasets says after half a minute of retries.

    Behind a proxy it is taken to be known, since there the proxy looks names up.
    """
    try:
        return bool(getproxies() or socket.getaddrinfo(urlsplit(ENDPOINT).hostname, 443))
    except OSError:
        return False


def _lacking(label: str) -> str:
    return f"“{label}” holds no pictures that can be read: give parquet files with an Image column."


def _out_of_reach(name: str) -> str:
    return (
        f"The data set “{name}” cannot be reached or lacks pictures: go online, name a folder, or use the "
        "synthetic butterflies, drawn."
    )


DARK, LIT = "low", "high"  # the two folders of pairs of photographs
_PAIR_NAME = re.compile(r"(?P<series>.+)_div(?P<ratio>\d+)")


@dataclass(frozen=True)
class Pair:
    """Two photographs of one scene and size; `dark` was exposed `ratio` times shorter than `lit`.

    Pairs of a `series` come from one camera, and mostly from one lit photograph.
    """

    name: str
    series: str
    ratio: int
    dark: Path
    lit: Path


def find_pairs(folder: Path) -> list[Pair]:
    """The pairs of a folder with `low/SERIES_divRATIO.png` and `high/` of the same names, sorted by series.

    Raises Refusal where there are none, a name does not tell its ratio, or a partner is missing.
    """
    files = sorted((folder / DARK).glob("*.png"))
    if not files:
        raise Refusal(f"“{folder}” holds no pairs: put SERIES_divRATIO.png into its folders low and high.")
    pairs = sorted((_pair(file, folder) for file in files), key=lambda pair: (pair.series, pair.ratio))
    missing = [pair.name for pair in pairs if not pair.lit.exists()]
    if missing:
        raise Refusal(f"{folder / LIT} lacks the well-lit partner of {', '.join(missing)}.")
    return pairs


def _pair(file: Path, folder: Path) -> Pair:
    name = _PAIR_NAME.fullmatch(file.stem)
    if not name or int(name["ratio"]) < 2:
        raise Refusal(
            f"{file.name} does not say how dark it is: call it SERIES_divRATIO.png, like desk_div8.png."
        )
    return Pair(file.stem, name["series"], int(name["ratio"]), file, folder / LIT / file.name)
