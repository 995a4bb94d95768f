"""What a run has come to in two sentences for everyone: its colours, and what the image shows."""

from torch import Tensor

from lowlight_ddpm.metrics.background import WHITE, Background, background_of
from lowlight_ddpm.runs.run import Run
from lowlight_ddpm.variants.study import STUDY

ALIKE, CLOSE = 0.85, 0.5  # structural similarity from which an image is called the original, or close to it
FROM_NOISE = "Image: made from pure noise, so there is no original that it could be like."


def verdict(run: Run) -> tuple[str, str]:
    """(on colours, on the image) of a run's newest estimate, a sentence or two each.

    Where the background is not known to be even, the colour is that of the whole image.
    """
    background = background_in(run)
    if background:
        colours = background.in_words
    else:
        colours = run.in_words if run.generates else run.colour_shift.in_words
    return colours, FROM_NOISE if run.generates else alike(run.measures.ssim)


def background_in(run: Run) -> Background | None:
    """The background of a run's (first) image against what it should be; None where that is not known.

    A restored image should keep the original's background, if it is paper; a generated one should have that
    of the images which the study's networks have learned from, which is white.
    """
    if run.dim is None:
        return backgrounds(run.x0[:1], run.settings.row.brightness)[0] if _learned_white(run) else None
    brightness = run.settings.brightness
    expected = background_of(run.dim[0], brightness)
    found = Background(background_of(run.x0[0], brightness), expected)
    return found if found.is_paper else None


def backgrounds(images: Tensor, brightness: float) -> list[Background]:
    """Those of images (B, 3, H, W) in model range, dimmed by `brightness`, that should be white."""
    return [Background(background_of(image, brightness), WHITE) for image in images]


def alike(ssim: float | None) -> str:
    """How like its original an image is, by structural similarity, None where it has none, as a sentence."""
    if ssim is None:
        return "Image: too small to be compared with the original."
    share = f"{max(ssim, 0):.0%} alike (structural similarity)"
    if ssim >= ALIKE:
        return f"Image: the original, {share}."
    return f"Image: {'close to the original' if ssim >= CLOSE else 'not the original any more'}, {share}."


def _learned_white(run: Run) -> bool:
    """Whether its network is the study's, which has learned from specimens and fruit on white alone."""
    return STUDY.get(run.settings.variant) == run.settings.row
