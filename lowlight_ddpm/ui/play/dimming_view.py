"""The same picture in every light, as bright as before: what halving pixel values hides."""

from html import escape

from PIL import Image
from torch import Tensor

from lowlight_ddpm.diffusion.settings import RunSettings
from lowlight_ddpm.images import square
from lowlight_ddpm.images.dimming import LIGHTS
from lowlight_ddpm.ui.html.png import data_uri


def side_by_side(picture: Image.Image, settings: RunSettings) -> str:
    """A small picture for each light, brightened, the chosen one marked, as HTML."""
    pixels = square(picture, settings.size)[None]
    shown = "".join(_figure(name, pixels, settings) for name in LIGHTS)
    note = f"The picture dimmed to {settings.brightness:g} in either light, and brightened again."
    return f'<div class="lights">{shown}</div><p class="note">{note}</p>'


def _figure(name: str, pixels: Tensor, settings: RunSettings) -> str:
    row, x = LIGHTS[name], settings.model_copy(update={"light": name}).dim(pixels)[0]
    chosen = ' class="chosen"' if name == settings.light else ""
    source = data_uri(x, 1 / settings.brightness)
    return (
        f'<figure{chosen}><img alt="The picture, {escape(row.title.lower())}, brightened" src="{source}">'
        f"<figcaption>{escape(row.title)}</figcaption></figure>"
    )
