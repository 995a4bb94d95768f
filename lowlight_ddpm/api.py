"""What a notebook imports: `from lowlight_ddpm import denoise, generate, measure, load`."""

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, overload

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


def load(name: str) -> Checkpoint:
    """Load a trained variant: network, scheduler and training record. Raises Refusal where there is none."""
    return checkpoints.load(name)


@overload
def denoise(picture: ImageLike, variant: str | Checkpoint = "dim", **settings: Any) -> Run: ...
@overload
def denoise(picture: Images, variant: str | Checkpoint = "dim", **settings: Any) -> list[Run]: ...
@_takes_settings("restore")
def denoise(
    picture: ImageLike | Images, variant: str | Checkpoint = "dim", **settings: Any
) -> Run | list[Run]:
    """Dim a picture, noise it to timestep `start`, and remove the noise with a network.

    `picture` is a path, drawn:NUMBER or fruit:NUMBER, a PIL image, an open binary file, an array (H, W) or
    (H, W, 1, 3 or 4), or a tensor (3, H, W), of uint8, uint16 or floats from 0 to 1; or a list of these, of
    which a list of Runs is made. `variant` is a name, or what `load` returned. Settings that are left out, or
    None, take its training defaults. A Run happens while it is iterated, or when a result of it is read; its
    `notes` say what was converted or cut off. Raises Refusal for a picture that cannot be read, and for
    settings that are out of range or contradict each other.
    """
    checkpoint = _checkpoint(variant)
    chosen = run_settings(variant=checkpoint.variant.name, **settings)

    def run(given: ImageLike, name: str = "") -> Run:
        read = _opened(given, name)
        pixels = images.framed(read, checkpoint.size, chosen.whole)
        return Run(chosen, pixels, checkpoint=checkpoint, notes=images.notes(read, chosen.whole))

    if isinstance(picture, list | tuple):
        return [run(given, f"Picture {number}") for number, given in enumerate(picture, 1)]
    return run(picture)


@_takes_settings("generate")
def generate(count: int = 1, variant: str | Checkpoint = "dim", **settings: Any) -> Run:
    """Generate `count` pictures from pure noise with a network, all in one batch.

    `variant` is a name, or what `load` returned. Settings that are left out, or None, take its training
    defaults. The Run happens while it is iterated, or when a result of it is read. Raises Refusal for
    settings that are out of range or contradict each other.
    """
    if count < 1:
        raise Refusal(f"Ask for at least 1 picture, not {count}.")
    checkpoint = _checkpoint(variant)
    chosen = run_settings(variant=checkpoint.variant.name, mode="generate", **settings)
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


def _checkpoint(variant: str | Checkpoint) -> Checkpoint:
    return variant if isinstance(variant, Checkpoint) else load(variant)


def _opened(picture: Any, name: str = "") -> Image.Image:
    """An image, which refusals call `name` unless it is a file of one of its own."""
    if isinstance(picture, str):
        return images.open_picture(picture)
    if isinstance(picture, Path):
        return images.read(home(picture))
    return images.read(picture, name)
