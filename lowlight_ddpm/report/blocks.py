"""The measured parts of README and docs: each stands between two marks there, and is written from here."""

import re
from collections.abc import Callable
from functools import partial

from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.figures.inputs import Inputs, Missing
from lowlight_ddpm.images.sources import DRAWN, FRUIT
from lowlight_ddpm.paths import DOCS, HOUSE
from lowlight_ddpm.report import darkness, scale
from lowlight_ddpm.report.gains import gains
from lowlight_ddpm.report.leaks import leaks
from lowlight_ddpm.report.looked_at import looked_at
from lowlight_ddpm.report.pace import paces
from lowlight_ddpm.report.records import notes, ratios, recorded
from lowlight_ddpm.report.restorations import restorations
from lowlight_ddpm.report.samples import colours, cure, means, repetition
from lowlight_ddpm.report.verdicts import in_short, misleading, verdicts
from lowlight_ddpm.study.claims import CAUSES, LIGHTS, SUBJECTS

BLOCKS: dict[str, Callable[[Inputs], str]] = {
    "in-short": in_short,
    "claims": verdicts,
    "claims-drawn": partial(verdicts, source=DRAWN),
    "causes": partial(verdicts, claims=CAUSES),
    "lights": partial(verdicts, claims=LIGHTS),
    "subjects": partial(verdicts, claims=SUBJECTS),
    "misleading": misleading,
    "means": means,
    "colours": colours,
    "cure": cure,
    "restored-300": partial(restorations, start=300),
    "restored-600": partial(restorations, start=600),
    "restored-drawn": partial(restorations, start=600, source=DRAWN),
    "restored-fruit": partial(restorations, start=600, source=FRUIT),
    "gain": partial(gains, tint="grey"),
    "gain-hue": partial(gains, tint="red against blue"),
    "leak": leaks,
    "pace-restored": partial(paces, mode="restore"),
    "pace-generated": partial(paces, mode="generate"),
    "repetition": repetition,
    "looked-at": looked_at,
    "exposures": darkness.exposures,
    "dark": darkness.methods,
    "dark-pairs": darkness.pairs,
    "bench": ratios,
    "bench-notes": notes,
    **{name: partial(recorded, name=name) for name in ("faults", "load", "fuzz", "versions")},
    "scale-constants": scale.constants,
    "scale-costs": scale.costs,
    "scale-limits": scale.limits,
}

PAGES = (
    HOUSE / "README.md",
    *(DOCS / name for name in ("findings.md", "reliability.md", "scale.md", "performance.md")),
)
_BLOCK = re.compile(r"(<!-- measured: ([\w-]+) -->\n).*?(\n<!-- end -->)", re.DOTALL)


def fill(text: str, inputs: Inputs) -> str:
    """`text` with every block between `<!-- measured: NAME -->` and `<!-- end -->` written anew.

    What cannot be told yet is said in its place. Raises Refusal for a name that BLOCKS does not have.
    """
    return _BLOCK.sub(lambda found: found[1] + written(found[2], inputs) + found[3], text)


def written(name: str, inputs: Inputs) -> str:
    """One block as Markdown."""
    if name not in BLOCKS:
        raise Refusal(f"There is no block “{name}”: choose among {', '.join(BLOCKS)}.")
    try:
        return BLOCKS[name](inputs)
    except Missing as missing:
        return f"Not measured yet: {missing}."
