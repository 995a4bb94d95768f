"""Below the stage of Watch: what a finished run has come to, looked at from every side, and taken home."""

import gradio as gr

from lowlight_ddpm.ui.components.filmstrip import Filmstrip, film
from lowlight_ddpm.ui.html.error_view import errors
from lowlight_ddpm.ui.html.histogram_view import histograms
from lowlight_ddpm.ui.html.wipe import SCRIPT
from lowlight_ddpm.ui.messages import SILENT, SPOKEN
from lowlight_ddpm.ui.play import export, results_view
from lowlight_ddpm.ui.play.measures_view import findings
from lowlight_ddpm.ui.session import Session

# The file is made when it is asked for, and the browser saves what the hidden button then holds.
SAVE = "() => document.querySelector('#export-file').click()"


class Results:
    """Layout and wiring, in the current column; `session` is the page's at first."""

    def __init__(self, session: Session) -> None:
        run = session.finished
        self.findings = gr.HTML(findings(run) if run else "", elem_id="findings", padding=False)
        with gr.Row(elem_classes="results"):
            with gr.Column(min_width=280, scale=3):
                gr.HTML("<h3>Every step</h3>", padding=False)
                self.filmstrip = Filmstrip(
                    film(run.steps) if run else None, elem_id="filmstrip", padding=False
                )
            with gr.Column(min_width=240, scale=2):
                gr.HTML("<h3>Before and after</h3>", padding=False)
                with gr.Row(elem_classes="pair-of"):
                    self.before, self.after = self._pair(session)
                self.wipe = gr.HTML(
                    results_view.wipe(session), js_on_load=SCRIPT, elem_id="before-after", padding=False
                )
        with gr.Row(elem_classes="results"):
            with gr.Column(min_width=280, scale=3):
                gr.HTML("<h3>Where it is off</h3>", padding=False)
                self.errors = gr.HTML(errors(run), elem_id="errors", padding=False)
            with gr.Column(min_width=240, scale=2):
                gr.HTML("<h3>Pixel values</h3>", padding=False)
                self.histograms = gr.HTML(histograms(run), elem_id="histograms", padding=False)
        with gr.Row(elem_classes="take"):
            self.export = gr.Button("Download all", size="md", elem_id="export", scale=0, min_width=140)
            gr.HTML(f'<p class="legend">{export.CONTENTS}</p>', padding=False)
            self.file = gr.DownloadButton(visible="hidden", elem_id="export-file")

    @property
    def components(self) -> list[gr.components.Component]:
        """What `results_view.results` gives values for."""
        return [
            self.filmstrip,
            self.findings,
            self.before,
            self.after,
            self.wipe,
            self.errors,
            self.histograms,
        ]

    def wire(self, session: gr.State) -> None:
        """Have the pair and the export work on the visitor's `session`."""
        gr.on(
            [self.before.input, self.after.input],
            results_view.choose,
            [session, self.before, self.after],
            self.wipe,
            trigger_mode="always_last",
            **SILENT,
        )
        packed = self.export.click(
            export.pack, session, self.file, **SPOKEN | {"show_progress_on": self.export}
        )
        packed.success(None, js=SAVE, **SILENT)

    def _pair(self, session: Session) -> list[gr.Dropdown]:
        offered = results_view.choices(session.finished) if session.finished else []
        return [
            gr.Dropdown(
                offered,
                value=key if offered else None,
                label=label,
                interactive=True,
                min_width=100,
                elem_id=label.lower(),
            )
            for label, key in zip(("Before", "After"), session.pair, strict=True)
        ]
