"""What a notebook imports: `from lowlight_ddpm import denoise, generate, measure, load`."""

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import torch
from PIL import Image
from torch import Tensor
from torchvision.transforms.v2 import functional as tv

from lowlight_ddpm import images
from lowlight_ddpm.diffusion.settings import AS_TRAINED, RunSettings, run_settings
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.models.checkpoints import Checkpoint
from lowlight_ddpm.runs import assessment
from lowlight_ddpm.runs.assessment import Judgement
from lowlight_ddpm.runs.run import Run

__all__ = ["Run", "denoise", "generate", "load", "measure"]

Picture = str | Path | Image.Image | Tensor
"""A file, drawn:NUMBER or fruit:NUMBER; a PIL image; a tensor (3, H, W), uint8 or from 0 to 1."""


_Function = TypeVar("_Function", bound=Callable)


def _shows_settings(*without: str) -> Callable[[_Function], _Function]:
    """Have notebooks offer the fields of RunSettings in place of `**settings`, and say what each is."""

    def shown(function: _Function) -> _Function:
        *own, _ = inspect.signature(function).parameters.values()
        hidden = {"mode", "variant", *without}
        fields = {name: field for name, field in RunSettings.model_fields.items() if name not in hidden}
        settings = [
            inspect.Parameter(
                name,
                inspect.Parameter.KEYWORD_ONLY,
                default=None if name in AS_TRAINED else field.default,
                annotation=field.annotation | None if name in AS_TRAINED else field.annotation,
            )
            for name, field in fields.items()
        ]
        function.__signature__ = inspect.Signature([*own, *settings], return_annotation=Run)
        lines = [f"    {name}: {field.description}" for name, field in fields.items()]
        function.__doc__ = "\n".join([inspect.cleandoc(function.__doc__), "", "Settings:", *lines])
        return function

    return shown


def load(name: str) -> Checkpoint:
    """A trained variant: its network, scheduler and training record. Raises Refusal where there is none."""
    return checkpoints.load(name)


@_shows_settings("leak_start")
def denoise(picture: Picture, variant: str | Checkpoint = "dim", **settings: Any) -> Run:
    """Dim a picture, bury it in noise, and have a network take the noise away again.

    `variant` is a name, or what `load` gave. Settings that are left out, or None, are as it was trained. The
    Run happens while it is iterated, or when it is looked at. Raises Refusal for a picture that cannot be
    read, and for settings that cannot be.
    """
    checkpoint = _checkpoint(variant)
    asked = run_settings(variant=checkpoint.variant.name, **settings)
    size = checkpoint.unet.config.sample_size
    return Run(asked, checkpoint, images.framed(_opened(picture), size, asked.whole))


@_shows_settings("brightness", "light", "whole", "start", "anchor")
def generate(count: int = 1, variant: str | Checkpoint = "dim", **settings: Any) -> Run:
    """Have a network draw `count` pictures from pure noise, all in one batch.

    `variant` is a name, or what `load` gave. Settings that are left out, or None, are as it was trained. The
    Run happens while it is iterated, or when it is looked at. Raises Refusal for settings that cannot be.
    """
    if count < 1:
        raise Refusal(f"Ask for at least 1 picture, not {count}.")
    checkpoint = _checkpoint(variant)
    asked = run_settings(variant=checkpoint.variant.name, mode="generate", **settings)
    return Run(asked, checkpoint, count=count)


def measure(reference: Picture, picture: Picture, brightness: float = 1.0) -> Judgement:
    """Say how far a picture's colours are from a `reference` of its size, in figures and in words.

    `brightness` is what both were dimmed to. Signs are picture minus reference. Raises Refusal for pictures
    of two sizes, or that cannot be read.
    """
    return assessment.between(_opened(reference), _opened(picture), brightness)


def _checkpoint(variant: str | Checkpoint) -> Checkpoint:
    return variant if isinstance(variant, Checkpoint) else load(variant)


def _opened(picture: Picture) -> Image.Image:
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
