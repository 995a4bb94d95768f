"""What benchmarks have recorded: how much of what was tried held."""

import json
from pathlib import Path

from lowlight_ddpm.figures.inputs import Inputs, Missing
from lowlight_ddpm.report.markdown import table

FOLDER = Path(__file__).parent.parent.parent / "benchmarks"


def recorded(_: Inputs, name: str, folder: Path = FOLDER) -> str:
    """The rows of benchmarks/NAME.json, and what machine and versions gave them."""
    path = folder / f"{name}.json"
    if not path.exists():
        raise Missing(f"`make {name}` has not been run")
    report = json.loads(path.read_text())
    lines = [(row["what"], f"{row['held']} of {row['tried']}", row["note"]) for row in report["rows"]]
    versions = ", ".join(f"{library} {number}" for library, number in report["versions"].items())
    return f"{table(('what was tried', 'held', 'seen'), lines)}\n\nOn {report['machine']}; {versions}."
