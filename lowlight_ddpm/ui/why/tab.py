"""The tab Why: the shift of the last run taken apart, and a tint to see whether the network heals it."""

import gradio as gr

from lowlight_ddpm.analysis.tint_injection import Tint
from lowlight_ddpm.diffusion.settings import LAST_TIMESTEP, run_settings
from lowlight_ddpm.metrics.colour import Triple
from lowlight_ddpm.ui.components import run_view
from lowlight_ddpm.ui.components.controls import MODES, START, opening
from lowlight_ddpm.ui.components.dial import Dial
from lowlight_ddpm.ui.components.jobs import Course, Launcher, Slot
from lowlight_ddpm.ui.messages import SILENT
from lowlight_ddpm.ui.session import Run, Session
from lowlight_ddpm.ui.why import explanation_view, tint_view
from lowlight_ddpm.ui.why.inquiries import Injection, Inquiry

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
    """Layout and wiring of the tab that it is built in; `session` is the visitor's, shared with Watch."""

    def __init__(self, tab: gr.Tab, session: gr.State) -> None:
        run = chosen(session.value, session.value.staged.settings.mode)
        with gr.Row(equal_height=False, elem_classes="desk"):
            with gr.Column(scale=4, min_width=280, elem_classes="side"):
                self.task = gr.Radio(
                    [(title, mode) for mode, title in MODES.items()],
                    value=run.settings.mode,
                    label="Task",
                    info="As in the last run of Watch, or the other one with the same settings. "
                    "From pure noise, 16 pictures are made for every answer, which takes longer. "
                    "Always on the middle square.",
                    elem_id="why-task",
                )
                self.which = gr.HTML(_which(run), elem_id="why-which", padding=False)
            with gr.Column(scale=7, min_width=280, elem_classes="canvas asking"):
                self.asking = Launcher("Explain", "why", "Ready.")
                self.scene = gr.HTML(
                    explanation_view.scene(Inquiry(run, run), False), elem_id="explanation", padding=False
                )
        with gr.Row(equal_height=False, elem_classes="desk second"):
            with gr.Column(scale=4, min_width=280, elem_classes="side"):
                self._tint(run)
            with gr.Column(scale=7, min_width=280, elem_classes="canvas asking"):
                gr.HTML("<h3>Inject a shift</h3>", padding=False)
                self.tinting = Launcher("Tint and run", "probe", "Ready.")
                self.probed = gr.HTML(
                    tint_view.scene(
                        inject(session.value, Slot(), run.settings.mode, STEP, "red", STRENGTH), False
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
            info="Added to the whole picture in the middle of the run, as if it had always been there.",
            elem_id="tint",
        )
        self.strength = Dial(
            1, 100, STRENGTH, step=1, label="Strength", info="How much is added, of 255. An eye sees 2 or 3."
        )
        self.at = Dial(
            1,
            run.settings.steps,
            min(STEP, run.settings.steps),
            step=1,
            label="At step",
            info="Early, the network can still change its mind. At the last step nothing comes after.",
        )

    def _wire(self, tab: gr.Tab, session: gr.State) -> None:
        tint = [self.at, self.colour, self.strength]
        tab.select(follow, [session, self.asking.slot], self.task, **SILENT)
        changes = [tab.select, self.task.change]
        gr.on(changes, describe, [session, self.task], [self.which, self.at], **SILENT)
        asked = [self.asking.slot, self.task]
        self.asking.wire(Course(ask, draw), session, asked, self.scene, changes)
        asked = [self.tinting.slot, self.task, *tint]
        changes = [*changes, *(control.change for control in tint)]
        self.tinting.wire(Course(inject, draw_probe), session, asked, self.probed, changes)


def source(session: Session) -> Run:
    """The run that is asked about: the last finished one of Watch, else the staged one."""
    return session.finished or session.staged


def chosen(session: Session, mode: str) -> Run:
    """The run that is asked about, for one of the two tasks: the other one keeps all that it can."""
    run = source(session)
    settings = run.settings.model_copy(update={"whole": False})  # one run more would take a minute each
    if not run.begun:  # what is staged is as the page proposes it
        proposed = opening(settings.variant, mode, settings.seed)
        return Run(proposed.model_copy(update={"brightness": settings.brightness}), run.picked)
    if settings.mode == mode:
        return Run(settings, run.picked)
    start = START if mode == "restore" else LAST_TIMESTEP
    steps = min(settings.steps, start + 1)
    other = {"mode": mode, "start": start, "steps": steps, "anchor": False, "leak_start": False}
    return Run(run_settings(**settings.model_dump() | other), run.picked)


def ask(session: Session, slot: Slot, mode: str) -> Inquiry:
    """What is asked of the run; an answer that is there already is kept."""
    asked = Inquiry(chosen(session, mode), source(session))
    return slot.job if slot.job and slot.job.answers(asked) else asked


def inject(
    session: Session, slot: Slot, mode: str, at: int | None, colour: str, strength: float | None
) -> Injection:
    """The tint that is asked for: an emptied field counts as proposed, a late step as the last."""
    run = chosen(session, mode)
    index = min(at or STEP, run.settings.steps) - 1
    red, green, blue = ((strength or STRENGTH) * float(part) for part in TINTS[colour])
    asked = Injection(run, Tint(index, (red, green, blue)))
    return slot.job if slot.job and slot.job.answers(asked) else asked


def draw(session: Session, inquiry: Inquiry) -> str:
    """The explanation as it stands."""
    return explanation_view.scene(inquiry, session.brightened)


def draw_probe(session: Session, injection: Injection) -> str:
    """The probe as it stands."""
    return tint_view.scene(injection, session.brightened)


def follow(session: Session, slot: Slot) -> str:
    """The task of the run that Watch has come to since."""
    job, run = slot.job, source(session)
    kept = slot.busy or (job is not None and job.source is run)
    return gr.skip() if kept else run.settings.mode


def describe(session: Session, mode: str) -> tuple:
    """(which run it is, the steps to tint at)."""
    run = chosen(session, mode)
    return _which(run), gr.update(maximum=run.settings.steps)


def _which(run: Run) -> str:
    return f'<h3>The run</h3><p class="note">{run_view.escape(run_view.which(run))}</p>'
