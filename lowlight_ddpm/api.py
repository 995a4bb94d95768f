"""What a notebook imports: `from lowlight_ddpm import denoise, generate, measure, load`."""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import torch
from PIL import Image
from torch import Tensor
from torchvision.transforms.v2 import functional as tv

from lowlight_ddpm import images
from lowlight_ddpm.diffusion.settings import (
    Mode,
    RunSettings,
    names_in,
    own_parameters,
    parameters,
    run_settings,
    show_parameters,
)
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.images import photometry
from lowlight_ddpm.metrics.colour_shift import ColourShift, assess
from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.models.checkpoints import Checkpoint
from lowlight_ddpm.models.pipelines import check_record
from lowlight_ddpm.runs.run import Run

__all__ = ["Run", "denoise", "generate", "load", "measure"]

ImageLike = str | Path | Image.Image | Tensor
"""A file, drawn:NUMBER or fruit:NUMBER; a PIL image; a tensor (3, H, W), uint8 or from 0 to 1."""


_Function = TypeVar("_Function", bound=Callable)


def _takes_settings(mode: Mode) -> Callable[[_Function], _Function]:
    """Show a run's settings in place of a function's `**settings`, and describe each in its docstring."""
    names = [name for name in names_in(mode) if name != "variant"]

    def shown(function: _Function) -> _Function:
        lines = [f"    {name}: {RunSettings.model_fields[name].description}" for name in names]
        function.__doc__ = "\n".join([inspect.getdoc(function) or "", "", "Settings:", *lines])
        return show_parameters(function, [*own_parameters(function), *parameters(names)])

    return shown


def load(
    name: str | Path,
    *,
    brightness: float | None = None,
    mean: Sequence[float] | None = None,
    covariance: Sequence[Sequence[float]] | None = None,
    images: str | None = None,
) -> Checkpoint:
    """Load a network: its weights, its scheduler, and what is known of its training.

    `name` is that of a variant, the folder of an unconditional diffusers pipeline (DDPM or DDIM, with weights
    as safetensors), or OWNER/NAME of one on the Hub. A folder that `train` has not written says nothing of
    the images that were learned: they are taken to have been at `brightness` 1 unless it is given. What needs
    their colours raises Refusal unless they are given here: `mean` is R, G, B of 255 as the network saw them,
    `covariance` (3, 3) that of images' mean colours, in the same unit squared; or `images` is a source of
    them, like a folder, which gives both.

    Raises Refusal where there is no such network, or a file of it is damaged or contradicts the others.
    """
    checkpoint = checkpoints.open_network(str(name))
    if brightness is not None:
        checkpoint = replace(checkpoint, variant=replace(checkpoint.variant, brightness=brightness))
        check_record(checkpoint.variant, checkpoint.record)
    known = _colours(checkpoint, mean, covariance, images)
    return replace(checkpoint, record=checkpoint.record | known) if known else checkpoint


def _colours(
    checkpoint: Checkpoint,
    mean: Sequence[float] | None,
    covariance: Sequence[Sequence[float]] | None,
    source: str | None,
) -> dict:
    """What a training record has of the images' colours, from what was given; empty where nothing was."""
    if source is not None and mean is None and covariance is None:
        pixels = images.stack([image for _, image in images.open_source(source)], checkpoint.size)
        colour, spread = photometry.channel_statistics(pixels, checkpoint.variant.brightness)
    elif source is None and mean is not None and covariance is not None:
        colour, spread = torch.tensor(mean) / 127.5 - 1, torch.tensor(covariance) / 127.5**2
    elif source is None and mean is None and covariance is None:
        return {}
    else:
        raise Refusal("Give mean and covariance together, or images alone.")
    if colour.shape != (3,) or spread.shape != (3, 3):
        raise Refusal(
            "The colours are not of R, G, B: give a mean of three numbers, and 3 × 3 of covariance."
        )
    return {"channel_mean": colour.tolist(), "channel_covariance": spread.tolist()}


@_takes_settings("restore")
def denoise(picture: ImageLike, variant: str | Path | Checkpoint = "dim", **settings: Any) -> Run:
    """Dim a picture, noise it to timestep `start`, and remove the noise with a network.

    `variant` is what `load` takes, or what it returned. Settings that are left out, or None, take its
    training defaults. The Run happens while it is iterated, or when a result of it is read. Raises Refusal
    for a picture that cannot be read, and for settings that are out of range or contradict each other.
    """
    checkpoint = _checkpoint(variant)
    chosen = run_settings(variant=checkpoint.variant, **settings)
    return Run(chosen, images.framed(_opened(picture), checkpoint.size, chosen.whole), checkpoint=checkpoint)


@_takes_settings("generate")
def generate(count: int = 1, variant: str | Path | Checkpoint = "dim", **settings: Any) -> Run:
    """Generate `count` pictures from pure noise with a network, all in one batch.

    `variant` is what `load` takes, or what it returned. Settings that are left out, or None, take its
    training defaults. The Run happens while it is iterated, or when a result of it is read. Raises Refusal
    for settings that are out of range or contradict each other.
    """
    if count < 1:
        raise Refusal(f"Ask for at least 1 picture, not {count}.")
    checkpoint = _checkpoint(variant)
    chosen = run_settings(variant=checkpoint.variant, mode="generate", **settings)
    return Run(chosen, count=count, checkpoint=checkpoint)


def measure(reference: ImageLike, picture: ImageLike, brightness: float = 1.0) -> ColourShift:
    """Measure how far a picture's colours are from a `reference` of its size, in numbers and in words.

    `brightness` is what both were dimmed to. Signs are picture minus reference. Raises Refusal for pictures
    of two sizes, or that cannot be read.
    """
    output, original = (
        photometry.prepare(tv.pil_to_tensor(_opened(given))) for given in (picture, reference)
    )
    return assess(output, original, brightness)


def _checkpoint(variant: str | Path | Checkpoint) -> Checkpoint:
    return variant if isinstance(variant, Checkpoint) else load(variant)


def _opened(picture: ImageLike) -> Image.Image:
    if isinstance(picture, str):
        return images.open_picture(picture)
    return images.read(_to_image(picture) if isinstance(picture, Tensor) else picture)


def _to_image(pixels: Tensor) -> Image.Image:
    shape = tuple(pixels.shape)
    in_range = pixels.is_floating_point() and bool(((pixels >= 0) & (pixels <= 1)).all())
    if len(shape) != 3 or shape[0] != 3 or not (in_range or pixels.dtype == torch.uint8):
        kind = str(pixels.dtype).removeprefix("torch.")
        raise Refusal(
            "A picture as a tensor must be (3, height, width), uint8 or all values from 0 to 1, and this is "
            f"{kind} {shape}: photometry.to_image makes a picture of one in model range."
        )
    return tv.to_pil_image(tv.to_dtype(pixels, torch.uint8, scale=True).cpu())
