"""Several runs on one image: what is known of each, and as HTML a card each, who disagrees, and a wipe."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from html import escape
from typing import Any

from torch import Tensor

from lowlight_ddpm.analysis.compare import Memory, Outcome, by_eye, by_mse, disagreements, most_telling, ranks
from lowlight_ddpm.diffusion.sampling import Request, Step
from lowlight_ddpm.diffusion.settings import RunSettings
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.images import square
from lowlight_ddpm.images.photometry import digest
from lowlight_ddpm.ui.components.jobs import Job, under_way
from lowlight_ddpm.ui.components.run_view import gain
from lowlight_ddpm.ui.html.images import data_uri, wiped
from lowlight_ddpm.ui.session import Picked, query_of
from lowlight_ddpm.ui.worker import source

SHOWN_PAIRS = 4
LEGEND = (
    "All figures are as at full brightness, so that dim and bright networks can be compared: shifts are "
    "divided by the run's brightness, MSE by its square. ΔE is the distance of the mean colours "
    "(CIEDE2000, 1 is just visible). Shift is the root mean square of ΔR, ΔG and ΔB, of 255."
)
INPUT = "input"  # among the names that a wipe can show
# Of all users: besides what it is remembered by, an outcome depends on its batch alone, by some 1e-5.
MEMORY = Memory()


@dataclass
class Trials(Job):
    """`found` has an Outcome for each of `wanted`, a Refusal where there can be none, None where it is open.

    What has been measured before is known at once, and is never run again.
    """

    picked: Picked
    wanted: list[RunSettings | Refusal]
    found: list[Outcome | Refusal | None] = field(init=False)
    steps: dict[int, Step] = field(default_factory=dict)  # the newest of each that has begun

    def __post_init__(self) -> None:
        sizes = {settings.size for settings in self.wanted if isinstance(settings, RunSettings)}
        self.pixels = {size: square(self.picked.image, size) for size in sizes}
        self.digests = {size: digest(pixels) for size, pixels in self.pixels.items()}
        self.found = [self._known(settings) for settings in self.wanted]
        self._open = [index for index, known in enumerate(self.found) if known is None]

    @property
    def outcomes(self) -> list[Outcome]:
        """Those that are known, in the order wanted."""
        return [known for known in self.found if isinstance(known, Outcome)]

    @property
    def complete(self) -> bool:
        """Whether nothing is open."""
        return None not in self.found

    @property
    def running(self) -> list[int]:
        """Which of those wanted the network is being asked for, or was when it was stopped."""
        return [index for index in self.steps if self.found[index] is None]

    @property
    def count(self) -> tuple[int, int]:
        """Steps done since the start, and those still to come, of all runs."""
        steps = sum(self.settings(index).steps for index in self._open)
        left = sum(self._left(index) for index in self._open if self.found[index] is None)
        return steps - left, left

    @property
    def said(self) -> str:
        """How far it is, in words."""
        done = sum(known is not None for known in self.found)
        going = () if self.ended else [self.steps[index] for index in self.running]
        return f"{done} of {len(self.found)} finished{under_way(going)}"

    def settings(self, index: int) -> RunSettings:
        """What is wanted there. Raises the Refusal where there can be no run."""
        wanted = self.wanted[index]
        if isinstance(wanted, Refusal):
            raise wanted
        return wanted

    def input(self, settings: RunSettings) -> Tensor:
        """The picture dimmed: (3, H, W) in model range."""
        return settings.dim(self.pixels[settings.size][None])[0]

    def query(self, index: int) -> str:
        """The link's query that opens this run in Play."""
        return query_of(self.settings(index), self.picked.key)

    def calls(self) -> Iterator[bool]:
        """Restore the picture with whatever is open; True where runs begin and end."""
        for index in self._open:
            self.found[index] = self._known(self.wanted[index])  # by another user, meanwhile
        places = [index for index in self._open if self.found[index] is None]
        wanted = [self.settings(index) for index in places]
        yield len(places) < len(self._open)
        requests = [Request(settings, self.input(settings)[None]) for settings in wanted]
        refused: dict[int, Refusal] = {}
        try:
            for steps in source.steps(requests, refused):
                ended = self._refuse({places[place]: refusal for place, refusal in refused.items()})
                for place, step in steps.items():
                    self._take(places[place], step)
                    ended |= step.is_last
                yield ended or any(step.index == 0 for step in steps.values())
        except Refusal as refusal:  # it is about all that are still open
            self._refuse(dict.fromkeys(places, refusal))
            yield True

    def _refuse(self, refused: dict[int, Refusal]) -> bool:
        """Note why runs end that are open; whether there are any."""
        open_ones = {index: refusal for index, refusal in refused.items() if self.found[index] is None}
        for index, refusal in open_ones.items():
            self.found[index] = refusal
        return bool(open_ones)

    def _take(self, index: int, step: Step) -> None:
        self.steps[index] = step
        if step.is_last:
            settings = self.settings(index)
            self.found[index] = outcome = Outcome.of(settings, step.x0[0], self.input(settings))
            MEMORY.keep(self.digests[settings.size], outcome)

    def _left(self, index: int) -> int:
        """Steps that a run still has to make."""
        return self.settings(index).steps - (self.steps[index].index + 1 if index in self.steps else 0)

    def _known(self, settings: RunSettings | Refusal) -> Outcome | Refusal | None:
        """What is known beforehand: an outcome, or why there can be none."""
        if isinstance(settings, Refusal):
            return settings
        try:
            source.LIMITS.check(settings.steps, settings.size**2)
        except Refusal as refusal:
            return refusal
        return MEMORY.recall(settings, self.digests[settings.size])


def scene(trials: Trials, brightened: bool) -> str:
    """The cards, by the eye's rank once all are there, and the pairs that MSE ranks against the eye."""
    places = _places(trials.outcomes)
    order = range(len(trials.wanted))
    if trials.complete:
        order = sorted(order, key=lambda index: places.get(trials.found[index], (len(places) + 1, 0))[0])
    cards = "".join(_card(trials, index, places, brightened) for index in order)
    return f'<div class="trials">{cards}</div>{_notes(trials)}'


@lru_cache(maxsize=256)
def picture(outcome: Outcome, exposure: float) -> str:
    """An outcome's result as the data-URI of a PNG."""
    return data_uri(outcome.result, exposure)


def title(settings: RunSettings) -> str:
    """The network's name for people."""
    return settings.row.title


def wipe(trials: Trials, under: str | None, over: str | None, brightened: bool) -> str:
    """Two results on top of each other, the border between them drawn with a range input.

    `under` and `over` are names of variants, or INPUT for the dimmed picture.
    """
    known: dict[str | None, Outcome] = {outcome.settings.variant: outcome for outcome in trials.outcomes}
    pair = (under, over)
    if not all(name == INPUT or name in known for name in pair) or pair == (INPUT, INPUT):
        return wiped(("", ""), ("", ""), "Two finished results are laid over each other here.")
    seen = next(known[name] for name in pair if name in known)
    shown = [_side(trials, known.get(name), seen, brightened) for name in pair]
    (under_title, under_uri), (over_title, over_uri) = shown
    return wiped((under_title, over_title), (under_uri, over_uri), "")


def wipe_pair(trials: Trials) -> tuple[str | None, str | None]:
    """The names of the pair to look at first, None while fewer than two are known."""
    outcomes = trials.outcomes
    if len(outcomes) < 2:
        return None, None
    worse, better = most_telling(outcomes)
    return worse.settings.variant, better.settings.variant


def _side(trials: Trials, outcome: Outcome | None, other: Outcome, brightened: bool) -> tuple[str, str]:
    if outcome:
        return title(outcome.settings), picture(outcome, gain(outcome.settings, brightened))
    exposure = gain(other.settings, brightened)
    return "The input", data_uri(trials.input(other.settings), exposure)


def _places(outcomes: list[Outcome]) -> dict[object, tuple[int, int]]:
    """(the eye's rank, MSE's rank) of each outcome."""
    both = zip(ranks(outcomes, by_eye), ranks(outcomes, by_mse), strict=True)
    return dict(zip(outcomes, both, strict=True))


def _card(trials: Trials, index: int, places: dict[Any, tuple[int, int]], brightened: bool) -> str:
    known, settings = trials.found[index], trials.settings(index)
    name = escape(title(settings))
    shown = "running" if trials.busy and index in trials.running else ""
    if isinstance(known, Refusal):
        shown = escape(str(known))
    if isinstance(known, Outcome):
        uri = picture(known, gain(settings, brightened))
        shown = f'<img alt="Result of {name}" src="{uri}">'
    return (
        f'<article class="trial"><h4>{name}</h4><div class="pixels">{shown}</div>'
        f"{_ranks(known, places)}{_figures(known)}"
        f'<button type="button" data-value="{escape(trials.query(index))}">Open in Play'
        f'<span class="sr">: {name}</span></button></article>'
    )


def _ranks(known: Outcome | Refusal | None, places: dict[Any, tuple[int, int]]) -> str:
    eye = mse = delta_e = error = "–"
    if isinstance(known, Outcome):
        (eye, mse), delta_e, error = places[known], f"ΔE {known.delta_e:.1f}", f"{known.mse:.4f}"
    rows = (("By ΔE", eye, delta_e), ("By MSE", mse, error))
    items = "".join(f"<li>{name} <b>{rank}</b> <span>{figure}</span></li>" for name, rank, figure in rows)
    return f'<ul class="ranks{" apart" if eye != mse else ""}">{items}</ul>'


def _figures(known: Outcome | Refusal | None) -> str:
    labels = ("ΔR", "ΔG", "ΔB", "shift", "SSIM")
    values = ["–"] * len(labels)
    if isinstance(known, Outcome):
        ssim = known.measures.ssim
        values = [f"{shift:+.1f}" for shift in known.shifts]
        values += [f"{known.shift:.1f}", "n/a" if ssim is None else f"{ssim:.2f}"]
    pairs = zip(labels, values, strict=True)
    return (
        "<dl>" + "".join(f"<div><dt>{label}</dt><dd>{value}</dd></div>" for label, value in pairs) + "</dl>"
    )


def _notes(trials: Trials) -> str:
    return f'<div class="disagreements">{_pairs(trials.outcomes)}</div><p class="legend">{LEGEND}</p>'


def _pairs(outcomes: list[Outcome]) -> str:
    if len(outcomes) < 2:
        return "<p>When two have finished, the pairs on which MSE and ΔE disagree are listed here.</p>"
    found = disagreements(outcomes)
    total = len(outcomes) * (len(outcomes) - 1) // 2
    if not found:
        pairs = "does not rank the one pair" if total == 1 else f"ranks none of the {total} pairs"
        return f"<p>MSE {pairs} against ΔE by more than can be seen.</p>"
    items = "".join(f"<li>{_sentence(pair)}</li>" for pair in found[:SHOWN_PAIRS])
    more = len(found) - SHOWN_PAIRS
    rest = f"<li>And {more} more.</li>" if more > 0 else ""
    where = "the only pair" if total == 1 else f"{len(found)} of {total} pairs"
    head = f"In {where} MSE prefers the one with the visibly worse colour:"
    return f"<p>{head}</p><ul>{items}{rest}</ul>"


def _sentence(pair) -> str:
    preferred, truer = pair.preferred, pair.truer
    return (
        f"MSE prefers <b>{escape(title(preferred.settings))}</b> ({preferred.mse:.4f} to {truer.mse:.4f}), "
        f"whose colour is visibly further off (ΔE {preferred.delta_e:.1f}) than that of "
        f"<b>{escape(title(truer.settings))}</b> ({truer.delta_e:.1f})."
    )
