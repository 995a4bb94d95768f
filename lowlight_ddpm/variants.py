"""The table of experiments: one frozen row each, in the order of the post, then ours."""

from dataclasses import dataclass
from typing import Literal, get_args

from lowlight_ddpm.errors import Refusal

RESOLUTION = 64  # pixels a side that networks are trained at, unless a row says otherwise
CHANNELS = (24, 32, 64, 128)
# diffusers' names
BetaSchedule = Literal["linear", "scaled_linear", "squaredcos_cap_v2", "sigmoid"]
PredictionType = Literal["epsilon", "v_prediction", "sample"]  # ε, v and x0
VarianceType = Literal["fixed_small", "fixed_small_log", "fixed_large", "fixed_large_log"]
PREDICTION_TYPES = get_args(PredictionType)


@dataclass(frozen=True)
class Variant:
    """One experiment: how a network is trained and how it is sampled unless a run says otherwise.

    `brightness` multiplies pixel values (1 leaves an image as it is). `size` is the images' side in
    pixels; `layers_per_block`, `channels`, `attention_head_dim` and `norm_num_groups` are
    `unet.build_unet`'s. `beta_start`, `beta_end` and `beta_schedule` are DDPMScheduler's, over T = 1000
    timesteps; `zero_terminal_snr` rescales them so that nothing of an image is left at the last (Lin et al.
    2024, algorithm 1). `prediction_type`, one of PREDICTION_TYPES, is what the network predicts. `centred`
    has it work on images minus the training set's mean colour, `renormalised` on images stretched from their
    dimmed range to [−1, 1]. `offset_noise` is the deviation of a random colour that is added to the noise.
    `variance_type` plays no part in training: it is the reverse process's default. `epochs` counts how often
    every image is seen. `weights` names the row whose training this one shares; `averaged` chooses between
    the exponential moving average of the weights and the raw ones. `subject` is what the images show; one
    of SYNTHETIC_SUBJECTS is learned from synthetic images.

    Raises Refusal for a prediction type that there is none of or that fails at zero terminal SNR, and for a
    size, heads or groups that do not fit the channels.
    """

    name: str
    title: str
    description: str
    figure: str = ""
    brightness: float = 0.5
    size: int = RESOLUTION
    layers_per_block: int = 2
    channels: tuple[int, ...] = CHANNELS
    attention_head_dim: int | None = None
    norm_num_groups: int | None = None
    beta_start: float = 1e-4
    beta_end: float = 0.02
    beta_schedule: BetaSchedule = "linear"
    zero_terminal_snr: bool = False
    prediction_type: PredictionType = "epsilon"
    centred: bool = False
    renormalised: bool = False
    offset_noise: float = 0.0
    variance_type: VarianceType = "fixed_small"
    averaged: bool = True
    epochs: int = 50
    seed: int = 0
    weights: str | None = None
    subject: str = "butterflies"

    def __post_init__(self):
        if self.prediction_type not in PREDICTION_TYPES:
            raise Refusal(
                f"The variant {self.name} predicts “{self.prediction_type}”: choose one of "
                f"{', '.join(PREDICTION_TYPES)}."
            )
        if self.zero_terminal_snr and self.prediction_type == "epsilon":
            raise Refusal(
                f"The variant {self.name} predicts epsilon at zero terminal SNR, where epsilon says nothing "
                "of the image: have it predict v or x0."
            )
        halved = 2 ** (len(self.channels) - 1)
        if self.size % halved:
            raise Refusal(
                f"The variant {self.name} has images of {self.size} pixels, and its {len(self.channels)} "
                f"channels halve them down: choose a multiple of {halved}."
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
    def decides_training(self) -> dict:
        """The fields that the outcome of a training run depends on, apart from the recipe."""
        return {name: getattr(self, name) for name in _DECIDES_TRAINING}

    @property
    def decides_sampling(self) -> dict:
        """The fields that a sample depends on, apart from the weights and what RunSettings holds."""
        return {name: getattr(self, name) for name in _DECIDES_SAMPLING}

    @property
    def trained_as(self) -> str:
        """Name of the row whose training run made this variant's weights."""
        return self.weights or self.name

    @property
    def source(self) -> str | None:
        """The source that it always learns from; None where that is the user's choice."""
        return SYNTHETIC_SUBJECTS.get(self.subject)


# Subject -> source: as many as the post has butterflies, and none of the first, which the page shows.
SYNTHETIC_SUBJECTS = {"fruit": "fruit:1000:10000"}

# The order counts: results are named by a hash of the values.
_DECIDES_SAMPLING = (
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
    *(name for name in _DECIDES_SAMPLING if name != "renormalised"),
    "layers_per_block",
    "norm_num_groups",
    "seed",
)

_DEEP = {"layers_per_block": 3, "variance_type": "fixed_large"}

_ROWS = (
    Variant(
        "bright",
        "Bright control",
        "The same network and recipe on images as bright as they were taken.",
        "1, 5.1 right",
        brightness=1.0,
    ),
    Variant(
        "dim",
        "Dim control",
        "What the post starts from: images at half their brightness.",
        "5.1 left",
    ),
    Variant(
        "dim-raw",
        "Dim, not averaged",
        "The last weights of the dim control, before averaging: the tutorial that the post follows has none.",
        averaged=False,
        weights="dim",
    ),
    Variant(
        "dim-large",
        "Dim, large variance",
        "The weights of the dim control with the larger variance: what the variance type alone does.",
        "5.2",
        variance_type="fixed_large",
        weights="dim",
    ),
    Variant(
        "dim-deep",
        "Dim, deeper",
        "One more ResNet layer in every block, and the larger variance.",
        "5.3",
        **_DEEP,
    ),
    Variant(
        "dim-deep-low",
        "Deeper, low betas",
        "Betas from 0.001 to 0.01: 6 % of the image is still there at the last timestep.",
        "5.4 left",
        beta_start=1e-3,
        beta_end=0.01,
        **_DEEP,
    ),
    Variant(
        "dim-deep-mid",
        "Deeper, middle betas",
        "Betas from 0.0005 to 0.015, as the post's text has its second pair.",
        "5.4 right, the text",
        beta_start=5e-4,
        beta_end=0.015,
        **_DEEP,
    ),
    Variant(
        "dim-deep-high",
        "Deeper, high betas",
        "Betas from 0.0005 to 0.15, as the post's caption has that pair, and the way it would go next.",
        "5.4 right, the caption",
        beta_start=5e-4,
        beta_end=0.15,
        **_DEEP,
    ),
    Variant(
        "dim-retrained",
        "Dim, trained again",
        "Another seed and the larger variance, as the post did it: what retraining alone does.",
        "5.2",
        variance_type="fixed_large",
        seed=1,
    ),
    Variant(
        "dim-again-2",
        "Dim, a third time",
        "The dim control from a third seed: how far trainings of one experiment lie apart.",
        seed=2,
    ),
    Variant(
        "dim-v",
        "Dim, predicting v",
        "The dim control predicting v on the default betas: tells v from zero terminal SNR.",
        prediction_type="v_prediction",
    ),
    Variant(
        "dim-groups1",
        "Dim, one GroupNorm group",
        "All channels normalised as one group, not as eight: tells if GroupNorm is what loses colour.",
        norm_num_groups=1,
    ),
    Variant(
        "bright-groups1",
        "Bright, one GroupNorm group",
        "The bright control with all channels normalised as one group: the same without dimming.",
        brightness=1.0,
        norm_num_groups=1,
    ),
    Variant(
        "dim-deep-zsnr",
        "Deeper, zero terminal SNR",
        "Betas rescaled so that nothing of an image is left at the last timestep; the network predicts v.",
        zero_terminal_snr=True,
        prediction_type="v_prediction",
        **_DEEP,
    ),
    Variant(
        "dim-deep-x0",
        "Deeper, predicting x0",
        "The network predicts the image itself: no error of its prediction is enlarged by 1/√ᾱ.",
        prediction_type="sample",
        **_DEEP,
    ),
    Variant("bright-deep", "Bright, deeper", "Depth without dimming.", brightness=1.0, **_DEEP),
    Variant(
        "dim-deep-renorm",
        "Deeper, renormalised",
        "Dim images stretched to full range, for the deeper bright network: tells if dimming is to blame.",
        renormalised=True,
        weights="bright-deep",
        **_DEEP,
    ),
    Variant(
        "dim-deep-again",
        "Deeper, trained again",
        "The deeper network from another seed: how far two trainings of one experiment lie apart.",
        seed=1,
        **_DEEP,
    ),
    Variant(
        "dim-deep-again-2",
        "Deeper, a third time",
        "The deeper network from a third seed: as dim-again-2 is for the dim control.",
        seed=2,
        **_DEEP,
    ),
    Variant(
        "dim-deep-centred",
        "Deeper, centred",
        "The training set's mean colour is taken off before noising and put back after.",
        centred=True,
        **_DEEP,
    ),
    Variant(
        "dim-quarter",
        "A quarter as bright",
        "Images at a quarter of their brightness: with bright and dim, the shift over brightness.",
        brightness=0.25,
    ),
    Variant(
        "dim-long",
        "Dim, trained longer",
        "The dim control with twice its epochs: the post's “more epochs”.",
        epochs=100,
    ),
    Variant(
        "dim-deep-offset",
        "Deeper, offset noise",
        "A random colour is added to every image's noise, so that the network learns to move the mean.",
        offset_noise=0.1,
        **_DEEP,
    ),
    Variant(
        "fruit-bright",
        "Fruit, bright",
        "The bright control on another subject: synthetic images of fruit.",
        brightness=1.0,
        subject="fruit",
    ),
    Variant(
        "fruit-dim",
        "Fruit, dim",
        "The dim control on fruit: tells if what is found is about butterflies alone.",
        subject="fruit",
    ),
)

VARIANTS: dict[str, Variant] = {row.name: row for row in _ROWS}


def find_variant(name: str) -> Variant:
    """The row called `name`; a Refusal lists the names where there is none."""
    if name not in VARIANTS:
        raise Refusal(f"There is no variant “{name}”: choose one of {', '.join(VARIANTS)}.")
    return VARIANTS[name]
