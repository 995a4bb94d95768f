"""The figures: one row each, the post's by its own numbers, then ours."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from matplotlib.figure import Figure as Drawing

from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.figures import Inputs, Missing
from lowlight_ddpm.figures.colour_shift import draw_backgrounds, draw_mse, draw_noise_colours, draw_shifts
from lowlight_ddpm.figures.curves import (
    draw_by_brightness,
    draw_growth,
    draw_losses,
    draw_noise_growth,
    draw_timing,
    draw_tint_transmission,
)
from lowlight_ddpm.figures.growth import draw_epochs
from lowlight_ddpm.figures.images import (
    AS_DRAWN,
    BRIGHTENED,
    draw_disagreement,
    draw_grids,
    draw_originals,
    draw_preprocessed,
    draw_samples,
    draw_trajectory,
)
from lowlight_ddpm.figures.normalizations import draw_small_networks
from lowlight_ddpm.figures.style import look, write
from lowlight_ddpm.figures.unet import draw_unet
from lowlight_ddpm.images.sources import DRAWN
from lowlight_ddpm.paths import DOCS

FROM_PHOTOGRAPHS = Path("out/figures")  # git ignores it
SAMPLED = ("bright", "dim-deep-zsnr")  # variants whose 64 samples are shown


@dataclass(frozen=True)
class Figure:
    """One figure: its file's name, caption and alternative text, and the function that draws it.

    `pictures` says that it shows images of the source, and so can be drawn from photographs.
    """

    name: str
    title: str
    alt: str
    draw: Callable[[Inputs], Drawing]
    suffix: str = ".svg"
    pictures: bool = False

    @property
    def file(self) -> str:
        """The name of its file."""
        return self.name + self.suffix


_png = partial(Figure, suffix=".png")
_picture = partial(Figure, suffix=".png", pictures=True)

_ROWS = (
    _picture(
        "1.1-walk",
        "From noise to an image: one at half brightness, noised to timestep 600 and denoised by dim in 50 "
        "steps, shown brightened.",
        "Noise above clears to a butterfly in six steps; below, the network's estimate sharpens from a blur.",
        partial(draw_trajectory, variant="dim", start=600),
    ),
    _picture(
        "3.1-originals",
        "Sixteen original images.",
        "Two rows of eight butterflies on white.",
        draw_originals,
    ),
    _picture(
        "3.2-preprocessed",
        "The same after preprocessing: 64 pixels wide, flipped at random, dimmed to 50 %.",
        "The same two rows of eight butterflies, coarser and dark, on grey.",
        partial(draw_preprocessed, brightness=0.5),
    ),
    Figure(
        "4.2-unet",
        "The UNet of the dim control, drawn from its configuration.",
        "A U of four levels from 64 to 8 pixels: layers down on the left and up on the right, three skips "
        "across at every level, self-attention at 16 pixels and at the bottom.",
        partial(draw_unet, variant="dim"),
    ),
    _picture(
        "4.3-disagreement",
        "MSE against the eye: of all pairs of variants on one image and noise, the one where MSE speaks "
        "most for the image with the larger colour shift and no higher SSIM.",
        "An original and two denoised ones; the one with the lower MSE has visibly shifted colours.",
        draw_disagreement,
    ),
    _png(
        "5.1-dim-and-bright",
        "Sixteen images from pure noise: the dim control as it generates them and brightened, and the bright "
        "control.",
        "Three grids of four by four generated images: dark ones, the same brightened, bright ones.",
        partial(draw_grids, panels=(("dim", AS_DRAWN), ("dim", BRIGHTENED), ("bright", BRIGHTENED))),
    ),
    _png(
        "5.2-variance",
        "The larger variance, with the weights and the noise of the dim control; and a training with another "
        "seed, as in the post, where it is there.",
        "Grids of four by four images generated from the same noise with the small and the large variance.",
        partial(
            draw_grids,
            panels=(("dim-large", BRIGHTENED), ("dim", BRIGHTENED), ("dim-retrained", BRIGHTENED)),
            optional=("dim-retrained",),
        ),
    ),
    _png(
        "5.3-depth",
        "One more ResNet layer in every block on dim images, compared with the bright control.",
        "Two grids of four by four generated images: the deeper dim network's and the bright one's.",
        partial(draw_grids, panels=(("dim-deep", BRIGHTENED), ("bright", BRIGHTENED))),
    ),
    _png(
        "5.4-betas",
        "Betas from 0.001 to 0.01, from 0.0005 to 0.015 as the post's text has it, and to 0.15 as its "
        "caption has it.",
        "Three grids of four by four images generated from noise by the deeper network with three schedules.",
        partial(
            draw_grids,
            panels=tuple((f"dim-deep-{betas}", BRIGHTENED) for betas in ("low", "mid", "high")),
        ),
    ),
    Figure(
        "shift",
        "Signed colour shift of denoised photographs that no network has seen: means over images and noise "
        "seeds with 95 % bootstrap intervals. Every panel has its own scale.",
        "For every variant the shift of R, G and B with its interval, from timesteps 300, 600 and 999.",
        draw_shifts,
    ),
    Figure(
        "shift-drawn",
        "The same on synthetic butterflies, which anyone can evaluate.",
        "For every variant the shift of R, G and B with its interval, on synthetic butterflies.",
        partial(draw_shifts, source=DRAWN),
    ),
    Figure(
        "growth",
        "How the shift grows while photographs are denoised from timestep 600.",
        "A small panel for every variant: R, G and B of the estimate minus the original over the timesteps.",
        partial(draw_growth, start=600),
    ),
    Figure(
        "growth-noise",
        "How far the estimate's mean colour is from the training set's on the way from pure noise.",
        "A small panel for every variant: R, G and B minus the training set's over the timesteps.",
        draw_noise_growth,
    ),
    Figure(
        "kept",
        "Why colours shift: noise has a mean colour, a chance one, and a network that predicts epsilon lets "
        "most of it into the image, whatever the timestep. A perfect denoiser would not (dashed, the lower "
        "one for offset noise), and one that predicts v cannot, even if colour-insensitive (dotted).",
        "Two panels over the signal left: networks that predict epsilon stay between 0.7 and 0.95; the one "
        "that predicts v and the one with offset noise start at 0.",
        draw_tint_transmission,
    ),
    Figure(
        "small-networks",
        "Small networks of 32 px, three trainings each: how much of a grey tint of x_t is in x0. Filled dots "
        "are of the mean, hollow ones of one cycle over the image; dashed, what a perfect denoiser lets "
        "through of the mean.",
        "Two panels of dots: normalizations by what the network predicts, and losses with two step counts.",
        draw_small_networks,
    ),
    Figure(
        "mse",
        "What MSE is made of: the channels' shift, in full colour with its share, and everything else.",
        "A bar for every variant: its squared error at two starts, the part that is colour shift marked.",
        draw_mse,
    ),
    Figure(
        "dose",
        "Colour shift, structural similarity and the background of samples, over the brightness that a "
        "network learned from; 95 % bootstrap intervals.",
        "Three panels over brightness 0.25, 0.5 and 1: colour shift, SSIM, deviation of the border's colour.",
        draw_by_brightness,
    ),
    Figure(
        "loss",
        "Loss curves of the trainings, a mean over a tenth of the run at every point. The zero-SNR network "
        "predicts v and offset noise has more to predict, so that their losses are not on the others' scale.",
        "Four panels of falling loss curves over epochs, named at their ends.",
        draw_losses,
    ),
    _png(
        "epochs",
        "How networks grow: what they generate from the same sixteen noises after 1 to 50 epochs, shown "
        "brightened; the error of the noise that they predict for images that they have not learned, how "
        "much of a tint of x_t passes into x0, and how far the backgrounds differ.",
        "Rows of six sheets of sixteen images: noise and blobs at first, butterflies at the end; three "
        "panels of curves below.",
        partial(draw_epochs, variants=("bright", "dim", "dim-groups1", "dim-deep-zsnr")),
    ),
    Figure(
        "noise-colours",
        "64 samples from pure noise against the training set: mean colour with 95 % bootstrap intervals, and "
        "how much the border's colour differs from image to image.",
        "For every variant the shift of R, G and B, and the border's deviation with the training set's.",
        draw_noise_colours,
    ),
    Figure(
        "grounds",
        "The colour of the border of 64 samples, each dot painted in it; training images grey behind.",
        "A small panel for every variant: background colours, blue to yellow and magenta to green.",
        draw_backgrounds,
    ),
    Figure(
        "timing",
        "Time against steps, images, pixels, variants, and users who press Run together; each line goes "
        "from the first dot to the last.",
        "Five small panels of dots that lie on straight lines.",
        draw_timing,
    ),
    *(
        _png(
            f"samples-{name}",
            f"64 images that {name} generates from pure noise, with the smaller variance.",
            f"Eight rows of eight images that {name} generates from noise.",
            partial(draw_samples, variant=name),
        )
        for name in SAMPLED
    ),
)

FIGURES: dict[str, Figure] = {row.name: row for row in _ROWS}


def draw_figures(names: list[str], inputs: Inputs, out: Path | None = None) -> Iterator[str]:
    """Draw figures into a folder; yields for each one line: its path, or why it is left out.

    Without names all are drawn; of `inputs.images` only those that show images, and never into docs/.
    Raises Refusal for a name that is none, and for docs/ as a place for photographs.
    """
    unknown = [name for name in names if name not in FIGURES]
    if unknown:
        raise Refusal(f"There is no figure “{unknown[0]}”: choose among {', '.join(FIGURES)}.")
    out = out or (FROM_PHOTOGRAPHS if inputs.images else DOCS / "figures")
    if inputs.images and out.resolve().is_relative_to(DOCS):
        raise Refusal(
            "Figures drawn from photographs must not go to docs/: leave --out away, or name another."
        )
    for figure in FIGURES.values():
        if figure.name in names or (not names and (figure.pictures or not inputs.images)):
            try:
                with look():
                    write(figure.draw(inputs), out / figure.file)
                yield str(out / figure.file)
            except Missing as missing:
                yield f"{figure.name} is left out: {missing}."
