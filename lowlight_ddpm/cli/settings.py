"""A run's settings on the command line: as options, and from the record of an earlier run."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from inspect import Parameter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_origin

import typer

from lowlight_ddpm.cli.app import PATH, is_known, row_of, variant_names
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

if TYPE_CHECKING:
    from lowlight_ddpm.runs.run import Run

RecordFile = Annotated[
    Path | None,
    typer.Option(
        "--settings",
        help="A measures.json, or the page's run.json: makes that run again, but for options that are given.",
        **PATH,
    ),
]

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
    "variance_type": "Variance that ddpm adds.",
    "beta_start": "Noise variance of the first timestep, like 0.0001.",
    "beta_end": "Noise variance of the last timestep, like 0.02.",
    "clip": "Clip every estimate of the clean picture to what can be displayed.",
    "clip_to_data": "Clip every estimate to the range of a picture this dim.",
    "epsilon_scale": "Divide the predicted noise by this: above 1, each step removes less noise.",
    "backend": "What computes the network; onnx where ONNX Runtime is installed.",
    "seed": "Seed of the noise: the same seed gives the same pictures.",
}
_WITHOUT_A_NO = ("anchor", "whole", "leak_start")  # switches that are off unless they are given
_COMPLETED = {"variant": variant_names}  # what a shell completes the value of an option with


def takes_settings(mode: Mode) -> Callable[[Callable], Callable]:
    """Give a command the options of a run's settings in place of its `**values`.

    Those of the mode alone follow the command's argument, those of every run its own options.
    """

    def shown(command: Callable) -> Callable:
        own, special = own_parameters(command), ONLY_IN[mode]
        common = [name for name in names_in(mode) if name not in special]
        options = [parameter for parameter in own if parameter.kind is parameter.KEYWORD_ONLY]
        arguments = own[: len(own) - len(options)]
        return show_parameters(command, [*arguments, *_options(special), *options, *_options(common)])

    return shown


def _options(names: Iterable[str]) -> list[Parameter]:
    """Settings as options. Choices are shown; RunSettings alone checks numbers, so typer knows no limits."""
    return [parameter.replace(annotation=_option(parameter)) for parameter in parameters(names)]


def _option(parameter: Parameter) -> Any:
    name, of = parameter.name, RunSettings.model_fields[parameter.name]
    kind: Any = of.annotation if get_origin(of.annotation) is Literal else type(of.default)
    spelled = [spelling.replace("_", "-") for spelling in (name, *_earlier(name))]
    switch = kind is bool and name not in _WITHOUT_A_NO
    declarations = [f"--{spelling}/--no-{spelling}" if switch else f"--{spelling}" for spelling in spelled]
    return Annotated[
        kind | None if parameter.default is None else kind,
        typer.Option(*declarations, help=_HELP[name], autocompletion=_COMPLETED.get(name)),
    ]


def _earlier(name: str) -> list[str]:
    return [earlier for earlier, today in EARLIER_NAMES.items() if today == name]


@dataclass(frozen=True)
class Record:
    """What measures.json or run.json holds of a run.

    `values` are its settings as they were written, `count` its pictures; `picture` and `weights_sha256` say
    what it was made from, where the version that wrote it did.
    """

    path: Path
    values: dict
    count: int = 1
    picture: dict | None = None
    weights_sha256: str | None = None

    @classmethod
    def read(cls, path: Path, mode: Mode, network: str | None = None) -> "Record":
        """Read it; `network` is what made the run, where its name on record does not open it here.

        Raises Refusal for a file that is no record of a run, one of another mode's, or of no network here.
        """
        try:
            written = json.loads(path.read_text(encoding="utf-8"))
            kept = {name: written[name] for name in ("count", "picture", "weights_sha256") if name in written}
            own = {"variant": network} if network else {}
            record = cls(path, {**written["settings"], **own}, **kept)
            if (made_by := str(record.values.get("variant") or "dim")) and not is_known(made_by):
                raise Refusal(
                    f"The run in {path} is of the network “{made_by}”, and none here is called so: name its "
                    "folder with --variant, or in LOWLIGHT_NETWORKS as for the page that it comes from."
                )
            settings = _settings(record.values)
            if type(record.count) is not int or record.count < 1:
                raise ValueError(record.count)
        except (OSError, ValueError, KeyError, TypeError) as error:
            if isinstance(error, Refusal):
                raise
            raise Refusal(
                f"“{path}” holds no settings of a run: give a run.json or a measures.json."
            ) from error
        if settings.mode != mode:
            other = {"restore": "denoise", "generate": "generate"}[settings.mode]
            raise Refusal(f"The run in {path} is another kind of run: use the command {other}.")
        return record

    def beside(self, folder: str) -> "Record":
        """The record of another image of the batch that this one is of, with its picture; else itself.

        A batch has a folder for each image, called as `folder` is.
        """
        path = self.path.parent.parent / folder / self.path.name
        try:
            mode, network = _settings(self.values).mode, self.values.get("variant")
            other = Record.read(path, mode, network) if folder and path.is_file() else self
        except Refusal:
            return self
        return other if other.values == self.values else self

    def differences(self, run: "Run") -> Iterator[str]:
        """What a run is made from that the one on record was not, a sentence each; nothing where unknown.

        An image is the same by its file or by the pixels that are taken of it.
        """
        made_from = run.provenance
        before, now = (
            side if isinstance(side, dict) else {} for side in (self.picture, made_from["picture"])
        )
        known = [name for name in ("sha256", "pixels_sha256") if before.get(name) and now.get(name)]
        if known and all(before[name] != now[name] for name in known):
            name = before.get("name", "of another name")
            yield f"It is another picture than that of {self.path.name}, {name}: the result will differ."
        weights = made_from["weights_sha256"]
        if self.weights_sha256 and weights and self.weights_sha256 != weights:
            yield (
                f"The weights of {run.settings.variant} are not those of {self.path.name} "
                f"(sha256 {weights[:12]}…, there {self.weights_sha256[:12]}…): the result will differ."
            )


def settings_of(ctx: typer.Context, mode: Mode, values: dict, record: Record | None) -> RunSettings:
    """The settings of a run: those on record if there is one, but what was written on the command line."""
    if record is None:
        return _settings({"mode": mode, **values})
    return _settings(record.values | {name: value for name, value in values.items() if _given(ctx, name)})


def record_of(ctx: typer.Context, mode: Mode, path: Path | None, values: dict) -> Record | None:
    """The record at `path`, if there is one, of the network that was written on the command line, if any."""
    network = values["variant"] if _given(ctx, "variant") else None
    return Record.read(path, mode, network) if path else None


def _given(ctx: typer.Context, name: str) -> bool:
    source = ctx.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def _settings(values: dict) -> RunSettings:
    """The settings of a run by the network that `values` name: as a variant, as a folder or at the Hub."""
    return run_settings(**values | {"variant": row_of(str(values.get("variant") or "dim"))})
