"""How well a network answers for images that it has not learned from: its error by timestep."""

import torch
from torch import Tensor

from lowlight_ddpm.diffusion.schedule import estimate_x0, signal_and_noise
from lowlight_ddpm.diffusion.tiling import BATCH, predict
from lowlight_ddpm.diffusion.trajectory import add_noise, draw_noise
from lowlight_ddpm.images.photometry import prepare
from lowlight_ddpm.models.checkpoints import Checkpoint

TIMESTEPS = (20, 60, 120, 200, 300, 400, 500, 600, 700, 800, 900)


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
