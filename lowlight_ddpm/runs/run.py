"""One run, from its settings to its measures: watched step by step, or made at once."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from functools import cached_property
from html import escape
from pathlib import Path

from PIL import Image
from torch import Tensor

from lowlight_ddpm.diffusion.sampling import denoise
from lowlight_ddpm.diffusion.settings import RunSettings
from lowlight_ddpm.diffusion.trajectory import Step
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.images.grids import data_uri, picture_grid
from lowlight_ddpm.metrics.colour import Measures
from lowlight_ddpm.models.checkpoints import Checkpoint
from lowlight_ddpm.runs.assessment import Judgement, judge
from lowlight_ddpm.runs.export import contact_sheet, run_report, write_run
from lowlight_ddpm.runs.history import Colour, History, mean_colour

_WIDEST = 1600  # pixels of a sheet in a notebook


@dataclass(eq=False, repr=False)
class Run:
    """A run that happens while it is iterated, and is remembered.

    `pixels` is what it takes of a picture, uint8 (3, H, W), as bright as it was taken; None where `count`
    pictures are drawn from pure noise. Iterating yields every Step as it is made; a loop that was left is
    taken up again after the steps that are remembered. What is asked of a run that nobody has watched makes
    it to its end first; of one under way, it is answered as far as it has come. A notebook shows the steps,
    and what became of the colours in words.
    """

    settings: RunSettings
    checkpoint: Checkpoint
    pixels: Tensor | None = None
    count: int = 1
    history: History = field(default_factory=History, init=False)

    def __len__(self) -> int:
        return self.settings.steps

    def __iter__(self) -> Iterator[Step]:
        yield from list(self.history.steps)
        yield from self._calls

    def finish(self) -> "Run":
        """Make what is left of it, and give it back."""
        for _ in self._calls:
            pass
        return self

    @property
    def generates(self) -> bool:
        """Whether it starts from pure noise, without a picture."""
        return self.settings.mode == "generate"

    @cached_property
    def dim(self) -> Tensor | None:
        """The dimmed picture that it restores, (1, 3, H, W) in model range; None for pure noise."""
        return None if self.generates else self.settings.dim(self.pixels[None])

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

    def sheet(self, brighten: bool = False) -> Image.Image:
        """Up to ten steps of the first picture from left to right: x_t above, the x0 estimate below."""
        return contact_sheet(self.steps, self._gain(brighten))

    @property
    def judgement(self) -> Judgement:
        """What it did to the picture's colours. Raises Refusal where there was no picture."""
        if self.generates:
            raise Refusal("Pictures from pure noise have no original: compare their means with the target.")
        scale = self.checkpoint.frame.scale
        return judge(self.steps, self.dim[0], self.settings.brightness, scale)

    @property
    def measures(self) -> Measures:
        """The figures of `judgement`."""
        return self.judgement.measures

    @property
    def target(self) -> Colour:
        """Mean R, G, B that x0 should have, of 255: the dimmed picture's, or the training set's."""
        if not self.generates:
            return mean_colour(self.dim)
        red, green, blue = self.checkpoint.training_means.tolist()
        return red, green, blue

    @property
    def in_words(self) -> str:
        """What became of the colours, for a reader."""
        if not self.generates:
            return self.judgement.in_words
        return "Mean R, G, B of {}: {:.1f} {:.1f} {:.1f}\n".format(
            self.count, *mean_colour(self.x0)
        ) + "In the training set: {:.1f} {:.1f} {:.1f}".format(*self.target)

    def save(self, folder: str | Path, brighten: bool = False) -> list[Path]:
        """Write result.png, steps.png, steps.gif and measures.json, and return their paths.

        The settings in measures.json make the very run again: `denoise --settings`.
        """
        if self.generates:
            found = {"means": list(mean_colour(self.x0)), "training_means": list(self.target)}
        else:
            found = asdict(self.judgement)
        report = run_report(self.settings, self._made, **found)
        return write_run(Path(folder), report, self._made, self._gain(brighten))

    def __repr__(self) -> str:
        s = self.settings
        what = f"{self.count} from pure noise" if self.generates else f"a picture from timestep {s.start}"
        done = f"{self.history.done} of {s.steps} steps by {s.sampler}"
        return f"<Run of {s.variant}: {what}, {done}, brightness {s.brightness:g}, seed {s.seed}>"

    def _repr_html_(self) -> str:
        shown = self.sheet(brighten=True) if self.count == 1 else self.image(brighten=True)
        words = escape(self.in_words).replace("\n", "<br>")
        caption = f"{words}<br><small>{escape(repr(self)[1:-1])}; shown brightened</small>"
        style = "max-width: 100%; image-rendering: pixelated"
        return (
            f'<figure style="margin: 0"><img style="{style}" alt="{escape(repr(self)[1:-1])}" '
            f'src="{data_uri(shown, _WIDEST)}"><figcaption>{caption}</figcaption></figure>'
        )

    @cached_property
    def _calls(self) -> Iterator[Step]:
        # A map has no end but its last step: a generator would be closed by the loop that is left.
        return map(self._kept, denoise(self.checkpoint, self.settings, self.dim, self.count))

    def _kept(self, step: Step) -> Step:
        self.history.keep(step)
        return step

    @property
    def _made(self) -> History:
        return self.history if self.history.done else self.finish().history

    def _gain(self, brighten: bool) -> float:
        return 1 / self.settings.brightness if brighten else 1.0
