"""What a checkpoint says of its own making: the pictures it learned, the training record."""

from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor

from lowlight_ddpm.card import model_card
from lowlight_ddpm.checkpoints import save
from lowlight_ddpm.images import hold_out, open_source, stack
from lowlight_ddpm.photometry import channel_statistics, digest
from lowlight_ddpm.schedule import trained_scheduler
from lowlight_ddpm.training import Training
from lowlight_ddpm.variants import RESOLUTION, Variant
from lowlight_ddpm.versions import versions

_LIBRARIES = ("torch", "torchvision", "diffusers", "accelerate")
FIRST_DRAWN = 10_000  # number of the first drawn butterfly to train on
POST_EPOCHS = 50  # how long the post trains; that state is kept beside the end
_CURVE = 100  # points that the recorded loss curve has at most


@dataclass(frozen=True)
class TrainingSet:
    """Pictures to train on, uint8 (N, 3, size, size), and the names of the ones set aside for testing.

    `card` is what is known of their source, as `Source` has it.
    """

    label: str
    pictures: Tensor
    held_out: list[str]
    card: dict[str, str]


def training_set(source: str, drawn: int = 0, size: int = RESOLUTION) -> TrainingSet:
    """Decode a source once, hold 16 of its pictures out, and add `drawn` butterflies of our own.

    The drawn ones are numbered from FIRST_DRAWN, so that none is among those the picker shows.
    """
    opened = open_source(source)
    pictures = dict(opened)
    held_out = hold_out(list(pictures))
    learned = [picture for name, picture in pictures.items() if name not in held_out]
    learned += [picture for _, picture in open_source(f"drawn:{drawn}:{FIRST_DRAWN}")] if drawn else []
    return TrainingSet(opened.label, stack(learned, size), held_out, opened.card)


def export(folder: Path, training: Training, data: TrainingSet, variant: Variant, command: str) -> None:
    """Write the checkpoint folder of `variant` from a training run, finished or under way."""
    record = training_record(training, data, variant, command)
    unet = training.copy_unet(variant.averaged)
    save(folder, unet, trained_scheduler(variant), record, model_card(variant, record))


def training_record(training: Training, data: TrainingSet, variant: Variant, command: str) -> dict:
    """The training record, JSON-able: settings, command, loss curve, versions, data and its statistics."""
    mean, covariance = channel_statistics(data.pictures, variant.brightness)
    return {
        "variant": asdict(variant),
        "recipe": asdict(training.recipe),
        "command": command,
        "precision": training.accelerator.mixed_precision,
        "device": training.accelerator.device.type,
        "effective_batch": training.batch_size,
        "launches": training.place.launches,
        "steps": training.place.step,
        "epochs": training.place.epoch,
        "loss_curve": loss_curve(training.place.losses),
        "versions": versions(*_LIBRARIES),
        "data": {
            "source": data.label,
            "pictures": len(data.pictures),
            "drawn": training.recipe.drawn,
            "sha256": digest(data.pictures),
            **data.card,
        },
        "held_out": data.held_out,
        "channel_mean": mean.tolist(),
        "channel_covariance": covariance.tolist(),
    }


def loss_curve(losses: list[float]) -> list[tuple[int, float]]:
    """(last step, mean loss) of up to 100 equal stretches of a run."""
    stretches = torch.tensor(losses).tensor_split(min(_CURVE, len(losses))) if losses else []
    ends = torch.tensor([len(stretch) for stretch in stretches]).cumsum(0).tolist()
    return [(end, round(stretch.mean().item(), 6)) for end, stretch in zip(ends, stretches, strict=True)]
