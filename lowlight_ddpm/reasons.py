"""An explanation in three plain sentences."""

from torch import Tensor

from lowlight_ddpm.colour import JUST_NOTICEABLE, measure
from lowlight_ddpm.explain import BATCH, Explanation, Finding, Question
from lowlight_ddpm.words import channels

SMALL = 0.05  # of 255: less is written as 0.0


def reasons(explanation: Explanation) -> tuple[str, str, str]:
    """How far the colours went and if an eye sees it; what matters most; what is left unexplained.

    Raises ValueError as long as the explanation is not complete.
    """
    if not explanation.complete:
        raise ValueError("only a complete explanation can be put into words")
    return _shift(explanation), _leading(explanation), _rest(explanation)


def visible_leader(explanation: Explanation) -> Question | None:
    """The cause that leads, where an eye would see its contribution by itself."""
    leader, finding = explanation.leader, explanation.found.get(explanation.run)
    if leader is None or _distance(finding, explanation.contribution(leader)) < JUST_NOTICEABLE:
        return None
    return leader


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
    leader = explanation.leader
    if leader is None:
        return "Nothing in this run can be switched off."
    size = explanation.contribution(leader)
    if size.abs().max() < SMALL:
        return "Switching the known causes off one at a time changes nothing."
    adds = f"it adds {channels(size.tolist())}"
    if visible_leader(explanation) is None:
        return (
            "Nothing that can be switched off moves the colours as far as an eye sees; "
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


def _rest(explanation: Explanation) -> str:
    if not explanation.causes:
        return "All of the shift is the network's own."
    rest = channels(explanation.remainder.tolist())
    both = f"With everything switched off, {rest} remain: the network's own doing"
    shared = explanation.interaction
    if shared.abs().max() < SMALL:
        return f"{both}."
    return f"{both}; {channels(shared.tolist())} come from causes acting together."
