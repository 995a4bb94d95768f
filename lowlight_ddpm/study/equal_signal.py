"""Starts of restorations that leave as much of an image by other betas as by the default ones."""

from collections.abc import Iterable

from lowlight_ddpm.diffusion.schedule import alphas_cumprod, matching_timesteps
from lowlight_ddpm.variants import Variant


def equal_signal_starts(row: Variant, starts: Iterable[int]) -> dict[int, int]:
    """Start of the default betas -> the timestep at which the betas of `row` leave as much of an image.

    The one whose level is nearest. Left out are starts where these betas never leave so little or so much.
    """
    usual, own = (alphas_cumprod(r.beta_start, r.beta_end, r.beta_schedule) for r in (Variant, row))
    reached = [start for start in starts if own.min() <= usual[start] <= own.max()]
    return dict(zip(reached, matching_timesteps(usual[reached], own).tolist(), strict=True))
