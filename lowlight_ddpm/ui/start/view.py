"""The tab Start as HTML: the three sheets with what was measured on them, and each stop of the post."""

from html import escape

from lowlight_ddpm.diffusion.backends import seconds_per_call
from lowlight_ddpm.diffusion.settings import RunSettings, run_settings
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.study.claims import Claim
from lowlight_ddpm.study.headlines import MEASURES, Comparison
from lowlight_ddpm.study.stops import POST, STOPS, Stop
from lowlight_ddpm.study.verdicts import CONTRARY, HOLDS, NO_DIFFERENCE, OPEN
from lowlight_ddpm.ui.findings.claims_view import BADGES, Measured, Tested, in_words
from lowlight_ddpm.ui.messages import about
from lowlight_ddpm.ui.session import query_of
from lowlight_ddpm.ui.start import prepared
from lowlight_ddpm.ui.worker import source

# Name of a sheet -> its heading, and its name on a phone's switch.
SHEETS = {
    "bright": ("Learned from bright", "bright"),
    "dim": ("Learned from dim", "dim"),
    "corrected": ("Dim, corrected: no new training", "corrected"),
}
SENTENCE = (
    "Three sheets grow out of the very same noise. Look at the paper behind the butterflies: it should be "
    "white. A false tint over a whole image is called <b>RGB shift</b>: the network hardly sees an image’s "
    "average colour, and makes one up."
)
OTHERS = "Made by other networks than those here."
ANEW = "This network is being trained anew."
UNTESTED = "This is how it works, and there is no claim to test."
# Verdict -> the answer that begins a stop's own.
_ANSWERS = {
    HOLDS: "Yes.",
    CONTRARY: "No, the contrary.",
    NO_DIFFERENCE: "No, it makes no difference.",
    OPEN: "That cannot be told.",
}
_MEASURED = "Measured, not judged."


def sheets() -> str:
    """HTML of the three sheets, how to play them, and where to go from here."""
    shown = [name for name in SHEETS if prepared.url(name)]
    if not shown:
        return f'<p class="lead">{SENTENCE}</p>{_ways()}'
    switch = "".join(
        f'<button type="button" data-sheet="{name}" aria-pressed="{str(name == "dim").lower()}">'
        f"{SHEETS[name][1]}</button>"
        for name in shown
    )
    figures = "".join(_sheet(name) for name in shown)
    others = "" if all(map(prepared.current, shown)) else f'<p class="others">{OTHERS}</p>'
    return (
        f'<p class="lead">{SENTENCE}</p>'
        f'<div class="three" data-chosen="dim">{figures}</div>'
        f'<div class="switch" role="group" aria-label="Sheet">{switch}</div>'
        f"{_player(shown[0])}{others}{_ways()}"
    )


def _sheet(name: str) -> str:
    known, (title, _) = prepared.record()[name], SHEETS[name]
    width, height = known["size"]
    frames = prepared.url(name, "frames")
    off = f"Paper off by <b>{known['error']:.0f} of 255</b>"
    alt = f"Sixteen generated butterflies. {title}. Their backgrounds are off by {known['error']:.0f} of 255."
    return (
        f'<figure data-name="{name}"><figcaption>{escape(title)}</figcaption>'
        f'<button type="button" class="large" aria-label="Show all three large">'
        f'<img src="{prepared.url(name)}" width="{width}" height="{height}" alt="{escape(alt)}">'
        f'<canvas width="{width}" height="{height}" data-frames="{frames}" '
        f'data-steps="{",".join(map(str, known["steps"]))}" hidden></canvas></button>'
        f"<p>{off}</p></figure>"
    )


def _player(name: str) -> str:
    last = len(prepared.record()[name]["steps"]) - 1
    return (
        '<div class="player"><button type="button" class="pause">Pause</button><span>noise</span>'
        f'<input type="range" min="0" max="{last}" value="{last}" step="1" '
        'aria-label="Step of the reverse process">'
        '<span>butterfly</span><span class="step"></span></div>'
    )


def _ways() -> str:
    first = query_of(run_settings(variant="dim", mode="generate", steps=50, seed=0))
    path = "".join(
        f'<li><button type="button" data-stop="{stop.key}"><b>{number}</b> {escape(stop.title)}</button></li>'
        for number, stop in enumerate(STOPS, 1)
    )
    return (
        '<div class="ways">'
        f'<button type="button" class="first" data-value="{escape(first)}">Try it yourself</button>'
        f'<button type="button" data-stop="{STOPS[0].key}">The post in {len(STOPS)} stops</button>'
        f'<button type="button" data-stop="{STOPS[-1].key}">My network does this</button>'
        '<button type="button" data-tab="photograph">Brighten photographs</button></div>'
        f'<ol class="path">{path}</ol>'
    )


def stops(found: Measured | None = None) -> str:
    """HTML of all stops, each hidden until its turn; without what was `found` their verdicts are awaited."""
    return "".join(_stop(place, stop, found) for place, stop in enumerate(STOPS))


def _stop(place: int, stop: Stop, found: Measured | None) -> str:
    images = "".join(_image(stop, *image) for image in stop.images if prepared.url(image[0]))
    before = STOPS[place - 1] if place else None
    after = STOPS[place + 1] if place + 1 < len(STOPS) else None
    turns = _turn(before, "← ", "back") + _turn(after, "", "next", " →")
    return (
        f'<article class="stop" data-key="{stop.key}" hidden aria-labelledby="stop-{stop.key}">'
        f'<p class="of">The post “{POST}”, stop {place + 1} of {len(STOPS)}</p>'
        f'<h2 id="stop-{stop.key}" tabindex="-1">{escape(stop.title)}</h2>'
        f'<p class="post-said"><span>The post:</span> {escape(stop.said)}</p>'
        f'<div class="images" data-count="{images.count("<img")}">{images}</div>'
        f'<p class="seen">{escape(stop.seen)}</p>'
        f'<div class="answers">{_answers(stop, found)}</div>'
        f'<div class="runs">{_runs(stop, found is not None)}</div>'
        '<nav aria-label="Stops"><button type="button" data-stop="">All three sheets</button>'
        f"{turns}</nav></article>"
    )


def _image(stop: Stop, name: str, caption: str) -> str:
    known = prepared.record()[name]
    width, height = known["size"]
    words = [caption]
    if "error" in known:
        words.append(f"Paper off by {known['error']:.0f} of 255.")
    if "mse" in known:
        words.append(f"MSE {known['mse']:.4f}, ΔE {known['delta_e']:.1f}.")
    if known["weights"] and not prepared.current(name):
        words.append(ANEW)
    return (
        f'<figure><img loading="lazy" src="{prepared.url(name)}" width="{width}" height="{height}" '
        f'alt="{escape(f"{stop.title}: {caption}")}">'
        f"<figcaption>{escape(' '.join(words))}</figcaption></figure>"
    )


def _turn(stop: Stop | None, left: str, what: str, right: str = "") -> str:
    if stop is None:
        return ""
    label = escape(f"{what.capitalize()}: {stop.title}")
    return f'<button type="button" class="{what}" data-stop="{stop.key}">{left}{label}{right}</button>'


def _answers(stop: Stop, found: Measured | None) -> str:
    if not (stop.claims or stop.told):
        return f'<p class="answer">{UNTESTED}</p>'
    if found is None:
        return '<p class="answer">Our measurements are being read.</p>'
    lines = [_answer(claim, found.tests(claim), stop) for claim in stop.claims]
    if stop.told:
        told = None if found.rows.empty else stop.told(found.rows)
        lines.append(
            f'<p class="answer"><b>{_MEASURED}</b> {escape(told)}</p>' if told else _unmeasured(stop, [])
        )
    return "".join(lines)


def _answer(claim: Claim, tests: list[Tested], stop: Stop) -> str:
    """The verdict on a claim by its first comparison that is measured, with its number."""
    told = next((t.finding for t in tests if t.finding.outcome), None)
    link = f'<button type="button" class="more" data-claim="{claim.key}">How it was measured</button>'
    if told is None or told.outcome is None:
        return (
            f"<p class='answer'><i>{escape(claim.text)}?</i></p>{_unmeasured(stop, list(claim.comparisons))}"
        )
    answer = _ANSWERS.get(told.verdict, _MEASURED)
    sentence = f"{_measure(told.comparison)} is {in_words(told.comparison, told.outcome)}"
    badge = f'<b class="{BADGES[told.verdict]}">{answer}</b>'
    return f'<p class="answer"><i>{escape(claim.text)}?</i> {badge} {escape(sentence)} {link}</p>'


def _measure(c: Comparison) -> str:
    return f"The {MEASURES[c.measure].meaning}"


def _unmeasured(stop: Stop, comparisons: list[Comparison]) -> str:
    there = checkpoints.available()
    named = {name for c in comparisons for name in (c.a, c.b) if name}
    why = ANEW if named - set(there) or not there else f"Not measured on a set of images yet. {_pairs(stop)}"
    return f'<p class="answer">{why}</p>'


def _pairs(stop: Stop) -> str:
    """In how many pairs of images on the same noise a stop's second sheet is nearer to what was learned."""
    errors = [
        known["errors"] for name, _ in stop.images if "errors" in (known := prepared.record().get(name, {}))
    ]
    if len(errors) != 2:
        return ""
    nearer = sum(after < before for before, after in zip(*errors, strict=True))
    return f"Of the {len(errors[0])} pairs shown here, the paper is nearer white in the second in {nearer}."


def _runs(stop: Stop, timed: bool) -> str:
    buttons = []
    for place, (name, values, number) in enumerate(stop.runs):
        if values["variant"] not in checkpoints.available():
            continue
        settings = run_settings(**values)
        picture = None if number is None else f"drawn_{number:04d}"
        takes = _takes(settings) if timed else ""
        what = "Do it yourself: " if not place else "And "
        first, query = "" if place else ' class="first"', escape(query_of(settings, picture))
        buttons.append(
            f'<button type="button"{first} data-value="{query}">{what}{escape(name)}{takes}</button>'
        )
    return "".join(buttons) or f'<p class="answer">{ANEW}</p>'


def _takes(settings: RunSettings) -> str:
    """How long a run takes here, in brackets; nothing where its network cannot be loaded."""
    try:
        checkpoint = checkpoints.load(settings.variant)
        source.settle_threads()
        seconds = seconds_per_call(checkpoint, settings.size, settings.size, settings.backend)
    except Refusal:
        return ""
    return f" ({about(seconds * settings.steps)})"
