"""Pictures that are stored somewhere, all through `datasets`: image folders, parquet files, the Hub.

`datasets` is imported inside: its pandas and pyarrow would double the time to the first page of a demo that
needs neither. Pictures are never decoded by it, so that `read` judges all of them alike.
"""

import glob
import socket
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import getproxies

from huggingface_hub.constants import ENDPOINT

from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.images.source import Source

POST_DATASET = "huggan/smithsonian_butterflies_subset"
# Commits that a Hub set is read at unless another is asked for, so that its pictures never change under us.
_PINNED = {POST_DATASET: "3cdedf844922ab40393d46d4c7f81c596e1c6d45"}


def folder(path: Path) -> Source:
    """The pictures of a folder and those below it, named by their paths in it; else its parquet files.

    Raises Refusal where neither is there.
    """
    if not path.is_dir():
        raise Refusal(f"There is no folder “{path}”: give a folder, drawn, or hub:OWNER/NAME.")
    from datasets import load_dataset

    files = {"train": f"{glob.escape(str(path.resolve()))}/**"}
    # A stray metadata.csv would be taken for a list of the pictures, and end in its own words.
    dropped = {"drop_labels": True, "drop_metadata": True}
    rows = load_dataset("imagefolder", data_files=files, split="train", streaming=True, **dropped)
    found = [Path(row["image"]["path"]) for row in _undecoded(rows, "image")] if rows.features else []
    if not found:
        parts = sorted(path.rglob("*.parquet"))
        if parts:
            return parquet(parts, path.name)
        raise Refusal(f"The folder “{path}” holds no picture: put PNG, JPEG, WebP or TIFF files into it.")
    names = {file.relative_to(path.resolve()).as_posix(): file for file in found}
    rows = [{"name": name, "image": names[name]} for name in sorted(names)]
    return Source(path.name, rows, {"kind": "image folder"})


def parquet(files: list[Path], label: str) -> Source:
    """The rows of parquet files that have a column of pictures; raises Refusal where they have none."""
    from datasets import load_dataset

    try:
        names = {"train": [glob.escape(str(file)) for file in files]}
        rows = load_dataset("parquet", data_files=names, split="train", streaming=True)
        return Source(label, _Rows(rows, _lacking(label)), {"kind": "parquet"})
    except Refusal:
        raise
    except Exception as error:  # pyarrow raises many kinds for a file that is no parquet
        raise Refusal(_lacking(label)) from error


def hub(spec: str) -> Source:
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

    `refusal` is what is said where they have no pictures, or stop coming.
    """

    dataset: Iterable[dict]
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
        """The first column of pictures; in files that do not say so, the one called image."""
        from datasets import Image

        features = self.dataset.features or {}
        pictures = [name for name, kind in features.items() if isinstance(kind, Image)]
        if not pictures and "image" not in features:
            raise Refusal(self.refusal)
        return pictures[0] if pictures else "image"


def _undecoded(dataset: Iterable[dict], column: str) -> Iterable[dict]:
    """The rows with pictures as {"bytes", "path"}."""
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
    return f"The data set “{name}” is out of reach or lacks pictures: go online, or use a folder or drawn."
