"""One run, from its settings to its measures: watched step by step, or made at once, and remembered."""

import operator
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property, partial
from html import escape
from itertools import chain, islice
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from lowlight_ddpm.diffusion.perfect_sampler import noise_bound
from lowlight_ddpm.diffusion.samplers import SAMPLERS
from lowlight_ddpm.diffusion.sampling import Request, Source, Step, denoise_together
from lowlight_ddpm.diffusion.settings import RunSettings
from lowlight_ddpm.errors import Refusal, shown
from lowlight_ddpm.images.photometry import data_uri, picture_grid, to_image
from lowlight_ddpm.metrics.colour_shift import ColourShift, assess
from lowlight_ddpm.metrics.image import Colour, Measures, mean_colour
from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.models.checkpoints import Checkpoint
from lowlight_ddpm.runs.export import check_folder_name, contact_sheet, provenance, run_report, write_run
from lowlight_ddpm.variants import Variant

BUDGET = 2**27  # bytes of images: every step of a 64 px image, about thirty of a photograph of 512 px
_FEWEST = 2  # the first and the newest, whatever the budget
_WIDEST = 1600  # pixels of a sheet in a notebook
MOST = 1024  # images that are generated in one batch: more need several gigabytes at 64 pixels


@dataclass
class History:
    """A run as far as it has come.

    `steps` are all of them, or of a large picture's an even choice, with the first and the newest always
    among them. `means` has x0's mean colour at every step, by its timestep.
    """

    steps: list[Step] = field(default_factory=list)
    means: dict[int, Colour] = field(default_factory=dict)

    def keep(self, step: Step) -> None:
        """Note a step that was made."""
        if self.steps and not _lasts(self.steps[-1]):
            self.steps.pop()
        self.steps.append(step)
        self.means[step.timestep] = mean_colour(step.x0)

    @property
    def done(self) -> int:
        """How many steps have been made."""
        return len(self.means)


class Run:
    """A run that happens while it is iterated, and is remembered in `history`.

    `pixels` is what it takes of an image, uint8 (3, H, W), as bright as it was taken; None where `count`
    images are generated from pure noise; `notes` are sentences on what was done to it before, as
    `images.notes` has them, and `origin` says where it came from, as `images.origin` does. `steps` makes it,
    by default the network of `checkpoint`, which is loaded by the variant's name where none is given.
    Iterating yields every Step as it is made; a loop that was left is taken up again after the steps that are
    remembered. What is asked of a run that nobody has watched makes it to its end first; of one under way, it
    is answered as far as it has come. A notebook shows the steps, and what became of the colours in words. A
    copy, or one that was pickled, has the network and what is remembered with it; where the run was under
    way, it makes the earlier steps anew to go on.

    Raises Refusal for an image where one is generated, and for a `count` that is not from 1 to MOST.
    """

    settings: RunSettings
    pixels: Tensor | None
    count: int
    notes: list[str]
    history: History

    def __init__(
        self,
        settings: RunSettings,
        pixels: Tensor | None = None,
        *,
        count: int = 1,
        checkpoint: Checkpoint | None = None,
        steps: Source | None = None,
        notes: Sequence[str] = (),
        origin: Mapping[str, str] | None = None,
    ) -> None:
        if settings.mode == "generate" and pixels is not None:
            raise Refusal("Pure noise takes no image: leave it out, or restore it.")
        self.settings, self.pixels, self.count, self.notes = settings, pixels, _checked(count), list(notes)
        self._origin = origin or {}
        self.history = History()
        self._checkpoint, self._source = checkpoint, steps
        self._colour_shift: tuple[int, ColourShift] | None = None

    def __len__(self) -> int:
        return self.settings.steps

    def __iter__(self) -> Iterator[Step]:
        return chain(list(self.history.steps), self._calls)

    def finish(self) -> "Run":
        """Make what is left of it, and give it back."""
        for _ in self._calls:
            pass
        return self

    def close(self) -> None:
        """End it as far as it has come, and free whatever makes it."""
        if "_made_by" in self.__dict__ and isinstance(self._made_by, Generator):
            self._made_by.close()

    @cached_property
    def checkpoint(self) -> Checkpoint:
        """Its network. Raises Refusal as `checkpoints.load` does."""
        return self._checkpoint or checkpoints.load(self.settings.variant)

    @property
    def generates(self) -> bool:
        """Whether it starts from pure noise, without a picture."""
        return self.settings.mode == "generate"

    @cached_property
    def dim(self) -> Tensor | None:
        """The dimmed picture that it restores, (1, 3, H, W) in model range; None for pure noise."""
        return None if self.generates or self.pixels is None else self.settings.dim(self.pixels[None])

    @property
    def steps(self) -> list[Step]:
        """The steps in order: all of them, or of a large picture's as many as memory allows."""
        return self._made.steps

    @property
    def means(self) -> dict[int, Colour]:
        """x0's mean R, G, B of 255 at every step, by its timestep."""
        return self._made.means

    @property
    def x0(self) -> Tensor:
        """The newest estimate of the clean picture, (B, 3, H, W) in model range; at the end the result."""
        return self.steps[-1].x0

    def image(self, brighten: bool = False) -> Image.Image:
        """`x0` as a picture, several in a grid; as the network sees it, or as bright as before dimming."""
        return picture_grid(self.x0, gain=self._gain(brighten))

    def images(self, brighten: bool = False) -> list[Image.Image]:
        """The pictures of `image` one by one: `count` of them, or the one that was restored."""
        return [to_image(x0, self._gain(brighten)) for x0 in self.x0]

    def sheet(self, brighten: bool = False) -> Image.Image:
        """Up to ten steps of the first picture from left to right: x_t above, the x0 estimate below."""
        return contact_sheet(self.steps, self._gain(brighten))

    @property
    def colour_shift(self) -> ColourShift:
        """What it did to the (first) image's colours. Raises Refusal where there was no image."""
        dim = self.dim
        if dim is None:
            raise Refusal("Pictures from pure noise have no original: compare their means with the target.")
        made = self._made
        if self._colour_shift is None or self._colour_shift[0] != made.done:
            first, last = made.steps[0], made.steps[-1]
            bound = self._noise_bound(first.alpha_bar, dim[0, 0].numel())
            self._colour_shift = made.done, assess(last.x0[0], dim[0], self.settings.brightness, bound)
        return self._colour_shift[1]

    @property
    def measures(self) -> Measures:
        """The figures of `colour_shift`."""
        return self.colour_shift.measures

    @property
    def target(self) -> Colour:
        """Mean R, G, B that x0 should have, of 255: the dimmed picture's, or the training set's.

        Raises Refusal for pure noise and a network whose training set is not known.
        """
        if self.dim is not None:
            return mean_colour(self.dim)
        red, green, blue = self.checkpoint.training_means.tolist()
        return red, green, blue

    @property
    def known_target(self) -> Colour | None:
        """The target, or None where it is not known."""
        return self.target if self.dim is not None or "channel_mean" in self.checkpoint.record else None

    @property
    def in_words(self) -> str:
        """What became of the colours, for a reader."""
        if not self.generates:
            return self.colour_shift.in_words
        said, target = "Mean R, G, B of {}: {:.1f} {:.1f} {:.1f}", self.known_target
        aim = "not known" if target is None else "{:.1f} {:.1f} {:.1f}".format(*target)
        return said.format(self.count, *mean_colour(self.x0)) + f"\nIn the training set: {aim}"

    def save(self, folder: str | Path, brighten: bool = False) -> list[Path]:
        """Write result.png, steps.png, steps.gif and measures.json, and return their paths.

        measures.json makes the very run again: `denoise --settings`, or `generate --settings`. Raises Refusal
        for the name of a picture's file.
        """
        check_folder_name(Path(folder))
        return write_run(Path(folder), self.report(), self.steps, self._gain(brighten))

    def report(self, **more: object) -> dict[str, Any]:
        """What measures.json holds, and `more` or in place of it; JSON-able."""
        if self.generates:
            target = self.known_target
            found = {"means": list(mean_colour(self.x0)), "training_means": target and list(target)}
        else:
            found = asdict(self.colour_shift)
        return run_report(self.settings, self.means, **self.provenance | more, **found, notes=self.notes)

    @property
    def provenance(self) -> dict:
        """What it is made from: `versions`, `count`, `seeds`, `picture` and `weights_sha256`; JSON-able."""
        made_from = provenance(self.settings.seed, self.count, self.pixels, self._origin)
        return made_from | {"weights_sha256": self._network[1].get("weights_sha256")}

    def __repr__(self) -> str:
        s = self.settings
        what = f"{self.count} from pure noise" if self.generates else f"a picture from timestep {s.start}"
        done = f"{self.history.done} of {s.steps} steps by {s.sampler}"
        return f"<Run of {s.variant}: {what}, {done}, brightness {s.brightness:g}, seed {s.seed}>"

    def _repr_html_(self) -> str:
        shown = self.sheet(brighten=True) if self.count == 1 else self.image(brighten=True)
        words = "<br>".join(map(escape, [*self.in_words.split("\n"), *self.notes]))
        caption = f"{words}<br><small>{escape(repr(self)[1:-1])}; shown brightened</small>"
        style = "max-width: 100%; image-rendering: pixelated"
        return (
            f'<figure style="margin: 0"><img style="{style}" alt="{escape(repr(self)[1:-1])}" '
            f'src="{data_uri(shown, _WIDEST)}"><figcaption>{caption}</figcaption></figure>'
        )

    def __getstate__(self) -> dict[str, Any]:
        """All but the run under way, which nothing can copy."""
        return {name: value for name, value in self.__dict__.items() if name not in ("_calls", "_made_by")}

    @cached_property
    def _calls(self) -> Iterator[Step]:
        # A map has no end but its last step: a generator would be closed by the loop that is left.
        return map(self._kept, islice(self._made_by, self.history.done, None))

    @cached_property
    def _made_by(self) -> Iterator[dict[int, Step]]:
        source = self._source or partial(denoise_together, load=lambda name: self.checkpoint)
        return source([Request(self.settings, self.dim, self.count)])

    def _kept(self, made: dict[int, Step]) -> Step:
        self.history.keep(made[0])
        return made[0]

    @property
    def _made(self) -> History:
        return self.history if self.history.done else self.finish().history

    def _gain(self, brighten: bool) -> float:
        if not isinstance(brighten, bool):
            raise Refusal(
                f"To brighten is True or False, not {shown(brighten)}: images() has results by number."
            )
        return 1 / self.settings.brightness if brighten else 1.0

    def _noise_bound(self, alpha_bar: float, pixels: int) -> float | None:
        """What noise alone explains, None where the training set is not known; no network is loaded."""
        row, record = self._network
        stochastic = SAMPLERS[self.settings.sampler].stochastic
        if "channel_mean" in record:
            return noise_bound(row, record, alpha_bar, pixels, stochastic)

    @property
    def _network(self) -> tuple[Variant, dict]:
        """Its network's row and record; no network is loaded for it."""
        loaded, s = self._checkpoint, self.settings
        return (loaded.variant, loaded.record) if loaded else (s.row, checkpoints.record(s.variant))


class Runs(list[Run]):
    """The runs that a list of images gave, in its order."""

    def images(self, brighten: bool = False) -> list[Image.Image]:
        """Their results one by one, as `Run.images` has them."""
        return [image for run in self for image in run.images(brighten)]

    def image(self, brighten: bool = False) -> Image.Image:
        """Their results in a grid. Raises Refusal where there are none, or of several sizes (`whole`)."""
        if len({run.x0.shape[1:] for run in self}) != 1:
            raise Refusal("Only images of one size make a grid: take them one by one, from images().")
        return picture_grid(torch.cat([run.x0 for run in self]), gain=self[0]._gain(brighten))


def _checked(count: object) -> int:
    try:
        number = operator.index(count)  # pyright: ignore[reportArgumentType]
    except (TypeError, ValueError):
        number = 0
    if isinstance(count, bool) or not 1 <= number <= MOST:
        raise Refusal(
            f"Generate a whole number of images from 1 to {MOST}, not {shown(count)}, or restore one."
        )
    return number


def _lasts(step: Step) -> bool:
    """Whether a step is one of those, spread evenly over the run, that the budget has room for."""
    size = step.x_t.nbytes + step.x0.nbytes
    room = max(BUDGET // size, _FEWEST)
    # The places of the choice, 0 to room − 1, are stretched over the run: a step lasts where one begins.
    return step.index == 0 or _place(step.index, step, room) > _place(step.index - 1, step, room)


def _place(index: int, step: Step, room: int) -> int:
    return index * (room - 1) // (step.total - 1)
