"""What a checkpoint says of its own making: the pictures it learned, the training record."""

import random
from dataclasses import asdict, dataclass
from pathlib import Path
from shutil import copyfile
from typing import Any

import torch
from torch import Tensor

from lowlight_ddpm import versions
from lowlight_ddpm.diffusion.schedule import trained_scheduler
from lowlight_ddpm.images import hold_out, open_source, stack
from lowlight_ddpm.images.photometry import channel_statistics, digest
from lowlight_ddpm.models.checkpoints import save
from lowlight_ddpm.models.model_card import model_card
from lowlight_ddpm.training import milestones
from lowlight_ddpm.training.loop import Training
from lowlight_ddpm.variants import RESOLUTION, Variant

_LIBRARIES = ("torch", "torchvision", "diffusers", "accelerate")
FIRST_DRAWN = 10_000  # number of the first synthetic butterfly to train on
SYNTHETIC = "hues"  # the source of those that are added to photographs, and of as many to test on
POST_EPOCHS = 50  # how long the post trains; that state is kept beside the end
LEARNED, SET_APART = 850, 184  # from a source that holds enough: to learn from; to tune on, and to report
_CURVE = 100  # points that the recorded loss curve has at most


@dataclass(frozen=True)
class TrainingSet:
    """A source's images, uint8 (N, 3, size, size), and their names, both by what they are for.

    "learned" ones are trained on, "held_out" ones are the protocol's; where there are enough, a recipe is
    chosen on "tuning" ones and its errors are told of "reported" ones. `card` is what is known of the source,
    as `Source` has it.
    """

    label: str
    card: dict[str, str]
    names: dict[str, list[str]]
    images: dict[str, Tensor]

    def measured(self, part: str) -> Tensor:
        """The images of "tuning" or "reported"; of a small source, the ones held out serve for both."""
        return self.images.get(part, self.images["held_out"])


def training_set(
    source: str, drawn: int = 0, size: int = RESOLUTION, licence: str | None = None, subject: str = ""
) -> TrainingSet:
    """Decode a source once, split it, and add `drawn` synthetic butterflies to those that are learned.

    For the record, `licence` is the source's, where the source itself does not say, and `subject` is what the
    images show, "" where that is not stated.
    The synthetic ones are numbered from FIRST_DRAWN, so that none is among those that the protocol restores.
    Raises Refusal as `open_source` and `hold_out` do.
    """
    opened = open_source(source)
    pictures = dict(opened)
    names = split([*pictures])
    added = dict(open_source(f"{SYNTHETIC}:{drawn}:{FIRST_DRAWN}")) if drawn else {}
    names["learned"] += added
    pictures |= added
    images = {part: stack([pictures[name] for name in of], size) for part, of in names.items()}
    licensed = {"licence": licence} if licence else {}
    return TrainingSet(opened.label, {"subject": subject} | licensed | opened.card, names, images)


def split(names: list[str]) -> dict[str, list[str]]:
    """Names of a source's images by what they are for, each sorted, whatever order they come in.

    "held_out" and "learned", and from LEARNED + 2·SET_APART + 16 images on "tuning" and "reported".
    """
    held_out = hold_out(names)
    rest = sorted(set(names) - set(held_out))
    parts = {"held_out": held_out, "learned": rest}
    if len(rest) >= LEARNED + 2 * SET_APART:
        apart = random.Random(0).sample(rest, 2 * SET_APART)
        parts |= {"tuning": sorted(apart[:SET_APART]), "reported": sorted(apart[SET_APART:])}
        parts["learned"] = sorted(set(rest) - set(apart))
    return parts


def export(
    folder: Path, training: Training, data: TrainingSet, variant: Variant, command: str, kept: Path
) -> None:
    """Write the checkpoint folder of `variant` from a training run, finished or under way.

    `kept` is the folder of what `milestones.keep` has written; the samples go into one of the same name.
    """
    record = training_record(training, data, variant, command) | {"milestones": milestones.kept(kept)}
    unet = training.copy_unet(variant.averaged)
    save(folder, unet, trained_scheduler(variant), record, model_card(variant, record))
    for sheet in milestones.sheets(kept):
        (folder / kept.name).mkdir(exist_ok=True)
        copyfile(sheet, folder / kept.name / sheet.name)


def training_record(training: Training, data: TrainingSet, variant: Variant, command: str) -> dict[str, Any]:
    """The training record, JSON-able: settings, command, loss curve, versions, data and its statistics."""
    learned = data.images["learned"]
    mean, covariance = channel_statistics(learned, variant.brightness)
    precision = training.accelerator.mixed_precision
    return {
        "variant": asdict(variant),
        "recipe": asdict(training.recipe),
        "command": command,
        "precision": "fp32" if precision == "no" else precision,
        "tf32": torch.backends.cuda.matmul.allow_tf32 or torch.backends.cudnn.allow_tf32,
        "device": training.accelerator.device.type,
        "effective_batch": training.batch_size,
        "launches": training.place.launches,
        "steps": training.place.step,
        "epochs": training.place.epoch,
        "loss_curve": loss_curve(training.place.losses),
        "versions": versions(*_LIBRARIES),
        "data": {
            "source": data.label,
            "pictures": len(learned),
            "drawn": training.recipe.drawn,
            "sha256": digest(learned),
            **data.card,
        },
        "held_out": data.names["held_out"],
        "names": {part: names for part, names in data.names.items() if part != "held_out"},
        "channel_mean": mean.tolist(),
        "channel_covariance": covariance.tolist(),
    }


def loss_curve(losses: list[float]) -> list[tuple[int, float]]:
    """(last step, mean loss) of up to 100 equal stretches of a run."""
    stretches = torch.tensor(losses).tensor_split(min(_CURVE, len(losses))) if losses else []
    ends = torch.tensor([len(stretch) for stretch in stretches]).cumsum(0).tolist()
    return [(end, round(stretch.mean().item(), 6)) for end, stretch in zip(ends, stretches, strict=True)]
