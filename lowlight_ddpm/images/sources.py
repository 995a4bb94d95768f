"""Where pictures come from: one function opens any source by name."""

import random
import re
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.images import stored
from lowlight_ddpm.images.reading import read
from lowlight_ddpm.images.source import Source
from lowlight_ddpm.images.synthetic.butterflies import draw, draw_hue
from lowlight_ddpm.images.synthetic.fruit import draw_fruit

OURS = "drawn by our own code"  # the kind of source that needs nobody's licence
DRAWN, FRUIT = "drawn butterflies", "drawn fruit"  # labels of pictures that anyone has
FOUR_HUES = "synthetic butterflies in four hues"
HELD_OUT = 16  # pictures set aside for testing, as in the post

# What our own code draws: the kind that a source or a picture is asked for by -> (label, pen).
PENS: dict[str, tuple[str, Callable[[int], Image.Image]]] = {
    "drawn": (DRAWN, draw),
    "fruit": (FRUIT, draw_fruit),
    "hues": (FOUR_HUES, draw_hue),
}


def open_source(spec: str) -> Source:
    """Open a source of pictures by its name.

    `drawn[:COUNT[:FIRST]]`, `fruit[:COUNT[:FIRST]]` and `hues[:COUNT[:FIRST]]` are drawn by our own code;
    `hub:OWNER/NAME[@REVISION]` is a data set of the Hub, of which only the rows that are looked at are
    downloaded; anything else is the path of a folder of pictures or of parquet files, or of one parquet file.
    Raises Refusal for a source that is not there, is out of reach, or holds no picture.
    """
    kind, _, rest = spec.partition(":")
    if kind in PENS:
        return _drawn(kind, rest)
    if kind == "hub":
        return stored.hub(rest)
    path = Path(spec)
    return stored.parquet([path], path.stem) if path.suffix == ".parquet" else stored.folder(path)


def open_picture(spec: str) -> Image.Image:
    """Open one picture: a file, or `drawn:NUMBER`, `fruit:NUMBER`, `hues:NUMBER` of ours.

    Raises Refusal as `read` does.
    """
    kind, _, number = spec.partition(":")
    if kind in PENS and number.isdecimal():
        _, pen = PENS[kind]
        return pen(int(number))
    return read(spec)


def drawn_picture(name: str) -> Image.Image | None:
    """The picture that a row of a drawn source is called by, like fruit_0007; None for any other name."""
    if not is_drawn(name):
        return None
    kind, _, number = name.partition("_")
    _, pen = PENS[kind]
    return pen(int(number))


def is_drawn(name: str) -> bool:
    """Whether a row of a drawn source is called so."""
    return re.fullmatch(rf"({'|'.join(PENS)})_\d{{4,9}}", name, re.ASCII) is not None


def hold_out(names: list[str]) -> list[str]:
    """The 16 test pictures of a source: drawn once, with a fixed seed, from the sorted names.

    Raises Refusal where fewer than twice as many pictures are there.
    """
    if len(names) < 2 * HELD_OUT:
        raise Refusal(f"Training needs at least {2 * HELD_OUT} pictures, and this source has {len(names)}.")
    return sorted(random.Random(0).sample(sorted(names), HELD_OUT))


def _drawn(kind: str, rest: str) -> Source:
    form = re.fullmatch(r"(\d*)(?::(\d*))?", rest, re.ASCII)
    count, first = (int(form[1] or HELD_OUT), int(form[2] or 0)) if form else (0, 0)
    if not count:
        forms = f"{kind}, {kind}:COUNT or {kind}:COUNT:FIRST"
        raise Refusal(f"“{kind}:{rest}” is no source: write {forms}, COUNT from 1 up.")
    label, pen = PENS[kind]
    rows = [{"name": f"{kind}_{number:04d}", "image": number} for number in range(first, first + count)]
    return Source(label, rows, {"kind": OURS}, lambda number, _: pen(number))
