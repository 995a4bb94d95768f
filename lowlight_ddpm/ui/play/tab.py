"""The tab Play: one run, seen step by step while it happens, then played and looked at again."""

import gradio as gr
from gradio.events import Dependency

from lowlight_ddpm.ui.components.controls import Controls
from lowlight_ddpm.ui.components.run_view import TERMS, exposure_of
from lowlight_ddpm.ui.components.widgets import CopyLink, Debounced, Player, film, link_to
from lowlight_ddpm.ui.html.terms import explanations
from lowlight_ddpm.ui.messages import Listen, at_once, queued
from lowlight_ddpm.ui.play import first_run, following, picking, visit
from lowlight_ddpm.ui.play.picking import Picker
from lowlight_ddpm.ui.play.results import Results
from lowlight_ddpm.ui.session import HOUR, Session, Watched
from lowlight_ddpm.ui.worker.queue import QUEUE

EXPLAINED = (*TERMS.values(), "RGB shift, colour shift")


class Play:
    """Layout and wiring of the tab; `page` is the Blocks that it is built in, `tabs` its row of tabs."""

    def __init__(self, page: gr.Blocks, tabs: gr.Tabs) -> None:
        session = _opening()
        with gr.Column(elem_classes="play"):
            with gr.Row(equal_height=False, elem_classes="bar side"):
                self.controls = Controls()
                self._go()
            if session.finished is None:
                session.staged = Watched(self.controls.proposed, session.picked)
            with gr.Row(equal_height=False, elem_classes="images side"):
                self.picker = Picker(session)
                self.brighten = gr.Button(
                    "Brighten this photograph",
                    variant="primary",
                    size="sm",
                    visible=False,
                    elem_id="brighten",
                    scale=0,
                    min_width=190,
                )
            self.controls.said.render()
            with gr.Accordion("More", open=False, elem_id="more", elem_classes="side"):
                self._exposure()
                self.picker.lay(session)
                self.controls.lay()
            with gr.Column(elem_classes="canvas stage"):
                self._stage(session)
            with gr.Column(elem_classes="canvas below"):
                self.results = Results(session, self.player)
            gr.HTML(explanations(*EXPLAINED), padding=False)
        self.session = gr.State(session, time_to_live=HOUR)
        self.wanted = gr.State()
        self.results.wire(self.session)
        self._wire(page, tabs)

    def reopens(self, click: Listen) -> None:
        """Have the buttons of a ButtonsHTML, whose click event this is, open the run of their query."""
        queued(click, visit.follow, None, self.wanted)

    def _go(self) -> None:
        with gr.Column(min_width=200, scale=2, elem_classes="go"):
            with gr.Row(elem_classes="buttons"):
                self.run = gr.Button("Run", variant="primary", elem_id="run", min_width=96, scale=1)
                self.stop = gr.Button("Stop", interactive=False, elem_id="stop", min_width=72, scale=0)
            self.by_itself = gr.Checkbox(True, label="runs by itself", container=False, elem_id="by-itself")

    def _exposure(self) -> None:
        self.exposure = gr.Radio(
            list(visit.EXPOSURES),
            value=next(iter(visit.EXPOSURES)),
            label="Exposure",
            info="Of all images that are shown. What is measured does not depend on it.",
            elem_id="exposure",
        )

    def _stage(self, session: Session) -> None:
        shown = session.finished
        self.stage = gr.HTML(_first_stage(session), elem_id="stage", padding=False)
        with gr.Row(elem_classes="steps-of"):
            played = film(shown.run.steps, exposure_of(shown, session.brightened)) if shown else None
            self.player = Player(played, elem_id="player", padding=False)
            link = link_to(shown, begun=False) if shown else None
            self.link = CopyLink(link, elem_id="link", padding=False)
        self.plan = gr.HTML(elem_id="plan", padding=False)
        self.ask = Debounced(elem_id="ask", padding=False)
        self.scene = gr.Number(0, visible="hidden")  # changes with what is picked, and is never seen

    def _wire(self, page: gr.Blocks, tabs: gr.Tabs) -> None:
        # A refusal must not cover the panels with an error each; a button has no place to show one.
        run = self.run
        picker, controls, upload = self.picker, self.controls, self.picker.upload
        fields = [self.session, *controls.fields]

        chosen = at_once(picker.gallery.select, picking.choose, self.session, upload)
        turned = at_once(
            picker.subject.input,
            picking.turn,
            [self.session, picker.subject],
            [picker.gallery, picker.source, upload],
        )
        own = [upload, picker.gallery]
        brought = [
            queued(event, picking.bring, [self.session, source], own, message_at=run)
            for event, source in ((upload.input, upload), (picker.yours.upload, picker.yours))
        ]
        # What is wanted changes in queued events alone: Gradio does not tell the browser of others.
        offered = [picker.gallery, picker.source, self.wanted]
        queued(page.load, visit.arrive, self.session, offered, message_at=run)
        for one in (chosen, turned, *brought):
            picked = at_once(one.then, visit.picked, fields, [controls.said, *controls.all])
            at_once(picked.then, visit.mark, None, self.scene)
            at_once(picked.then, visit.offer, self.session, self.brighten)
        self._follow(page.load)

        wanted = [self.session, self.wanted]
        for one in brought:
            queued(one.then, visit.resume, wanted, self.wanted, message_at=run)
        queued(controls.surprise.click, visit.surprise, self.session, self.wanted, message_at=run)
        begins = [self.run, self.stop, self.stage, self.player, self.link]
        opened = [*controls.all, picker.gallery, upload, *begins, tabs]
        reopened = queued(self.wanted.change, visit.reopen, wanted, opened, message_at=run)
        at_once(reopened.then, visit.mark, None, self.scene)
        asked = [self.session, controls.lock, *controls.fields]
        begun = queued(run.click, visit.begin, asked, [controls.seed, *begins], message_at=run)
        by_itself = queued(self.ask.click, visit.begin_by_itself, fields, [controls.seed, *begins])
        self._conclude([self._stream(event) for event in (begun, by_itself, reopened)])

    def _follow(self, load: Listen) -> None:
        """Have plan, noised image and a quick run follow every control and what is picked.

        It is one event, of which the browser has at most one under way: of several, the answer for older
        values could arrive last. And it is not queued: an event that joins the queue while Gradio closes the
        stream of answers is answered no sooner than the next one.
        """
        controls = self.controls
        changes = [load, self.scene.change, *(field.change for field in controls.fields)]
        at_once(
            changes,
            following.follow,
            [self.session, self.by_itself, *controls.fields],
            [controls.essentials.signal, self.plan, self.stage, self.player, controls.lights, self.ask],
            trigger_mode="always_last",
        )

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
        ends = [at_once(self.stop.click, visit.halt, self.session, self.stage), *streams]
        ends += [at_once(stream.failure, visit.halt, self.session, self.stage) for stream in streams]
        results = self.results.components
        for ended in ends:
            at_once(ended.then, visit.conclude, self.session, [self.run, self.stop, self.stage, *results])
        at_once(self.exposure.input, visit.expose, [self.session, self.exposure], [self.stage, *results])


def _opening() -> Session:
    """The page at first: with a finished run, where one was made with the network that is here."""
    session, watched = Session(picking.offered()), first_run.load()
    if watched:
        session.staged = session.finished = watched
        if not watched.run.generates and watched.picked.name not in session.gallery.names:
            session.own = watched.picked
    return session


def _first_stage(session: Session) -> str:
    """The stage as the page is built, which loads no network."""
    return following.still(session) if session.finished else following.empty(session)
