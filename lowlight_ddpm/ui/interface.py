"""The page as a whole: tabs, theme and queue, and nothing else."""

import os
from importlib.util import find_spec

import gradio as gr
from fastapi.routing import APIRoute

from lowlight_ddpm.ui.api import add_endpoints
from lowlight_ddpm.ui.compare.tab import Compare
from lowlight_ddpm.ui.findings.tab import Experiments
from lowlight_ddpm.ui.health import health
from lowlight_ddpm.ui.play.tab import Watch
from lowlight_ddpm.ui.schedule.tab import Schedule
from lowlight_ddpm.ui.session import HOUR
from lowlight_ddpm.ui.theme import STYLES, theme
from lowlight_ddpm.ui.why.tab import Why
from lowlight_ddpm.ui.worker.model import LIMITS
from lowlight_ddpm.ui.worker.waiting import bound

TITLE = "What a diffusion model does to a dark picture"
INTRO = (
    "A picture is dimmed and buried in noise, and a small network digs it out again step by step: "
    "watch its guess become a butterfly, and how far the colours drift on the way. "
    "Press Run, then change one thing (the network, the variance type, the start) and run again."
)
MAX_WAITING = 20  # runs in the queue before newcomers are asked to come back later
MAX_QUEUED = 200  # requests of any kind, most of which wait for nothing
MAX_SESSIONS = 100  # visitors whose last run is remembered


def build() -> gr.Blocks:
    """The page, ready to launch."""
    with gr.Blocks(title=TITLE, analytics_enabled=False, delete_cache=(HOUR, 24 * HOUR)) as page:
        add_endpoints()  # first: a callback of the page that has the name of one takes another for itself
        gr.HTML(f"<h1>{TITLE}</h1><p>{INTRO}</p>", elem_id="intro", padding=False)
        with gr.Tabs() as tabs:
            with gr.Tab("Watch", id="watch"):
                watch = Watch(page, tabs)
            with gr.Tab("Compare") as tab:
                compare = Compare(tab, watch.session)
            with gr.Tab("Why") as tab:
                Why(tab, watch.session)
            with gr.Tab("Schedule") as tab:
                Schedule(tab, watch.session)
            with gr.Tab("Experiments") as tab:
                experiments = Experiments(tab, watch.session)
            for choices in (compare.grid, compare.sweep.map, *experiments.opens):
                watch.reopens(choices.click)
        page.queue(default_concurrency_limit=1, max_size=MAX_QUEUED)
        bound(page, MAX_WAITING)
    return page


def options() -> dict:
    """How the page is served, by whatever: what Blocks.launch and gr.mount_gradio_app both take."""
    return {
        "theme": theme(),
        "css_paths": STYLES,
        "max_file_size": LIMITS.upload,
        "app_kwargs": {"routes": [APIRoute("/health", health)]},  # before Gradio's own, which take any path
        "footer_links": ["api"],
        "show_error": False,
        "enable_monitoring": False,
        "ssr_mode": False,
        "mcp_server": find_spec("mcp") is not None,  # the endpoints as tools, where the package is there
    }


def launch(page: gr.Blocks, **wanted) -> tuple:
    """Serve the page: to this machine alone, or to everyone on a Space; `wanted` are Blocks.launch's own."""
    served = {
        "server_name": "0.0.0.0" if os.environ.get("SPACE_ID") else None,
        "state_session_capacity": MAX_SESSIONS,
    }
    return page.launch(**options() | served | wanted)
