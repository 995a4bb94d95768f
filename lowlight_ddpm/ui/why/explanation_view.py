"""An explanation as HTML: its sentences, and bars and two pictures for every part of the shift."""

from collections.abc import Iterable, Sequence
from html import escape

from torch import Tensor
from torch.nn.functional import avg_pool2d
from torchvision.utils import make_grid

from lowlight_ddpm.analysis.ablations import Trial
from lowlight_ddpm.analysis.explain import BATCH, Explanation, Question
from lowlight_ddpm.analysis.reasons import reasons, visible_leader
from lowlight_ddpm.ui.components.run_view import gain
from lowlight_ddpm.ui.html.png import data_uri
from lowlight_ddpm.ui.html.trace import NAMES
from lowlight_ddpm.ui.why.inquiries import Inquiry

SMALLEST_SCALE = 2.0  # of 255; less would blow a shift that nobody can see up to the whole width
REMAINDER = (
    "Remainder",
    "What is left with everything above switched off: the network's own doing, and the chance in its noise.",
)
INTERACTION = (
    "Interaction",
    "The whole shift less all rows above: not 0 where causes share one effect, or need each other.",
)
APART = "These cannot be left out, only done another way. They are in no sum."


def scene(inquiry: Inquiry, brightened: bool) -> str:
    """All parts of the shift as far as they are known, each in a place of its own from the start."""
    known, exposure = inquiry.explanation, gain(inquiry.run.settings, brightened)
    sums = [known.total, known.remainder, known.interaction, *map(known.contribution, known.causes)]
    shown = _Shown(known, exposure, sums)
    aim = (("input", inquiry.run.dim),) if inquiry.run.dim is not None else ()
    rows = shown.row("The whole shift", _whole(known), known.total, (*aim, ("as it is", shown.run)))
    rows += "".join(shown.question(question, "without") for question in known.causes)
    rows += shown.row(*REMAINDER, known.remainder, shown.pair(known.bare, "without"))
    rows += shown.row(*INTERACTION, known.interaction)
    apart = _Shown(known, exposure, map(known.contribution, known.swaps))
    swaps = "".join(apart.question(question, "otherwise") for question in known.swaps)
    first, *more = _said(known)
    rest = "".join(f"<p>{escape(sentence)}</p>" for sentence in more)
    return (
        f'<div class="reasons"><p class="verdict">{escape(first)}</p>{rest}</div>'
        f'<p class="scale">Signed shifts of the mean colour. {shown.legend}</p><ul class="parts">{rows}</ul>'
        f'<h3>Shown apart</h3><p class="scale">{APART} {apart.legend}</p><ul class="parts">{swaps}</ul>'
    )


class _Shown:
    """Rows of one explanation, at one exposure and on one scale, which holds all of `sizes`."""

    def __init__(self, known: Explanation, exposure: float, sizes: Iterable[Tensor | None]) -> None:
        self.known, self.exposure = known, exposure
        largest = (size.abs().max().item() for size in sizes if size is not None)
        self.scale = max([SMALLEST_SCALE, *largest])
        self.run = self._pictures(known.run)

    @property
    def legend(self) -> str:
        """What a bar means, as HTML."""
        return f"A full bar, from the middle to the edge, is <b>{self.scale:.1f}</b> of 255."

    def question(self, question: Question, caption: str) -> str:
        """The row of a cause or a swap."""
        leads = self.known.complete and question is visible_leader(self.known)
        return self.row(
            question.cause.title,
            question.cause.sentence,
            self.known.contribution(question),
            self.pair(question.trial, caption),
            leads,
        )

    def pair(self, trial: Trial, caption: str) -> tuple:
        """The two pictures that a part of the shift lies between, with what each is."""
        return ("as it is", self.run), (caption, self._pictures(trial))

    def row(
        self, title: str, sentence: str, size: Tensor | None, pair: tuple = (), leads: bool = False
    ) -> str:
        """One part of the shift: what it is, its bars, its pictures."""
        pictures = "".join(self._picture(title, *picture) for picture in pair)
        return (
            f'<li class="part{" leads" if leads else ""}">'
            f'<div class="about"><h4>{escape(title)}</h4><p>{escape(sentence)}</p></div>'
            f'{self._bars(title, size)}<div class="pair">{pictures}</div></li>'
        )

    def _bars(self, title: str, size: Tensor | None) -> str:
        values = [None] * len(NAMES) if size is None else size.tolist()
        bars = "".join(self._bar(name, value) for name, value in zip(NAMES, values, strict=True))
        return f'<ul class="bars" aria-label="{escape(title)}, of 255">{bars}</ul>'

    def _bar(self, name: str, value: float | None) -> str:
        width = 0 if value is None else 50 * abs(value) / self.scale
        left = 50 - width if value is not None and value < 0 else 50
        number = "" if value is None else f"{round(value, 1) + 0.0:+.1f}"
        return (
            f'<li class="{name}"><span>{name}</span><i aria-hidden="true">'
            f'<u style="left:{left:.2f}%;width:{width:.2f}%"></u></i><b>{number}</b></li>'
        )

    def _picture(self, title: str, caption: str, x: Tensor | None) -> str:
        alt = escape(f"{title}: {caption}")
        picture = "" if x is None else f'<img alt="{alt}" src="{data_uri(x, self.exposure)}">'
        return f'<figure><div class="pixels">{picture}</div><figcaption>{caption}</figcaption></figure>'

    def _pictures(self, trial: Trial) -> Tensor | None:
        """The picture that a trial came to; sixteen of them as one sheet, half as large."""
        if trial not in self.known.found:
            return None
        x0 = self.known.found[trial].x0
        return x0[0] if len(x0) == 1 else avg_pool2d(make_grid(x0, nrow=4, padding=0), 2)


def _whole(known: Explanation) -> str:
    if known.run.settings.mode == "generate":
        return f"The mean colour of {BATCH} pictures less that of the training set."
    return "The mean colour of the run's result less that of its dimmed input."


def _said(known: Explanation) -> Sequence[str]:
    if known.complete:
        return reasons(known)
    return (
        f"The run is made {len(known.trials)} times on the same noise.",
        "Once as it is, and then each time without one thing that may have shifted its colours. What that "
        "changes is the thing's contribution.",
    )
