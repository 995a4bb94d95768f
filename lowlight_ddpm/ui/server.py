"""How the page is served: by `python app.py`, or by `uvicorn --factory lowlight_ddpm.ui.server:create`."""

import os
from importlib.util import find_spec

import gradio as gr
from fastapi import FastAPI
from fastapi.routing import APIRoute

from lowlight_ddpm import versions
from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.paths import STATIC
from lowlight_ddpm.ui import interface
from lowlight_ddpm.ui.worker import logs
from lowlight_ddpm.ui.worker.source import LIMITS

MAX_SESSIONS = 100  # users whose last run is kept


def launch(page: gr.Blocks, **options) -> tuple:
    """Serve the page: on this machine only, or publicly on a Space; `options` are those of Blocks.launch."""
    ours = {
        "server_name": "0.0.0.0" if os.environ.get("SPACE_ID") else None,
        "state_session_capacity": MAX_SESSIONS,
    }
    return page.launch(**_options() | ours | options)


def create() -> FastAPI:
    """The page of one process as an ASGI app, with /health; docs/serving.md says what several need."""
    logs.begin([])
    page = interface.build()
    page.state_session_capacity = MAX_SESSIONS  # mounting has no such option
    app = FastAPI(title=interface.TITLE, docs_url=None, redoc_url=None, openapi_url=None)
    return gr.mount_gradio_app(app, page, path="/", **_options())


def health() -> dict:
    """What /health answers: versions, and the variants that have a checkpoint; it loads no network."""
    return {
        "status": "ok",
        "versions": versions("gradio", "torch", "diffusers"),
        "variants": checkpoints.available(),
    }


def _options() -> dict:
    """The options that Blocks.launch and gr.mount_gradio_app both take."""
    return {
        "theme": interface.theme(),
        "css_paths": sorted((STATIC / "styles").glob("*.css")),
        "max_file_size": LIMITS.upload,
        "app_kwargs": {"routes": [APIRoute("/health", health)]},  # before Gradio's own, which take any path
        "footer_links": ["api"],
        "show_error": False,
        "enable_monitoring": False,
        "ssr_mode": False,
        "mcp_server": find_spec("mcp") is not None,  # the endpoints as MCP tools, if the package is installed
    }
