"""Figures that show images: 1.1, 3.1, 3.2, 4.3, 5.1 to 5.4 and samples-NAME.

Images and text are laid on a page pixel by pixel: no image is resampled but in whole pixels.
"""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from PIL import Image, ImageOps
from torch import Tensor

from lowlight_ddpm.diffusion.sampling import denoise
from lowlight_ddpm.diffusion.settings import run_settings
from lowlight_ddpm.figures import Inputs, Missing
from lowlight_ddpm.figures.style import DPI, HEADING, INK, MUTED, TEXT, WIDTH, colour_of, page
from lowlight_ddpm.images import HELD_OUT, stack
from lowlight_ddpm.images.display import to_image
from lowlight_ddpm.images.photometry import prepare
from lowlight_ddpm.models.unet import RESOLUTION
from lowlight_ddpm.study import protocol
from lowlight_ddpm.variants import find_variant

PIXELS = round(WIDTH * DPI)  # a page's width
MARGIN = 32
LINE_HEIGHT = 36  # of text


class Board:
    """A page of `height` pixels; places are pixels right of and below the page's upper left corner."""

    def __init__(self, height: int) -> None:
        self.height = height
        self.figure: Figure = page(height / DPI)

    def tile(self, x: float, y: float, picture: Image.Image) -> None:
        """Lay an image with its upper left corner at (x, y)."""
        self.figure.figimage(
            np.asarray(picture), round(x), self.height - round(y) - picture.height, origin="upper"
        )

    def words(self, x: float, y: float, words: str, **options: Any) -> None:
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


def shown(picture: Tensor, gain: float | None, side: int) -> Image.Image:
    """One model-range image (3, H, W), shown with `gain`, its pixels as squares, about `side` pixels."""
    scale = max(1, side // picture.shape[-1])
    image = to_image(picture, gain)
    return image.resize((image.width * scale, image.height * scale), Image.Resampling.NEAREST)


def grid(
    board: Board, x: float, y: float, pictures: Tensor, gain: float | None, columns: int, side: int, gap: int
) -> None:
    """Lay images (N, 3, H, W) in rows of `columns`, `side` pixels each and `gap` apart."""
    for place, picture in enumerate(torch.unbind(pictures)):
        row, column = divmod(place, columns)
        board.tile(x + column * (side + gap), y + row * (side + gap), shown(picture, gain, side))


def filling_gap(columns: int, side: int) -> int:
    """The gap that spreads `columns` tiles of `side` pixels over a page's width."""
    return (PIXELS - 2 * MARGIN - columns * side) // max(1, columns - 1)


_IN_A_ROW, SIDE = 8, 192
_GAP = filling_gap(_IN_A_ROW, SIDE)
_FLIPS = 0  # the seed by which images are flipped


def draw_originals(inputs: Inputs) -> Figure:
    """Whole images, on white where they are no squares."""
    board = _sixteen_board(len(inputs.opened))
    for place, (_, picture) in enumerate(inputs.opened):
        row, column = divmod(place, _IN_A_ROW)
        whole = ImageOps.pad(picture, (SIDE, SIDE), Image.Resampling.LANCZOS, color="white")
        board.tile(MARGIN + column * (SIDE + _GAP), MARGIN + row * (SIDE + _GAP), whole)
    return board.figure


def draw_preprocessed(inputs: Inputs, brightness: float) -> Figure:
    """The same in the same places: the middle square at 64 px, every second one flipped by chance, dimmed."""
    pixels = stack([picture for _, picture in inputs.opened], RESOLUTION)
    flip = torch.rand(len(pixels), 1, 1, 1, generator=torch.Generator().manual_seed(_FLIPS)) < 0.5
    dimmed = prepare(torch.where(flip, pixels.flip(-1), pixels), brightness)
    board = _sixteen_board(len(dimmed))
    grid(board, MARGIN, MARGIN, dimmed, None, _IN_A_ROW, SIDE, _GAP)
    return board.figure


def _sixteen_board(pictures: int) -> Board:
    rows = -(-pictures // _IN_A_ROW)
    return Board(2 * MARGIN + rows * SIDE + (rows - 1) * _GAP)


PICTURE = 3  # number of the image in its source
_STEPS_SHOWN, _STEP_GAP = 6, 28
_ROW_NAMES = 130  # pixels for the names of the two rows


def draw_trajectory(inputs: Inputs, variant: str, start: int) -> Figure:
    """x_t above and the estimate of x0 below, at some of the steps; then the original. Shown brightened."""
    settings = run_settings(variant=variant, start=start, steps=protocol.STEPS)
    pictures = inputs.unseen(variant).unseen
    clean = settings.dim(pictures[PICTURE % len(pictures)][None])
    steps = list(denoise(inputs.checkpoint(variant), settings, clean))
    places = torch.linspace(0, len(steps) - 1, _STEPS_SHOWN).round().int()
    gain, upper, lower = (
        1 / settings.brightness,
        MARGIN + LINE_HEIGHT,
        MARGIN + LINE_HEIGHT + SIDE + _STEP_GAP,
    )
    board = Board(lower + SIDE + MARGIN)
    for column, place in enumerate(places.tolist()):
        step, x = steps[place], MARGIN + _ROW_NAMES + column * (SIDE + _STEP_GAP)
        board.words(x, MARGIN - 6, f"t = {step.timestep}")
        board.tile(x, upper, shown(step.x_t[0], gain, SIDE))
        board.tile(x, lower, shown(step.x0[0], gain, SIDE))
    for y, name, meaning in ((upper, "$x_t$", "noisy"), (lower, "$x_0$", "estimate")):
        board.words(MARGIN, y + SIDE / 2 - 32, name, color=INK, fontsize=13)
        board.words(MARGIN, y + SIDE / 2 + 12, meaning)
    last = PIXELS - MARGIN - SIDE
    board.words(last, lower - 10, "original", va="bottom")
    board.tile(last, lower, shown(clean[0], gain, SIDE))
    return board.figure


_PANEL_HEAD = 3 * LINE_HEIGHT  # pixels for a panel's heading
_PANEL_GAP = 64  # pixels between panels
AS_DRAWN, BRIGHTENED = "as drawn", "brightened"
SMALL = "fixed_small"
Panel = tuple[str, str]
"""A variant, and whether its images are shown as generated or brightened."""


def draw_grids(inputs: Inputs, panels: tuple[Panel, ...], optional: tuple[str, ...] = ()) -> Figure:
    """A grid of 4 × 4 samples for every panel; the same place has the same noise in each.

    Panels of the variants named in `optional` are left out while those are not trained.
    """
    shown = [panel for panel in panels if panel[0] in inputs.trained or panel[0] not in optional]
    inputs.require(*dict(shown))
    return _grid_board(inputs, shown, HELD_OUT, columns=4)


def draw_samples(inputs: Inputs, variant: str, count: int = 64) -> Figure:
    """One grid of `count` samples, eight in a row; the smaller variance, which leaves no grain on them."""
    return _grid_board(inputs, [(variant, BRIGHTENED)], count, columns=8, variance_type=SMALL)


def _grid_board(
    inputs: Inputs, panels: list[Panel], count: int, columns: int, variance_type: str | None = None
) -> Figure:
    gap = 8
    room = (PIXELS - 2 * MARGIN - (len(panels) - 1) * _PANEL_GAP) // len(panels)
    side = (room - (columns - 1) * gap) // columns // RESOLUTION * RESOLUTION
    width = columns * (side + gap) - gap
    left = (PIXELS - len(panels) * width - (len(panels) - 1) * _PANEL_GAP) // 2
    rows = -(-count // columns)
    board = Board(2 * MARGIN + _PANEL_HEAD + rows * (side + gap) - gap)
    for number, (name, how) in enumerate(panels):
        x, row = left + number * (width + _PANEL_GAP), find_variant(name)
        gain = 1 / row.brightness if how == BRIGHTENED or row.brightness == 1 else None
        said = name if row.brightness == 1 else f"{name}, {how}" + (f" ×{gain:g}" if gain else "")
        board.heading(x, MARGIN, row.title, said, colour_of(name))
        grid(
            board,
            x,
            MARGIN + _PANEL_HEAD,
            inputs.samples(name, count, variance_type),
            gain,
            columns,
            side,
            gap,
        )
    return board.figure


_LARGE, _HEAD, _BELOW = 512, LINE_HEIGHT + 16, 7 * LINE_HEIGHT // 2
_BETWEEN = (PIXELS - 2 * MARGIN - 3 * _LARGE) // 2
_STARTS = (300, 600)  # where images are far enough gone to differ, and near enough to be recognised
_SAME = ["source", "size", "brightness", "start", "steps", "picture", "seed"]  # what a pair has in common


class Pair(NamedTuple):
    """Two rows of results on the same image and noise: MSE prefers the first, ΔE00 and SSIM the second."""

    preferred: pd.Series
    better: pd.Series


def most_contrary(rows: pd.DataFrame) -> Pair | None:
    """The pair, of all that share _SAME, with the largest ln(MSE of b / MSE of a) · (ΔE00 of a − ΔE00 of b).

    a has the lower MSE, b the smaller colour shift and no lower SSIM, so that two measures of what an eye
    sees speak for b. The product asks for both: a clear verdict of MSE, and a colour shift that is well seen.
    """
    best, pair = 0.0, None
    for _, group in rows.groupby(_SAME, sort=True):
        mse, shift, ssim = (group[column].to_numpy(float) for column in ("mse", "delta_e", "ssim"))
        verdict, contrast = np.log(mse[None, :] / mse[:, None]), shift[:, None] - shift[None, :]
        score = verdict.clip(min=0) * contrast.clip(min=0) * (ssim[None, :] >= ssim[:, None])
        if score.max() > best:
            best = score.max()
            a, b = np.unravel_index(score.argmax(), score.shape)
            pair = Pair(group.iloc[a], group.iloc[b])
    return pair


def draw_disagreement(inputs: Inputs) -> Figure:
    """The original, what MSE prefers and what it does not, made again from the checkpoints, figures below."""
    rows = inputs.restored(source=inputs.source)
    pair = most_contrary(rows.loc[rows.start.isin(_STARTS), :])
    if pair is None:
        raise Missing(f"no two results on {inputs.source} are there that MSE ranks against ΔE00 and SSIM")
    clean, board = _clean(inputs, pair.preferred), Board(2 * MARGIN + _HEAD + _LARGE + _BELOW)
    _column(board, 0, "Original", clean, pair.preferred, [f"noised to timestep {pair.preferred.start}"])
    for number, heading, row in ((1, "Lower MSE", pair.preferred), (2, "Higher MSE", pair.better)):
        figures = f"MSE {row.mse:.5f}", f"ΔE00 {row.delta_e:.1f},  SSIM {row.ssim:.2f}"
        said = [f"{row.variant}: {find_variant(row.variant).title}", *figures]
        _column(board, number, heading, restoration(inputs, row, clean), row, said, colour_of(row.variant))
    return board.figure


def _column(
    board: Board,
    number: int,
    heading: str,
    picture: Tensor,
    row: pd.Series,
    said: list[str],
    colour: str | None = None,
) -> None:
    x = MARGIN + number * (_LARGE + _BETWEEN)
    board.heading(x, MARGIN, heading, colour=colour)
    board.tile(x, MARGIN + _HEAD, shown(picture, 1 / row.brightness, _LARGE))
    for line, words in enumerate(said):
        y = MARGIN + _HEAD + _LARGE + LINE_HEIGHT * (line + 0.5)
        board.words(x, y, words, color=INK if line else MUTED)


def restoration(inputs: Inputs, row: pd.Series, clean: Tensor) -> Tensor:
    """The image (3, H, W) that a row of results measures, made again from its checkpoint."""
    pictures = inputs.unseen(row.variant).names
    seed = int(row.seed) * len(pictures) + pictures.index(row.picture)  # as evaluation numbers its noise
    settings = run_settings(
        variant=row.variant,
        brightness=row.brightness,
        start=int(row.start),
        steps=int(row.steps),
        variance_type=row.variance_type,
        seed=seed,
    )
    *_, last = denoise(inputs.checkpoint(row.variant), settings, clean[None])
    return last.x0[0]


def _clean(inputs: Inputs, row: pd.Series) -> Tensor:
    data = inputs.unseen(row.variant)
    return prepare(data.unseen[data.names.index(row.picture)], row.brightness)
