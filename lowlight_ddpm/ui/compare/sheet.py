"""A part of the tab Compare: all sixteen images restored by two networks, as the post shows them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape
from typing import Any

import gradio as gr
from PIL import Image
from torch import Tensor
from torchvision.utils import make_grid

from lowlight_ddpm.analysis.compare import SetShift, set_shift
from lowlight_ddpm.diffusion.sampling import Request, Step
from lowlight_ddpm.diffusion.settings import RunSettings, run_settings
from lowlight_ddpm.images import stack
from lowlight_ddpm.ui.compare.trials import title
from lowlight_ddpm.ui.components.jobs import Course, Job, Launcher
from lowlight_ddpm.ui.components.run_view import gain
from lowlight_ddpm.ui.html.images import data_uri
from lowlight_ddpm.ui.session import Session
from lowlight_ddpm.ui.worker import source
from lowlight_ddpm.variants import VARIANTS

COLUMNS = 4
GAP = 2  # pixels between the pictures of a sheet
READY = "Ready. Sixteen pictures take a network about sixteen times as long as one."
PROPOSED = ("dim", "bright")


@dataclass
class Side:
    """One network's half: what it is asked, and the newest step of the whole batch."""

    settings: RunSettings
    pictures: Tensor
    step: Step | None = None

    @property
    def calls(self) -> int:
        """Network calls done so far, each on the whole batch."""
        return self.step.index + 1 if self.step else 0

    @property
    def shift(self) -> SetShift:
        """How far the colours of its newest estimates lie from the images'."""
        assert self.step is not None, "before the first step there is no estimate"
        return set_shift(self.step.x0, self.pictures, self.settings.brightness)


@dataclass
class Sheet(Job):
    """Two networks on the same `gallery` of pictures and the same noise, one batch each."""

    gallery: list[Image.Image]
    wanted: tuple[RunSettings, RunSettings]
    sides: list[Side] = field(init=False)
    pace, live = 0.5, True

    def __post_init__(self) -> None:
        pixels = {size: stack(self.gallery, size) for size in {settings.size for settings in self.wanted}}
        self.sides = [Side(settings, settings.dim(pixels[settings.size])) for settings in self.wanted]

    def repeats(self, other: Job | None) -> bool:
        """Whether `other` is this very work, so that what it has come to can stay."""
        return isinstance(other, Sheet) and (self.gallery, self.wanted) == (other.gallery, other.wanted)

    @property
    def count(self) -> tuple[int, int]:
        """Steps done, each on the whole batch, and those still to come."""
        done = sum(side.calls for side in self.sides)
        return done, sum(side.settings.steps for side in self.sides) - done

    @property
    def said(self) -> str:
        """How far it is, in words."""
        done, left = self.count
        return f"{len(self.gallery)} pictures at once, step {done} of {done + left} for both networks"

    def calls(self) -> Iterator[bool]:
        """Restore all pictures with one network, then with the other."""
        for side in self.sides:
            for steps in source.steps([Request(side.settings, side.pictures)]):
                side.step = steps[0]
                yield False


class Sixteen:
    """Layout and wiring, built in the current column."""

    def __init__(self, names: list[str]) -> None:
        left, right = (name if name in names else names[0] for name in PROPOSED)
        with gr.Row(elem_classes="abreast"):
            self.networks = [
                gr.Dropdown(
                    [(VARIANTS[name].title, name) for name in names],
                    value=value,
                    label=label,
                    filterable=False,
                    min_width=130,
                )
                for label, value in (("Left sheet", left), ("Right sheet", right))
            ]
        self.launcher = Launcher("All sixteen", "sheet", READY)
        self.scene = gr.HTML(elem_id="sheets", padding=False)

    def wire(self, tab: gr.Tab, session: gr.State, shared: list[Any]) -> None:
        """`shared` are start, steps, seed and brightness."""
        inputs = [*self.networks, *shared]
        changes = [tab.select, *(control.change for control in inputs)]
        self.launcher.wire(Course(make, draw), session, inputs, self.scene, changes)


def make(
    session: Session, left: str, right: str, start: int, steps: int, seed: int, brightness: float
) -> Sheet:
    """The work that the controls ask for. Raises Refusal where they contradict each other."""
    shared = {"start": start, "steps": steps, "seed": seed, "brightness": brightness or None}
    both = run_settings(variant=left, **shared), run_settings(variant=right, **shared)
    return Sheet(session.gallery.pictures, both)


def draw(session: Session, work: Sheet) -> str:
    """Both sheets as HTML, as they stand, with the shift of each below."""
    return f'<div class="sheets">{"".join(_sheet(side, session.brightened) for side in work.sides)}</div>'


def _sheet(side: Side, brightened: bool) -> str:
    settings, name = side.settings, escape(title(side.settings))
    shown = side.step.x0 if side.step else side.pictures
    grid = make_grid(shown, COLUMNS, padding=GAP, pad_value=-1.0)
    what = f"{len(side.pictures)} pictures restored by {name}" if side.step else "The pictures, dimmed"
    picture = f'<img alt="{what}" src="{data_uri(grid, gain(settings, brightened))}">'
    return (
        f'<figure class="sheet"><h4>{name}</h4><div class="pixels">{picture}</div>'
        f"<figcaption>{_caption(side)}</figcaption></figure>"
    )


def _caption(side: Side) -> str:
    if not side.step:
        return f"The pictures as they go in, at brightness {side.settings.brightness:g}.<br>&nbsp;"
    shift = side.shift
    channels = ", ".join(
        f"{name} {value:+.1f}" for name, value in zip(("ΔR", "ΔG", "ΔB"), shift.mean, strict=True)
    )
    when = "" if side.calls == side.step.total else f", after step {side.calls} of {side.step.total}"
    return f"Mean shift <b>{channels}</b>{when}<br>A picture's own shift: {shift.size:.1f} on average, of 255"
