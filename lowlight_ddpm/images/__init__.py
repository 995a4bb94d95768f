"""Where images come from (files, folders, the Hub, our own code), and how they are dimmed and shown."""

from lowlight_ddpm.images.reading import ImageLike, entire, framed, notes, read, square, stack
from lowlight_ddpm.images.sources import HELD_OUT, Source, hold_out, open_picture, open_source, origin
from lowlight_ddpm.images.synthetic.butterflies import draw

__all__ = [
    "HELD_OUT",
    "ImageLike",
    "Source",
    "draw",
    "entire",
    "framed",
    "hold_out",
    "notes",
    "open_picture",
    "open_source",
    "origin",
    "read",
    "square",
    "stack",
]
