"""Tables of what the code itself has, as Markdown: what is judged, terms, and the environment's variables."""

from lowlight_ddpm.environment import VARIABLES
from lowlight_ddpm.figures import Inputs
from lowlight_ddpm.report.glossary import GLOSSARY
from lowlight_ddpm.report.measurements import table
from lowlight_ddpm.study.headlines import HEADLINES, MEASURES


def measures(_: Inputs) -> str:
    """Every measure with its scale and δ."""
    lines = []
    for column, measure in MEASURES.items():
        scale, delta = "as it is", f"{measure.delta:g}{measure.unit}"
        if measure.logarithm:
            scale, delta = "ln", f"ln {measure.delta:g}"
        lines.append((measure.meaning, f"`{column}`", scale, delta))
    return table(("measure", "column of `results.table`", "scale", "δ"), lines)


def headlines(_: Inputs) -> str:
    """Every headline with what decides on it."""
    lines = []
    for claim, c in HEADLINES.items():
        measure = MEASURES[c.measure]
        sign = {-1: "lower", 0: "no difference", 1: "higher"}[c.claimed]
        images = "from pure noise" if c.start is None else f"restored from {c.start}"
        lines.append((claim, c.sides, measure.meaning, sign, images))
    return table(("claim", "compared", "measure", "claimed", "images"), lines)


def glossary(_: Inputs) -> str:
    """Every term with its meaning, under a heading for each subject."""
    parts = [
        f"## {subject}\n\n" + table(("term", "meaning"), list(terms.items()))
        for subject, terms in GLOSSARY.items()
    ]
    return "\n\n".join(parts)


def variables(_: Inputs) -> str:
    """Every variable, what is taken where it is not set, and what it does."""
    lines = [(f"`{row.name}`", row.default, row.meaning) for row in VARIABLES.values()]
    return table(("name", "default", "effect"), lines)
