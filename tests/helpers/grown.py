"""Milestones of a training, made up: sheets of one colour each, and what was measured at them."""

import json
from pathlib import Path

from PIL import Image

SHEET_COLOURS = {1: (90, 40, 40), 5: (120, 118, 121)}


def grow(folder: Path) -> None:
    """Give a checkpoint's folder milestones of epochs 1 and 5."""
    path = folder / "training.json"
    record = json.loads(path.read_text())
    (folder / "milestones").mkdir()
    for epoch, colour in SHEET_COLOURS.items():
        Image.new("RGB", (276, 276), colour).save(folder / "milestones" / f"epoch-{epoch}.png")
    record["milestones"] = [
        {
            "epoch": epoch,
            "step": 10 * epoch,
            "epsilon_errors": {"20": 0.2 / epoch, "900": 0.4 / epoch},
            "tint_transmission": {"0.02": 0.9, "0.08": 0.8 - epoch / 100, "0.32": 0.7},
            "background_sd": [1.0 * epoch, 2.0 * epoch, 3.0 * epoch],
        }
        for epoch in SHEET_COLOURS
    ]
    path.write_text(json.dumps(record))
