"""What every source of pictures is: named pictures in a fixed order, with what is known of them."""

from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from PIL import Image

from lowlight_ddpm.images.reading import read


@dataclass(frozen=True)
class Source:
    """Named pictures in a fixed order; iterating opens them one by one as (name, RGB picture).

    `rows` have a "name", and an "image" that `opens` makes a picture of, given what to call it in a refusal.
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
        """The pictures of these names; none is opened for it."""
        return replace(self, rows=[row for row in self.rows if row["name"] in names])
