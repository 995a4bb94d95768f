"""The measured parts of README and docs: each stands between two marks there, and is written from here.

No number stands in a document that is not made here.
"""

import re
from collections.abc import Callable
from functools import partial

from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.figures import Inputs, Missing
from lowlight_ddpm.images.sources import DRAWN, FRUIT
from lowlight_ddpm.paths import DOCS, REPOSITORY
from lowlight_ddpm.report import (
    benchmarks,
    causes,
    dark_photographs,
    mean_correction,
    measurements,
    perfect_sampler,
    reference,
    step_counts,
)
from lowlight_ddpm.study.claims import CAUSE_CLAIMS, LIGHTS, MITIGATIONS, SUBJECTS

BLOCKS: dict[str, Callable[[Inputs], str]] = {
    "in-short": measurements.in_short,
    "claims": measurements.verdicts,
    "claims-drawn": partial(measurements.verdicts, source=DRAWN),
    "causes": partial(measurements.verdicts, claims=CAUSE_CLAIMS),
    "mitigations": partial(measurements.verdicts, claims=MITIGATIONS),
    "lights": partial(measurements.verdicts, claims=LIGHTS),
    "subjects": partial(measurements.verdicts, claims=SUBJECTS),
    "misleading": measurements.misleading,
    "means": measurements.means,
    "colours": measurements.colours,
    "backgrounds": measurements.backgrounds,
    "zero-terminal-snr": measurements.zero_terminal_snr,
    "restored-300": partial(measurements.restorations, start=300),
    "restored-600": partial(measurements.restorations, start=600),
    "restored-drawn": partial(measurements.restorations, start=600, source=DRAWN),
    "restored-fruit": partial(measurements.restorations, start=600, source=FRUIT),
    "gain": partial(measurements.tint_transmission, tint="grey"),
    "gain-hue": partial(measurements.tint_transmission, tint="red against blue"),
    "hypotheses": causes.hypotheses,
    "frequencies": partial(causes.frequencies, signal=0.08),
    "frequencies-later": partial(causes.frequencies, signal=0.32),
    "small-networks": causes.small_networks,
    "clipping": causes.clipping,
    "corrected-samples": mean_correction.samples,
    "corrected-restorations": mean_correction.restorations,
    "leak": measurements.signal_leak,
    "betas": perfect_sampler.betas,
    "dim-bright": perfect_sampler.dim_against_bright,
    "pace-restored": partial(step_counts.step_count, mode="restore"),
    "pace-generated": partial(step_counts.step_count, mode="generate"),
    "repetition": measurements.repetition,
    "looked-at": measurements.counted_by_eye,
    "exposures": dark_photographs.exposures,
    "dark": dark_photographs.methods,
    "dark-pairs": dark_photographs.pairs,
    "bench": benchmarks.ratios,
    "bench-notes": benchmarks.notes,
    **{
        name: partial(benchmarks.recorded, name=name)
        for name in ("faults", "load", "fuzz", "formats", "versions")
    },
    "diagnosis": benchmarks.confusion,
    "scale-constants": benchmarks.constants,
    "environment": reference.variables,
    "glossary": reference.glossary,
    "measures": reference.measures,
    "headlines": reference.headlines,
    "predictions": causes.predictions,
}

PAGES = (
    REPOSITORY / "README.md",
    *(
        DOCS / name
        for name in (
            "command-line.md",
            "diagnose.md",
            "findings.md",
            "glossary.md",
            "performance.md",
            "protocol.md",
            "reliability.md",
            "scale.md",
            "tinted-images.md",
        )
    ),
)
_BLOCK = re.compile(r"(<!-- measured: ([\w-]+) -->\n).*?(\n<!-- end -->)", re.DOTALL)


def fill(text: str, inputs: Inputs) -> str:
    """`text` with every block between `<!-- measured: NAME -->` and `<!-- end -->` written anew.

    A block that cannot be written yet says why. Raises Refusal for a name that BLOCKS does not have.
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
