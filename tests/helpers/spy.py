"""Pictures, noise and networks that tests of the walk back share."""

import torch

from lowlight_ddpm.diffusion.sampling import denoise
from lowlight_ddpm.images.photometry import prepare


class Spy:
    """A network that notes the timestep of every call."""

    def __init__(self, unet):
        self.unet, self.config, self.device, self.fed = unet, unet.config, unet.device, []

    def __call__(self, x, timestep):
        self.fed.append(int(timestep[0]))
        return self.unet(x, timestep)


def pictures(count, side=16):
    pixels = torch.randint(256, (count, 3, side, side), generator=torch.Generator().manual_seed(count))
    return prepare(pixels.to(torch.uint8), 0.5)


def generators(count, seed=0):
    return [torch.Generator().manual_seed(seed + i) for i in range(count)]


def draw(shape, sources):
    return torch.stack([torch.randn(shape[1:], generator=source) for source in sources])


def last(checkpoint, settings, *args):
    *_, step = denoise(checkpoint, settings, *args)
    return step.x0
