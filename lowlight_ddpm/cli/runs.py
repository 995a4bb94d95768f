"""Commands that make one run, or measure images."""

import json
import sys
from collections.abc import Callable, Iterable
from dataclasses import asdict
from inspect import Parameter
from pathlib import Path
from typing import Annotated, Any

import typer

from lowlight_ddpm.cli.app import PATH, AsJson, FastestThreads, OwnRows, app, load_network, row_of
from lowlight_ddpm.diffusion.settings import (
    EARLIER_NAMES,
    ONLY_IN,
    Mode,
    RunSettings,
    names_in,
    own_parameters,
    parameters,
    run_settings,
    show_parameters,
)
from lowlight_ddpm.errors import Refusal

Brighten = Annotated[bool, typer.Option(help="Write the pictures as bright as before dimming.")]
Recorded = Annotated[
    Path | None,
    typer.Option(
        "--settings",
        help="A measures.json, or the page's run.json: takes all settings from there.",
        **PATH,
    ),
]
Out = Annotated[Path, typer.Option(help="Folder for the results; made if it is missing.", **PATH)]

_HELP = {  # of the settings, in the words of the command line
    "brightness": "Factor on pixel values, like 0.5.",
    "light": "How it is dimmed: pixels (scaled) or camera (as a camera sees less light).",
    "start": "Timestep that it is noised to first: 0 hardly any noise, 999 almost nothing else.",
    "mean_correction": "Set x0's mean colour to what x_t's tells of it.",
    "anchor": "Hold x0's mean colour to that estimated from the noised picture.",
    "whole": "The whole picture at its own size, in tiles, instead of its middle square.",
    "leak_start": "Signal-leak initialisation: mix a colour of the training set into the noise.",
    "variant": "Which network: a name of `variants`, a folder of a diffusers pipeline, or OWNER/NAME.",
    "steps": "Network calls, 1 to 1000: more is finer and slower.",
    "sampler": "ddpm, which adds noise at every step, or one that adds none: ddim, pndm, dpm++, unipc, deis.",
    "variance_type": "Variance that ddpm adds: fixed_small, fixed_large, fixed_small_log or fixed_large_log.",
    "beta_start": "Noise variance of the first timestep, like 0.0001.",
    "beta_end": "Noise variance of the last timestep, like 0.02.",
    "clip": "Clip every estimate of the clean picture to what can be displayed.",
    "clip_to_data": "Clip every estimate to the range of a picture this dim.",
    "epsilon_scale": "Divide the predicted noise by this: above 1, each step removes less noise.",
    "backend": "What computes the network: torch, or onnx where ONNX Runtime is installed.",
    "seed": "Seed of the noise: the same seed gives the same pictures.",
}
_WITHOUT_A_NO = ("anchor", "whole", "leak_start")  # switches that are off unless they are given


def takes_settings(mode: Mode) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command the options of a run's settings in place of its `**values`.

    Those of the mode alone follow the command's argument, those of every run its own options.
    """

    def shown(command: Callable[..., Any]) -> Callable[..., Any]:
        own, special = own_parameters(command), ONLY_IN[mode]
        common = [name for name in names_in(mode) if name not in special]
        options = [parameter for parameter in own if parameter.kind is parameter.KEYWORD_ONLY]
        arguments = own[: len(own) - len(options)]
        return show_parameters(command, [*arguments, *_options(special), *options, *_options(common)])

    return shown


def _options(names: Iterable[str]) -> list[Parameter]:
    """Settings as options. RunSettings alone checks their values, so typer knows no choices or limits."""
    return [parameter.replace(annotation=_option(parameter)) for parameter in parameters(names)]


def _option(parameter: Parameter) -> Any:
    name = parameter.name
    kind = type(RunSettings.model_fields[name].default)
    spelled = [spelling.replace("_", "-") for spelling in (name, *_earlier(name))]
    switch = kind is bool and name not in _WITHOUT_A_NO
    declarations = [f"--{spelling}/--no-{spelling}" if switch else f"--{spelling}" for spelling in spelled]
    return Annotated[
        kind | None if parameter.default is None else kind, typer.Option(*declarations, help=_HELP[name])
    ]


def _earlier(name: str) -> list[str]:
    return [earlier for earlier, today in EARLIER_NAMES.items() if today == name]


@app.command()
@takes_settings("restore")
def denoise(
    image: Annotated[str, typer.Argument(help="A photograph, drawn:NUMBER or fruit:NUMBER.")],
    *,
    brighten: Brighten = False,
    recorded: Recorded = None,
    out: Out = Path("out"),
    threads: FastestThreads = None,
    own_rows: OwnRows = None,
    **values,
) -> None:
    """Dim a picture, noise it, remove the noise step by step, and measure the colours.

    Writes result.png, steps.png (noisy pictures above, estimates below), steps.gif and measures.json.
    """
    from lowlight_ddpm import images
    from lowlight_ddpm.runs.run import Run

    settings = _recorded(recorded, "restore") if recorded else _settings(values)
    picture = images.open_picture(image)
    checkpoint = load_network(settings.variant, threads)
    pixels = images.framed(picture, checkpoint.size, settings.whole)
    if settings.whole:
        _announce(checkpoint, settings.steps, *pixels.shape[1:])
    notes = images.notes(picture, settings.whole)
    _watch(Run(settings, pixels, checkpoint=checkpoint, notes=notes), out, brighten)


@app.command()
@takes_settings("generate")
def generate(
    count: Annotated[
        int | None, typer.Option(min=1, max=256, help="How many pictures: 16, or 1 with --settings.")
    ] = None,
    *,
    brighten: Brighten = False,
    recorded: Recorded = None,
    out: Out = Path("out"),
    threads: FastestThreads = None,
    own_rows: OwnRows = None,
    **values,
) -> None:
    """Generate pictures from pure noise, and compare their mean colour with the training set's.

    Writes result.png (all in a grid), steps.png and steps.gif (the first) and measures.json.
    """
    from lowlight_ddpm.runs.run import Run

    settings = _recorded(recorded, "generate") if recorded else _settings({"mode": "generate", **values})
    checkpoint = load_network(settings.variant, threads)
    count = count or (1 if recorded else 16)
    _watch(Run(settings, count=count, checkpoint=checkpoint), out, brighten)


@app.command()
def measure(
    reference: Annotated[Path, typer.Argument(help="The original.", **PATH)],
    image: Annotated[
        Path, typer.Argument(help="The picture that may have shifted; of the same size.", **PATH)
    ],
    brightness: Annotated[float, typer.Option(help="What both pictures were dimmed to, 0 to 1.")] = 1.0,
    as_json: AsJson = False,
) -> None:
    """Measure how far a picture's colours are from another's, in numbers and in words."""
    from lowlight_ddpm import api, images

    original, shifted = images.read(reference), images.read(image)
    for path, picture in ((reference, original), (image, shifted)):
        _tell(images.notes(picture), f"{path.name}: ")
    shift = api.measure(original, shifted, brightness)
    if as_json:
        print(json.dumps(asdict(shift.measures) | {"in_words": shift.in_words}, indent=1))
    else:
        print(shift)


def _settings(values: dict[str, Any]) -> RunSettings:
    """The settings of a run by the network that `values` name: as a variant, as a folder or at the Hub."""
    values = {**values}
    return run_settings(**values | {"variant": row_of(str(values.get("variant") or "dim"))})


def _recorded(path: Path, mode: Mode) -> RunSettings:
    """The settings of an earlier run, which must be one of the command's kind."""
    try:
        settings = _settings(json.loads(path.read_text(encoding="utf-8"))["settings"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        if isinstance(error, Refusal):
            raise
        raise Refusal(f"{path} holds no settings of a run: give a run.json or a measures.json.") from error
    if settings.mode != mode:
        other = {"restore": "denoise", "generate": "generate"}[settings.mode]
        raise Refusal(f"The run in {path} is another kind of run: use the command {other}.")
    return settings


def _tell(notes: list[str], of: str = "") -> None:
    """Print what was done to an image before it is used, a line each."""
    for note in notes:
        print(f"{of}{note}", file=sys.stderr)


def _watch(run, out: Path, brighten: bool) -> None:
    """Make a run with a progress bar on the terminal, write its files, and print what it did."""
    from tqdm import tqdm

    _tell(run.notes)
    for _ in tqdm(run, unit="step"):
        pass
    paths = run.save(out, brighten)
    print(run.in_words, *paths, sep="\n")


def _announce(checkpoint, steps: int, height: int, width: int) -> None:
    """Print how long a large picture will take."""
    from lowlight_ddpm.diffusion.backends import seconds_per_call, tile_count

    tiles = tile_count(height, width, checkpoint.size)
    seconds = steps * seconds_per_call(checkpoint, height, width)
    print(f"{width}×{height} pixels in {tiles} tiles, {steps} steps: about {seconds:.0f} s.", file=sys.stderr)
