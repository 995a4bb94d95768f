"""Gradio components of the tab: where a photograph is dropped, where it is seen, and the loupe.

Each shows its value in the browser.
"""

from base64 import b64encode
from io import BytesIO
from typing import Any

import numpy as np
from gradio.processing_utils import save_bytes_to_cache
from gradio.utils import get_upload_folder
from gradio_client.utils import is_file_obj_with_meta
from PIL import Image

from lowlight_ddpm.images.photometry import data_uri
from lowlight_ddpm.images.writing import save_png
from lowlight_ddpm.photographs.brighten import tone_in_words
from lowlight_ddpm.photographs.photograph import Photograph
from lowlight_ddpm.ui.components.scripted import Scripted

LONGEST = 1600  # pixels of a side of the copy that is brightened in the browser
LAST = 80  # hundredths of a mean luma: the highest level that is offered
FILE_META = {"_type": "gradio.FileData"}  # by which Gradio knows what to serve, and what to check


class Drop(Scripted):
    """Where a file is chosen, dropped or pasted; its value is the upload's path, which Gradio has checked."""

    drawn_by = "photograph/drop"

    def __init__(self, limit: str, **kwargs) -> None:
        super().__init__(limit=limit, **kwargs)

    def preprocess(self, payload: Any) -> tuple[str, str] | None:
        """(path on the server, name that the file had)."""
        if not is_file_obj_with_meta(payload):
            return None
        return payload["path"], payload.get("orig_name") or "photograph"


class Darkroom(Scripted):
    """The photograph under a wipe, toned in the browser; its value is what `development` gives.

    Its `select` event has as `x` and `y` where the loupe was put, as shares of the width and the height.
    """

    drawn_by = "photograph/darkroom"


class Loupe(Scripted):
    """A part of the photograph, pixel by pixel, under a wipe; its value is what `layers` gives."""

    drawn_by = "photograph/loupe"


class Made(Scripted):
    """Hands the finished photograph's copy, its value, to the Darkroom; it shows nothing itself."""

    drawn_by = "photograph/made"


def development(photograph: Photograph, name: str) -> dict[str, Any]:
    """The value of a Darkroom: a small copy, and for every level the table of its tone, and what it does.

    `tables` are base64 of uint8 (2, levels, 3, 256), without and with white balance, from the level
    `first` in hundredths to LAST; `words` are as many sentences.
    """
    first = first_level(photograph)
    levels = range(first, LAST + 1)
    tones = [photograph.tone(level / 100, balance) for balance in (False, True) for level in levels]
    wanted = [level / 100 for level in levels] * 2
    width, height = photograph.image.size
    return {
        "copy": served(photograph.small(LONGEST)),
        "size": [width, height],
        "name": name,
        "notes": photograph.notes,
        "first": first,
        "tables": b64encode(np.stack([tone.tables for tone in tones]).tobytes()).decode(),
        "words": [tone_in_words(tone, level) for tone, level in zip(tones, wanted, strict=True)],
    }


def first_level(photograph: Photograph) -> int:
    """The lowest level that is offered, in hundredths: what is below the photograph's own changes nothing."""
    own = int(photograph.tone(0).before * 100)
    return min(max(1, own), LAST - 1)


def layers(parts: tuple[Image.Image, ...]) -> dict[str, Any]:
    """The value of a Loupe, of the parts that `Brightening.part` gives."""
    names = ("before", "brightened", "denoised")
    return {name: data_uri(part, max(part.size)) for name, part in zip(names, parts, strict=False)} | {
        "side": parts[0].size
    }


def served(picture: Image.Image) -> dict[str, Any]:
    """An image as a file that the browser fetches: pixels as they are, written fast."""
    content = BytesIO()
    save_png(picture, content, compress_level=1)
    path = save_bytes_to_cache(content.getvalue(), "copy.png", get_upload_folder())
    return {"path": path, "meta": FILE_META}
