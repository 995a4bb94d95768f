"""Inject a shift: tint the picture in the middle of a run, and see how much of the tint the network keeps."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from lowlight_ddpm.diffusion.sampling import Request, Source, Step
from lowlight_ddpm.diffusion.settings import RunSettings
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.metrics.image import channel_means
from lowlight_ddpm.metrics.sets import Triple


@dataclass(frozen=True)
class Tint:
    """`sampling.denoise`'s `alter`: adds `colour` (R, G, B in 1/255) to the picture at step `index`.

    x0 gets all of it and x_t its share √ᾱ, as if the picture had been tinted all along: what the network then
    makes of x_t is its own doing. In x0 alone a tint would fade even if the network believed all that it is
    told, since one step takes only the part β / (1 − ᾱ) of x0 over (Ho et al. 2020, eq. 7).
    """

    index: int
    colour: Triple

    def __call__(self, step: Step) -> Step:
        """The step, tinted if it is the one."""
        if step.index != self.index:
            return step
        added = torch.tensor(self.colour, device=step.x0.device)[:, None, None] / 127.5
        return replace(step, x0=step.x0 + added, x_t=step.x_t + step.alpha_bar**0.5 * added)


@dataclass(frozen=True, eq=False)
class Probe:
    """A run and the same run with a tint, as far as they have come.

    `plain` and `tinted` are x0 (3, H, W) in model range, at every step.
    """

    tint: Tint
    plain: tuple[Tensor, ...] = field(default=())
    tinted: tuple[Tensor, ...] = field(default=())

    @property
    def traces(self) -> list[Tensor]:
        """At every step of the tinted run, how far its x0 is from the plain one's: (3,) in 1/255."""
        pairs = zip(self.tinted, self.plain, strict=False)
        return [(channel_means(tinted) - channel_means(plain))[0] for tinted, plain in pairs]

    @property
    def share(self) -> float:
        """The part of the whole tint that is there at the newest step: 1 is all of it, 0 nothing."""
        colour = torch.tensor(self.tint.colour)
        return (self.traces[-1] @ colour / (colour @ colour)).item()

    @property
    def left(self) -> Tensor:
        """The part of the tint that is there at the newest step, (3,): 1 is all of it, NaN where none was."""
        colour = torch.tensor(self.tint.colour)
        return torch.where(colour != 0, self.traces[-1] / colour, torch.nan)


def probe(settings: RunSettings, picture: Tensor | None, tint: Tint, source: Source) -> Iterator[Probe]:
    """Make a run twice on the same noise, plain and tinted; for every network call, what is known.

    `picture` is uint8 (3, H, W) before it is dimmed, None where the run starts from pure noise; `source`
    makes both runs. Raises Refusal for a step that the run does not have, a tint without colour, a missing
    picture.
    """
    if not 0 <= tint.index < settings.steps:
        raise Refusal(
            f"The run has {settings.steps} steps, and there is no step {tint.index + 1}: tint an earlier one."
        )
    if not any(tint.colour):
        raise Refusal("A tint without colour changes nothing: choose one, or make it stronger.")
    if settings.mode == "restore" and picture is None:
        raise Refusal("There is no picture to tint: pick one, or generate from pure noise.")
    pictures = None if settings.mode == "generate" or picture is None else settings.dim(picture[None])
    made = [], []
    for steps in source([Request(settings, pictures), Request(settings, pictures, alter=tint)]):
        for place, step in steps.items():
            made[place].append(step.x0[0].clone())
        yield Probe(tint, *map(tuple, made))
