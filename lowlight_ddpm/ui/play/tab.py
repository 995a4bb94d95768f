"""The tab Watch: one run, seen step by step while it happens, then looked at again."""

import gradio as gr

from lowlight_ddpm.ui.components.controls import Controls, opening
from lowlight_ddpm.ui.components.copy_link import CopyLink, link_to
from lowlight_ddpm.ui.messages import SILENT, SPOKEN
from lowlight_ddpm.ui.play import first_run, picking, visit
from lowlight_ddpm.ui.play.picking import Picker
from lowlight_ddpm.ui.play.results_tab import Results
from lowlight_ddpm.ui.session import HOUR, Run, Session
from lowlight_ddpm.ui.worker.model import QUEUE

# On a telephone Run stays at the bottom of the screen, and the stage may be far from it.
TO_THE_STAGE = """() => {
  if (matchMedia("(max-width: 640px)").matches) document.querySelector(".canvas").scrollIntoView();
}"""


class Watch:
    """Layout and wiring of the tab; `page` is the Blocks that it is built in, `tabs` its row of tabs."""

    def __init__(self, page: gr.Blocks, tabs: gr.Tabs) -> None:
        session = _opening()
        with gr.Row(equal_height=False, elem_classes="desk"):
            with gr.Column(scale=4, min_width=280, elem_classes="side"):
                self.picker = Picker(session)
                self.controls = Controls()
            if session.staged is None:
                session.staged = Run(opening(self.controls.variant.value), session.picked)
            with gr.Column(scale=7, min_width=280, elem_classes="canvas"):
                self._stage(session)
                self.results = Results(session)
        self.session = gr.State(session, time_to_live=HOUR)
        self.wanted = gr.State()
        self.results.wire(self.session)
        self._wire(page, tabs)

    def reopens(self, click: gr.events.EventListener) -> None:
        """Have the buttons of a Choices, whose click event this is, open the run whose query they hold."""
        click(visit.follow, None, self.wanted, **SPOKEN)

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
        spoken = SPOKEN | {"show_progress_on": self.run}
        picker, controls, upload = self.picker, self.controls, self.picker.upload
        scene = [self.session, controls.variant, controls.mode, controls.brightness]
        scene += [controls.light, controls.whole, controls.seed]

        chosen = picker.gallery.select(picking.choose, self.session, upload, **SILENT)
        turned = picker.subject.input(
            picking.turn, [self.session, picker.subject], [picker.gallery, picker.source, upload], **SILENT
        )
        brought = upload.input(picking.bring, [self.session, upload], upload, **spoken)
        # What is wanted changes in queued events alone: Gradio does not tell the browser of others.
        arrived = page.load(
            visit.arrive, self.session, [picker.gallery, picker.source, self.wanted], **spoken
        )
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
            listen(visit.preview, scene, [self.stage, controls.lights], **spoken)
        controls.announce(self.session, self.plan, page.load, [turned, chosen, brought])

        brought.then(visit.resume, [self.session, self.wanted], self.wanted, **spoken)
        controls.surprise.click(visit.surprise, self.session, self.wanted, **spoken)
        begins = [self.run, self.stop, self.stage, self.link]
        reopened = self.wanted.change(
            visit.reopen,
            [self.session, self.wanted],
            [*controls.fields, picker.gallery, upload, *begins, tabs],
            **spoken,
        )
        self.run.click(None, js=TO_THE_STAGE, **SILENT)
        begun = self.run.click(
            visit.begin,
            [self.session, controls.lock, *controls.fields],
            [controls.seed, *begins],
            **spoken,
        )
        self._conclude([self._stream(begun, spoken), self._stream(reopened, spoken)])

    def _stream(self, begun: gr.events.Dependency, spoken: dict) -> gr.events.Dependency:
        """Show the run that `begun` has made ready, once the network is free."""
        # "multiple": who stops while waiting may run again before the place in the queue has come up.
        place = spoken | {"concurrency_limit": 1, "concurrency_id": QUEUE, "trigger_mode": "multiple"}
        return begun.success(visit.stream, self.session, self.stage, **place)

    def _conclude(self, streams: list[gr.events.Dependency]) -> None:
        # Stop does not cancel the event: frames still on their way would arrive after the last word.
        ends = [self.stop.click(visit.halt, self.session, None, **SILENT), *streams]
        ends += [stream.failure(visit.halt, self.session, None, **SILENT) for stream in streams]
        results = self.results.components
        for ended in ends:
            ended.then(visit.conclude, self.session, [self.run, self.stop, self.stage, *results], **SILENT)
        self.exposure.input(visit.expose, [self.session, self.exposure], [self.stage, *results], **SILENT)


def _opening() -> Session:
    """The page at first: with a finished run, where one was made with the network that is here."""
    session, run = Session(picking.offered()), first_run.load()
    session.staged = session.finished = run
    if run and run.picked.name not in session.gallery.names:
        session.own = run.picked
    return session
