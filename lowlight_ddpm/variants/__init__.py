"""Experiments: the study's table of variants, and rows of your own."""

from lowlight_ddpm.variants.row import (
    CHANNELS,
    DECIDES_SAMPLING,
    FIELDS,
    PREDICTION_TYPES,
    RESOLUTION,
    TRAIN_TIMESTEPS,
    Beta,
    BetaSchedule,
    Brightness,
    PredictionType,
    VarianceType,
    Variant,
)
from lowlight_ddpm.variants.study import STUDY
from lowlight_ddpm.variants.table import (
    OR_OWN,
    OR_ROW,
    VARIANTS,
    find_variant,
    register,
    register_file,
    register_from_environment,
)

__all__ = [
    "CHANNELS",
    "DECIDES_SAMPLING",
    "FIELDS",
    "OR_OWN",
    "OR_ROW",
    "PREDICTION_TYPES",
    "RESOLUTION",
    "STUDY",
    "TRAIN_TIMESTEPS",
    "VARIANTS",
    "Beta",
    "BetaSchedule",
    "Brightness",
    "PredictionType",
    "VarianceType",
    "Variant",
    "find_variant",
    "register",
    "register_file",
    "register_from_environment",
]
