"""The endpoints, one row each: the function, its title, and what it answers with."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gradio as gr
from gradio.components import Component

from lowlight_ddpm.ui.api import answers
from lowlight_ddpm.ui.api.endpoints import (
    brighten,
    compare,
    denoise,
    explain,
    generate,
    measure,
    schedule,
    variants,
)
from lowlight_ddpm.ui.api.parameters import Field, image, images, report
from lowlight_ddpm.ui.worker.queue import PHOTOGRAPHS, QUEUE


@dataclass(frozen=True)
class Endpoint:
    """One endpoint: what it answers with is what comes before the report, and the report's type.

    Calls wait in its `queue`, one at a time; without one they are answered at once.
    """

    function: Callable[..., Any]
    title: str
    report: type
    before: Callable[[], Component] | None = None
    queue: str | None = QUEUE

    @property
    def name(self) -> str:
        """What it is called by."""
        return self.function.__name__

    @property
    def fields(self) -> tuple[Field, ...]:
        """Its parameters in order."""
        return self.function.fields

    def add(self) -> None:
        """Put it into the current Blocks; nothing of it is seen on the page."""
        outputs = [self.before(), report()] if self.before else [report()]
        gr.Button(visible=False).click(
            self.function,
            [field.component() for field in self.fields],
            outputs,
            api_name=self.name,
            show_progress="hidden",
            concurrency_id=self.queue,
            concurrency_limit=1 if self.queue else None,
        )


_ROWS = (
    Endpoint(denoise, "Restore a picture", answers.Finished, image),
    Endpoint(generate, "Generate a picture", answers.Finished, image),
    Endpoint(compare, "Compare networks on a picture", answers.Comparison, images),
    Endpoint(explain, "Explain a run's colour shift", answers.Explained),
    Endpoint(brighten, "Brighten a photograph", answers.Brightened, image, queue=PHOTOGRAPHS),
    Endpoint(measure, "Measure a colour shift", answers.Measured, queue=None),
    Endpoint(schedule, "Read a noise schedule", answers.Schedule, queue=None),
    Endpoint(variants, "List the experiments", answers.Experiments, queue=None),
)
ENDPOINTS = {row.name: row for row in _ROWS}


def add_endpoints() -> None:
    """Put all endpoints into the current Blocks."""
    for endpoint in ENDPOINTS.values():
        endpoint.add()
