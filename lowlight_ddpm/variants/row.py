"""One experiment, and what its fields may be."""

from dataclasses import dataclass, fields
from functools import cache
from typing import Annotated, Any, Literal, cast, get_args, get_type_hints

from pydantic import BaseModel, Field, ValidationError, create_model

from lowlight_ddpm.errors import Refusal, allowed

RESOLUTION = 64  # pixels a side that networks are trained at, unless a row says otherwise
CHANNELS = (24, 32, 64, 128)
TRAIN_TIMESTEPS = 1000  # T of Ho et al. 2020 and of the post
# diffusers' names
BetaSchedule = Literal["linear", "scaled_linear", "squaredcos_cap_v2", "sigmoid"]
PredictionType = Literal["epsilon", "v_prediction", "sample"]  # ε, v and x0
VarianceType = Literal["fixed_small", "fixed_small_log", "fixed_large", "fixed_large_log"]
PREDICTION_TYPES = get_args(PredictionType)
_FIXED = ("squaredcos_cap_v2",)  # schedules that are the same whatever beta_start and beta_end are
Beta = Annotated[float, Field(gt=0, lt=1)]
Brightness = Annotated[float, Field(gt=0, le=1)]
_Count = Annotated[int, Field(ge=1)]
# Subject -> source: as many as the post has butterflies, and none of the first, which the page shows.
SYNTHETIC_SUBJECTS = {"fruit": "fruit:1000:10000"}


@dataclass(frozen=True)
class Variant:
    """One experiment: how a network is trained and how it is sampled unless a run says otherwise.

    `title`, if it is left out the name, stands in lists; `description` says what the experiment is about.
    `brightness` multiplies pixel values (1 leaves an image as it is). `size` is the images' side in
    pixels; `layers_per_block`, `channels`, `attention_head_dim` and `norm_num_groups` are
    `unet.build_unet`'s. `beta_start`, `beta_end` and `beta_schedule` are DDPMScheduler's, over T = 1000
    timesteps; `zero_terminal_snr` rescales them so that nothing of an image is left at the last (Lin et al.
    2024, algorithm 1). `prediction_type`, one of PREDICTION_TYPES, is what the network predicts. `centred`
    has it work on images minus the training set's mean colour, `renormalised` on images stretched from their
    dimmed range to [−1, 1]. `offset_noise` is the deviation of a random colour that is added to the noise.
    `variance_type` plays no part in training: it is the reverse process's default. An epoch goes
    through the images once, in whole batches: of `epochs` each leaves out as many as the last would lack,
    others every time. `weights` names the row whose training this one shares; `averaged` chooses between
    the exponential moving average of the weights and the raw ones. `subject` is what the images show, ""
    where that is not stated; one of SYNTHETIC_SUBJECTS is learned from synthetic images. `synthetic` is how
    many synthetic butterflies are added to the images that it is trained on.

    Raises Refusal for a value that a field cannot have, betas that do not rise, epsilon at zero terminal SNR,
    two input normalizations, and a size, heads or groups that do not fit the channels.
    """

    name: Annotated[str, Field(min_length=1)]
    title: str = ""
    description: str = ""
    figure: str = ""
    brightness: Brightness = 0.5
    size: Annotated[int, Field(ge=8, le=4096)] = RESOLUTION
    layers_per_block: _Count = 2
    channels: Annotated[tuple[_Count, ...], Field(min_length=2)] = CHANNELS
    attention_head_dim: _Count | None = None
    norm_num_groups: int | None = None
    beta_start: Beta = 1e-4
    beta_end: Beta = 0.02
    beta_schedule: BetaSchedule = "linear"
    zero_terminal_snr: bool = False
    prediction_type: PredictionType = "epsilon"
    centred: bool = False
    renormalised: bool = False
    offset_noise: Annotated[float, Field(ge=0, le=1)] = 0.0
    variance_type: VarianceType = "fixed_small"
    averaged: bool = True
    epochs: _Count = 50
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    weights: str | None = None
    subject: str = ""
    synthetic: Annotated[int, Field(ge=0)] = 0

    def __post_init__(self) -> None:
        if isinstance(self.channels, list):  # JSON and TOML have no tuples
            object.__setattr__(self, "channels", tuple(self.channels))
        _check_fields(self)
        if not self.title:
            object.__setattr__(self, "title", self.name)
        if self.beta_start >= self.beta_end:
            raise Refusal(
                f"The variant {self.name} has beta_start {self.beta_start:g} and beta_end {self.beta_end:g}: "
                "choose a beta_end above beta_start."
            )
        if self.zero_terminal_snr and self.prediction_type == "epsilon":
            raise Refusal(
                f"The variant {self.name} predicts epsilon at zero terminal SNR, where epsilon says nothing "
                "of the image: have it predict v or x0."
            )
        if self.centred and self.renormalised:
            raise Refusal(f"The variant {self.name} is both centred and renormalised: choose one of the two.")
        self._check_network()

    def _check_network(self) -> None:
        halved = 2 ** (len(self.channels) - 1)
        if self.size % halved:
            raise Refusal(
                f"The variant {self.name} has images of {self.size} pixels, and its network halves their "
                f"sides {len(self.channels) - 1} times: choose a size that is a multiple of {halved}."
            )
        head, deepest = self.attention_head_dim or self.channels[-2], self.channels[-2:]
        if any(channels % head for channels in deepest):
            raise Refusal(
                f"The variant {self.name} attends in heads of {head} channels, which do not divide its last "
                f"two, {deepest[0]} and {deepest[1]}: choose an attention_head_dim that does."
            )
        groups = self.norm_num_groups
        if groups is not None and (groups < 1 or any(channels % groups for channels in self.channels)):
            raise Refusal(
                f"The variant {self.name} normalises {groups} groups of channels, which do not divide all of "
                f"its widths, {', '.join(map(str, self.channels))}: choose a norm_num_groups that does."
            )

    @property
    def betas_count(self) -> bool:
        """Whether `beta_start` and `beta_end` have a part in its schedule."""
        return self.beta_schedule not in _FIXED

    @property
    def betas(self) -> str:
        """Its schedule in words: the betas where they count, and what they follow."""
        ends = f"{self.beta_start} to {self.beta_end}, " if self.betas_count else ""
        return ends + self.beta_schedule

    @property
    def decides_training(self) -> dict[str, Any]:
        """The fields that the outcome of a training run depends on, apart from the recipe."""
        return {name: getattr(self, name) for name in _DECIDES_TRAINING}

    @property
    def decides_sampling(self) -> dict[str, Any]:
        """The fields that a sample depends on, apart from the weights and what RunSettings holds."""
        return {name: getattr(self, name) for name in DECIDES_SAMPLING}

    @property
    def trained_as(self) -> str:
        """Name of the row whose training run made this variant's weights."""
        return self.weights or self.name

    @property
    def source(self) -> str | None:
        """The source that it always learns from; None where that is the user's choice."""
        return SYNTHETIC_SUBJECTS.get(self.subject)


FIELDS = tuple(field.name for field in fields(Variant))
# The order counts: results are named by a hash of the values.
DECIDES_SAMPLING = (
    "brightness",
    "beta_start",
    "beta_end",
    "beta_schedule",
    "zero_terminal_snr",
    "prediction_type",
    "centred",
    "renormalised",
    "offset_noise",
)
# A network is renormalised after its training, and its depth is in its weights.
_DECIDES_TRAINING = (
    *(name for name in DECIDES_SAMPLING if name != "renormalised"),
    "layers_per_block",
    "norm_num_groups",
    "seed",
)


@cache
def _checked() -> type[BaseModel]:
    """A model that has the fields' types and limits: a dataclass does not look at its own."""
    hints = get_type_hints(Variant, include_extras=True)
    return cast(Any, create_model)("Row", **{name: (hints[name], ...) for name in FIELDS})


def _check_fields(row: Variant) -> None:
    try:
        _checked().model_validate(vars(row), strict=True)
    except ValidationError as error:
        name = str(error.errors()[0]["loc"][0])
        schema = _checked().model_json_schema()["properties"][name]
        raise Refusal(
            f"The variant {row.name} has {name} {getattr(row, name)!r}, which must be {allowed(schema)}: "
            "correct its row."
        ) from error
