"""Everything that determines one run, checked once: the CLI, the page and the API all build this.

Their parameters are derived from it too: names, order, types and defaults.
Nothing heavy is imported before a run is made, so that the command line answers at once.
"""

import inspect
from collections.abc import Callable, Iterable, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast

from pydantic import BaseModel, Field, PrivateAttr, ValidationError, model_validator

from lowlight_ddpm.errors import Refusal, allowed, shown
from lowlight_ddpm.variants import (
    TRAIN_TIMESTEPS,
    VARIANTS,
    Beta,
    Brightness,
    VarianceType,
    Variant,
    find_variant,
)

if TYPE_CHECKING:
    from torch import Tensor

LAST_TIMESTEP = TRAIN_TIMESTEPS - 1
Mode = Literal["restore", "generate"]
LightName = Literal["pixels", "camera"]  # the rows of images.photometry.LIGHTS
SamplerName = Literal["ddpm", "ddim", "pndm", "dpm++", "unipc", "deis"]  # those of samplers.SAMPLERS
BackendName = Literal["torch", "onnx"]
MeanCorrection = Literal["off", "training", "wide", "drawn"]
TRAINING_DEFAULTS = ("brightness", "variance_type", "beta_start", "beta_end")
"""The settings that are taken from the variant where they are left out."""
ONLY_IN: dict[Mode, tuple[str, ...]] = {
    "restore": ("brightness", "light", "start", "anchor", "whole"),
    "generate": ("leak_start",),
}
"""The settings that are offered for runs of one mode alone."""
EARLIER_NAMES: dict[str, str] = {}
"""A setting's name in an earlier version, and now: links, records, keywords and options accept both."""

_Function = TypeVar("_Function", bound=Callable)


class RunSettings(BaseModel, frozen=True, extra="forbid"):
    """One run: what is denoised, by which network, along which reverse process, with which noise.

    Whatever changes the result is here. Fields that are left out take the variant's training defaults; build
    it with `run_settings` to get refusals that a user can read.
    """

    variant: str = "dim"
    mode: Mode = Field("restore", description="denoise a picture, or pure noise")
    brightness: Brightness = Field(0.5, description="pixel value of white before noising")
    light: LightName = Field(
        "pixels", description="how the picture is dimmed: pixel values scaled, or as a camera sees less light"
    )
    whole: bool = Field(
        False,
        description="restore the picture at its own size, in tiles, and not its square at the network's",
    )
    start: int = Field(600, ge=0, le=LAST_TIMESTEP, description="timestep that the picture is noised to")
    steps: int = Field(50, ge=1, le=TRAIN_TIMESTEPS, description="network calls")
    sampler: SamplerName = Field("ddpm", description="how each step is taken")
    variance_type: VarianceType = Field(
        "fixed_small", description="variance of the noise that ddpm adds at each step"
    )
    beta_start: Beta = Field(1e-4, description="noise variance of the first timestep")
    beta_end: Beta = Field(0.02, description="noise variance of the last timestep")
    clip: bool = Field(True, description="clip every x0 estimate to [-1, 1]")
    clip_to_data: bool = Field(
        False, description="clip every x0 estimate to the range that pictures of this brightness have"
    )
    epsilon_scale: float = Field(
        1.0, ge=0.5, le=1.5, description="divide the predicted noise by this, like 1.006"
    )
    anchor: bool = Field(
        False, description="restoring, hold x0's mean colour to what the noised picture tells of it"
    )
    mean_correction: MeanCorrection = Field(
        "off",
        description="set x0's mean colour to what x_t's tells of it, among the colours of training images, "
        "in a wide range, or drawn from those that are likely; true is training, or wide for a picture",
    )
    leak_start: bool = Field(False, description="generating, mix a colour of the training set into the noise")
    backend: BackendName = Field(
        "torch", description="what computes the network: PyTorch, or ONNX Runtime where it is installed"
    )
    seed: int = Field(0, ge=0, lt=2**32, description="picture i of a batch draws its noise from seed + i")
    _row: Variant | None = PrivateAttr(None)

    @model_validator(mode="before")
    @classmethod
    def _as_trained(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Fill what was left out (or given as None) from the variant's row; accept earlier names."""
        given = {EARLIER_NAMES.get(name, name): value for name, value in values.items() if value is not None}
        row = given.get("variant", "dim")
        row = row if isinstance(row, Variant) else find_variant(str(row))
        trained = {name: getattr(row, name) for name in TRAINING_DEFAULTS}
        generated = given.get("mode") == "generate"
        start = {"start": LAST_TIMESTEP} if generated else {}
        if isinstance(on := given.get("mean_correction"), bool):
            given["mean_correction"] = ("training" if generated else "wide") if on else "off"
        return trained | start | given | {"variant": row.name}

    @model_validator(mode="after")
    def _consistent(self) -> "RunSettings":
        if self.mode == "generate" and self.start != LAST_TIMESTEP:
            raise ValueError(
                f"generating starts from pure noise at timestep {LAST_TIMESTEP}: "
                f"leave start out, or restore a picture to start at {self.start}"
            )
        if self.mode == "generate" and self.anchor:
            raise ValueError("the anchor holds the colour of a picture: restore one, or leave anchor out")
        if self.mode == "generate" and self.light != "pixels":
            raise ValueError("there is no picture to take with a camera: restore one, or leave light out")
        if self.mode == "generate" and self.whole:
            raise ValueError("there is no picture to take whole: restore one, or leave whole out")
        if self.mode == "generate" and self.mean_correction == "wide":
            raise ValueError(
                "pure noise tells nothing of a colour in a wide range: generate with mean_correction training"
            )
        if self.mean_correction == "drawn" and self.sampler != "ddpm":
            raise ValueError(
                f"{self.sampler} adds no noise that a drawn mean would belong to: take ddpm, or "
                "mean_correction training"
            )
        if self.mean_correction != "off" and self.anchor:
            raise ValueError("anchor and mean_correction both set x0's mean colour: leave one of them out")
        if self.mode == "restore" and self.leak_start:
            raise ValueError(
                "a picture to restore brings its own colour into the noise: generate, or leave leak_start out"
            )
        if self.beta_start >= self.beta_end:
            raise ValueError(
                f"beta_start must be below beta_end, and {self.beta_start} is not below {self.beta_end}"
            )
        if self.steps > self.start + 1:
            raise ValueError(
                f"from timestep {self.start} there are at most {self.start + 1} steps: "
                f"lower steps from {self.steps}, or raise start"
            )
        return self

    @property
    def row(self) -> Variant:
        """The variant's row: that of the table, unless the settings were made for another of this name."""
        return self._row if self._row and self._row.name == self.variant else find_variant(self.variant)

    @property
    def alphas_cumprod(self) -> "Tensor":
        """ᾱ_t of the run's schedule: float64 (1000,). Betas of its own, the rest as the variant has it."""
        from lowlight_ddpm.diffusion.schedule import alphas_cumprod

        row = self.row
        return alphas_cumprod(self.beta_start, self.beta_end, row.beta_schedule, row.zero_terminal_snr)

    @property
    def given(self) -> dict[str, Any]:
        """The settings that `run_settings(variant=…)` would not fill in itself, by name, in their order."""
        filled_in = run_settings(variant=self._row or self.variant, mode=self.mode)
        filled_in = filled_in.model_copy(update={"mode": RunSettings.model_fields["mode"].default})
        return {
            name: value for name, value in self if name != "variant" and value != getattr(filled_in, name)
        }

    @property
    def size(self) -> int:
        """Pixels a side of the network's training images, and of any image that is not taken `whole`."""
        return self.row.size

    def dim(self, pixels: "Tensor") -> "Tensor":
        """Images, uint8 (B, 3, H, W), as the run starts from them: dimmed, in model range."""
        from lowlight_ddpm.images.photometry import LIGHTS

        return LIGHTS[self.light].dim(pixels, self.brightness, self.seed)


def run_settings(**values: Any) -> RunSettings:
    """Build RunSettings; what is left out or None takes its default. Raises a Refusal that can be read.

    `variant` is a name in the table of variants, or a row that need not be in it: a checkpoint's own.
    """
    return _settings(values)


def typed_settings(**values: Any) -> RunSettings:
    """Build them of values of the fields' own types: here no text is a number, as in a link, nor is True."""
    return _settings(values, strict=True)


def _settings(values: dict[str, Any], strict: bool | None = None) -> RunSettings:
    try:
        settings = RunSettings.model_validate(values, strict=strict)
    except ValidationError as error:
        raise Refusal(_sentence(error)) from error
    row = values.get("variant")
    if isinstance(row, Variant) and row != VARIANTS.get(row.name):
        cast(Any, settings)._row = row
    _check_betas(settings)
    return settings


def _check_betas(settings: RunSettings) -> None:
    """Refuse betas that the network's schedule would not look at; its own are in every run's settings."""
    row = settings.row
    for name in () if row.betas_count else ("beta_start", "beta_end"):
        if getattr(settings, name) != getattr(row, name):
            raise Refusal(
                f"The network {row.name} has the schedule {row.beta_schedule}, which does not look at "
                f"{name}: leave it out, or choose a network of another beta_schedule."
            )


def names_in(mode: Mode) -> tuple[str, ...]:
    """Names of the settings that a run of this mode takes, in order; without the mode itself."""
    others = {name for other, names in ONLY_IN.items() if other != mode for name in names}
    return tuple(name for name in RunSettings.model_fields if name != "mode" and name not in others)


def parameters(names: Iterable[str]) -> list[inspect.Parameter]:
    """The named settings as keyword-only parameters of a function, with their types and defaults.

    The default of one of TRAINING_DEFAULTS is None.
    """
    return [_parameter(name) for name in names]


def _parameter(name: str) -> inspect.Parameter:
    field = RunSettings.model_fields[name]
    kind, default = cast(Any, field.annotation), field.default
    if name in TRAINING_DEFAULTS:
        kind, default = kind | None, None
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)


def own_parameters(function: Callable[..., Any]) -> list[inspect.Parameter]:
    """The parameters that a function names itself, without its `*` or `**` that takes the settings."""
    return [
        parameter
        for parameter in inspect.signature(function).parameters.values()
        if parameter.kind not in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    ]


def show_parameters(function: _Function, shown: Sequence[inspect.Parameter]) -> _Function:
    """Make `shown` the parameters that typer, Gradio and notebooks read from a function; returns it."""
    signature = inspect.signature(function).replace(parameters=shown)
    cast(Any, function).__signature__ = signature
    return function


def _sentence(error: ValidationError) -> str:
    """The first complaint of pydantic's as one sentence: which setting, what it may be, what was given."""
    complaint = error.errors()[0]
    if not complaint["loc"]:
        text = " ".join(complaint["msg"].removeprefix("Value error, ").split()).rstrip(".")
        return f"{text[0].upper()}{text[1:]}."
    name = str(complaint["loc"][0])
    if name not in RunSettings.model_fields:
        return no_such(name, list(RunSettings.model_fields))
    schema = RunSettings.model_json_schema()["properties"][name]
    return f"The setting {name} must be {allowed(schema)}, not {shown(complaint['input'])}."


def no_such(name: str, known: list[str]) -> str:
    """A sentence on a name that is none of those known: the nearest, or all of them."""
    nearest = get_close_matches(name, known, 1)
    remedy = f"write {nearest[0]}" if nearest else f"choose among {', '.join(known)}"
    return f"There is no setting {name!r}: {remedy}."
