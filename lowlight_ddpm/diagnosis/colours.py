"""How far generated images' colours lie from the reference's, how sure that is, and what a change gains."""

from dataclasses import dataclass

import numpy as np
from torch import Tensor

from lowlight_ddpm.diagnosis.measures import UNIT
from lowlight_ddpm.diffusion.mean_correction import ColourPrior

DRAWS = 2000
_ENDS = (0.025, 0.975)
_SEED = 0  # of the bootstrap: the same colours give the same interval


@dataclass(frozen=True)
class Estimate:
    """A figure in 1/255 with the ends of its 95 % bootstrap interval over images."""

    value: float
    low: float
    high: float

    @property
    def signed(self) -> str:
        """A gain or loss in words."""
        return f"{self.value:+.1f} ({self.low:+.1f} to {self.high:+.1f})"


def distance(colours: np.ndarray, reference: ColourPrior) -> np.ndarray:
    """How far the mean colours (..., N, C) of a set are from the reference's, in 1/255: (...).

    The Wasserstein-2 distance of two normal distributions, over √C: the mean's error, and the deviation's in
    every direction of colour.
    """
    mean, target = colours.mean(axis=-2), reference.mean.numpy()
    away = colours - mean[..., None, :]
    spread = np.swapaxes(away, -1, -2) @ away / (colours.shape[-2] - 1)
    root = _root(reference.covariance.numpy())
    shared = np.sqrt(np.linalg.eigvalsh(root @ spread @ root).clip(min=0)).sum(axis=-1)
    traces = np.trace(spread, axis1=-2, axis2=-1) + np.trace(reference.covariance.numpy())
    squared = ((mean - target) ** 2).sum(axis=-1) + traces - 2 * shared
    return UNIT * np.sqrt(squared.clip(min=0) / colours.shape[-1])


def colour_error(colours: Tensor, reference: ColourPrior) -> Estimate:
    """`distance` of mean colours (N, C), with its interval."""
    drawn = distance(_resampled(colours), reference)
    return _estimate(float(distance(colours.numpy(), reference)), drawn)


def gain(before: Tensor, after: Tensor, reference: ColourPrior) -> Estimate:
    """By how much a change brings mean colours (N, C) nearer to the reference, image by image."""
    drawn = distance(_resampled(before), reference) - distance(_resampled(after), reference)
    value = distance(before.numpy(), reference) - distance(after.numpy(), reference)
    return _estimate(float(value), drawn)


def by_chance(reference: ColourPrior, count: int, quantile: float) -> float:
    """The `distance` that so many images drawn from the reference itself stay below, in 1/255."""
    mean, root = reference.mean.numpy(), _root(reference.covariance.numpy())
    z = np.random.default_rng(_SEED).standard_normal((DRAWS, count, len(mean)))
    return float(np.quantile(distance(mean + z @ root, reference), quantile))


def moments(colours: Tensor) -> tuple[list[float], list[float]]:
    """Mean and standard deviation over images of colours (N, C): channel by channel, mean as pixel value."""
    return ((colours.mean(dim=0) + 1) * UNIT).tolist(), (colours.std(dim=0) * UNIT).tolist()


def _resampled(colours: Tensor) -> np.ndarray:
    """Sets of as many images, drawn with replacement, the same of every set of one size: (DRAWS, N, C)."""
    count = len(colours)
    return colours.numpy()[np.random.default_rng(_SEED).integers(count, size=(DRAWS, count))]


def _estimate(value: float, drawn: np.ndarray) -> Estimate:
    low, high = np.quantile(drawn, _ENDS).tolist()
    return Estimate(value, low, high)


def _root(covariance: np.ndarray) -> np.ndarray:
    values, vectors = np.linalg.eigh(covariance)
    return vectors * np.sqrt(values.clip(min=0)) @ vectors.T


def share_outside(images: Tensor, reach: float) -> float:
    """Share of the pixels of images beyond ±`reach`."""
    return (images.abs() > reach + 1e-6).float().mean().item()
