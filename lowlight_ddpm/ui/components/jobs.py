"""Work that calls networks for long: its two buttons, how far it is, and what it shows on the way."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import gradio as gr

from lowlight_ddpm.diffusion.trajectory import Step
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.ui.components import run_view
from lowlight_ddpm.ui.components.run_view import refused
from lowlight_ddpm.ui.messages import SILENT, SPOKEN, about, refusals_shown
from lowlight_ddpm.ui.session import HOUR, Session
from lowlight_ddpm.ui.worker.model import QUEUE
from lowlight_ddpm.ui.worker.waiting import waiting
from lowlight_ddpm.ui.worker.work import Work

LABEL = "Steps done"  # of the bar, for those who do not see it


class Job(Work):
    """One piece of work, from the press of its button on; subclasses say what is called, and count it.

    `pace` is in seconds: how often it is looked at between the changes that it tells of itself. A `live` job
    has something new to show at every look; drawing the others again would take buttons from under a finger.
    """

    launched = False
    pace, live = 0.25, False

    @property
    def busy(self) -> bool:
        """Whether it waits for the network or calls it."""
        return self.launched and not self.ended

    def calls(self) -> Iterator[bool]:
        """True comes after a change that must be shown, False after any other call."""
        raise NotImplementedError

    def repeats(self, other: "Job | None") -> bool:
        """Whether `other` is this very work, so that what it has come to can stay."""
        return False

    @property
    def count(self) -> tuple[int, int]:
        """Steps done since the start, and those still to come, of all runs."""
        raise NotImplementedError

    @property
    def said(self) -> str:
        """How far it is, in words."""
        raise NotImplementedError

    @property
    def seconds_left(self) -> float | None:
        """How long the rest takes at the pace so far, None before the first call."""
        done, left = self.count
        return self.seconds / done * left if done else None


@dataclass
class Slot:
    """Where a visitor's newest job of one kind is kept."""

    job: Job | None = None

    @property
    def busy(self) -> bool:
        """Whether its job waits for the network or calls it."""
        return self.job is not None and self.job.busy


@dataclass(frozen=True)
class Course:
    """What the page does with one kind of job.

    `make(session, *inputs)` gives a job, `draw(session, job)` its scene as HTML; either may raise Refusal.
    """

    make: Callable[..., Job]
    draw: Callable[[Session, Job], str]

    def stage(self, session: Session, slot: Slot, *inputs) -> str:
        """The scene for the inputs, before anything runs; work under way keeps the scene."""
        try:
            job = None if slot.busy else self.make(session, *inputs)
            if slot.busy:  # begun before or meanwhile
                return gr.skip()
            if not job.repeats(slot.job):
                slot.job = job
            return self.draw(session, slot.job)
        except Refusal as refusal:
            return refused(str(refusal), self.draw(session, slot.job) if slot.job else "")

    def begin(self, session: Session, slot: Slot, *inputs) -> tuple:
        """(run, stop, counter, scene) while the job waits for the network."""
        with refusals_shown():
            job = self.make(session, *inputs)
            drawn = self.draw(session, job)
        job.launched, slot.job = True, job
        return *_buttons(running=True), _counter(job), drawn

    def stream(self, session: Session, slot: Slot) -> Iterator[tuple]:
        """(counter, scene), now and then, while the job goes."""
        job, shown = slot.job, float("-inf")
        with refusals_shown():
            for changed in job.walk():
                if changed or time.monotonic() - shown >= job.pace:
                    shown = time.monotonic()
                    yield _counter(job), self.draw(session, job) if changed or job.live else gr.skip()
        # The browser may draw a late frame over what `conclude` says: let the last one say the same.
        yield _counter(job), gr.skip()

    def conclude(self, session: Session, slot: Slot) -> tuple:
        """(run, stop, counter, scene) when the job has ended; one under way goes on.

        Inputs that have changed since its last frame have staged another by now, which may be run.
        """
        if slot.busy:
            return (gr.skip(),) * 4
        ended = slot.job and slot.job.ended
        told = (_counter(slot.job), self.draw(session, slot.job)) if ended else (gr.skip(), gr.skip())
        return *_buttons(running=False), *told


class Launcher:
    """The button that starts a job, Stop, and the counter, laid out in the current column."""

    def __init__(self, label: str, name: str, ready: str) -> None:
        with gr.Row(elem_classes="actions"):
            self.run = gr.Button(label, variant="primary", min_width=150, scale=0, elem_id=f"{name}-run")
            self.stop = gr.Button("Stop", interactive=False, min_width=96, scale=0, elem_id=f"{name}-stop")
        self.status = gr.HTML(run_view.idle(ready), elem_id=f"{name}-status", padding=False)
        self.slot = gr.State(Slot(), time_to_live=HOUR)

    def wire(
        self, course: Course, session: gr.State, inputs: list, scene: gr.HTML, changes: list
    ) -> list[gr.events.Dependency]:
        """Have the buttons run `course`, and the scene follow the inputs at every event of `changes`.

        Returns the events after which the slot may hold another job, or one that has ended.
        """
        kept, shown = [session, self.slot], [self.run, self.stop, self.status, scene]
        spoken = SPOKEN | {"show_progress_on": self.run}
        staged = gr.on(changes, course.stage, [*kept, *inputs], scene, trigger_mode="always_last", **SILENT)
        begun = self.run.click(course.begin, [*kept, *inputs], shown, **spoken)
        place = spoken | {"concurrency_limit": 1, "concurrency_id": QUEUE, "trigger_mode": "multiple"}
        streamed = begun.success(course.stream, kept, [self.status, scene], **place)
        # As in Watch, Stop does not cancel the event: frames on their way would come after the last word.
        stopped = self.stop.click(halt, self.slot, None, **SILENT)
        gone_wrong = streamed.failure(halt, self.slot, None, **SILENT)
        ends = (streamed, stopped, gone_wrong)
        return [staged, *(end.then(course.conclude, kept, shown, **SILENT) for end in ends)]


def under_way(steps: Sequence[Step]) -> str:
    """Where the runs are whose newest `steps` are not their last, in words to follow others; "" for none."""
    going = [step for step in steps if not step.is_last]
    if not going:
        return ""
    which = "the next" if len(going) == 1 else f"the next {len(going)}"
    return f", {which} at step {going[0].index + 1} of {max(step.total for step in going)}"


def halt(slot: Slot) -> None:
    """End the job after the call under way, or give up its place in the queue; what is done is kept."""
    if slot.job:
        slot.job.stopped = True


def _counter(job: Job) -> str:
    done, left = job.count
    if job.ended:
        how = "Stopped" if left else "Done"
        total = done + left
        return run_view.bar(done if total else 1, total or 1, f"{how}: {job.said}.", LABEL)
    if not job.begun:
        return run_view.idle(waiting())
    rest = job.seconds_left
    time_left = "" if rest is None else f", {about(rest)} left"
    return run_view.bar(done, done + left, f"{job.said}{time_left}", LABEL)


def _buttons(running: bool) -> tuple[gr.Button, gr.Button]:
    return gr.Button(interactive=not running), gr.Button(interactive=running)
