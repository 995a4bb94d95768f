"""What a benchmark leaves behind: its rows, with the machine and the versions that gave them."""

import json
import os
import platform
from pathlib import Path

from lowlight_ddpm import versions

FOLDER = Path(__file__).parent
_LIBRARIES = ("torch", "diffusers", "gradio")


def row(what: str, tried: int, held: int, note: str = "") -> dict:
    """One line of a record: what was tried how often, and how often it held."""
    return {"what": what, "tried": tried, "held": int(held), "note": note}


def record(name: str, rows: list[dict], folder: Path = FOLDER) -> None:
    """Write `rows` to NAME.json, for `findings --write` to put into the documents."""
    report = surroundings() | {"rows": rows}
    (folder / f"{name}.json").write_text(
        json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )


def surroundings() -> dict:
    """The machine and the versions, as every record opens."""
    machine = f"{platform.machine()}, {os.cpu_count()} cores"
    return {"machine": machine, "versions": versions(*_LIBRARIES)}


def show(rows: list[dict]) -> bool:
    """Print what was tried and how much of it held; True if all did."""
    for line in rows:
        note = f" ({line['note']})" if line["note"] else ""
        print(f"{line['held']:>6} of {line['tried']:<6} {line['what']}{note}")
    return all(line["held"] == line["tried"] for line in rows)
