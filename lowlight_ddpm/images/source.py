"""What every source of pictures is: named pictures in a fixed order, with what is known of them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from PIL import Image

from lowlight_ddpm.images.reading import read


@dataclass(frozen=True)
class Source:
    """Named pictures in a fixed order; iterating opens them one by one as (name, RGB picture).

    `rows` have a "name", and an "image" that `read` opens. `card` is what a checkpoint that is trained on
    them records of where they come from: JSON-able.
    """

    label: str
    rows: Iterable[dict]
    card: dict[str, str] = field(default_factory=dict)

    def __iter__(self) -> Iterator[tuple[str, Image.Image]]:
        for row in self.rows:
            yield row["name"], read(row["image"], f"“{row['name']}” of {self.label}")
