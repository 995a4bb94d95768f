"""From a dark photograph to a light one: the plain methods that a user has anyway, and networks' runs."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from skimage.exposure import equalize_adapthist
from torch import Tensor

from lowlight_ddpm.diffusion.sampling import denoise
from lowlight_ddpm.diffusion.settings import RunSettings, run_settings
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.models.checkpoints import ROOT, load
from lowlight_ddpm.photographs.denoising import DENOISERS, filtered
from lowlight_ddpm.photographs.tone import LEVELS, find_tone

NETWORKS = ("dim", "dim-deep-zsnr")  # the post's control, and its correction: those of the study
STEPS_FROM = {50: 10, 300: 20, 600: 20, 999: 20}  # the study's start timesteps -> network calls
_FEWER, _MOST = 5, 20  # of any other start: a call for so many timesteps, and no more than so many

Brighten = Callable[[np.ndarray], np.ndarray]
"""From the dark picture's exposure to the lit one's: pixel values (H, W, 3) in [0, 1]."""
Way = Callable[[np.ndarray, Brighten], np.ndarray]
"""From a dark picture and what brightens it by exposure to a light one, both (H, W, 3) in [0, 1]."""


def _levels_and_gamma(dark: np.ndarray, _: Brighten) -> np.ndarray:
    pixels = (dark * 255).round().astype(np.uint8)
    return find_tone(pixels, LEVELS["day"]).apply(pixels) / 255


def _clahe(dark: np.ndarray, _: Brighten) -> np.ndarray:
    return equalize_adapthist(dark)


def _exposure(dark: np.ndarray, brighten: Brighten) -> np.ndarray:
    return brighten(dark)


def _then(tone: Way, denoiser: str) -> Way:
    """A tone with a filter after it, at the strength that suits the picture best."""
    return lambda dark, brighten: filtered(tone(dark, brighten), DENOISERS[denoiser].filter)


PLAIN: dict[str, Way] = {
    "as it is": lambda dark, _: dark,
    "exposure": _exposure,
    "non-local means": _then(_exposure, "nlm"),
    "total variation": _then(_exposure, "tv"),
    "levels and gamma": _levels_and_gamma,
    "levels and gamma + non-local means": _then(_levels_and_gamma, "nlm"),
    "levels and gamma + total variation": _then(_levels_and_gamma, "tv"),
    "CLAHE": _clahe,
    "CLAHE + non-local means": _then(_clahe, "nlm"),
    "CLAHE + total variation": _then(_clahe, "tv"),
}
"""“Exposure” knows the lit picture's, as its two filters do; “levels and gamma” is what `brighten` does. It
finds a brightness of its own, as CLAHE does."""


@dataclass(frozen=True)
class Method:
    """One way from a dark picture to a light one: a way of PLAIN, or a network's run."""

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


def plain_methods(names: Sequence[str] = ()) -> list[Method]:
    """The named ways of PLAIN, all if none is named. Raises Refusal for a name that is none."""
    for name in names:
        if name not in PLAIN:
            raise Refusal(f"There is no method “{name}”: choose of {', '.join(PLAIN)}.")
    return [Method(name) for name in names or PLAIN]


def network_methods(names: Sequence[str], starts: Iterable[int] = STEPS_FROM) -> Iterator[Method]:
    """Every network from every start timestep. Raises Refusal as `run_settings` does."""
    for start in starts:
        steps = STEPS_FROM.get(start, max(1, min(_MOST, start // _FEWER)))
        for name in names:
            settings = run_settings(variant=name, brightness=1.0, start=start, steps=steps, whole=True)
            yield Method(f"{name} from {start}", settings)


def _unit(x: Tensor) -> np.ndarray:
    """Pixel values (H, W, 3) of a model-range picture, as scikit-image wants them."""
    return ((x.permute(1, 2, 0).double() + 1) / 2).numpy()
