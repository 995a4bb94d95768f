"""A colour shift in words that need no colour science, and the step from which on it shows."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from html import escape
from typing import Any

import numpy as np
from skimage.color import deltaE_ciede2000
from torch import Tensor

from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.metrics.image import JUST_NOTICEABLE, Measures, channel_means, mean_lab, measure

# The CIELAB direction, in degrees from +a* towards +b*, in which mid-grey moves when it is tinted that way
# (skimage.color.rgb2lab of 0.4 plus a small tint).
_HUES = {
    "pink": 345,
    "red": 22,
    "orange": 62,
    "yellow": 105,
    "green": 145,
    "cyan": 198,
    "blue": 285,
    "purple": 315,
}

# (visible, more than noise alone gives) -> how the comparison with noise joins on.
_NOISE = {
    (True, True): ": more than noise alone gives (up to about ±{:.1f})",
    (True, False): ": within what noise alone gives (up to about ±{:.1f})",
    (False, True): ", though more than noise alone gives (up to about ±{:.1f})",
    (False, False): " and within what noise alone gives (up to about ±{:.1f})",
}


@dataclass(frozen=True, repr=False)
class ColourShift:
    """What was done to an image's colours; JSON-able by dataclasses.asdict.

    `noise_bound` is how far noise alone moves a channel, in 1/255 (`perfect_sampler.noise_bound`); 0 where no
    noise is known of.
    """

    measures: Measures
    noise_bound: float
    in_words: str

    @property
    def figures(self) -> dict[str, str]:
        """Every measure as it is read, by its name."""
        return {
            name: "undefined" if figure is None else format(figure, ".4g")
            for name, figure in asdict(self.measures).items()
        }

    def __repr__(self) -> str:
        return "\n".join([*(f"{name:20} {figure}" for name, figure in self.figures.items()), self.in_words])

    def _repr_html_(self) -> str:
        rows = "".join(f"<tr><th>{name}</th><td>{figure}</td></tr>" for name, figure in self.figures.items())
        return f"<p>{escape(self.in_words)}</p><table>{rows}</table>"


def assess(output: Tensor, original: Tensor, brightness: float, bound: float | None = None) -> ColourShift:
    """Compare an image with its original, both (3, H, W) in model range, dimmed by `brightness`.

    `bound` is what a channel's shift must exceed to be more than noise, in 1/255; without one no noise is
    spoken of. Raises Refusal as `measure` and `in_words` do.
    """
    measures = measure(output, original, brightness)
    return ColourShift(measures, bound or 0.0, in_words(measures, brightness, bound))


def in_words(measures: Measures, brightness: float, noise_bound: float | None = None) -> str:
    """Say in one or two sentences which way an image's colour went, how far, and whether noise explains it.

    `brightness` is the factor the images were dimmed by, in (0, 1]: below 1, a visible shift is also given
    as it would be at full brightness (shift / brightness). A shift is more than noise where any channel's is
    beyond the `noise_bound`, in 1/255, both rounded to the one decimal place that is written. Raises Refusal
    (a ValueError) for a brightness outside (0, 1].
    """
    if not 0 < brightness <= 1:
        raise Refusal(f"The brightness must be above 0 and at most 1, and {brightness} is not.")
    shifts = measures.shift_r, measures.shift_g, measures.shift_b
    visible = measures.delta_e >= JUST_NOTICEABLE
    towards = direction(measures.delta_l, measures.delta_a, measures.delta_b)
    too_much = f"Too {towards} by {measures.delta_e:.1f}"
    opening = too_much if visible else f"No visible shift: less than {JUST_NOTICEABLE:g}"
    sentence = f"{opening} CIEDE2000 ({channels(shifts)} of 255, at brightness {brightness:g})"
    sentence += _against_noise(shifts, visible, noise_bound) + "."
    if visible and brightness < 1:
        sentence += f" At full brightness that would be {channels(tuple(s / brightness for s in shifts))}."
    return sentence


def direction(delta_l: float, delta_a: float, delta_b: float) -> str:
    """The name of a difference in CIELAB: "light", "dark", or a hue like "pink"."""
    if abs(delta_l) > math.hypot(delta_a, delta_b):
        return "light" if delta_l > 0 else "dark"
    angle = math.degrees(math.atan2(delta_b, delta_a))
    return min(_HUES, key=lambda hue: abs(math.remainder(angle - _HUES[hue], 360)))


def channels(shifts: Sequence[float]) -> str:
    """Shifts of R, G, B in words: "red +1.2, green +0.3, blue -0.7"."""
    # Adding 0.0 turns a rounded -0.0 into 0.0, so no "-0.0" is ever shown.
    parts = zip(("red", "green", "blue"), (round(shift, 1) + 0.0 for shift in shifts), strict=True)
    return ", ".join(f"{name} {shift:+.1f}" for name, shift in parts)


def _against_noise(shifts: tuple[float, ...], visible: bool, bound: float | None) -> str:
    if bound is None:
        return ""
    # As they are written: a figure that reads no higher than the bound is not called more.
    beyond = round(max(map(abs, shifts)), 1) > round(bound, 1)
    return _NOISE[visible, beyond].format(bound)


def onset(estimates: Sequence[Tensor], picture: Tensor, noise_bound: float) -> int | None:
    """The place of the first estimate from which on all are off in colour; None where the last one is not.

    `estimates` are a run's x0 in their order, `picture` what they should look like, each (3, H, W) in model
    range. Off is what in_words calls visible and more than noise gives: the mean colours are JUST_NOTICEABLE
    apart (CIEDE2000), and a channel's mean is more than the `noise_bound`, in 1/255, away.
    """
    aim, first = _colours(picture), None
    for place in reversed(range(len(estimates))):
        if not _off(_colours(estimates[place]), aim, noise_bound):
            break
        first = place
    return first


def _colours(picture: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """Mean R, G, B in 1/255, and L*, a*, b* of the mean colour."""
    return channel_means(picture.clamp(-1, 1))[0].cpu().numpy(), mean_lab(picture)


def _off(colours: tuple[Any, ...], aim: tuple[Any, ...], noise_bound: float) -> bool:
    (means, lab), (aimed_means, aimed_lab) = colours, aim
    visible = deltaE_ciede2000(aimed_lab, lab) >= JUST_NOTICEABLE
    return bool(visible and np.abs(means - aimed_means).max() > noise_bound)
