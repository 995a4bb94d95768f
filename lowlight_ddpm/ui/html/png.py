"""Pictures inside the page itself: lossless, and never a request of their own."""

from torch import Tensor

from lowlight_ddpm.images import grids
from lowlight_ddpm.images.photometry import to_image

LONGEST = 512  # pixels of a side that are sent; the page shows no picture larger
SHARP = 128  # pixels of a side up to which a square's own pixels can be told apart


def data_uri(x: Tensor, gain: float = 1.0, longest: int = LONGEST) -> str:
    """One model-range picture (3, H, W), exposed with `gain`, as the data-URI of a PNG.

    One with a side of more than `longest` pixels is made smaller.
    """
    return grids.data_uri(to_image(x, gain), longest)


def proportions(x: Tensor | None) -> str:
    """The style of what holds pictures like `x`: a square of sharp pixels unless they are photographs."""
    height, width = (SHARP, SHARP) if x is None else x.shape[-2:]
    if height == width <= SHARP:
        return ""
    return f' style="--proportions: {width} / {height}; --scaling: auto"'
