"""The table of experiments: one frozen row each, in the order of the post, then ours."""

from dataclasses import dataclass

from lowlight_ddpm.errors import Refusal


@dataclass(frozen=True)
class Variant:
    """One experiment: how a network is trained and how it is sampled unless told otherwise.

    `brightness` multiplies pixel values (1 leaves a picture as it is). `beta_start`, `beta_end` and
    `beta_schedule` are DDPMScheduler's, over T = 1000 timesteps. `variance_type` plays no part in
    training: it is the reverse process's default. `weights` names the row whose training this one
    shares; `averaged` chooses between the exponential moving average of the weights and the raw ones.
    """

    name: str
    title: str
    lesson: str
    figure: str
    brightness: float = 0.5
    layers_per_block: int = 2
    beta_start: float = 1e-4
    beta_end: float = 0.02
    beta_schedule: str = "linear"
    variance_type: str = "fixed_small"
    averaged: bool = True
    seed: int = 0
    weights: str | None = None

    @property
    def trained_as(self) -> str:
        """Name of the row whose training run made this variant's weights."""
        return self.weights or self.name


_ROWS = (
    Variant(
        "bright",
        "Bright control",
        "The same network and recipe on pictures as bright as they were taken.",
        "1, 5.1 right",
        brightness=1.0,
    ),
    Variant(
        "dim", "Dim control", "What the post starts from: pictures at half their brightness.", "5.1 left"
    ),
    Variant(
        "dim-raw",
        "Dim, not averaged",
        "The last weights of the dim control, before averaging: the tutorial that the post follows has none.",
        "",
        averaged=False,
        weights="dim",
    ),
)

VARIANTS: dict[str, Variant] = {row.name: row for row in _ROWS}


def find_variant(name: str) -> Variant:
    """The row called `name`; a Refusal lists the names where there is none."""
    if name not in VARIANTS:
        raise Refusal(f"There is no variant “{name}”: choose one of {', '.join(VARIANTS)}.")
    return VARIANTS[name]
