"""What the page remembers for one user, and the links that bring a run back."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

from PIL import Image
from torch import Tensor

from lowlight_ddpm.diffusion.sampling import Step
from lowlight_ddpm.diffusion.settings import RunSettings, run_settings
from lowlight_ddpm.images import framed, notes, read
from lowlight_ddpm.images.gallery import Gallery
from lowlight_ddpm.images.photometry import LIGHTS
from lowlight_ddpm.metrics.colour_shift import onset
from lowlight_ddpm.runs.run import Run
from lowlight_ddpm.ui.worker import source
from lowlight_ddpm.ui.worker.queue import Work

HOUR = 3600  # seconds; how long a user who has left is remembered

OPENING_PAIR = ("start", "result")  # keys of `play.results.choices`

PICTURE = "picture"
# Other parameters of the page's address: Gradio's own, and places of the page. A Space's start with "__".
_NOT_OURS = ("view", "deep_link", "tab", "stop", "claim")


@dataclass(frozen=True)
class Picked:
    """The picture to work on; one that was uploaded has the `file` as it came, and its `sha256`."""

    name: str
    image: Image.Image
    file: Path | None = None
    sha256: str | None = None

    @classmethod
    def of_file(cls, path: Path) -> "Picked":
        """A user's own image. Raises Refusal for what cannot be read."""
        return cls(path.name, read(path), path, hashlib.sha256(path.read_bytes()).hexdigest())

    def pixels(self, settings: RunSettings) -> Tensor | None:
        """What a run takes of it, uint8 (3, H, W), as bright as it was taken; None for pure noise."""
        return None if settings.mode == "generate" else framed(self.image, settings.size, settings.whole)

    def notes(self, settings: RunSettings) -> list[str]:
        """What a run changes in it, as `images.notes` says; nothing for pure noise."""
        return [] if settings.mode == "generate" else notes(self.image, settings.whole)

    @property
    def key(self) -> str:
        """What a link calls it: the file's sha256 where there is one, else the name."""
        return self.sha256 or self.name


class Watched(Work):
    """A run on the page: the Run itself, the image that was picked for it, and how far watching it has come.

    `beforehand` tells a run that came with the page from one that was made in it.
    """

    run: Run
    picked: Picked
    beforehand: bool

    def __init__(self, settings: RunSettings, picked: Picked, beforehand: bool = False) -> None:
        pixels, said = picked.pixels(settings), picked.notes(settings)
        self.run = Run(settings, pixels, steps=source.steps, notes=said)
        self.picked, self.beforehand = picked, beforehand

    def __deepcopy__(self, memo: dict[str, Any]) -> "Watched":
        """Every user gets a copy of the page's first state; a run that is over is the same for all."""
        return self if self.over else Watched(self.run.settings, self.picked)

    @property
    def scene(self) -> tuple[Any, ...]:
        """What its input looks like depends on this alone, and what it is compared with."""
        s = self.run.settings
        if self.run.generates:
            return s.variant, s.mode
        chance = s.seed if LIGHTS[s.light].random else None
        return s.variant, s.mode, s.brightness, s.light, s.whole, chance, self.picked

    @property
    def query(self) -> str:
        """The query of a link that opens this very run."""
        return query_of(self.run.settings, None if self.run.generates else self.picked.key)

    @cached_property
    def onset(self) -> int | None:
        """The index of the step where its colours go off for good, of a restoration that has ended."""
        run = self.run
        if run.dim is None:
            return None
        place = onset([step.x0[0] for step in run.steps], run.dim[0], run.colour_shift.noise_bound)
        return None if place is None else run.steps[place].index

    def calls(self) -> Iterator[Step]:
        """Make the run; every step is kept before it is passed on."""
        return iter(self.run)

    def close(self) -> None:
        """End the run, which frees the network."""
        self.run.close()


class Session:
    """One user's page. Callbacks mutate it, so that what an interrupted run has done is not lost.

    `own` is a picture that is not in the gallery, `awaits` the query of a link that waits for an upload,
    `staged` the run in the panels, `finished` the one in the results, `pair` what is laid over each other.
    """

    gallery: Gallery
    index: int
    own: Picked | None
    staged: Watched
    finished: Watched | None

    # No dataclass: of one, Gradio makes a dict at every start, with a copy of each tensor.
    def __init__(
        self,
        gallery: Gallery,
        index: int = 0,
        own: Picked | None = None,
        staged: Watched | None = None,
        finished: Watched | None = None,
    ) -> None:
        self.gallery, self.index, self.own = gallery, index, own
        self.staged = staged or Watched(run_settings(), self.picked)
        self.finished = finished
        self.awaits: str | None = None
        self.pair: tuple[str, str] = OPENING_PAIR
        self.brightened = self.running = False

    @property
    def picked(self) -> Picked:
        """The picture of its own where there is one, else the one chosen in the gallery."""
        return self.own or Picked(self.gallery.names[self.index], self.gallery.pictures[self.index])


def query_of(settings: RunSettings, picture: str | None = None) -> str:
    """The query that `parse` turns back into the same settings: "variant=dim&start=300&picture=drawn_0003".

    The variant is always written, of the rest only what `run_settings` would not fill in itself. `picture` is
    a name in the gallery, or an upload's sha256; None if a run needs no image.
    """
    filled_in = run_settings(variant=settings.variant, mode=settings.mode)
    values = {
        name: _written(value)
        for name, value in settings
        if name == "variant" or value != _default(filled_in, name)
    }
    return urlencode(values | ({PICTURE: picture} if picture else {}))


def parse(query: str | Mapping[str, str]) -> tuple[RunSettings, str | None]:
    """(settings, name or sha256 of the image or None) of a link's query, with or without its "?".

    `run_settings` fills in what is left out. Raises Refusal for settings that are unknown, out of their
    limits, or contradict each other.
    """
    values = own(query)
    picture = values.pop(PICTURE, None)
    return run_settings(**values), picture or None


def own(query: str | Mapping[str, str]) -> dict[str, str]:
    """The part of a query that describes a run, without the page's places and what Gradio and a Space add."""
    if isinstance(query, str):
        query = dict(parse_qsl(query.removeprefix("?"), keep_blank_values=True))
    return {
        name: value for name, value in query.items() if not name.startswith("__") and name not in _NOT_OURS
    }


def _default(filled_in: RunSettings, name: str) -> object:
    """The default of a setting; the mode has its own, although `filled_in` depends on it."""
    return RunSettings.model_fields[name].default if name == "mode" else getattr(filled_in, name)


def _written(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
