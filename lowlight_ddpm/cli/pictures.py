"""The images that a command is given: files, synthetic ones by their numbers, and - for standard input."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING

from lowlight_ddpm.errors import Refusal

if TYPE_CHECKING:
    from PIL import Image

STREAM = "-"  # standard input, or output


@dataclass(frozen=True)
class Given:
    """One image: the word that names it, and what came through standard input, where the word is -."""

    word: str
    content: bytes | None = None

    @property
    def name(self) -> str:
        """What it is called where it is spoken of."""
        return PurePath(self.word).name if self.content is None else "stdin"

    @property
    def origin(self) -> dict[str, str]:
        """Its name, and the sha256 of its file: what a record says of it."""
        from lowlight_ddpm import images

        return {"name": self.name} | images.origin(self.word if self.content is None else self.content)

    def opened(self) -> "Image.Image":
        """The image. Raises Refusal as `images.read` does."""
        from lowlight_ddpm import images

        if self.content is not None:
            return images.read(self.content, "What came through standard input")
        return images.open_picture(self.word, f"The file {self.word}")


def pictures(words: Sequence[str]) -> list[Given]:
    """The images that are named; each has been opened once. Raises Refusal for the first that cannot be."""
    if words.count(STREAM) > 1:
        raise Refusal("There is one standard input: name it with - once.")
    given = [Given(word, _piped() if word == STREAM else None) for word in words]
    for picture in given:  # kept open, many large ones would fill memory
        picture.opened()
    return given


def _piped() -> bytes:
    if sys.stdin is None or sys.stdin.isatty():
        raise Refusal(
            "Nothing comes through standard input: send an image there, as in `denoise - < photo.jpg`."
        )
    return sys.stdin.buffer.read()
