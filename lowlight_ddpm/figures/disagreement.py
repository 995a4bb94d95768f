"""Figure 4.3: a pair of restorations that MSE ranks against the eye, found by a rule."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from torch import Tensor

from lowlight_ddpm.diffusion.sampling import denoise
from lowlight_ddpm.diffusion.settings import run_settings
from lowlight_ddpm.figures.board import LINE_HEIGHT, MARGIN, PIXELS, Board, shown
from lowlight_ddpm.figures.inputs import Inputs, Missing
from lowlight_ddpm.figures.style import INK, MUTED, colour_of
from lowlight_ddpm.images.photometry import prepare
from lowlight_ddpm.variants import find_variant

SIDE, HEAD, BELOW = 512, LINE_HEIGHT + 16, 7 * LINE_HEIGHT // 2
BETWEEN = (PIXELS - 2 * MARGIN - 3 * SIDE) // 2
STARTS = (300, 600)  # where pictures are far enough gone to differ, and near enough to be recognised
CELL = ["source", "size", "brightness", "start", "steps", "picture", "seed"]  # what a pair has in common


class Pair(NamedTuple):
    """Two rows of results on the same picture and noise: MSE prefers the first, ΔE00 and SSIM the second."""

    preferred: pd.Series
    better: pd.Series


def most_contrary(rows: pd.DataFrame) -> Pair | None:
    """The pair, of all that share CELL, with the largest ln(MSE of b / MSE of a) · (ΔE00 of a − ΔE00 of b).

    a has the lower MSE, b the smaller colour shift and no lower SSIM, so that two judges of what an eye sees
    speak for b. The product asks for both: a clear verdict of MSE's, and a colour shift that is clearly seen.
    """
    best, pair = 0.0, None
    for _, group in rows.groupby(CELL, sort=True):
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
    pair = most_contrary(rows[rows.start.isin(STARTS)])
    if pair is None:
        raise Missing(f"no two results on {inputs.source} are there that MSE ranks against ΔE00 and SSIM")
    clean, board = _picture(inputs, pair.preferred), Board(2 * MARGIN + HEAD + SIDE + BELOW)
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
    x = MARGIN + number * (SIDE + BETWEEN)
    board.heading(x, MARGIN, heading, colour=colour)
    board.tile(x, MARGIN + HEAD, shown(picture, 1 / row.brightness, SIDE))
    for line, words in enumerate(said):
        y = MARGIN + HEAD + SIDE + LINE_HEIGHT * (line + 0.5)
        board.words(x, y, words, color=INK if line else MUTED)


def restoration(inputs: Inputs, row: pd.Series, clean: Tensor) -> Tensor:
    """The picture (3, H, W) that a row of results measures, made again from its checkpoint."""
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


def _picture(inputs: Inputs, row: pd.Series) -> Tensor:
    data = inputs.unseen(row.variant)
    return prepare(data.unseen[data.names.index(row.picture)], row.brightness)
