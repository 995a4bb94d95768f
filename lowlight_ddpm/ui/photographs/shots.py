"""What the page keeps of a user's photograph: its file's path and the settings, and not its pixels."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.photographs.brighten import Brightening, Wish
from lowlight_ddpm.photographs.photograph import Photograph

MOST_OPEN = 2  # photographs, of all users, whose pixels stay in memory: 75 MB each at most


@dataclass(frozen=True)
class Settings:
    """What the page's controls say, in their order."""

    level: float
    balance: bool
    denoise: str
    strength: float = 1.0


@dataclass
class Shot:
    """A photograph that was uploaded: where it is, what it is called, and where the loupe lies on it."""

    path: Path
    name: str
    place: tuple[float, float] | None = None

    @property
    def key(self) -> str:
        """What tells it from another: Gradio's path has a digest of the file."""
        return str(self.path)

    @property
    def photograph(self) -> Photograph:
        """Its pixels, read anew unless they are at hand. Raises Refusal."""
        return _read(self.path, f"The file {self.name}")

    def brightening(self, asked: Settings) -> Brightening:
        """What the settings make of it. Raises Refusal."""
        wish = Wish(round(asked.level, 2), asked.denoise, asked.strength, asked.balance)
        return Brightening(self.photograph, wish)


def needed(shot: Shot | None) -> Shot:
    """The photograph that there is. Raises Refusal where there is none yet."""
    if shot is None:
        raise Refusal("There is no photograph yet: choose one first.")
    return shot


@lru_cache(MOST_OPEN)
def _read(path: Path, name: str) -> Photograph:
    return Photograph.read(path, name)
