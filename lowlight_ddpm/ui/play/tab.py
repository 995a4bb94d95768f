"""The tab Play: one run, seen step by step while it happens, then looked at again."""

import gradio as gr
from gradio.events import Dependency

from lowlight_ddpm.ui.components.controls import Controls, opening
from lowlight_ddpm.ui.components.widgets import CopyLink, link_to
from lowlight_ddpm.ui.messages import Listen, at_once, queued
from lowlight_ddpm.ui.play import first_run, picking, visit
from lowlight_ddpm.ui.play.picking import Picker
from lowlight_ddpm.ui.play.results import Results
from lowlight_ddpm.ui.session import HOUR, Session, Watched
from lowlight_ddpm.ui.worker.queue import QUEUE

# On a telephone Run stays at the bottom of the screen, and the stage may be far from it.
TO_THE_STAGE = """() => {
  if (matchMedia("(max-width: 640px)").matches) document.querySelector(".canvas").scrollIntoView();
}"""


class Play:
    """Layout and wiring of the tab; `page` is the Blocks that it is built in, `tabs` its row of tabs."""

    def __init__(self, page: gr.Blocks, tabs: gr.Tabs) -> None:
        session = _opening()
        with gr.Row(equal_height=False, elem_classes="desk"):
            with gr.Column(scale=4, min_width=280, elem_classes="side"):
                self.picker = Picker(session)
                self.controls = Controls()
            if session.finished is None:
                session.staged = Watched(opening(self.controls.variant.value), session.picked)
            with gr.Column(scale=7, min_width=280, elem_classes="canvas"):
                self._stage(session)
                self.results = Results(session)
        self.session = gr.State(session, time_to_live=HOUR)
        self.wanted = gr.State()
        self.results.wire(self.session)
        self._wire(page, tabs)

    def reopens(self, click: Listen) -> None:
        """Have the buttons of a ButtonsHTML, whose click event this is, open the run of their query."""
        queued(click, visit.follow, None, self.wanted)

    def _stage(self, session: Session) -> None:
        with gr.Row(elem_classes="actions"):
            with gr.Row(elem_classes="go"):
                self.run = gr.Button("Run", variant="primary", elem_id="run", min_width=96, scale=0)
                self.stop = gr.Button("Stop", interactive=False, elem_id="stop", min_width=96, scale=0)
            self.exposure = gr.Radio(
                list(visit.EXPOSURES),
                value=next(iter(visit.EXPOSURES)),
                label="Exposure",
                show_label=False,
                container=False,
                elem_id="exposure",
            )
            link = link_to(session.finished, begun=False) if session.finished else None
            self.link = CopyLink(link, elem_id="link", padding=False)
        self.plan = gr.HTML(elem_id="plan", padding=False)
        self.stage = gr.HTML(visit.still(session), elem_id="stage", padding=False)

    def _wire(self, page: gr.Blocks, tabs: gr.Tabs) -> None:
        # A refusal must not cover the panels with an error each; a button has no place to show one.
        run = self.run
        picker, controls, upload = self.picker, self.controls, self.picker.upload
        scene = [self.session, controls.variant, controls.mode, controls.brightness]
        scene += [controls.light, controls.whole, controls.seed]

        chosen = at_once(picker.gallery.select, picking.choose, self.session, upload)
        turned = at_once(
            picker.subject.input,
            picking.turn,
            [self.session, picker.subject],
            [picker.gallery, picker.source, upload],
        )
        brought = queued(upload.input, picking.bring, [self.session, upload], upload, message_at=run)
        # What is wanted changes in queued events alone: Gradio does not tell the browser of others.
        offered = [picker.gallery, picker.source, self.wanted]
        arrived = queued(page.load, visit.arrive, self.session, offered, message_at=run)
        for listen in (
            arrived.then,
            turned.then,
            chosen.then,
            brought.then,
            controls.mode.change,
            controls.brightness.change,
            controls.light.change,
            controls.whole.change,
        ):
            queued(listen, visit.preview, scene, [self.stage, controls.lights], message_at=run)
        controls.announce(self.session, self.plan, page.load)

        wanted = [self.session, self.wanted]
        queued(brought.then, visit.resume, wanted, self.wanted, message_at=run)
        queued(controls.surprise.click, visit.surprise, self.session, self.wanted, message_at=run)
        begins = [self.run, self.stop, self.stage, self.link]
        opened = [*controls.fields, picker.gallery, upload, *begins, tabs]
        reopened = queued(self.wanted.change, visit.reopen, wanted, opened, message_at=run)
        at_once(run.click, None, js=TO_THE_STAGE)
        asked = [self.session, controls.lock, *controls.fields]
        begun = queued(run.click, visit.begin, asked, [controls.seed, *begins], message_at=run)
        self._conclude([self._stream(begun), self._stream(reopened)])

    def _stream(self, begun: Dependency) -> Dependency:
        """Show the run that `begun` has made ready, once the network is free."""
        # "multiple": who stops while waiting may run again before the place in the queue has come up.
        return queued(
            begun.success,
            visit.stream,
            self.session,
            self.stage,
            message_at=self.run,
            concurrency_limit=1,
            concurrency_id=QUEUE,
            trigger_mode="multiple",
        )

    def _conclude(self, streams: list[Dependency]) -> None:
        # Stop does not cancel the event: frames still on their way would arrive after the last word.
        ends = [at_once(self.stop.click, visit.halt, self.session), *streams]
        ends += [at_once(stream.failure, visit.halt, self.session) for stream in streams]
        results = self.results.components
        for ended in ends:
            at_once(ended.then, visit.conclude, self.session, [self.run, self.stop, self.stage, *results])
        at_once(self.exposure.input, visit.expose, [self.session, self.exposure], [self.stage, *results])


def _opening() -> Session:
    """The page at first: with a finished run, where one was made with the network that is here."""
    session, watched = Session(picking.offered()), first_run.load()
    if watched:
        session.staged = session.finished = watched
        if watched.picked.name not in session.gallery.names:
            session.own = watched.picked
    return session
