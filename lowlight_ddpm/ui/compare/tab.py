"""The tab Compare: networks side by side on one picture and one noise, all sixteen pictures, a sweep."""

from html import escape
from typing import Any

import gradio as gr

from lowlight_ddpm.diffusion.settings import LAST_TIMESTEP, RunSettings, run_settings
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.images import square
from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.paths import STATIC
from lowlight_ddpm.ui.compare import trials
from lowlight_ddpm.ui.compare.sheet import Sixteen
from lowlight_ddpm.ui.compare.sweep import Sweep
from lowlight_ddpm.ui.components.choices import START
from lowlight_ddpm.ui.components.controls import not_offered
from lowlight_ddpm.ui.components.jobs import Course, Launcher, Slot
from lowlight_ddpm.ui.components.widgets import ButtonsHTML, Input, Slider
from lowlight_ddpm.ui.html.images import data_uri
from lowlight_ddpm.ui.messages import at_once, skip
from lowlight_ddpm.ui.session import Session
from lowlight_ddpm.variants import VARIANTS

WIPE = STATIC / "wipe.js"
PROPOSED = 6  # networks that are ticked at first
STEPS = 50
OWN = 0.0  # the choice of brightness that leaves it to each network
OPENING = (START, STEPS, 0, OWN)  # start, steps, seed, brightness
BRIGHTNESSES = [("training default", OWN), ("0.25", 0.25), ("0.5", 0.5), ("1", 1.0)]
HINT = (
    "Drag across the picture, or take the arrow keys. At first it shows the strongest disagreement, or else "
    "the worst and the best in colour."
)
READY = "Ready. What has been measured before appears at once."


class Compare:
    """Layout and wiring of the tab that it is built in; `session` is the user's, shared with Play.

    A click in `grid` or in `sweep.map` has as its value the query of a run to open in Play.
    """

    def __init__(self, tab: gr.Tab, session: gr.State) -> None:
        names = checkpoints.available() or list(VARIANTS)
        with gr.Row(equal_height=False, elem_classes="desk"):
            with gr.Column(scale=4, min_width=280, elem_classes="side"):
                self._controls(session.value)
            with gr.Column(scale=7, min_width=280, elem_classes="canvas comparing"), gr.Tabs():
                with gr.Tab("Side by side"):
                    self._side_by_side(names, session.value)
                with gr.Tab("All sixteen"):
                    self.sixteen = Sixteen(names)
                with gr.Tab("Sweep"):
                    self.sweep = Sweep(names, session.value, OPENING)
        self._wire(tab, session)

    @property
    def shared(self) -> list[Input]:
        """Start, steps, seed and brightness, which all three parts go by."""
        return [self.start, self.steps, self.seed, self.brightness]

    def _controls(self, session: Session) -> None:
        self.picture = gr.HTML(picked(session), elem_id="compare-picture", padding=False)
        self.start = Slider(
            0,
            LAST_TIMESTEP,
            START,
            step=1,
            label="Start timestep",
            info="How much noise is added first. All networks get the same noise.",
        )
        self.steps = Slider(1, 250, STEPS, step=1, label="Steps", info="Number of denoising steps.")
        self.seed = gr.Number(
            0,
            precision=0,
            minimum=0,
            maximum=2**32 - 1,
            label="Seed",
            info="The same seed draws the same noise.",
        )
        self.brightness = gr.Radio(
            BRIGHTNESSES,
            value=OWN,
            label="Brightness",
            info="Each network gets the image at its own training brightness, or all get the same.",
        )

    def _side_by_side(self, names: list[str], session: Session) -> None:
        proposed = names[:PROPOSED]
        self.variants = gr.CheckboxGroup(
            [(VARIANTS[name].title, name) for name in names],
            value=proposed,
            label="Networks, in the post's order",
            elem_id="networks",
        )
        gr.HTML(not_offered(), visible=bool(not_offered()), padding=False)
        self.launcher = Launcher("Compare", "compare", READY)
        opening = make(session, proposed, *OPENING)
        self.grid = ButtonsHTML(draw(session, opening), elem_id="trials", padding=False)
        gr.HTML("<h3>Wipe between two</h3>", padding=False)
        with gr.Row(elem_classes="abreast"):
            with gr.Column(scale=3, min_width=240):
                blank = trials.wipe(opening, None, None, False)
                script = WIPE.read_text(encoding="utf-8")
                self.wipe = gr.HTML(blank, js_on_load=script, elem_id="wipe", padding=False)
            with gr.Column(scale=2, min_width=200):
                self.over, self.under = (
                    gr.Dropdown([], label=label, filterable=False, interactive=True)
                    for label in ("Left", "Right")
                )
                gr.HTML(f'<p class="legend">{HINT}</p>', padding=False)

    def _wire(self, tab: gr.Tab, session: gr.State) -> None:
        slot, inputs = self.launcher.slot, [self.variants, *self.shared]
        pair, wiped = [self.under, self.over], [self.under, self.over, self.wipe]
        at_once(tab.select, picked, session, self.picture)
        changes = [tab.select, *(control.change for control in inputs)]
        for listen in self.launcher.wire(Course(make, draw), session, inputs, self.grid, changes):
            at_once(listen.then, lay, [session, slot], wiped)
        at_once([self.under.input, self.over.input], wipe, [session, slot, *pair], self.wipe)
        self.sixteen.wire(tab, session, self.shared)
        self.sweep.wire(tab, session, self.shared)


def settings_for(variant: str, start: int, steps: int, seed: int, brightness: float) -> RunSettings:
    """A network's training defaults with the shared values. Raises Refusal where they contradict."""
    return run_settings(variant=variant, start=start, steps=steps, seed=seed, brightness=brightness or None)


def make(session: Session, variants: list[str], *shared) -> trials.Trials:
    """The trials that the controls ask for, in the post's order. Raises Refusal where there can be none."""
    if not variants:
        raise Refusal("No network is chosen: tick at least one.")
    ordered = [name for name in VARIANTS if name in variants]
    return trials.Trials(session.picked, [settings_for(name, *shared) for name in ordered])


def draw(session: Session, job: trials.Trials) -> str:
    """Cards and disagreements as they stand."""
    return trials.scene(job, session.brightened)


def lay(session: Session, slot: Slot[trials.Trials]) -> tuple[Any, ...]:
    """(right, left, wipe) for the results at hand: the most telling pair is laid over each other first."""
    if slot.job is None or slot.busy:
        return (skip(),) * 3
    names = [outcome.settings.variant for outcome in slot.job.outcomes]
    choices = [(VARIANTS[name].title, name) for name in names]
    choices += [("The input", trials.INPUT)] if names else []
    worse, better = trials.wipe_pair(slot.job)
    shown = wipe(session, slot, worse, better)
    return gr.Dropdown(choices, value=worse), gr.Dropdown(choices, value=better), shown


def wipe(session: Session, slot: Slot[trials.Trials], under: str | None, over: str | None) -> str:
    """The two chosen results on top of each other."""
    return trials.wipe(slot.job, under, over, session.brightened) if slot.job else skip()


def picked(session: Session) -> str:
    """The picture that is worked on, as HTML, and how to change it."""
    settings = run_settings(brightness=1.0)
    shown = settings.dim(square(session.picked.image, settings.size)[None])[0]
    picture = f'<img alt="The picture to restore" src="{data_uri(shown)}">'
    name = escape(session.picked.name)
    return (
        f'<div class="picked">{picture}<p><b>{name}</b>Choose another picture, and the exposure that all are '
        "shown with, in the tab Play.</p></div>"
    )
