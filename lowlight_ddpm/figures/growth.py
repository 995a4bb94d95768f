"""How networks grow: what they generate from the same noises after more and more epochs."""

from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator
from PIL import Image
from torchvision.transforms.v2.functional import pil_to_tensor

from lowlight_ddpm.figures import Inputs, Missing
from lowlight_ddpm.figures.images import LINE_HEIGHT, MARGIN, PIXELS, Board
from lowlight_ddpm.figures.style import TEXT, colour_of, name_ends
from lowlight_ddpm.images.display import to_image
from lowlight_ddpm.images.photometry import prepare
from lowlight_ddpm.study.growth import SIGNAL, Milestone, milestones
from lowlight_ddpm.variants import find_variant

EPOCHS = (1, 2, 5, 10, 20, 50)  # a column each
_SHEET, _PANELS, _LABELS = 264, 520, 110  # pixels: a sheet's side, the panels' height, room below them


def draw_epochs(inputs: Inputs, variants: tuple[str, ...]) -> Figure:
    """A row of sheets for each of `variants` that is there, a column for each of EPOCHS; curves below."""
    grown = dict(milestones(inputs.root))
    shown = [name for name in variants if name in grown]
    if not shown:
        raise Missing("no training has kept what it generated on its way")
    gap = (PIXELS - 2 * MARGIN - len(EPOCHS) * _SHEET) // (len(EPOCHS) - 1)
    row = 2 * LINE_HEIGHT + _SHEET + 18
    board = Board(2 * MARGIN + LINE_HEIGHT + len(shown) * row + _PANELS)
    columns = {epoch: MARGIN + place * (_SHEET + gap) for place, epoch in enumerate(EPOCHS)}
    for epoch, x in columns.items():
        board.words(x, MARGIN - 6, f"epoch {epoch}")
    for number, name in enumerate(shown):
        y = MARGIN + LINE_HEIGHT + number * row
        board.heading(MARGIN, y, find_variant(name).title, colour=colour_of(name))
        for kept in grown[name]:
            if kept.epoch in columns:
                board.tile(columns[kept.epoch], y + LINE_HEIGHT + 14, _brightened(name, kept))
    _curves(board, {name: grown[name] for name in shown})
    return board.figure


def _brightened(name: str, kept: Milestone) -> Image.Image:
    """A sheet as images are shown where they are compared."""
    with Image.open(kept.sheet, formats=["PNG", "JPEG"]) as sheet:
        return to_image(prepare(pil_to_tensor(sheet.convert("RGB"))), 1 / find_variant(name).brightness)


def _curves(board: Board, grown: dict[str, list[Milestone]]) -> None:
    """Error, transmission and scatter of backgrounds over epochs, a line for each network."""
    panels = (
        ("Error of the noise", lambda kept: kept.error),
        (f"Tint that passes (√ᾱ = {SIGNAL:g})", lambda kept: kept.passed),
        ("Deviation of backgrounds", lambda kept: kept.scatter),
    )
    for place, (title, of) in enumerate(panels):
        left = (MARGIN + 60 + place * 540) / PIXELS
        axes = board.figure.add_axes(
            (left, _LABELS / board.height, 0.215, (_PANELS - _LABELS - 3 * LINE_HEIGHT) / board.height)
        )
        for name, kept in grown.items():
            axes.plot(
                [k.epoch for k in kept], [of(k) for k in kept], "o-", color=colour_of(name), markersize=4
            )
        axes.set(xscale="log", xlabel="epochs")
        axes.set_title(title, fontsize=TEXT)
        axes.set_ylim(0, None)
        axes.set_xticks(EPOCHS, [str(epoch) for epoch in EPOCHS])
        axes.xaxis.set_minor_locator(NullLocator())
        if place == len(panels) - 1:
            name_ends(axes, {name: of(kept[-1]) for name, kept in grown.items()})
