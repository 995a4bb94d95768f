"""How networks grew: one slider over the epochs that trainings kept."""

from pathlib import Path
from typing import Any

import torch

from lowlight_ddpm.images.display import curve
from lowlight_ddpm.study.growth import Milestone
from lowlight_ddpm.ui.components.scripted import Scripted
from lowlight_ddpm.variants import find_variant


class Growth(Scripted):
    """Sheets of what networks generate, scrubbed over epochs in the browser; its value is `grown`'s."""

    drawn_by = "growth"


def grown(networks: dict[str, list[Milestone]]) -> dict[str, Any]:
    """The value of a Growth: every network's sheets and measures by epoch, and the epochs that any has."""
    return {
        "epochs": sorted({kept.epoch for milestones in networks.values() for kept in milestones}),
        "networks": [
            {
                "title": find_variant(name).title,
                "levels": _levels(1 / find_variant(name).brightness),
                "kept": {
                    str(kept.epoch): {"sheet": _url(kept.sheet), "measured": _words(kept)}
                    for kept in milestones
                },
            }
            for name, milestones in networks.items()
        ],
    }


def _levels(gain: float) -> list[float]:
    """The screen's levels, 0 to 1, of all pixel values: a transfer table for the browser."""
    values = torch.linspace(0, 1, 256)
    return [round(level, 4) for level in (curve(values * gain) / 255).tolist()]


def _url(sheet: Path) -> str:
    return f"gradio_api/file={sheet.resolve()}"  # relative: right whatever path the page is served at


def _words(kept: Milestone) -> str:
    return (
        f"{kept.passed:.0%} of a tint passes, backgrounds deviate by "
        f"{kept.scatter:.1f} of 255, error of the noise {kept.error:.4f}"
    )
