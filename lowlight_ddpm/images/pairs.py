"""Pairs of a dark and a well-lit photograph of one scene, found by their names."""

import re
from dataclasses import dataclass
from pathlib import Path, PurePath

from torch import Tensor
from torchvision.transforms.v2 import functional as tv

from lowlight_ddpm.environment import home
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.images.folders import PARQUET, ZIP, name_of, reason_of, tell
from lowlight_ddpm.images.reading import read

DARK, LIT = "low", "high"  # the two folders of pairs of photographs
_NAME = re.compile(r"(?P<series>.+)_div(?P<ratio>\d{1,9})", re.ASCII)


@dataclass(frozen=True)
class Pair:
    """Two photographs of one scene and size; `dark` was exposed `ratio` times shorter, None if not known.

    Pairs of a `series` come from one camera, and mostly from one lit photograph. Of both, the middle `crop`
    pixels a side are used, or all.
    """

    name: str
    series: str
    ratio: int | None
    dark: Path
    lit: Path
    crop: int | None = None

    def pixels(self) -> tuple[Tensor, Tensor]:
        """The dark and the lit photograph, uint8 (3, H, W) each.

        Raises Refusal for a file that cannot be read, two sizes, or a crop that is larger than they are.
        """
        dark, lit = (read(file, f"{side}/{file.name}") for side, file in ((DARK, self.dark), (LIT, self.lit)))
        if dark.size != lit.size:
            sizes = "{}×{} and {}×{}".format(*dark.size, *lit.size)
            raise Refusal(f"The photographs of the pair {self.name} have {sizes} pixels: make them one size.")
        if self.crop and self.crop > min(dark.size):
            size = "{}×{}".format(*dark.size)
            raise Refusal(f"The pair {self.name} has only {size} pixels: choose a crop that fits in.")
        whole = [tv.pil_to_tensor(picture) for picture in (dark, lit)]
        dark, lit = ([tv.center_crop(x, [self.crop, self.crop]) for x in whole]) if self.crop else whole
        return dark, lit


def find_pairs(folder: Path, lit_folder: Path | None = None) -> list[Pair]:
    """The pairs of two folders, or of `low` and `high` in one, by equal names, sorted by series.

    Names of one pair may differ in their ending, since any format that is read will do. A name like
    SERIES_divRATIO tells how much shorter the dark photograph was exposed; of any other it is not known, and
    the series is the folder's name. What else lies there is left out, and told. Raises Refusal where there
    are no pairs, or a partner is missing.
    """
    folder, left_out = home(folder), {}
    places = (folder, home(lit_folder)) if lit_folder else (folder / DARK, folder / LIT)
    dark, lit = (_photographs(place, left_out) for place in places)
    if not dark:
        raise Refusal(
            f"“{folder}” holds no pairs: give two folders, or one with dark photographs in low and well-lit "
            "ones of the same names in high."
        )
    partners = {name: _partner(name, lit) for name in dark}
    missing = [PurePath(name).stem for name in dark if not partners[name]]
    if missing:
        shown = ", ".join(missing[:8]) + (f" and {len(missing) - 8} more" if len(missing) > 8 else "")
        raise Refusal(f"{places[1]} lacks the well-lit partner of {shown}.")
    series = folder.resolve().name
    pairs = [
        Pair(PurePath(n).stem, *_parts(n, series), path, lit[str(partners[n])]) for n, path in dark.items()
    ]
    alone = sorted(lit.keys() - set(partners.values()))
    without = {f"{places[1].name}/{name}": "without a dark partner" for name in alone}
    tell(folder.name, len(pairs), left_out | without, "pair")
    return sorted(pairs, key=lambda pair: (pair.series, pair.ratio or 0, pair.name))


def _photographs(folder: Path, left_out: dict[str, str]) -> dict[str, Path]:
    """The image files of one side of the pairs, by name; `left_out` gets the rest.

    Several names of one file are as many files: exposures of a scene may share their lit photograph. Of
    several with one stem, the first counts.
    """
    found, stems = {}, {}
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        name = name_of(path.name)
        reason = reason_of(path)
        if not reason and path.suffix.lower() in (PARQUET, ZIP):
            reason = "pairs are image files"
        if not reason and path.stem in stems:
            reason = f"of the same name as {stems[path.stem]}"
        if reason:
            left_out[f"{folder.name}/{name}"] = reason
        else:
            found[name], stems[path.stem] = path, name
    return found


def _partner(name: str, lit: dict[str, Path]) -> str | None:
    """The name in `lit` that is equal, else equal but for upper case, else but for the ending."""
    if name in lit:
        return name
    for alike in (str.lower, lambda other: PurePath(other).stem, lambda other: PurePath(other).stem.lower()):
        found = next((other for other in lit if alike(other) == alike(name)), None)
        if found:
            return found
    return None


def _parts(name: str, series: str) -> tuple[str, int | None]:
    """(series, ratio), as a file's name tells them, else (`series`, None)."""
    parts = _NAME.fullmatch(PurePath(name).stem)
    if parts and int(parts["ratio"]) >= 2:
        return parts["series"], int(parts["ratio"])
    return series, None
