"""Pictures and words laid on a page, pixel by pixel: no picture is resampled but in whole pixels."""

import torch
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy import asarray
from PIL import Image
from torch import Tensor

from lowlight_ddpm.figures.style import DPI, HEADING, INK, MUTED, TEXT, WIDTH, page
from lowlight_ddpm.images.photometry import to_image

PIXELS = round(WIDTH * DPI)  # a page's width
MARGIN = 32
LINE_HEIGHT = 36  # of text


class Board:
    """A page of `height` pixels; places are pixels right of and below the page's upper left corner."""

    def __init__(self, height: int) -> None:
        self.height = height
        self.figure: Figure = page(height / DPI)

    def tile(self, x: float, y: float, picture: Image.Image) -> None:
        """Lay a picture with its upper left corner at (x, y)."""
        self.figure.figimage(
            asarray(picture), round(x), self.height - round(y) - picture.height, origin="upper"
        )

    def words(self, x: float, y: float, words: str, **options) -> None:
        """Write from the upper left corner (x, y), unless matplotlib's options say otherwise."""
        options = {"va": "top", "fontsize": TEXT, "color": MUTED} | options
        self.figure.text(x / PIXELS, 1 - y / self.height, words, **options)

    def heading(self, x: float, y: float, heading: str, below: str = "", colour: str | None = None) -> None:
        """A bold line, with a chip of `colour` before it, and a muted line below: two LINE_HEIGHTs."""
        if colour:
            side = 22
            corner = (x / PIXELS, 1 - (y + 4 + side) / self.height)
            self.figure.add_artist(
                Rectangle(corner, side / PIXELS, side / self.height, facecolor=colour, edgecolor="none")
            )
        self.words(x + 34 * bool(colour), y, heading, weight="bold", fontsize=HEADING, color=INK)
        self.words(x, y + LINE_HEIGHT + 2, below)


def shown(picture: Tensor, gain: float, side: int) -> Image.Image:
    """One model-range picture (3, H, W), exposed with `gain`, its pixels as squares, about `side` pixels."""
    scale = max(1, side // picture.shape[-1])
    image = to_image(picture, gain)
    return image.resize((image.width * scale, image.height * scale), Image.Resampling.NEAREST)


def grid(board: Board, x: float, y: float, pictures: Tensor, gain: float, columns: int, side: int, gap: int):
    """Lay pictures (N, 3, H, W) in rows of `columns`, `side` pixels each and `gap` apart."""
    for place, picture in enumerate(torch.unbind(pictures)):
        row, column = divmod(place, columns)
        board.tile(x + column * (side + gap), y + row * (side + gap), shown(picture, gain, side))


def filling_gap(columns: int, side: int) -> int:
    """The gap that spreads `columns` tiles of `side` pixels over a page's width."""
    return (PIXELS - 2 * MARGIN - columns * side) // max(1, columns - 1)
