"""Several networks on one picture, as HTML: a card each with both ranks, who disagrees, and a wipe."""

from functools import lru_cache
from html import escape

from lowlight_ddpm.analysis.compare import Outcome, by_eye, by_mse, disagreements, most_telling, ranks
from lowlight_ddpm.diffusion.settings import RunSettings
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.ui.compare.trials import Trials
from lowlight_ddpm.ui.components.run_view import gain
from lowlight_ddpm.ui.html.png import data_uri
from lowlight_ddpm.ui.html.wipe import wiped
from lowlight_ddpm.variants import find_variant

SHOWN_PAIRS = 4
LEGEND = (
    "All figures are as at full brightness, so that dim and bright networks can be compared: shifts are "
    "divided by the run's brightness, MSE by its square. The eye ranks by ΔE, the distance of the mean "
    "colours (CIEDE2000, 1 is just visible). Shift is the root mean square of ΔR, ΔG and ΔB, of 255."
)
INPUT = "input"  # among the names that a wipe can show


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
    return find_variant(settings.variant).title


def wipe(trials: Trials, under: str | None, over: str | None, brightened: bool) -> str:
    """Two results on top of each other, the border between them drawn with a range input.

    `under` and `over` are names of variants, or INPUT for the dimmed picture.
    """
    known = {outcome.settings.variant: outcome for outcome in trials.outcomes}
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


def _places(outcomes: list[Outcome]) -> dict[Outcome, tuple[int, int]]:
    """(the eye's rank, MSE's rank) of each outcome."""
    both = zip(ranks(outcomes, by_eye), ranks(outcomes, by_mse), strict=True)
    return dict(zip(outcomes, both, strict=True))


def _card(trials: Trials, index: int, places: dict, brightened: bool) -> str:
    known, settings = trials.found[index], trials.wanted[index]
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
        f'<button type="button" data-value="{escape(trials.query(index))}">Open in Watch'
        f'<span class="sr">: {name}</span></button></article>'
    )


def _ranks(known: Outcome | Refusal | None, places: dict) -> str:
    eye = mse = delta_e = error = "–"
    if isinstance(known, Outcome):
        (eye, mse), delta_e, error = places[known], f"ΔE {known.delta_e:.1f}", f"{known.mse:.4f}"
    rows = (("By eye", eye, delta_e), ("By MSE", mse, error))
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
        return "<p>Once two have finished, the pairs that MSE ranks against the eye are pointed out here.</p>"
    found = disagreements(outcomes)
    total = len(outcomes) * (len(outcomes) - 1) // 2
    if not found:
        pairs = "does not rank the one pair" if total == 1 else f"ranks none of the {total} pairs"
        return f"<p>MSE {pairs} against the eye by more than can be seen.</p>"
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
