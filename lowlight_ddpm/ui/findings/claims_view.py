"""What the post says and what was measured, as HTML: each claim with its comparisons and their verdicts."""

from collections import Counter
from collections.abc import Callable
from html import escape

from lowlight_ddpm.diffusion.samplers import SAMPLERS
from lowlight_ddpm.images.dimming import LIGHTS
from lowlight_ddpm.study.claims import FIGURES, Comparison
from lowlight_ddpm.study.results import USUAL
from lowlight_ddpm.study.verdicts import Finding
from lowlight_ddpm.ui.findings.measured import Measured, Tested, Tests, shown_as
from lowlight_ddpm.ui.html.whisker import whisker
from lowlight_ddpm.variants import VARIANTS

# verdict -> the class of its badge
BADGES = {
    "holds": "holds",
    "does not hold": "fails",
    "cannot be told": "open",
    "no verdict yet": "untold",  # measured, but not yet what training again changes
    "not measured yet": "untold",
}
# A setting that a comparison may change -> a few words on its value.
_SETTINGS: dict[str, Callable[[str], str]] = {
    "sampler": lambda name: f"by {SAMPLERS[name].title}",
    "light": lambda name: f"in the light “{LIGHTS[name].title}”",
}
READING = (
    "A dot is the mean difference on the same pictures and noise, its line the 95 % interval, the upright "
    "line zero. Grey is too small to count: less than an eye would mind, or than training the same network "
    "again changes. A claim <b>holds</b> where the line lies on its side and the dot beyond the grey, "
    "<b>does not hold</b> where the line ends before that, and else <b>cannot be told</b>. Shifts are of "
    "255, as at full brightness."
)


def claims(found: Measured) -> str:
    """The lists, how they are read, and what is not measured yet."""
    return (
        f'{_progress(found)}<p class="how">{READING}</p>'
        f'<h3>The post’s claims</h3><div class="claims">{_cards(found.claims)}</div>'
        "<h3>What explains the shift</h3>"
        '<p class="how">Each network below is without one possible cause. “Holds” says that the shift falls '
        f'without it, so that it is a cause.</p><div class="claims">{_cards(found.causes)}</div>'
        "<h3>What halved pixels hide</h3>"
        '<p class="how">The same networks and pictures with white equally dark, but darkened as a camera '
        "sees less light. The input is what was given, grain and all.</p>"
        f'<div class="claims">{_cards(found.lights)}</div>'
        "<h3>Another subject</h3>"
        '<p class="how">Two more networks have learned from fruit that this project draws, so that it shows '
        "what is about butterflies alone.</p>"
        f'<div class="claims">{_cards(found.subjects)}</div>'
    )


def _progress(found: Measured) -> str:
    open_ = [row.title for name, row in VARIANTS.items() if name not in found.variants]
    if not found.variants:
        return '<p class="verdict">Nothing has been measured yet: results/ holds no trained network’s.</p>'
    verdicts = Counter(t.finding.verdict for _, tests in found.claims for t in tests)
    said = ", ".join(f"<b>{verdicts[verdict]}</b> “{verdict}”" for verdict in BADGES if verdicts[verdict])
    html = f'<p class="verdict">{verdicts.total()} comparisons test the post’s claims: {said}.</p>'
    if open_:
        html += (
            f'<p class="how">{len(found.variants)} of {len(VARIANTS)} networks have results so far. '
            f"Not yet: {escape('; '.join(open_))}.</p>"
        )
    return html


def _cards(found: list[Tests]) -> str:
    return "".join(
        f'<article class="claim"><h4>{escape(claim.text)}</h4>{_lines(tests)}</article>'
        for claim, tests in found
    )


def _lines(tests: list[Tested]) -> str:
    """A line for each comparison that has figures, and one for each pair that has none."""
    there = [tested for tested in tests if tested.finding.difference]
    lacking = (_lacking(tested.finding.comparison) for tested in tests if tested not in there)
    return "".join(map(_line, there)) + "".join(dict.fromkeys(lacking))


def _line(tested: Tested) -> str:
    finding = tested.finding
    what, said = f"{_meaning(finding.comparison)}{_where(tested)}", in_words(finding)
    drawn = whisker(finding.difference, _too_small(finding), f"{what}: {said}")
    if finding.spread is None:
        said += " What training again changes is not known yet."
    head = f"<p><b>{escape(what)}</b> {_badge(finding.verdict)}</p>"
    return f'<div class="tested">{head}{drawn}<p>{escape(said)}</p></div>'


def _lacking(c: Comparison) -> str:
    badge = _badge("not measured yet")
    return f'<div class="tested"><p><b>{escape(" against ".join(_named(c)))}</b> {badge}</p></div>'


def _badge(verdict: str) -> str:
    return f'<span class="badge {BADGES[verdict]}">{verdict}</span>'


def in_words(finding: Finding) -> str:
    """The difference and its interval in a sentence."""
    c, d = finding.comparison, finding.difference
    _, unit, _ = FIGURES[c.column]
    a, b = _named(c)
    way, digits = "higher" if d.mean > 0 else "lower", 2 if unit else 3
    # Adding 0.0 turns a rounded -0.0 into 0.0.
    low, high = (f"{round(end, digits) + 0.0:+.{digits}f}".replace("-", "−") for end in (d.low, d.high))
    return f"{abs(d.mean):.{digits}f}{unit} {way} with {a} than with {b} ({low} to {high})."


def _named(c: Comparison) -> tuple[str, str]:
    """What is compared, by titles; of one network with two settings, the settings too."""
    a, b = (f"“{VARIANTS[name].title}”" for name in (c.a, c.b))
    for name, value in c.changed.items():
        say = _SETTINGS[name]
        a, b = f"{a} {say(value)}", f"{b} {say(USUAL[name])}"
    return a, b


def _too_small(finding: Finding) -> float:
    return max(finding.spread or 0.0, FIGURES[finding.comparison.column][2])


def _meaning(c: Comparison) -> str:
    meaning = FIGURES[c.column][0]
    return meaning[0].upper() + meaning[1:]


def _where(tested: Tested) -> str:
    if tested.source is None:
        return ""
    return f", {shown_as(tested.source)}"
