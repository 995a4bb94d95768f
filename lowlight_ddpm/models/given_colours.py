"""The colours that a network has learned from, where its user gives them: its record does not have them."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from lowlight_ddpm import images
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.images import photometry


def given_colours(
    size: int,
    brightness: float,
    mean: Sequence[float] | None,
    covariance: Sequence[Sequence[float]] | None,
    source: str | None,
) -> dict[str, Any]:
    """What a training record has of the images' colours; empty where nothing is given.

    `mean` is R, G, B of 255 as the network saw them, `covariance` (3, 3) that of images' mean colours in the
    same unit squared; or both are taken of a `source` of images, for a network of `size` pixels that learned
    from them at `brightness`. Raises Refusal where they are no such numbers, or no such source.
    """
    if source is not None and mean is None and covariance is None:
        pixels = images.stack([image for _, image in images.open_source(str(source))], size)
        colour, spread = photometry.channel_statistics(pixels, brightness)
    elif source is None and mean is not None and covariance is not None:
        colour, spread = _numbers(mean, 3) / 127.5 - 1, _numbers(covariance, 3, 3) / 127.5**2
        least = torch.linalg.eigvalsh(spread)[0]
        if colour.abs().max() > 1 or not torch.allclose(spread, spread.T) or least < -_ROUNDING:
            raise Refusal(
                "No images have such colours: give a mean from 0 to 255, and a covariance that is symmetric "
                "and has no negative eigenvalue."
            )
    elif source is None and mean is None and covariance is None:
        return {}
    else:
        raise Refusal("Give mean and covariance together, or images alone.")
    return {"channel_mean": colour.tolist(), "channel_covariance": spread.tolist()}


_ROUNDING = 1e-6  # below 0, of an eigenvalue in model range squared


def _numbers(given: Any, *shape: int) -> Tensor:
    try:
        numbers = torch.as_tensor(given, dtype=torch.float64)
    except (TypeError, ValueError, RuntimeError):
        numbers = torch.empty(0)
    if numbers.shape != shape or not numbers.isfinite().all():
        raise Refusal(
            "The colours are not of R, G, B: give a mean of three numbers, and 3 × 3 of covariance."
        )
    return numbers
