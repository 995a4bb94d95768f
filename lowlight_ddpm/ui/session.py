"""What the page remembers for one user, and the links that bring a run back."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

from PIL import Image
from torch import Tensor

from lowlight_ddpm.diffusion.backends import Halted, halted_by
from lowlight_ddpm.diffusion.sampling import Step
from lowlight_ddpm.diffusion.settings import RunSettings, run_settings
from lowlight_ddpm.images import framed, notes, read
from lowlight_ddpm.images.darkness import fair_exposure
from lowlight_ddpm.images.gallery import Gallery
from lowlight_ddpm.metrics.colour_shift import onset
from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.runs.noised import noised
from lowlight_ddpm.runs.python import as_python
from lowlight_ddpm.runs.run import Run
from lowlight_ddpm.runs.verdict import verdict
from lowlight_ddpm.ui.worker import source
from lowlight_ddpm.ui.worker.queue import Work
from lowlight_ddpm.variants import find_variant
from lowlight_ddpm.variants.study import STUDY

HOUR = 3600  # seconds; how long a user who has left is remembered

OPENING_PAIR = ("start", "result")  # keys of `play.results.choices`

PICTURE = "picture"
TRAINED = "trained"  # by the weights of which training a link's run was made
# Other parameters of the page's address: Gradio's own, and places of the page. A Space's start with "__".
_NOT_OURS = ("view", "deep_link", "tab", "stop", "claim")


@dataclass(frozen=True)
class Picked:
    """The picture to work on; one that was uploaded has the `file` as it came, and its `sha256`."""

    name: str
    image: Image.Image
    file: Path | None = None
    sha256: str | None = None
    exposure: float = 1.0  # by how much a photograph that is dark already must be brightened to be seen

    @classmethod
    def of_file(cls, path: Path) -> "Picked":
        """A user's own image. Raises Refusal for what cannot be read."""
        image = read(path)
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        return cls(path.name, image, path, sha256, fair_exposure(image))

    def pixels(self, settings: RunSettings) -> Tensor | None:
        """What a run takes of it, uint8 (3, H, W), as bright as it was taken; None for pure noise."""
        return None if settings.mode == "generate" else framed(self.image, settings.size, settings.whole)

    def notes(self, settings: RunSettings) -> list[str]:
        """What a run changes in it, as `images.notes` says; nothing for pure noise."""
        return [] if settings.mode == "generate" else notes(self.image, settings.whole)

    @property
    def origin(self) -> dict[str, str]:
        """What a record says of where it came from, as `images.origin` has it."""
        return {"name": self.name} | ({"sha256": self.sha256} if self.sha256 else {})

    @property
    def key(self) -> str:
        """What a link calls it: the file's sha256 where there is one, else the name."""
        return self.sha256 or self.name

    @property
    def source(self) -> str:
        """What `denoise` opens it by in Python: like "drawn:3", else the name of the file."""
        synthetic = re.fullmatch(r"(drawn|fruit)_(\d+)", self.name)
        return f"{synthetic[1]}:{int(synthetic[2])}" if synthetic and not self.file else self.name


class Watched(Work):
    """A run on the page: the Run itself, the image that was picked for it, and how far watching it has come.

    `beforehand` tells a run that came with the page from one that was made in it.
    """

    run: Run
    picked: Picked
    beforehand: bool
    aside: str = ""  # a sentence on other runs like it

    def __init__(self, settings: RunSettings, picked: Picked, beforehand: bool = False) -> None:
        pixels, said = picked.pixels(settings), picked.notes(settings)
        self.run = Run(settings, pixels, steps=source.steps, notes=said, origin=picked.origin)
        self.picked, self.beforehand = picked, beforehand

    def __deepcopy__(self, memo: dict[str, Any]) -> "Watched":
        """Every user gets a copy of the page's first state; a run that is over is the same for all."""
        return self if self.over else Watched(self.run.settings, self.picked)

    def repeats(self, other: "Watched | None") -> bool:
        """Whether it is the same run as `other`: same settings and, where one is taken, same image."""
        if other is None or self.run.settings != other.run.settings:
            return False
        return self.run.generates or self.picked == other.picked

    @property
    def query(self) -> str:
        """The query of a link that opens this very run, and knows its network's weights again."""
        query = query_of(self.run.settings, None if self.run.generates else self.picked.key)
        weights = checkpoints.record(self.run.settings.variant).get("weights_sha256", "")
        return f"{query}&{TRAINED}={weights[:8]}" if weights else query

    @property
    def python(self) -> str:
        """The Python that makes this very run."""
        return as_python(self.run.settings, self.picked.source)

    @cached_property
    def noised(self) -> Tensor:
        """What it starts from, (1, 3, H, W) in model range. Raises Refusal as `runs.noised` does."""
        return noised(self.run)

    @cached_property
    def verdict(self) -> tuple[str, str]:
        """On its colours and on the image, once it has ended: a sentence or two each."""
        return verdict(self.run)

    @cached_property
    def onset(self) -> int | None:
        """The index of the step where its colours go off for good, of a restoration that has ended."""
        run = self.run
        if run.dim is None:
            return None
        place = onset([step.x0[0] for step in run.steps], run.dim[0], run.colour_shift.noise_bound)
        return None if place is None else run.steps[place].index

    def calls(self) -> Iterator[Step]:
        """Make the run; every step is kept before it is passed on. `stopped` is heard within a step, too."""
        return iter(partial(self._next, iter(self.run)), None)

    def _next(self, steps: Iterator[Step]) -> Step | None:
        try:
            with halted_by(lambda: self.stopped):
                return next(steps, None)
        except Halted:
            return None

    def close(self) -> None:
        """End the run, which frees the network."""
        self.run.close()


class Session:
    """One user's page. Callbacks mutate it, so that what an interrupted run has done is not lost.

    `own` is a picture that is not in the gallery, `awaits` the query of a link that waits for an upload,
    `staged` the run in the panels, `finished` the one in the results, `former` the one that ended before it,
    `pair` what is laid over each other. `automatic` tells a run that follows a change by itself.
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
        self.former: Watched | None = None
        self.pair: tuple[str, str] = OPENING_PAIR
        self.brightened = True
        self.running = self.automatic = False

    @property
    def previous(self) -> Watched | None:
        """The run that is shown beside the staged one."""
        return self.former if self.staged is self.finished else self.finished

    @property
    def picked(self) -> Picked:
        """The picture of its own where there is one, else the one chosen in the gallery."""
        return self.own or Picked(self.gallery.names[self.index], self.gallery.pictures[self.index])


def query_of(settings: RunSettings, picture: str | None = None) -> str:
    """The query that `parse` turns back into the same settings: "variant=dim&start=300&picture=drawn_0003".

    The variant is always written, of the rest only what `run_settings` would not fill in itself. `picture` is
    a name in the gallery, or an upload's sha256; None if a run needs no image.
    """
    values = {"variant": settings.variant} | {name: _written(value) for name, value in settings.given.items()}
    return urlencode(values | ({PICTURE: picture} if picture else {}))


def parse(query: str | Mapping[str, str]) -> tuple[RunSettings, str | None]:
    """(settings, name or sha256 of the image or None) of a link's query, with or without its "?".

    `run_settings` fills in what is left out. Raises Refusal for settings that are unknown, out of their
    limits, or contradict each other.
    """
    values = own(query)
    picture, _ = values.pop(PICTURE, None), values.pop(TRAINED, None)
    return run_settings(**values), picture or None


def trained_anew(query: Mapping[str, str]) -> str | None:
    """What a link's user is told whose network has other weights here than where it was made; None if none.

    Links say which weights since networks of the study were trained with a licence in their records.
    """
    name = query.get("variant", "")
    if name not in checkpoints.available():
        return None
    record = checkpoints.record(name)
    if TRAINED in query:
        anew = not record.get("weights_sha256", "").startswith(query[TRAINED])
    else:
        anew = name in STUDY and "licence" in record.get("data", {})
    title = find_variant(name).title
    return f"“{title}” was trained anew after this link was made, so that pixels differ." if anew else None


def own(query: str | Mapping[str, str]) -> dict[str, str]:
    """The part of a query that describes a run, without the page's places and what Gradio and a Space add."""
    if isinstance(query, str):
        query = dict(parse_qsl(query.removeprefix("?"), keep_blank_values=True))
    return {
        name: value for name, value in query.items() if not name.startswith("__") and name not in _NOT_OURS
    }


def _written(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
