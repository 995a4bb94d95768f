"""An injected shift as HTML: what is left of the tint, the pictures, and its trace."""

import math
from html import escape

from lowlight_ddpm.ui.components.run_view import gain, panel
from lowlight_ddpm.ui.html.trace import NAMES, trace
from lowlight_ddpm.ui.why.inquiries import Injection

CAPTION = "How far the tinted run's x0 is from the plain one's at every step, of 255."
# (name, title, what it is) of each picture.
PANELS = (
    ("plain", "Plain", "result without the tint"),
    ("struck", "Tinted", "x0 at that step"),
    ("healed", "Result", "of the tinted run"),
)
# (least share that is left, what the network did).
_JUDGED = (
    (0.75, "the network believes"),
    (0.25, "the network heals a part of"),
    (float("-inf"), "the network heals most of"),
)


def scene(injection: Injection, brightened: bool) -> str:
    """What is left, three pictures and the trace, as far as they are known."""
    known, settings = injection.probe, injection.run.settings
    at, exposure = injection.tint.index, gain(settings, brightened)
    done = len(known.tinted) == settings.steps
    pictures = (
        known.plain[-1] if len(known.plain) == settings.steps else None,
        known.tinted[at] if len(known.tinted) > at else None,
        known.tinted[-1] if done else None,
    )
    panels = "".join(panel(*words, "", x, exposure) for words, x in zip(PANELS, pictures, strict=True))
    differences = [tuple(difference.tolist()) for difference in known.traces]
    lines = trace(differences, settings.steps, (0, 0, 0), "no tint left", CAPTION)
    verdict = f'<p class="verdict">{escape(_verdict(injection, done))}</p>'
    return f'{verdict}<div class="panels">{panels}</div><div class="tint">{lines}</div>'


def _verdict(injection: Injection, done: bool) -> str:
    step = f"step {injection.tint.index + 1} of {injection.run.settings.steps}"
    if not done:
        return f"The picture is tinted at {step}. Does the network believe the tint, or heal it?"
    share, left = injection.probe.share, injection.probe.left.tolist()
    parts = [f"{name} {part:.0%}" for name, part in zip(NAMES, left, strict=True) if not math.isnan(part)]
    judged = next(words for least, words in _JUDGED if share >= least)
    return (
        f"{share:.0%} of the tint is left at the end ({', '.join(parts)}): {judged} what was added at {step}."
    )
