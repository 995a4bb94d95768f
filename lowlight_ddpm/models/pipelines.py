"""What the folder of an unconditional diffusers pipeline says of its network, without loading a weight."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.variants import (
    DECIDES_SAMPLING,
    FIELDS,
    TRAIN_TIMESTEPS,
    BetaSchedule,
    VarianceType,
    Variant,
)

RECORD = "training.json"
WEIGHTS = Path("unet") / "diffusion_pytorch_model.safetensors"
_KINDS = ("DDPMPipeline", "DDIMPipeline")
# Fields of a row by what they are called in the configuration of diffusers' schedulers, with its defaults.
_OF_SCHEDULE = {
    "beta_start": ("beta_start", 1e-4),
    "beta_end": ("beta_end", 0.02),
    "beta_schedule": ("beta_schedule", "linear"),
    "prediction_type": ("prediction_type", "epsilon"),
    "rescale_betas_zero_snr": ("zero_terminal_snr", False),
}
_CHANNELS = (224, 448, 672, 896)  # those of a UNet2DModel that does not say
_OF_NETWORK = ("size", "layers_per_block", "channels", "norm_num_groups")


@dataclass(frozen=True)
class Pipeline:
    """The configurations in a pipeline's folder, and its training record: {} where it has none."""

    folder: Path
    kind: str
    unet: dict[str, Any]
    scheduler: dict[str, Any]
    record: dict[str, Any]

    @classmethod
    def read(cls, folder: Path) -> "Pipeline":
        """Read them. Raises ValueError, OSError or KeyError where one is missing or damaged."""
        return cls(
            folder,
            _json(folder / "model_index.json")["_class_name"],
            _json(folder / "unet" / "config.json"),
            _json(folder / "scheduler" / "scheduler_config.json"),
            _json(folder / RECORD) if (folder / RECORD).exists() else {},
        )

    def row(self, name: str) -> Variant:
        """Its row, under this name: from its training record, or else from its configurations.

        A network without a record is taken to have learned from images as bright as they were. Raises Refusal
        for a pipeline that is of another kind, and for a network or schedule that nothing here can sample.
        """
        self._check(name)
        recorded = self.record.get("variant")
        if isinstance(recorded, dict):
            own = {field: value for field, value in recorded.items() if field in FIELDS}
            return Variant(**own | {"name": name, "size": self.unet["sample_size"], "weights": None})
        channels = tuple(self.unet.get("block_out_channels", _CHANNELS))
        return Variant(
            name,
            brightness=1.0,
            size=self.unet["sample_size"],
            layers_per_block=self.unet.get("layers_per_block", 2),
            channels=channels,
            norm_num_groups=self.unet.get("norm_num_groups", 32),
            attention_head_dim=math.gcd(*channels[-2:]),  # of a network that is there, it decides nothing
            variance_type=self.scheduler.get("variance_type") or "fixed_small",
            **schedule_of(self.scheduler),
        )

    def _check(self, name: str) -> None:
        unet, scheduler = self.unet, self.scheduler
        conditional = unet.get("class_embed_type") or unet.get("num_class_embeds")
        variance = scheduler.get("variance_type") or "fixed_small"
        wrong = [
            (self.kind not in _KINDS, f"is a {self.kind}", f"give a {' or a '.join(_KINDS)}"),
            (
                unet.get("_class_name") != "UNet2DModel" or conditional,
                "has a network that is no unconditional UNet2DModel",
                "give a folder of one",
            ),
            (
                (unet.get("in_channels", 3), unet.get("out_channels", 3)) != (3, 3),
                "has a network that does not take and give three channels",
                "give one of RGB images",
            ),
            (
                not isinstance(unet.get("sample_size"), int),
                "does not say for which square images it is",
                "give one with a whole sample_size",
            ),
            (
                scheduler.get("num_train_timesteps", TRAIN_TIMESTEPS) != TRAIN_TIMESTEPS,
                f"was trained on {scheduler.get('num_train_timesteps')} timesteps, and runs here have "
                f"{TRAIN_TIMESTEPS}",
                "give one of as many, or have it diagnosed, for which any number will do",
            ),
            (
                scheduler.get("trained_betas") is not None,
                "has trained_betas, and runs here follow a beta_schedule",
                f"give one of {', '.join(get_args(BetaSchedule))}, or have it diagnosed, for which any betas "
                "will do",
            ),
            (
                schedule_of(scheduler)["beta_schedule"] not in get_args(BetaSchedule),
                f"has the beta_schedule {schedule_of(scheduler)['beta_schedule']}",
                f"give one of {', '.join(get_args(BetaSchedule))}",
            ),
            (
                variance not in get_args(VarianceType),
                f"has the variance type {variance}",
                f"give one of {', '.join(get_args(VarianceType))}",
            ),
            (
                not (self.folder / WEIGHTS).is_file(),
                f"lacks {WEIGHTS.as_posix()}",
                "save it with safe_serialization, since no pickle is opened here",
            ),
        ]
        for is_so, fault, remedy in wrong:
            if is_so:
                raise Refusal(f"The pipeline “{name}” {fault}: {remedy}.")


def schedule_of(config: Mapping[str, Any]) -> dict[str, Any]:
    """What a row has of a diffusers scheduler's configuration, by the row's fields."""
    return {field: config.get(name, default) for name, (field, default) in _OF_SCHEDULE.items()}


def check_schedule(row: Variant, config: Mapping[str, Any]) -> None:
    """Raise Refusal where a scheduler's configuration contradicts the row of its network."""
    _check(row, schedule_of(config), "scheduler")


def check_record(row: Variant, record: Mapping[str, Any]) -> None:
    """Raise Refusal where a training record contradicts the row; older records lack some fields."""
    recorded = record.get("variant")
    if isinstance(recorded, dict):
        facts = {name: recorded[name] for name in (*DECIDES_SAMPLING, *_OF_NETWORK) if name in recorded}
        _check(row, facts, "training record")


def _check(row: Variant, facts: Mapping[str, Any], where: str) -> None:
    for name, value in facts.items():
        value = tuple(value) if isinstance(value, list) else value
        if getattr(row, name) != value:
            raise Refusal(
                f"The checkpoint {row.name} has {name} {value} in its {where}, and its row says "
                f"{getattr(row, name)}: give the row what the network was trained with, or train it anew."
            )


def _json(path: Path) -> dict[str, Any]:
    found = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(found, dict):
        raise ValueError(f"{path} holds no table")
    return found
