"""Images that come as numbers: arrays of numpy, tensors of torch."""

import numpy as np
from torch import Tensor

from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.images.pixels import Samples, scaled

_TYPES = "uint8, uint16 or floats from 0 to 1"
_ARRAY = f"give {_TYPES}, as (height, width) or as (height, width, channels) with 1, 3 or 4 channels"
_TENSOR = f"give {_TYPES}, as (3, height, width); photometry.to_image makes a picture of one in model range"


def samples(pixels: np.ndarray | Tensor, name: str) -> Samples:
    """The colours of an array (H, W), (H, W, 1), (H, W, 3) or (H, W, 4), or of a tensor (3, H, W).

    They are uint8, uint16, or floats from 0 to 1; a fourth channel is alpha. Raises Refusal, which calls it
    `name`, for any other.
    """
    if isinstance(pixels, Tensor):
        values, channels, wanted = _channels_last(pixels), (3,), _TENSOR
    else:
        values, channels, wanted = np.asarray(pixels), (1, 3, 4), _ARRAY
    if values.ndim == 2:
        values = values[..., None]
    if values.ndim != 3 or values.shape[2] not in channels or not _has_scale(values):
        raise Refusal(f"{name} is {_described(pixels, values)}: {wanted}.")
    levels = scaled(values.astype(values.dtype.newbyteorder("="), copy=False))
    if levels.shape[2] < 4:
        return Samples(levels)
    return Samples(levels[..., :3], np.asarray(Samples(levels[..., 3:]).eight_bits().getchannel(0)))


def _channels_last(pixels: Tensor) -> np.ndarray:
    pixels = pixels.detach().cpu()
    values = (pixels.float() if pixels.is_floating_point() else pixels).numpy()  # numpy has no bfloat16
    return np.moveaxis(values, 0, -1) if values.ndim == 3 else values


def _has_scale(values: np.ndarray) -> bool:
    """Whether it is known what is black in them, and what is white."""
    if values.dtype.kind == "f":
        return bool(((values >= 0) & (values <= 1)).all())
    return values.dtype.kind == "u" and values.dtype.itemsize <= 2


def _described(pixels: np.ndarray | Tensor, values: np.ndarray) -> str:
    kind = str(pixels.dtype).removeprefix("torch.")
    span = f" from {values.min():g} to {values.max():g}" if values.dtype.kind == "f" and values.size else ""
    return f"{kind} {tuple(pixels.shape)}{span}"
