"""Pictures inside the page itself: lossless, and never a request of their own."""

from base64 import b64encode
from io import BytesIO

from torch import Tensor

from lowlight_ddpm.photometry import to_image


def data_uri(x: Tensor, gain: float = 1.0) -> str:
    """One model-range picture (3, H, W), exposed with `gain`, as the data-URI of a PNG."""
    file = BytesIO()
    # Noise does not compress: a higher level only takes longer.
    to_image(x, gain).save(file, "PNG", compress_level=1)
    return f"data:image/png;base64,{b64encode(file.getvalue()).decode()}"
