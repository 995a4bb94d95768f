"""Photographs of one scene, taken in the dark and well lit: how much shorter the dark one was exposed."""

import re
from dataclasses import dataclass
from pathlib import Path

from lowlight_ddpm.errors import Refusal

DARK, LIT = "low", "high"  # the two folders
_NAME = re.compile(r"(?P<series>.+)_div(?P<ratio>\d+)")


@dataclass(frozen=True)
class Pair:
    """Two files of one scene and size; the `dark` one was exposed `ratio` times shorter than the `lit` one.

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
    name = _NAME.fullmatch(file.stem)
    if not name or int(name["ratio"]) < 2:
        raise Refusal(
            f"{file.name} does not say how dark it is: call it SERIES_divRATIO.png, like desk_div8.png."
        )
    return Pair(file.stem, name["series"], int(name["ratio"]), file, folder / LIT / file.name)
