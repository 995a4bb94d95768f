"""What a model's images should look like: training images, its training record, or two moments of colours."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor
from torchvision.transforms.v2 import functional as tv

from lowlight_ddpm.diagnosis.model import Model
from lowlight_ddpm.diffusion.mean_correction import ColourPrior
from lowlight_ddpm.diffusion.transmission import wave_covariance
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.images import open_source, stack
from lowlight_ddpm.images.photometry import prepare
from lowlight_ddpm.metrics.sets import border

Images = str | Path | Tensor | Iterable[Image.Image]
MISSING = "cannot be told without training images"
_KEPT = 64  # images that are kept to be noised; of the others only colours are
_CHUNK = 64
_LEAST = 8  # images, of fewer no covariance of three colours can be taken


@dataclass(frozen=True, eq=False)
class Reference:
    """The colours that a model has learned, scaled as its input is.

    `colours` are mean (C,) and covariance (C, C) of images' mean colours; `background` those of their
    borders, `wave` the covariance (C, C) of their tints along one cycle; `low` and `high`
    are the ends of its pixels' values; `images` (K, C, H, W) are some of its images. What only images tell
    is None without them. `count` is of images: 0 without.
    """

    label: str
    colours: ColourPrior
    count: int = 0
    images: Tensor | None = None
    background: ColourPrior | None = None
    wave: Tensor | None = None
    low: float | None = None
    high: float | None = None


def find_reference(
    model: Model,
    images: Images | None,
    mean: Sequence[float] | None,
    covariance: Sequence[Sequence[float]] | None,
    most: int,
) -> Reference | None:
    """The reference of what is given, else of the model's training record, else None.

    At most `most` images are read. Raises Refusal for images and moments at once, for moments that are none,
    and for fewer than 8 images.
    """
    if images is not None and (mean is not None or covariance is not None):
        raise Refusal("Give training images, or the mean and the covariance of their mean colours, not both.")
    if images is not None:
        return _of_images(model, images, most)
    if mean is not None and covariance is not None:
        return Reference("the mean and covariance that were given", _moments(model, mean, covariance))
    if mean is not None or covariance is not None:
        raise Refusal("A mean of mean colours needs their covariance, and a covariance the mean: give both.")
    colour, spread = (model.record.get(f"channel_{name}") for name in ("mean", "covariance"))
    if colour is None or spread is None:
        return None
    return Reference("the training record", _moments(model, colour, spread))


def mean_colours(images: Tensor) -> Tensor:
    """Mean colours of images (N, C, H, W): float64 (N, C)."""
    return images.mean(dim=(-2, -1), dtype=torch.float64)


def border_colours(images: Tensor) -> Tensor:
    """Mean colours of the frame that stands for the background, of (N, C, H, W): float64 (N, C)."""
    frame = torch.from_numpy(border(*images.shape[-2:]))
    return images[..., frame].mean(dim=-1, dtype=torch.float64)


def _moments(model: Model, mean: Sequence[float], covariance: Sequence[Sequence[float]]) -> ColourPrior:
    channels = model.shape[0]
    try:
        found = torch.tensor([*map(float, mean)], dtype=torch.float64)
        spread = torch.tensor([[float(x) for x in row] for row in covariance], dtype=torch.float64)
    except (TypeError, ValueError) as error:
        raise Refusal(_no_moments(channels)) from error
    if found.shape != (channels,) or spread.shape != (channels, channels):
        raise Refusal(_no_moments(channels))
    valid = found.isfinite().all() and spread.isfinite().all() and torch.allclose(spread, spread.T, atol=1e-6)
    if not valid or torch.linalg.eigvalsh(spread).min() < -1e-6:
        raise Refusal(
            "The covariance is none: give a symmetric one without negative variances, like np.cov's."
        )
    return ColourPrior(found, spread)


def _no_moments(channels: int) -> str:
    return (
        f"The network has {channels} channel{'s' * (channels > 1)}: give a mean of {channels} numbers and a "
        f"covariance of {channels} × {channels}, in [-1, 1] as its input is."
    )


def _of_images(model: Model, images: Images, most: int) -> Reference:
    label = images if isinstance(images, str) else "the images that were given"
    means, borders, kept, low, high = [], [], [], torch.inf, -torch.inf
    for chunk in _chunks(model, images, most):
        means.append(mean_colours(chunk))
        borders.append(border_colours(chunk))
        kept += [chunk] if sum(map(len, kept)) < _KEPT else []
        low, high = min(low, chunk.min().item()), max(high, chunk.max().item())
    count = sum(map(len, means))
    if count < _LEAST:
        raise Refusal(f"There are {count} training images: give at least {_LEAST}, better some hundreds.")
    colours, background = (_prior(torch.cat(found)) for found in (means, borders))
    some = torch.cat(kept)[:_KEPT]
    covariance = torch.atleast_2d(wave_covariance(some, 1))
    return Reference(str(label), colours, count, some, background, covariance, low, high)


def _prior(colours: Tensor) -> ColourPrior:
    return ColourPrior(colours.mean(dim=0), torch.atleast_2d(colours.T.cov()))


def _chunks(model: Model, images: Images, most: int) -> Iterator[Tensor]:
    """The images in lots, (N, C, H, W) in the range of the network's input."""
    if isinstance(images, Tensor):
        if tuple(images.shape[1:]) != model.shape or not images.isfinite().all():
            raise Refusal(
                f"The training images are of the shape {tuple(images.shape)}, where (N, *{model.shape}) of "
                "finite numbers in [-1, 1] is wanted: resize them."
            )
        yield from images[:most].float().split(_CHUNK)
        return
    if model.shape[1] != model.shape[2]:
        raise Refusal(
            "Images are read as squares, and the model's are none: give a tensor (N, C, H, W) of them."
        )
    if isinstance(images, str | Path):
        images = (picture for _, picture in open_source(str(images)))
    brightness = float(model.record.get("variant", {}).get("brightness") or 1.0)
    pictures = islice(iter(images), most)
    while lot := list(islice(pictures, _CHUNK)):
        pixels = stack(lot, model.shape[1])
        grey = tv.rgb_to_grayscale(pixels) if model.shape[0] == 1 else pixels
        yield prepare(grey, brightness)
