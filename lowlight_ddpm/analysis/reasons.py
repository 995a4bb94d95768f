"""An explanation in three plain sentences."""

from torch import Tensor

from lowlight_ddpm.analysis.explain import BATCH, Explanation, Finding, Question
from lowlight_ddpm.metrics.colour import JUST_NOTICEABLE, measure
from lowlight_ddpm.metrics.words import channels

SMALL = 0.05  # of 255: less is written as 0.0


def reasons(explanation: Explanation) -> tuple[str, str, str]:
    """How far the colours went and if an eye sees it; what draws and what holds them; what is left.

    Raises ValueError as long as the explanation is not complete.
    """
    if not explanation.complete:
        raise ValueError("only a complete explanation can be put into words")
    held = _holding(explanation)
    return _shift(explanation), f"{_leading(explanation)} {held}".rstrip(), _rest(explanation)


def visible_leader(explanation: Explanation) -> Question | None:
    """The cause that leads, where an eye would see its contribution by itself."""
    leader = explanation.leader
    return leader if _is_visible(explanation, leader) else None


def _is_visible(explanation: Explanation, question: Question | None) -> bool:
    if question is None:
        return False
    finding = explanation.found[explanation.run]
    return _distance(finding, explanation.contribution(question)) >= JUST_NOTICEABLE


def _distance(finding: Finding, shift: Tensor) -> float:
    """CIEDE2000 between the colour that a finding aims at and that colour moved by `shift` (3,) in 1/255."""
    flat = [(colour / 127.5 - 1).float()[:, None, None] for colour in (finding.aim, finding.aim + shift)]
    return measure(*flat).delta_e


def _shift(explanation: Explanation) -> str:
    generated = explanation.run.settings.mode == "generate"
    total, finding = explanation.total, explanation.found[explanation.run]
    whose = "the training set's" if generated else "the dimmed picture's"
    average = f"Over {BATCH} pictures, the" if generated else "The"
    seen = _distance(finding, total)
    said = f"too little for an eye to see (under {JUST_NOTICEABLE:g} CIEDE2000)"
    if seen >= JUST_NOTICEABLE:
        said = f"an eye sees it ({seen:.1f} CIEDE2000, and {JUST_NOTICEABLE:g} is just visible)"
    size = f"{channels(total.tolist())} of 255"
    return f"{average} mean colour ends {size} away from {whose}: {said}."


def _leading(explanation: Explanation) -> str:
    if not explanation.causes:
        return "Nothing in this run can be switched off."
    leader = explanation.leader
    if leader is None:
        return "Without any one of the known causes the mean colour ends no nearer to where it should."
    size = explanation.contribution(leader)
    if size.abs().max() < SMALL:
        return "Switching the known causes off one at a time changes nothing."
    adds = f"it adds {channels(size.tolist())}"
    if visible_leader(explanation) is None:
        return (
            "Nothing that can be switched off draws the colours off as far as an eye sees; "
            f"“{leader.cause.title}” comes first: {adds}."
        )
    # Single pictures tell: over a batch, shifts to all sides cancel.
    run, without = (explanation.found[trial].distance for trial in (explanation.run, leader.trial))
    what = "the single pictures" if explanation.run.settings.mode == "generate" else "the colours"
    where = "further from" if without > run else "nearer to"
    return (
        f"“{leader.cause.title}” matters most of what can be switched off: {adds}, and without it {what} "
        f"would end {where} where they should."
    )


def _holding(explanation: Explanation) -> str:
    guard = explanation.guard
    if not _is_visible(explanation, guard):
        return ""
    away = channels(explanation.found[guard.trial].shift.tolist())
    return f"“{guard.cause.title}” holds the shift back: without it, it would be {away}."


def _rest(explanation: Explanation) -> str:
    if not explanation.causes:
        return "All of the shift is the network's own."
    rest = channels(explanation.remainder.tolist())
    both = f"With everything switched off, {rest} remain: the network's own doing"
    shared = explanation.interaction
    if shared.abs().max() < SMALL:
        return f"{both}."
    return f"{both}; {channels(shared.tolist())} come from causes acting together."
