"""How many samples are plainly butterflies: counted by eye, and written down picture by picture."""

import json

from lowlight_ddpm.figures.inputs import Inputs
from lowlight_ddpm.paths import DOCS

RECORD = DOCS / "looked-at.json"


def looked_at(_: Inputs) -> str:
    """The counts on the grids samples-NAME, and what was counted."""
    record = json.loads(RECORD.read_text())
    counts = [
        f"{grid['pictures'] - len(grid['left out'])} of {grid['pictures']} ({name.removeprefix('samples-')})"
        for name, grid in record["grids"].items()
    ]
    return f"Plainly butterflies, counted by eye: {', '.join(counts)}. What counts is {record['counts']}."
