"""Photographs that were taken in the dark: networks and plain filters, held against the well-lit partner.

Every method gets the dark picture as it is; what it gives is brightened by one gain, the same for all methods
of a pair, from a response curve that has not seen the pair. A method is a line of the network's file in
results/, or of no-network.jsonl.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar, cast

import numpy as np
import pandas as pd
import torch
from skimage.exposure import equalize_adapthist
from skimage.restoration import calibrate_denoiser, denoise_nl_means, denoise_tv_chambolle
from torch import Tensor
from torchvision.transforms.v2 import functional as tv

from lowlight_ddpm.diffusion.sampling import denoise
from lowlight_ddpm.diffusion.settings import RunSettings, run_settings
from lowlight_ddpm.images import read
from lowlight_ddpm.images.pairs import Pair
from lowlight_ddpm.images.photometry import digest, prepare
from lowlight_ddpm.metrics.image import detail_ratio, measure
from lowlight_ddpm.models.checkpoints import ROOT, available, load
from lowlight_ddpm.study.camera_response import Exposure, Prediction, leave_one_out
from lowlight_ddpm.study.protocol import RESULTS, network_id
from lowlight_ddpm.study.store import NO_NETWORK, Measurement, append, record

EXPOSURES = "exposures", "pairs"  # kind and key of the line that has the pairs' exposures
NETWORKS = ("dim", "dim-deep-zsnr")  # the post's control, and its cure
STEPS_FROM = {50: 10, 300: 20, 600: 20, 999: 20}  # start timestep -> network calls

STRENGTHS = (0.01, 0.02, 0.04, 0.08, 0.16)  # of the filters, in pixel values; the best for a picture is used

Brighten = Callable[[np.ndarray], np.ndarray]
"""From the dark picture's exposure to the lit one's: pixel values (H, W, 3) in [0, 1]."""


def _non_local_means(image: np.ndarray, strength: float) -> np.ndarray:
    return denoise_nl_means(image, 5, 6, strength, fast_mode=True, channel_axis=-1)


def _total_variation(image: np.ndarray, strength: float) -> np.ndarray:
    return denoise_tv_chambolle(image, strength, channel_axis=-1)


def _filtered(image: np.ndarray, kind: Callable[[np.ndarray, float], np.ndarray]) -> np.ndarray:
    """At the strength that tells pixels best from their neighbours alone (Batson & Royer 2019)."""
    tried = {"strength": STRENGTHS}
    # Its types know of no extra output.
    _, (settings, losses) = cast(Any, calibrate_denoiser(image, kind, tried, extra_output=True))
    return kind(image, settings[np.argmin(losses)]["strength"])


PLAIN: dict[str, Callable[[np.ndarray, Brighten], np.ndarray]] = {
    "exposure": lambda dark, brighten: brighten(dark),
    "non-local means": lambda dark, brighten: _filtered(brighten(dark), _non_local_means),
    "total variation": lambda dark, brighten: _filtered(brighten(dark), _total_variation),
    "CLAHE": lambda dark, _: equalize_adapthist(dark),
}
"""What a user has anyway: exposure alone, or a filter after it; CLAHE finds a brightness of its own."""


@dataclass(frozen=True)
class Method:
    """One way from a dark picture to a light one: a filter of PLAIN, or a network's run."""

    name: str
    settings: RunSettings | None = None

    def apply(self, dark: Tensor, brighten: Brighten, root: Path = ROOT) -> Tensor:
        """The picture (3, H, W) in model range, well lit."""
        if self.settings is None:
            lit = PLAIN[self.name](_unit(dark), brighten)
        else:
            for step in denoise(load(self.settings.variant, root), self.settings, dark[None]):
                last = step
            lit = brighten(_unit(last.x0[0].cpu()).clip(0, 1))
        return torch.from_numpy(lit * 2 - 1).float().permute(2, 0, 1)


@dataclass(frozen=True)
class MethodRun(Measurement):
    """One method on all pairs; `predictions` have their response curves."""

    method: Method
    predictions: Sequence[Prediction]
    folder: Path = RESULTS
    root: Path = ROOT
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
        """Whether it is there, of these pairs and this network."""
        found = self.record
        return found is not None and found["inputs"] == self.inputs

    @property
    def inputs(self) -> str:
        """A hash of everything that its rows depend on."""
        what = [
            self.network,
            self.method.settings and self.method.settings.model_dump(exclude_defaults=True),
            [digest(_pixels(file)) for one in self.predictions for file in _files(one)],
            [round(_gain(one), 3) for one in self.predictions],  # finer digits are the processor's
        ]
        return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()[:12]

    def run(self) -> Iterator[Pair]:
        """Run it, and write its line when the last pair is done; yields each pair when it is."""
        rows = []
        for one in self.predictions:
            dark, lit = (prepare(_pixels(file)) for file in _files(one))
            output = self.method.apply(dark, _brightener(one), self.root)
            figures = asdict(measure(output, lit)) | {"detail": detail_ratio(output, lit)}
            rows.append({"pair": one.exposure.pair.name, **figures})
            yield one.exposure.pair
        settings = self.method.settings
        report = {"inputs": self.inputs, "network": self.network}
        self.keep(report | {"settings": settings and settings.model_dump(), "rows": rows})

    @property
    def network(self) -> str | None:
        """The id of its network, None of a plain method."""
        settings = self.method.settings
        return settings and network_id(settings.variant, self.root)


def methods(names: Sequence[str] = NETWORKS) -> Iterator[Method]:
    """The plain ones, then every network from every start."""
    yield from map(Method, PLAIN)
    for start, steps in STEPS_FROM.items():
        for name in names:
            settings = run_settings(variant=name, brightness=1.0, start=start, steps=steps, whole=True)
            yield Method(f"{name} from {start}", settings)


def exposures(pairs: Sequence[Pair]) -> list[Prediction]:
    """The dark mean colour of each pair as a curve has it that is fitted to the others."""
    return list(leave_one_out([Exposure.of(pair) for pair in pairs]))


def write_exposures(predictions: Sequence[Prediction], folder: Path = RESULTS) -> None:
    """Keep what `exposure_table` reads."""
    append(folder / f"{NO_NETWORK}.jsonl", *EXPOSURES, {"rows": [_told(one) for one in predictions]})


def exposure_table(folder: Path = RESULTS) -> pd.DataFrame:
    """A row for every pair: `ratio` of exposures, `saturated` share of the lit one, mean colours in 1/255.

    `dark_r` to `_b` are measured, `predicted_*` by the curve of the other pairs (`gamma`, `black`), `srgb_*`
    by sRGB's own; `error` and `srgb_error` are the two's mean relative errors. Empty before they are written.
    """
    report = record(folder / f"{NO_NETWORK}.jsonl", *EXPOSURES)
    return pd.DataFrame(report["rows"] if report else [])


def method_table(folder: Path = RESULTS, root: Path = ROOT) -> pd.DataFrame:
    """A row for every method and pair: `method`, `pair`, `colour.Measures` and `detail`; plain methods first.

    Measurements of a network that is not there any more are left out.
    """
    there = set(available(root))
    rows = []
    for method in methods():
        if method.settings is None or method.settings.variant in there:
            run = MethodRun(method, (), folder, root)
            report = run.record
            if report and report["network"] in (None, run.network):
                rows += [{"method": method.name, **row} for row in report["rows"]]
    return pd.DataFrame(rows)


def _told(one: Prediction) -> dict[str, Any]:
    seen, curve = one.exposure, one.response
    row = {"pair": seen.pair.name, "ratio": seen.pair.ratio, "saturated": seen.saturated}
    for what, colour in (("dark", seen.dark), ("predicted", one.dark), ("srgb", seen.by_srgb)):
        row |= {f"{what}_{axis}": float(value) for axis, value in zip("rgb", colour, strict=True)}
    errors = {"error": one.error, "srgb_error": one.srgb_error}
    return row | errors | {"gamma": curve.gamma, "black": curve.black}


def _files(one: Prediction) -> tuple[Path, Path]:
    return one.exposure.pair.dark, one.exposure.pair.lit


def _pixels(file: Path) -> Tensor:
    return tv.pil_to_tensor(read(file))


def _unit(x: Tensor) -> np.ndarray:
    """Pixel values (H, W, 3) of a model-range picture, as scikit-image wants them."""
    return ((x.permute(1, 2, 0).double() + 1) / 2).numpy()


def _gain(one: Prediction) -> float:
    return one.response.gain(one.exposure.pair.ratio)


def _brightener(one: Prediction) -> Brighten:
    return lambda pixels: one.response.brightened(pixels, one.exposure.pair.ratio)
