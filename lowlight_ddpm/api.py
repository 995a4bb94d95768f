"""What a notebook imports: `from lowlight_ddpm import denoise, generate, measure, load`."""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar, overload

import torch
from PIL import Image
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
from lowlight_ddpm.environment import home
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.images import ImageLike, photometry
from lowlight_ddpm.metrics.colour_shift import ColourShift, assess
from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.models.checkpoints import Checkpoint
from lowlight_ddpm.models.pipelines import check_record
from lowlight_ddpm.runs.run import Run

__all__ = ["Run", "denoise", "generate", "load", "measure"]

Images = list[Any] | tuple[Any, ...]
"""Several of ImageLike."""
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


@overload
def denoise(picture: ImageLike, variant: str | Checkpoint = "dim", **settings: Any) -> Run: ...
@overload
def denoise(picture: Images, variant: str | Checkpoint = "dim", **settings: Any) -> list[Run]: ...
@_takes_settings("restore")
def denoise(
    picture: ImageLike | Images, variant: str | Path | Checkpoint = "dim", **settings: Any
) -> Run | list[Run]:
    """Dim a picture, noise it to timestep `start`, and remove the noise with a network.

    `picture` is a path, drawn:NUMBER or fruit:NUMBER, a PIL image, an open binary file, an array (H, W) or
    (H, W, 1, 3 or 4), or a tensor (3, H, W), of uint8, uint16 or floats from 0 to 1; or a list of these, of
    which a list of Runs is made. `variant` is what `load` takes, or what it returned. Settings that are left
    out, or None, take its training defaults. A Run happens while it is iterated, or when a result of it is
    read; its `notes` say what was converted or cut off. Raises Refusal for a picture that cannot be read, and
    for settings that are out of range or contradict each other.
    """
    checkpoint = _checkpoint(variant)
    chosen = run_settings(variant=checkpoint.variant, **settings)

    def run(given: ImageLike, name: str = "") -> Run:
        read = _opened(given, name)
        pixels = images.framed(read, checkpoint.size, chosen.whole)
        notes, origin = images.notes(read, chosen.whole), images.origin(given)
        return Run(chosen, pixels, checkpoint=checkpoint, notes=notes, origin=origin)

    if isinstance(picture, list | tuple):
        return [run(given, f"Picture {number}") for number, given in enumerate(picture, 1)]
    return run(picture)


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


@overload
def measure(reference: ImageLike, picture: ImageLike, brightness: float = 1.0) -> ColourShift: ...
@overload
def measure(reference: Images, picture: Images, brightness: float = 1.0) -> list[ColourShift]: ...
def measure(
    reference: ImageLike | Images, picture: ImageLike | Images, brightness: float = 1.0
) -> ColourShift | list[ColourShift]:
    """Measure how far a picture's colours are from a `reference` of its size, in numbers and in words.

    Both are what `denoise` takes; of two lists of one length, each picture is measured against the reference
    in its place. `brightness` is what all were dimmed to. Signs are picture minus reference. Raises Refusal
    for pictures of two sizes, or that cannot be read.
    """
    if isinstance(reference, list | tuple) and isinstance(picture, list | tuple):
        if len(reference) != len(picture):
            raise Refusal(f"There are {len(reference)} references and {len(picture)} pictures: give as many.")
        return [measure(one, other, brightness) for one, other in zip(reference, picture, strict=True)]
    output, original = (
        photometry.prepare(tv.pil_to_tensor(_opened(given))) for given in (picture, reference)
    )
    return assess(output, original, brightness)


def _checkpoint(variant: str | Path | Checkpoint) -> Checkpoint:
    return variant if isinstance(variant, Checkpoint) else load(variant)


def _opened(picture: Any, name: str = "") -> Image.Image:
    """An image, which refusals call `name` unless it is a file of one of its own."""
    if isinstance(picture, str):
        return images.open_picture(picture)
    if isinstance(picture, Path):
        return images.read(home(picture))
    return images.read(picture, name)
