"""What a notebook imports: `from lowlight_ddpm import denoise, generate, measure, load`."""

import inspect
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial, wraps
from numbers import Real
from pathlib import Path
from typing import Any, TypeVar, Unpack, cast, overload

from PIL import Image
from torchvision.transforms.v2 import functional as tv

from lowlight_ddpm import images
from lowlight_ddpm.analysis.compare import Outcome, outcomes
from lowlight_ddpm.analysis.explain import Explanation
from lowlight_ddpm.analysis.explain import explain as explained
from lowlight_ddpm.analysis.sweep import Value, settings_grid
from lowlight_ddpm.diffusion.keywords import (
    AnyKeywords,
    DenoiseKeywords,
    GenerateKeywords,
    check_names,
    described,
    meant,
    settings_of,
    shown_parameters,
)
from lowlight_ddpm.diffusion.sampling import denoise_together
from lowlight_ddpm.diffusion.schedule import Curves
from lowlight_ddpm.diffusion.settings import (
    Mode,
    RunSettings,
    own_parameters,
    show_parameters,
    typed_settings,
)
from lowlight_ddpm.environment import home
from lowlight_ddpm.errors import Refusal, shown
from lowlight_ddpm.images import ImageLike, photometry
from lowlight_ddpm.metrics.colour_shift import ColourShift, assess
from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.models.checkpoints import Checkpoint
from lowlight_ddpm.models.given_colours import given_colours
from lowlight_ddpm.models.pipelines import check_record
from lowlight_ddpm.runs.run import Run, Runs
from lowlight_ddpm.variants import VARIANTS

__all__ = ["compare", "denoise", "explain", "generate", "load", "measure", "schedule", "sweep"]

Images = list[Any] | tuple[Any, ...]
"""Several of ImageLike."""
Network = str | Path | Checkpoint
"""What `load` takes, or what it returned."""
_Function = TypeVar("_Function", bound=Callable[..., Any])


def _takes_settings(mode: Mode) -> Callable[[_Function], _Function]:
    """Show a run's settings in place of a function's `**settings`, and describe each in its docstring."""

    def decorated(function: _Function) -> _Function:
        given_first = own_parameters(function)

        @wraps(function)
        def called(*arguments: Any, **settings: Any) -> Any:
            _check_call(function.__name__, given_first, mode, arguments, settings)
            return function(*arguments, **settings)

        lines = [f"    {name}: {meaning}" for name, meaning in described(mode).items()]
        called.__doc__ = "\n".join([inspect.getdoc(function) or "", "", "Settings:", *lines])
        shown_as = [*given_first, *shown_parameters(mode)]
        return cast(_Function, show_parameters(called, shown_as))

    return decorated


def _check_call(
    function: str,
    own: list[inspect.Parameter],
    mode: Mode,
    arguments: tuple[Any, ...],
    settings: Mapping[str, Any],
) -> None:
    """Raise Refusal for what Python would answer with a TypeError that knows nothing of settings."""
    if len(arguments) > len(own):
        raise Refusal(
            f"The function {function} takes {' and '.join(each.name for each in own)} by position: "
            f"name every setting, like steps={shown(arguments[len(own)])}."
        )
    missing = [each.name for each in own[len(arguments) :] if each.default is each.empty]
    missing = [name for name in missing if name not in settings]
    if missing:
        check_names(mode, [name for name in settings if name not in {each.name for each in own}])
        raise Refusal(f"The function {function} needs {' and '.join(missing)}: see help({function}).")


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
    checkpoint = checkpoints.open_network(_place(name))
    if brightness is not None:
        checkpoint = replace(checkpoint, variant=replace(checkpoint.variant, brightness=brightness))
        check_record(checkpoint.variant, checkpoint.record)
    known = given_colours(checkpoint.size, checkpoint.variant.brightness, mean, covariance, images)
    return replace(checkpoint, record=checkpoint.record | known) if known else checkpoint


@overload
def denoise(picture: ImageLike, variant: Network = "dim", **settings: Unpack[DenoiseKeywords]) -> Run: ...
@overload
def denoise(picture: Images, variant: Network = "dim", **settings: Unpack[DenoiseKeywords]) -> Runs: ...
@_takes_settings("restore")
def denoise(
    picture: ImageLike | Images, variant: Network = "dim", **settings: Unpack[DenoiseKeywords]
) -> Run | Runs:
    """Dim a picture, noise it to timestep `start`, and remove the noise with a network.

    `picture` is a path, drawn:NUMBER or fruit:NUMBER, a PIL image, an open binary file, an array (H, W) or
    (H, W, 1, 3 or 4), or a tensor (3, H, W), of uint8, uint16 or floats from 0 to 1; or a list of these, of
    which a list of Runs is made. `variant` is what `load` takes, or what it returned. Settings that are left
    out, or None, take its training defaults. A Run happens while it is iterated, or when a result of it is
    read; its `notes` say what was converted or cut off. Raises Refusal for a picture that cannot be read, and
    for settings that are unknown, of a wrong type, out of range or contradict each other.
    """
    checkpoint = _checkpoint(variant)
    chosen = settings_of("restore", checkpoint.variant, settings)

    def run(given: ImageLike, name: str = "") -> Run:
        read = _opened(given, name)
        pixels = images.framed(read, checkpoint.size, chosen.whole)
        notes, origin = images.notes(read, chosen.whole), images.origin(given)
        return Run(chosen, pixels, checkpoint=checkpoint, notes=notes, origin=origin)

    if isinstance(picture, list | tuple):
        return Runs(run(given, f"Picture {number}") for number, given in enumerate(picture, 1))
    return run(picture)


@_takes_settings("generate")
def generate(count: int = 1, variant: Network = "dim", **settings: Unpack[GenerateKeywords]) -> Run:
    """Generate `count` pictures, at most 1024, from pure noise with a network, all in one batch.

    `variant` is what `load` takes, or what it returned. Settings that are left out, or None, take its
    training defaults. The Run happens while it is iterated, or when a result of it is read. Raises Refusal
    for a count that is none, and for settings as `denoise` does.
    """
    checkpoint = _checkpoint(variant)
    chosen = settings_of("generate", checkpoint.variant, settings)
    if chosen.leak_start or chosen.mean_correction != "off":
        checkpoints.colours(checkpoint.variant, checkpoint.record)  # refused here, and not when it is read
    return Run(chosen, count=count, checkpoint=checkpoint)


@_takes_settings("restore")
def compare(
    picture: ImageLike, variants: Iterable[Network] | None = None, **settings: Unpack[DenoiseKeywords]
) -> list[Outcome]:
    """Restore one picture with several networks from the same noise, and measure each result.

    `picture` and each of `variants` are what `denoise` takes; without `variants`, all that are available take
    part. Gives an Outcome for each, in their order, with figures as at full brightness: `delta_e`, `mse` and
    `shifts`; `analysis.compare` ranks them. Raises Refusal as `denoise` does, and for two of one name.
    """
    named = checkpoints.available() if variants is None else _several("variants", variants)
    if not named:
        raise Refusal("There is no network to compare: give one at least, or leave variants out for all.")
    networks = [_checkpoint(variant) for variant in named]
    by_name = {network.variant.name: network for network in networks}
    if len(by_name) < len(networks):
        raise Refusal("Two of the networks have one name: give each once.")
    chosen = [settings_of("restore", network.variant, settings) for network in networks]
    found = outcomes(_opened(picture), chosen, by_name)
    for one in found:
        if isinstance(one, Refusal):
            raise one
    return [one for one in found if isinstance(one, Outcome)]


@_takes_settings("restore")
def sweep(
    picture: ImageLike,
    across: str,
    columns: Iterable[Value],
    down: str,
    rows: Iterable[Value],
    variant: Network = "dim",
    **settings: Unpack[DenoiseKeywords],
) -> list[list[Outcome | Refusal]]:
    """Restore one picture over a grid of two settings, `across` and `down`, with the same noise.

    `columns` and `rows` are their values, at most 25 of them in all pairs; `analysis.sweep.AXES` has what may
    be varied. Gives a list for each of `rows`, with an Outcome for each of `columns`, or the Refusal that
    says why there can be none. Raises Refusal for a grid that cannot be, and as `denoise` does.
    """
    network = _checkpoint(variant)
    given = meant("restore", network.variant, settings) | {"variant": network.variant}
    typed_settings(**given)  # refused once here, and not in every place of the grid
    axes = across, _several("columns", columns), down, _several("rows", rows)
    grid = settings_grid(given, *axes, make=typed_settings)
    possible = [settings for row in grid for settings in row if isinstance(settings, RunSettings)]
    networks = {settings.variant: network for settings in possible}
    networks |= {name: load(name) for name in networks if name != network.variant.name}
    found = iter(outcomes(_opened(picture), possible, networks))
    return [[one if isinstance(one, Refusal) else next(found) for one in row] for row in grid]


@_takes_settings("restore")
def explain(
    picture: ImageLike | None = None, variant: str = "dim", **settings: Unpack[AnyKeywords]
) -> Explanation:
    """Take a run's colour shift apart: repeat it on the same noise with one cause removed at a time.

    Without a `picture`, pictures are generated. `variant` is the name of one in the table, whose twins take
    part. `in_words` says what was found. Raises Refusal as `denoise` and `generate` do.
    """
    checkpoint = _checkpoint(variant)
    if VARIANTS.get(checkpoint.variant.name) != checkpoint.variant:
        raise Refusal("Only variants of the table are explained: give the name of one.")
    chosen = settings_of("generate" if picture is None else "restore", checkpoint.variant, settings)
    pixels = None if picture is None else images.framed(_opened(picture), checkpoint.size, chosen.whole)
    source = partial(denoise_together, load=checkpoints.open_network)
    *_, (explanation, _) = explained(chosen, pixels, source)
    return explanation


def schedule(
    variant: Network = "dim",
    *,
    beta_start: float | None = None,
    beta_end: float | None = None,
    zero_terminal_snr: bool | None = None,
) -> Curves:
    """The curves of a noise schedule: what its betas leave of an image at each timestep.

    What is left out is as `variant`, a network that `load` takes or returned, was trained. Raises Refusal for
    a network that is not there, and for betas that are out of range or do not rise.
    """
    row = variant.variant if isinstance(variant, Checkpoint) else checkpoints.row_at(_place(variant))
    chosen = typed_settings(variant=row, beta_start=beta_start, beta_end=beta_end)
    rescaled = row.zero_terminal_snr if zero_terminal_snr is None else zero_terminal_snr
    if not isinstance(rescaled, bool):
        raise Refusal(f"The setting zero_terminal_snr must be true or false, not {shown(rescaled)}.")
    return Curves(chosen.beta_start, chosen.beta_end, row.beta_schedule, rescaled)


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
    if isinstance(brightness, bool) or not isinstance(brightness, Real) or not 0 < brightness <= 1:
        raise Refusal(
            f"The brightness must be a number above 0 and at most 1, and {shown(brightness)} is not."
        )
    if isinstance(reference, list | tuple) and isinstance(picture, list | tuple):
        if len(reference) != len(picture):
            raise Refusal(f"There are {len(reference)} references and {len(picture)} pictures: give as many.")
        return [measure(one, other, brightness) for one, other in zip(reference, picture, strict=True)]
    output, original = (
        photometry.prepare(tv.pil_to_tensor(_opened(given))) for given in (picture, reference)
    )
    return assess(output, original, brightness)


def _several(name: str, values: Any) -> list[Any]:
    if isinstance(values, str | bytes | Mapping) or not isinstance(values, Iterable):
        raise Refusal(f"The {name} are several: give a list, and not {shown(values)}.")
    return list(values)


def _place(name: Any) -> str:
    if not isinstance(name, str | os.PathLike):
        if hasattr(name, "save_pretrained"):
            raise Refusal(
                f"A network is named by a text or a path, not by {shown(name)}: save its pipeline with "
                "save_pretrained, and give the folder."
            )
        raise Refusal(f"A network is named by a text or a path, not by {shown(name)}: give one, like “dim”.")
    return str(name)


def _checkpoint(variant: Network) -> Checkpoint:
    return variant if isinstance(variant, Checkpoint) else load(variant)


def _opened(picture: Any, name: str = "") -> Image.Image:
    """An image, which refusals call `name` unless it is a file of one of its own."""
    if isinstance(picture, str):
        return images.open_picture(picture)
    if isinstance(picture, Path):
        return images.read(home(picture))
    return images.read(picture, name)
