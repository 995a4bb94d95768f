"""Where pictures come from: files, folders, the Hub, and our own pen."""

from lowlight_ddpm.images.reading import entire, framed, read, square, stack
from lowlight_ddpm.images.source import Source
from lowlight_ddpm.images.sources import HELD_OUT, hold_out, open_picture, open_source
from lowlight_ddpm.images.synthetic.butterflies import draw

__all__ = [
    "HELD_OUT",
    "Source",
    "draw",
    "entire",
    "framed",
    "hold_out",
    "open_picture",
    "open_source",
    "read",
    "square",
    "stack",
]
