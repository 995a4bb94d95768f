"""How networks grew: one slider over the epochs that trainings kept."""

from pathlib import Path
from typing import Any

import gradio as gr

from lowlight_ddpm.paths import STATIC
from lowlight_ddpm.study.growth import Milestone
from lowlight_ddpm.variants import find_variant


class Growth(gr.HTML):
    """Sheets of what networks generate, scrubbed over epochs in the browser; its value is `grown`'s."""

    def __init__(self, value: dict[str, Any] | None = None, **kwargs) -> None:
        files = (STATIC / f"growth.{kind}" for kind in ("html", "css", "js"))
        html, css, js = (file.read_text(encoding="utf-8") for file in files)
        super().__init__(
            value, html_template=html, css_template=css, js_on_load=js, apply_default_css=False, **kwargs
        )

    def get_block_name(self) -> str:
        """The name of the component whose browser code draws this one."""
        return "html"


def grown(networks: dict[str, list[Milestone]]) -> dict[str, Any]:
    """The value of a Growth: every network's sheets and measures by epoch, and the epochs that any has."""
    return {
        "epochs": sorted({kept.epoch for milestones in networks.values() for kept in milestones}),
        "networks": [
            {
                "title": find_variant(name).title,
                "gain": 1 / find_variant(name).brightness,
                "kept": {
                    str(kept.epoch): {"sheet": _url(kept.sheet), "measured": _words(kept)}
                    for kept in milestones
                },
            }
            for name, milestones in networks.items()
        ],
    }


def _url(sheet: Path) -> str:
    return f"gradio_api/file={sheet.resolve()}"  # relative: right whatever path the page is served at


def _words(kept: Milestone) -> str:
    return (
        f"{kept.passed:.0%} of a tint passes, backgrounds deviate by "
        f"{kept.scatter:.1f} of 255, error of the noise {kept.error:.4f}"
    )
