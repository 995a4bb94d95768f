"""The rows of a data set, of the Hub or of parquet files, whatever its columns are called, undecoded."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.images.folders import MAX_BYTES, tell

if TYPE_CHECKING:
    from datasets import IterableDataset

_NAMES = ("image", "img")  # of columns that do not say that they hold images


@dataclass(frozen=True)
class Remote:
    """An image file of a set on the Hub, perhaps in an archive: it is downloaded when it is read."""

    path: str
    refusal: str

    def read(self, name: str) -> bytes:
        """Its bytes; raises Refusal where it is out of reach, or larger than MAX_BYTES."""
        import fsspec

        try:
            opened: Any = fsspec.open(self.path, "rb")
            with opened as file:
                content = file.read(MAX_BYTES + 1)
        except Exception as error:  # the Hub's client raises many kinds
            raise Refusal(self.refusal) from error
        if len(content) > MAX_BYTES:
            raise Refusal(f"{name} is larger than {MAX_BYTES >> 20} MiB: choose a smaller file.")
        return content


@dataclass(frozen=True)
class Rows:
    """A data set's rows, named by number and by their own names, of which several may be the same.

    A row without an image is left out: `left_out` gets its name, with why, while the rows are looked through.
    `refusal` is what is said where none has one, or they stop coming; `label` is what the set is called.
    Instead of an image a row may name a file below `root`, in a zip there too, and no other: what lies
    elsewhere, here or on the web, is not for whoever made the set to show.
    """

    dataset: "IterableDataset"
    label: str
    refusal: str
    left_out: dict[str, str]
    root: str | None = None

    def __iter__(self) -> Iterator[dict[str, Any]]:
        column = self._column()
        rows, count, more = enumerate(_undecoded(self.dataset, column)), 0, True
        try:
            while True:
                try:
                    number, row = next(rows)
                except StopIteration:
                    more = False
                    break
                except Exception as error:  # the connection lost, or a file cut short
                    raise Refusal(self.refusal) from error
                name = f"row {number:04d} {row.get('name') or ''}".strip()
                if reason := self._lack(row[column]):
                    self.left_out[name] = reason
                    continue
                count += 1
                yield {"name": name, "image": self._image(row[column])}
            if not count:
                raise Refusal(self.refusal)
        finally:
            if count:
                tell(self.label, count, self.left_out, more=more)

    def _image(self, stored: Any) -> Any:
        """What is read: the bytes of a file, or a Remote."""
        if not isinstance(stored, dict):
            return stored
        return stored.get("bytes") or Remote(stored["path"], self.refusal)

    def _lack(self, stored: Any) -> str:
        """Why a row has no image that is read; "" if it has one."""
        file = (stored.get("bytes") or stored.get("path")) if isinstance(stored, dict) else stored
        if not file:
            return "no image in it"
        return "" if isinstance(file, bytes) or self._is_its_own(file) else "an address instead of an image"

    def _is_its_own(self, address: str) -> bool:
        """Whether a file lies below `root`, or in a zip that does."""
        *inside, place = address.split("::")
        zipped = all(part.startswith("zip://") for part in inside)
        return zipped and self.root is not None and place.startswith(self.root) and ".." not in place

    def _column(self) -> str:
        """The first column that says it holds images, else image or img, else the first that holds files."""
        from datasets import Image

        features = self.dataset.features or {}
        told = [name for name, kind in features.items() if isinstance(kind, Image)]
        named = [name for name in _NAMES if name in features]
        files = [name for name, kind in features.items() if _holds_files(kind)]
        for columns in (told, [name for name in named if name in files], files, named):
            if columns:
                return columns[0]
        raise Refusal(self.refusal)


def _holds_files(kind: Any) -> bool:
    """Whether a column's kind is that of a file's bytes, or of {"bytes", "path"}."""
    kinds = [kind.get("bytes")] if isinstance(kind, dict) else [kind]
    return any(getattr(one, "dtype", None) in ("binary", "large_binary") for one in kinds)


def _undecoded(dataset: "IterableDataset", column: str) -> "IterableDataset":
    """The rows with images as {"bytes", "path"}.

    Of image files on the Hub `datasets` has decoded rows in advance, in threads, unless `decode` stops it.
    """
    from datasets import Image

    return dataset.decode(False).cast_column(column, Image(decode=False))
