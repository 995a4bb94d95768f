"""Photographs that were taken in the dark: networks and plain methods, held against the well-lit partner.

Every method gets the dark picture as it is. What networks give is brightened by one gain, the same for all of
a pair, from a response curve that has not seen the pair. A method is a line of the network's file in the
folder of results, or of no-network.jsonl.
"""

import hashlib
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from torch import Tensor

from lowlight_ddpm.diffusion.backends import seconds_per_call
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.images.pairs import Pair
from lowlight_ddpm.images.photometry import prepare, to_image
from lowlight_ddpm.images.writing import save_png
from lowlight_ddpm.metrics.image import detail_ratio, measure
from lowlight_ddpm.models.checkpoints import ROOT, available, load
from lowlight_ddpm.photographs.tone import LUMA
from lowlight_ddpm.study.camera_response import Exposure, Prediction, leave_one_out
from lowlight_ddpm.study.dark_methods import PLAIN, Brighten, Method
from lowlight_ddpm.study.protocol import RESULTS, network_id
from lowlight_ddpm.study.store import NO_NETWORK, Measurement, append, record, records
from lowlight_ddpm.variants import VARIANTS

EXPOSURES = "exposures", "pairs"  # kind and key of the line that has the pairs' exposures
_TIMED = 128  # pixels a side of the part that the time of a plain method is told from


@dataclass(frozen=True)
class MethodRun(Measurement):
    """One method on all pairs; `predictions` have their response curves.

    `images` is a folder for the restored pictures, METHOD/PAIR.png, if they are wanted.
    """

    method: Method
    predictions: Sequence[Prediction]
    folder: Path = RESULTS
    root: Path = ROOT
    images: Path | None = None
    kind: ClassVar[str] = "dark-photographs"

    @property
    def key(self) -> str:
        """The method: of another network or other pairs there is a newer line."""
        return self.method.name

    @property
    def path(self) -> Path:
        """The file of the method's variant, or of all that no network has a part in."""
        return self.folder / f"{self.method.settings.variant if self.method.settings else NO_NETWORK}.jsonl"

    @property
    def done(self) -> bool:
        """Whether it is there, of these pairs and this network, with its images if they are wanted."""
        found = self.record
        pictures = [self._file(one.exposure.pair) for one in self.predictions]
        return (
            found is not None
            and found["inputs"] == self.inputs
            and all(file is None or file.exists() for file in pictures)
        )

    @property
    def inputs(self) -> str:
        """A hash of everything that its rows depend on."""
        what = [
            self.network,
            self.method.settings and self.method.settings.model_dump(exclude_defaults=True),
            [digest for one in self.predictions for digest in one.exposure.digests],
            [round(_gain(one), 3) for one in self.predictions],  # finer digits are the processor's
        ]
        return _hash(what)

    def run(self) -> Iterator[Pair]:
        """Run it, and write its line when the last pair is done; yields each pair when it is."""
        rows = []
        for one in self.predictions:
            pair = one.exposure.pair
            dark, lit = map(prepare, pair.pixels())
            output, figures = self._measured(one, dark, lit)
            rows.append({"pair": pair.name, **figures})
            if file := self._file(pair):
                file.parent.mkdir(parents=True, exist_ok=True)
                save_png(to_image(output), file)
            yield pair
        settings = self.method.settings
        report = {"inputs": self.inputs, "network": self.network}
        self.keep(report | {"settings": settings and settings.model_dump(), "rows": rows})

    def seconds(self) -> float:
        """About how long it takes on all pairs."""
        if settings := self.method.settings:
            checkpoint = load(settings.variant, self.root)
            sizes = [one.exposure.size for one in self.predictions]
            calls = {size: seconds_per_call(checkpoint, *size) for size in {*sizes}}
            return settings.steps * sum(calls[size] for size in sizes)
        first = self.predictions[0]
        dark, lit = (prepare(pixels)[:, :_TIMED, :_TIMED] for pixels in first.exposure.pair.pixels())
        begun = perf_counter()
        self._measured(first, dark, lit)
        pixels = sum(math.prod(one.exposure.size) for one in self.predictions)
        return (perf_counter() - begun) * pixels / dark[0].numel()

    def check(self) -> None:
        """Raise Refusal where its network takes no picture as small as one of the pairs'."""
        least = self.method.settings.size if self.method.settings else 0
        for one in self.predictions:
            if min(one.exposure.size) < least:
                raise Refusal(
                    f"The pair {one.exposure.pair.name} is smaller than the {least} pixels a side that "
                    f"{self.method.name} takes: leave out the network, or give larger photographs."
                )

    @property
    def network(self) -> str | None:
        """The id of its network, None of a plain method."""
        settings = self.method.settings
        return settings and network_id(settings.variant, self.root)

    def _measured(self, one: Prediction, dark: Tensor, lit: Tensor) -> tuple[Tensor, dict]:
        """The output of the method, in model range, and all figures of it."""
        begun = perf_counter()
        output = self.method.apply(dark, _brightener(one), self.root)
        seconds = (perf_counter() - begun) / dark[0].numel() * 1e6
        matched = measure(mean_matched(output, lit), lit)
        with np.errstate(divide="ignore", invalid="ignore"):
            detail = detail_ratio(output, lit)
        return output, asdict(measure(output, lit)) | {
            "detail": detail if math.isfinite(detail) else None,  # of a flat lit picture
            "psnr_matched": matched.psnr,
            "ssim_matched": matched.ssim,
            "seconds_per_megapixel": seconds,
        }

    def _file(self, pair: Pair) -> Path | None:
        return self.images and self.images / self.method.name / f"{pair.name}.png"


def mean_matched(output: Tensor, lit: Tensor) -> Tensor:
    """The output with pixel values times a factor, so that its mean luma is the lit picture's, then clipped.

    Both are (3, H, W) in model range. It is what “GT-mean” means in the literature. A black output stays so.
    """
    values, aim = (output + 1) / 2, (lit + 1) / 2
    own, wanted = (float(LUMA @ x.double().mean(dim=(1, 2)).numpy()) for x in (values, aim))
    return (values * (wanted / own)).clamp(0, 1) * 2 - 1 if own > 0 else output


def exposures(pairs: Sequence[Pair]) -> list[Prediction]:
    """The dark mean colour of each pair as a curve has it that is fitted to the others.

    All photographs are read, so that one that cannot be, or a pair of two sizes, raises Refusal here.
    """
    return list(leave_one_out([Exposure.of(pair) for pair in pairs]))


def set_id(predictions: Sequence[Prediction]) -> str:
    """A name for a set of pairs, by its photographs' pixels as they are used."""
    return _hash(sorted(one.exposure.digests for one in predictions))


def remarks(predictions: Sequence[Prediction]) -> list[str]:
    """What is to be known of a set's figures, a sentence each."""
    seen = [one.exposure for one in predictions]
    estimated, black = (
        [one for one in seen if not one.pair.ratio],
        [one.pair.name for one in seen if not one.dark.any()],
    )
    said = []
    if estimated:
        said.append(
            f"Exposure is estimated for {len(estimated)} of {len(seen)} pairs, since their names tell no "
            "ratio (SERIES_divRATIO.png): it gives the lit photograph's mean, which is not known in use."
        )
    if black:
        said.append(f"Black throughout, so that exposure leaves it as it is: {', '.join(black)}.")
    said.append(
        "Figures at the lit one's mean (GT-mean) are without the choice of brightness, and in the literature "
        "3 to 4 dB higher: compare them only with the like."
    )
    return said


def write_exposures(predictions: Sequence[Prediction], folder: Path = RESULTS) -> None:
    """Keep what `exposure_table` reads."""
    append(folder / f"{NO_NETWORK}.jsonl", *EXPOSURES, {"rows": [_told(one) for one in predictions]})


def exposure_table(folder: Path = RESULTS) -> pd.DataFrame:
    """A row for every pair: `ratio` of exposures, `saturated` share of the lit one, mean colours in 1/255.

    `dark_r` to `_b` are measured, `predicted_*` by the curve of the other pairs (`gamma`, `black`), `srgb_*`
    by sRGB's own; `error` and `srgb_error` are the two's mean relative errors, NaN where nothing is
    predicted. Empty before they are written.
    """
    report = record(folder / f"{NO_NETWORK}.jsonl", *EXPOSURES)
    rows = pd.DataFrame(report["rows"] if report else [])
    return rows.astype({"error": float, "srgb_error": float}) if len(rows) else rows


def method_table(folder: Path = RESULTS, root: Path = ROOT) -> pd.DataFrame:
    """A row for every method and pair: `method`, `pair`, `image.Measures` and what `MethodRun` adds.

    Plain methods come first, then networks by their start. Measurements of a network that is not there any
    more are left out.
    """
    there, order, rows = set(available(root)), list(VARIANTS), {}
    for report in records(folder, MethodRun.kind):
        name, settings = report["key"], report["settings"]
        if not settings and name in PLAIN:
            place = (0, list(PLAIN).index(name))
        elif settings and settings["variant"] in there:
            if report["network"] != network_id(settings["variant"], root):
                continue
            place = (settings["start"] + 1, order.index(settings["variant"]))
        else:
            continue
        rows[place] = [{"method": name, **row} for row in report["rows"]]
    return pd.DataFrame([row for place in sorted(rows) for row in rows[place]])


def _told(one: Prediction) -> dict[str, Any]:
    seen, curve = one.exposure, one.response
    row = {"pair": seen.pair.name, "ratio": seen.ratio, "saturated": seen.saturated}
    for what, colour in (("dark", seen.dark), ("predicted", one.dark), ("srgb", seen.by_srgb)):
        row |= {f"{what}_{axis}": float(value) for axis, value in zip("rgb", colour, strict=True)}
    errors = {"error": one.error, "srgb_error": one.srgb_error}
    return row | errors | {"gamma": curve.gamma, "black": curve.black}


def _hash(what: object) -> str:
    return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()[:12]


def _gain(one: Prediction) -> float:
    return one.response.gain(one.exposure.ratio)


def _brightener(one: Prediction) -> Brighten:
    return lambda pixels: one.response.brightened(pixels, one.exposure.ratio)
