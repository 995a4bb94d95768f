"""Pairs of a dark and a well-lit photograph of one scene, found by their names."""

import re
from dataclasses import dataclass
from pathlib import Path

from lowlight_ddpm.environment import home
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.images.folders import name_of, reason_of, tell

DARK, LIT = "low", "high"  # the two folders of pairs of photographs
_NAME = re.compile(r"(?P<series>.+)_div(?P<ratio>\d{1,9})", re.ASCII)


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

    What else lies there is left out, and told. Raises Refusal where there are no pairs, a name does not tell
    its ratio, or a partner is missing.
    """
    folder, left_out = home(folder), {}
    dark, lit = (_pngs(folder / side, left_out) for side in (DARK, LIT))
    if not dark:
        raise Refusal(f"“{folder}” holds no pairs: put SERIES_divRATIO.png into its folders low and high.")
    like = {name.lower(): name for name in lit}  # .PNG is a partner of .png
    partners = {name: name if name in lit else like.get(name.lower()) for name in dark}
    parts = {name: _parts(name) for name in dark}
    missing = [Path(name).stem for name in dark if not partners[name]]
    if missing:
        raise Refusal(f"{folder / LIT} lacks the well-lit partner of {', '.join(missing)}.")
    pairs = [Pair(Path(n).stem, *parts[n], path, lit[str(partners[n])]) for n, path in dark.items()]
    alone = sorted(lit.keys() - set(partners.values()))
    tell(folder.name, len(pairs), left_out | {f"{LIT}/{n}": "without a dark partner" for n in alone}, "pair")
    return sorted(pairs, key=lambda pair: (pair.series, pair.ratio))


def _pngs(folder: Path, left_out: dict[str, str]) -> dict[str, Path]:
    """The PNG files of one side of the pairs, by name; `left_out` gets the rest.

    Several names of one file are as many files: exposures of a scene may share their lit photograph.
    """
    found = {}
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        name = name_of(path.name)
        reason = reason_of(path)
        if not reason and path.suffix.lower() != ".png":
            reason = "pairs are PNG files"
        if reason:
            left_out[f"{folder.name}/{name}"] = reason
        else:
            found[name] = path
    return found


def _parts(name: str) -> tuple[str, int]:
    """(series, ratio), as a file's name tells them."""
    parts = _NAME.fullmatch(Path(name).stem)
    if not parts or int(parts["ratio"]) < 2:
        raise Refusal(f"{name} does not say how dark it is: call it SERIES_divRATIO.png, like desk_div8.png.")
    return parts["series"], int(parts["ratio"])
