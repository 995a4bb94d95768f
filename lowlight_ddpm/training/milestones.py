"""What a training keeps on its way: samples from the same noise, colours and errors, after chosen epochs."""

import json
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from lowlight_ddpm.diffusion.backends import BATCH, predict
from lowlight_ddpm.diffusion.sampling import add_noise, denoise, draw_noise
from lowlight_ddpm.diffusion.schedule import estimate_x0, signal_and_noise
from lowlight_ddpm.diffusion.settings import run_settings
from lowlight_ddpm.diffusion.transmission import tint_transmission
from lowlight_ddpm.images import HELD_OUT
from lowlight_ddpm.images.photometry import picture_grid, prepare
from lowlight_ddpm.images.writing import save_png
from lowlight_ddpm.metrics.sets import set_colours
from lowlight_ddpm.models.checkpoints import Checkpoint
from lowlight_ddpm.training.loop import Training

EPOCHS = (1, 2, 5, 10, 20, 50, 100)  # and the last
SAMPLES, STEPS = 16, 50  # from pure noise of seeds 0 to 15, by as many steps of DDPM
TIMESTEPS = (20, 60, 120, 200, 300, 400, 500, 600, 700, 800, 900)  # at which the error is measured
SIGNALS = (0.02, 0.08, 0.32)  # √ᾱ at which the transmission of a tint is measured
GREY = torch.ones(3)
SHEET_BYTES = 120_000  # of the samples' sheet at most: a repository keeps every one for good


def is_milestone(training: Training) -> bool:
    """Whether a run stands at the end of an epoch that is kept, or at its own end."""
    place = training.place
    ends_epoch = place.step > 0 and not place.seen
    return place.step == training.total_steps or (ends_epoch and place.epoch in EPOCHS)


def keep(folder: Path, training: Training, reported: Tensor) -> None:
    """Write epoch-N.json, and the samples beside it as epoch-N.png or .jpg, by the averaged weights.

    `reported` are images that are not learned, uint8 (N, 3, H, W). The training is left as it was.
    """
    folder.mkdir(parents=True, exist_ok=True)
    checkpoint, path = training.checkpoint, folder / f"epoch-{training.place.epoch}.json"
    samples = _sampled(checkpoint)
    suffix, content = encoded(picture_grid(samples))
    path.with_suffix(suffix).write_bytes(content)
    found = {
        "epoch": training.place.epoch,
        "step": training.place.step,
        "epsilon_errors": epsilon_errors(checkpoint, reported),
        "tint_transmission": _transmission(checkpoint, reported),
        **_colours(samples),
    }
    path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def kept(folder: Path) -> list[dict[str, Any]]:
    """What `keep` has written to a folder, in the order of epochs."""
    found = [json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("epoch-*.json")]
    return sorted(found, key=lambda milestone: milestone["step"])


def sheets(folder: Path) -> list[Path]:
    """The samples of every milestone in a folder."""
    return sorted(path for path in folder.glob("epoch-*.*") if path.suffix in (".png", ".jpg"))


def encoded(sheet: Image.Image) -> tuple[str, bytes]:
    """A sheet as a file of at most SHEET_BYTES: a PNG, or the best JPEG of full colour resolution that fits.

    Early samples are noisy, and noise does not compress. Figures are never taken from a sheet.
    """
    content = BytesIO()
    save_png(sheet, content, optimize=True)
    suffix, quality = ".png", 100
    while len(content.getvalue()) > SHEET_BYTES:
        quality -= 5
        content = BytesIO()
        sheet.save(content, "JPEG", quality=quality, subsampling=0)
        suffix = ".jpg"
    return suffix, content.getvalue()


@torch.inference_mode()
def epsilon_errors(checkpoint: Checkpoint, images: Tensor) -> dict[int, float]:
    """Mean squared error of the noise that a network finds in `images`, uint8 (N, 3, H, W), by timestep.

    Whatever the network predicts, its error is that of the epsilon in it, ε = (x_t − √ᾱ·x0) / √(1−ᾱ), so
    that rows can be compared. Image i has the same noise at every timestep and for every network of one row's
    offset noise: from a generator that is seeded with i.
    """
    variant, device = checkpoint.variant, checkpoint.device
    clean = checkpoint.frame.enter(prepare(images, variant.brightness))
    generators = [torch.Generator().manual_seed(number) for number in range(len(images))]
    noise = draw_noise(clean.shape, generators, variant.offset_noise)
    errors = {}
    for timestep in TIMESTEPS:
        level = checkpoint.alphas_cumprod[timestep].item()
        signal, strength = signal_and_noise(level)
        total = 0.0
        for x0, epsilon in zip(clean.split(BATCH), noise.split(BATCH), strict=True):
            x_t = add_noise(x0, epsilon, level).to(device)
            answer = predict(checkpoint.unet, x_t, torch.tensor(timestep, device=device))
            found = estimate_x0(answer, x_t, level, variant.prediction_type)
            total += ((x_t - signal * found) / strength - epsilon.to(device)).square().sum().item()
        errors[timestep] = total / noise.numel()
    return errors


def _sampled(checkpoint: Checkpoint) -> Tensor:
    settings = run_settings(variant=checkpoint.variant, mode="generate", steps=STEPS)
    *_, last = denoise(checkpoint, settings, count=SAMPLES)
    return last.x0.cpu()


def _colours(samples: Tensor) -> dict[str, list[float]]:
    """Over the samples the mean of their mean colours and backgrounds, and the backgrounds' deviation.

    R, G, B in 1/255; a background is an image's border.
    """
    means, backgrounds, _ = set_colours(samples)
    found = {
        "sample_mean": means.mean(axis=0),
        "background_mean": backgrounds.mean(axis=0),
        "background_sd": backgrounds.std(axis=0),
    }
    return {name: np.round(values, 2).tolist() for name, values in found.items()}


def _transmission(checkpoint: Checkpoint, images: Tensor) -> dict[str, float]:
    """The part of a grey tint in x_t that is in x0, by signal level: `transmission.tint_transmission`."""
    levels = checkpoint.alphas_cumprod.sqrt()
    shown = prepare(images[:HELD_OUT], checkpoint.variant.brightness)
    return {
        str(signal): round(
            tint_transmission(checkpoint, shown, int((levels - signal).abs().argmin()), GREY), 4
        )
        for signal in SIGNALS
    }
