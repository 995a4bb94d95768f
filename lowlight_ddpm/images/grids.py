"""Images side by side as one, and an image inside a page."""

from base64 import b64encode
from io import BytesIO

from PIL import Image
from torch import Tensor
from torchvision.transforms.v2 import functional as tv
from torchvision.utils import make_grid

from lowlight_ddpm.images.photometry import expose

_GAP = 4  # white pixels between the pictures of a grid


def picture_grid(pictures: Tensor, columns: int | None = None, gain: float = 1.0) -> Image.Image:
    """Model-range pictures (B, 3, H, W) side by side on white, nearly square unless `columns` is given."""
    columns = columns or max(1, round(len(pictures) ** 0.5))
    gap = _GAP if len(pictures) > 1 else 0
    return tv.to_pil_image(make_grid(expose(pictures, gain), columns, padding=gap, pad_value=255))


def data_uri(picture: Image.Image, longest: int) -> str:
    """A picture as the data-URI of a PNG; made smaller if a side has more than `longest` pixels."""
    file, picture = BytesIO(), picture.copy()
    picture.thumbnail((longest, longest), Image.Resampling.LANCZOS)
    # Noise does not compress: a higher level only takes longer.
    picture.save(file, "PNG", compress_level=1)
    return f"data:image/png;base64,{b64encode(file.getvalue()).decode()}"
