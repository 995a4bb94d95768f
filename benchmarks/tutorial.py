"""A training loop as the diffusers tutorial on unconditional generation writes it: what ours is held to."""

from collections.abc import Iterator, Sequence

import torch
from accelerate import Accelerator
from diffusers import DDPMScheduler, UNet2DModel
from diffusers.optimization import get_cosine_schedule_with_warmup
from PIL import Image
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms import v2

from lowlight_ddpm.training.loop import Recipe


class Pictures(Dataset):
    """Pictures that are opened, made small and turned at random each time that they are asked for."""

    def __init__(self, pictures: Sequence, side: int):
        self.pictures = pictures
        self.prepare = v2.Compose(
            [
                v2.Resize((side, side)),
                v2.RandomHorizontalFlip(),
                v2.PILToTensor(),
                v2.ToDtype(torch.float32, scale=True),
                v2.Normalize([0.5], [0.5]),
            ]
        )

    def __len__(self) -> int:
        return len(self.pictures)

    def __getitem__(self, index: int) -> torch.Tensor:
        picture = self.pictures[index]
        return self.prepare(
            picture if isinstance(picture, Image.Image) else Image.open(picture).convert("RGB")
        )


def train(unet: UNet2DModel, pictures: Sequence, recipe: Recipe, precision: str = "no") -> Iterator[float]:
    """The loss of every step; `pictures` are PIL images, or paths of files."""
    accelerator = Accelerator(mixed_precision=precision, cpu=not torch.cuda.is_available())
    loader = DataLoader(
        Pictures(pictures, unet.config.sample_size), recipe.batch_size, shuffle=True, drop_last=True
    )
    optimizer = torch.optim.AdamW(unet.parameters(), lr=recipe.adamw_learning_rate)
    rate = get_cosine_schedule_with_warmup(optimizer, recipe.warmup_steps, len(loader) * recipe.epochs)
    unet, optimizer, loader, rate = accelerator.prepare(unet, optimizer, loader, rate)
    scheduler = DDPMScheduler(1000)
    for _ in range(recipe.epochs):
        for clean in loader:
            noise = torch.randn(clean.shape, device=clean.device)
            timesteps = torch.randint(1000, (len(clean),), device=clean.device)
            noisy = scheduler.add_noise(clean, noise, timesteps)
            with accelerator.accumulate(unet):
                loss = F.mse_loss(unet(noisy, timesteps, return_dict=False)[0], noise)
                accelerator.backward(loss)
                if accelerator.sync_gradients:
                    accelerator.clip_grad_norm_(unet.parameters(), 1.0)
                optimizer.step()
                rate.step()
                optimizer.zero_grad()
            yield loss.detach().item()
