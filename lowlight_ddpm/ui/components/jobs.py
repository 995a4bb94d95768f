"""Work that calls networks for long: its two buttons, how far it is, and what it shows on the way."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import gradio as gr
from gradio.events import Dependency

from lowlight_ddpm.diffusion.sampling import Step
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.ui.components import run_view
from lowlight_ddpm.ui.messages import about, at_once, queued, refusals_shown, skip
from lowlight_ddpm.ui.session import HOUR, Session
from lowlight_ddpm.ui.worker.queue import QUEUE, Pace, Work, waiting

LABEL = "Steps done"  # of the bar, for those who do not see it


class Job(Work):
    """One piece of work, from the press of its button on; subclasses say what is called, and count it.

    `pace` is in seconds: how often it is looked at between the changes that it tells of itself. A `live` job
    has something new to show at every look; drawing the others again would take buttons from under a finger.
    """

    launched = False
    pace: float = 0.25
    live: bool = False

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


J = TypeVar("J", bound=Job)


@dataclass
class Slot(Generic[J]):
    """Where a user's newest job of one kind is kept."""

    job: J | None = None

    @property
    def busy(self) -> bool:
        """Whether its job waits for the network or calls it."""
        return self.job is not None and self.job.busy


@dataclass(frozen=True)
class Course(Generic[J]):
    """What the page does with one kind of job.

    `make(session, *inputs)` gives a job, `draw(session, job)` its scene as HTML; either may raise Refusal.
    """

    make: Callable[..., J]
    draw: Callable[[Session, J], str]

    def stage(self, session: Session, slot: Slot[J], *inputs) -> str:
        """The scene for the inputs, before anything runs; work under way keeps the scene."""
        try:
            if slot.busy:
                return skip()
            job = self.make(session, *inputs)
            if slot.busy:  # begun meanwhile
                return skip()
            if slot.job is None or not job.repeats(slot.job):
                slot.job = job
            return self.draw(session, slot.job)
        except Refusal as refusal:
            return run_view.refused(str(refusal), self.draw(session, slot.job) if slot.job else "")

    def begin(self, session: Session, slot: Slot[J], *inputs) -> tuple[Any, ...]:
        """(run, stop, counter, scene) while the job waits for the network."""
        with refusals_shown():
            job = self.make(session, *inputs)
            drawn = self.draw(session, job)
        job.launched, slot.job = True, job
        return *_buttons(running=True), _counter(job), drawn

    def stream(self, session: Session, slot: Slot[J]) -> Iterator[tuple[Any, ...]]:
        """(counter, scene), now and then, while the job goes."""
        job = slot.job
        assert job is not None, "`begin` has put it there"
        pace = Pace(job.pace)
        with refusals_shown():
            for changed in job.walk():
                if pace.due(changed):
                    yield _counter(job), self.draw(session, job) if changed or job.live else skip()
        # The browser may draw a late frame over what `conclude` says: let the last one say the same.
        yield _counter(job), skip()

    def conclude(self, session: Session, slot: Slot[J]) -> tuple[Any, ...]:
        """(run, stop, counter, scene) when the job has ended; one under way goes on.

        Inputs that have changed since its last frame have staged another by now, which may be run.
        """
        if slot.busy:
            return (skip(),) * 4
        job = slot.job
        shown = (_counter(job), self.draw(session, job)) if job and job.ended else (skip(), skip())
        return *_buttons(running=False), *shown


class Launcher:
    """The button that starts a job, Stop, and the counter, laid out in the current column."""

    def __init__(self, label: str, name: str, ready: str) -> None:
        with gr.Row(elem_classes="actions"):
            self.run = gr.Button(label, variant="primary", min_width=150, scale=0, elem_id=f"{name}-run")
            self.stop = gr.Button("Stop", interactive=False, min_width=96, scale=0, elem_id=f"{name}-stop")
        self.status = gr.HTML(run_view.idle(ready), elem_id=f"{name}-status", padding=False)
        self.slot = gr.State(Slot(), time_to_live=HOUR)

    def wire(
        self, course: Course, session: gr.State, inputs: list[Any], scene: gr.HTML, changes: list[Any]
    ) -> list[Dependency]:
        """Have the buttons run `course`, and the scene follow the inputs at every event of `changes`.

        Returns the events after which the slot may hold another job, or one that has ended.
        """
        kept, shown = [session, self.slot], [self.run, self.stop, self.status, scene]
        staged = at_once(changes, course.stage, [*kept, *inputs], scene, trigger_mode="always_last")
        begun = queued(self.run.click, course.begin, [*kept, *inputs], shown, message_at=self.run)
        streamed = queued(
            begun.success,
            course.stream,
            kept,
            [self.status, scene],
            message_at=self.run,
            concurrency_limit=1,
            concurrency_id=QUEUE,
            trigger_mode="multiple",
        )
        # As in Play, Stop does not cancel the event: frames on their way would come after the last word.
        stopped = at_once(self.stop.click, halt, self.slot)
        gone_wrong = at_once(streamed.failure, halt, self.slot)
        ends = (streamed, stopped, gone_wrong)
        return [staged, *(at_once(end.then, course.conclude, kept, shown) for end in ends)]


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
