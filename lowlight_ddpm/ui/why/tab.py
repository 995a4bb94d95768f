"""The tab Why: the colour shift of the last run by causes, and a tint that the network may remove."""

from html import escape
from typing import Any

import gradio as gr

from lowlight_ddpm.analysis.tint_injection import Tint
from lowlight_ddpm.diffusion.settings import LAST_TIMESTEP, RunSettings, run_settings
from lowlight_ddpm.metrics.sets import Triple
from lowlight_ddpm.runs.run import Run
from lowlight_ddpm.ui.components import run_view
from lowlight_ddpm.ui.components.choices import START, opening
from lowlight_ddpm.ui.components.jobs import Course, Launcher, Slot
from lowlight_ddpm.ui.components.widgets import Slider
from lowlight_ddpm.ui.components.words import MODES
from lowlight_ddpm.ui.messages import at_once, skip
from lowlight_ddpm.ui.session import Session, Watched
from lowlight_ddpm.ui.why import jobs
from lowlight_ddpm.ui.why.jobs import ExplanationJob, TintJob

TINTS: dict[str, Triple] = {
    "red": (1, 0, 0),
    "yellow": (1, 1, 0),
    "green": (0, 1, 0),
    "blue": (0, 0, 1),
    "lighter": (1, 1, 1),
    "darker": (-1, -1, -1),
}
STRENGTH, STEP = 20, 10


class Why:
    """Layout and wiring of the tab that it is built in; `session` is the user's, shared with Play."""

    def __init__(self, tab: gr.Tab, session: gr.State) -> None:
        run = chosen(session.value, session.value.staged.run.settings.mode)
        with gr.Row(equal_height=False, elem_classes="desk"):
            with gr.Column(scale=4, min_width=280, elem_classes="side"):
                self.task = gr.Radio(
                    [(title, mode) for mode, title in MODES.items()],
                    value=run.settings.mode,
                    label="Task",
                    info="That of the last run in Play, or the other task with its settings. "
                    "Unconditional sampling generates 16 images for every part, which takes longer. "
                    "Always on the central square.",
                    elem_id="why-task",
                )
                self.which = gr.HTML(_which(session.value, run), elem_id="why-which", padding=False)
            with gr.Column(scale=7, min_width=280, elem_classes="canvas asking"):
                self.asking = Launcher("Explain", "why", "Ready.")
                self.scene = gr.HTML(
                    jobs.explanation(ExplanationJob(run, source(session.value)), False),
                    elem_id="explanation",
                    padding=False,
                )
        with gr.Row(equal_height=False, elem_classes="desk second"):
            with gr.Column(scale=4, min_width=280, elem_classes="side"):
                self._tint(run)
            with gr.Column(scale=7, min_width=280, elem_classes="canvas asking"):
                gr.HTML("<h3>Inject a tint</h3>", padding=False)
                self.tinting = Launcher("Tint and run", "probe", "Ready.")
                self.probed = gr.HTML(
                    jobs.tint(
                        tint_job(session.value, Slot(), run.settings.mode, STEP, "red", STRENGTH), False
                    ),
                    elem_id="probe",
                    padding=False,
                )
        self._wire(tab, session)

    def _tint(self, run: Run) -> None:
        self.colour = gr.Radio(
            [(name.capitalize(), name) for name in TINTS],
            value="red",
            label="Tint",
            info="Added evenly to the whole image at the step below; the run goes on from there.",
            elem_id="tint",
        )
        self.strength = Slider(
            1,
            100,
            STRENGTH,
            step=1,
            label="Strength",
            info="How much is added, of 255.",
        )
        self.at = Slider(
            1,
            run.settings.steps,
            min(STEP, run.settings.steps),
            step=1,
            label="At step",
            info="The earlier the tint is added, the more steps are left to remove it.",
        )

    def _wire(self, tab: gr.Tab, session: gr.State) -> None:
        tint = [self.at, self.colour, self.strength]
        at_once(tab.select, follow, [session, self.asking.slot], self.task)
        changes = [tab.select, self.task.change]
        at_once(changes, describe, [session, self.task], [self.which, self.at])
        asked = [self.asking.slot, self.task]
        self.asking.wire(Course(explanation_job, draw), session, asked, self.scene, changes)
        asked = [self.tinting.slot, self.task, *tint]
        changes = [*changes, *(control.change for control in tint)]
        self.tinting.wire(Course(tint_job, draw_tint), session, asked, self.probed, changes)


def source(session: Session) -> Watched:
    """The run to explain: the last finished one of Play, else the staged one."""
    return session.finished or session.staged


def chosen(session: Session, mode: str) -> Run:
    """The run to explain, for one of the two tasks: the other task keeps all settings that it can."""
    watched = source(session)
    settings = watched.run.settings.model_copy(update={"whole": False})  # each run would take a minute
    if not watched.begun:  # the staged run has the settings that the page proposes
        proposed = opening(settings.variant, mode, settings.seed)
        return _run(proposed.model_copy(update={"brightness": settings.brightness}), watched)
    if settings.mode == mode:
        return _run(settings, watched)
    start = START if mode == "restore" else LAST_TIMESTEP
    steps = min(settings.steps, start + 1)
    other = {"mode": mode, "start": start, "steps": steps, "anchor": False, "leak_start": False}
    return _run(run_settings(**settings.model_dump() | other), watched)


def _run(settings: RunSettings, watched: Watched) -> Run:
    return Run(settings, watched.picked.pixels(settings))


def explanation_job(session: Session, slot: Slot[ExplanationJob], mode: str) -> ExplanationJob:
    """The job for the chosen run; one that is complete already is kept."""
    job = ExplanationJob(chosen(session, mode), source(session))
    return slot.job if slot.job and slot.job.answers(job) else job


def tint_job(
    session: Session, slot: Slot[TintJob], mode: str, at: int | None, colour: str, strength: float | None
) -> TintJob:
    """The job for the controls: an empty field means the proposed value, a step beyond the last the last."""
    run = chosen(session, mode)
    index = min(at or STEP, run.settings.steps) - 1
    red, green, blue = ((strength or STRENGTH) * float(part) for part in TINTS[colour])
    job = TintJob(run, Tint(index, (red, green, blue)))
    return slot.job if slot.job and slot.job.answers(job) else job


def draw(session: Session, job: ExplanationJob) -> str:
    """HTML of the explanation so far."""
    return jobs.explanation(job, session.brightened)


def draw_tint(session: Session, job: TintJob) -> str:
    """HTML of the tinted run so far."""
    return jobs.tint(job, session.brightened)


def follow(session: Session, slot: Slot[ExplanationJob]) -> str:
    """The task of the newest run of Play, unless a job of this tab is under way or of the same run."""
    job, watched = slot.job, source(session)
    kept = slot.busy or (job is not None and job.source is watched)
    return skip() if kept else watched.run.settings.mode


def describe(session: Session, mode: str) -> tuple[Any, ...]:
    """(description of the run, update of the slider for the step to tint at)."""
    run = chosen(session, mode)
    return _which(session, run), gr.update(maximum=run.settings.steps)


def _which(session: Session, run: Run) -> str:
    description = run_view.which(run, source(session).picked.name)
    return f'<h3>The run</h3><p class="note">{escape(description)}</p>'
