"""The page for many, as an ASGI app: `uvicorn --factory lowlight_ddpm.ui.server:create`."""

import gradio as gr
from fastapi import FastAPI

from lowlight_ddpm.ui import interface
from lowlight_ddpm.ui.worker import logs


def create() -> FastAPI:
    """One process's page, mounted at the root, with /health; docs/serving.md says what several need."""
    logs.begin([])
    page = interface.build()
    page.state_session_capacity = interface.MAX_SESSIONS  # mounting takes no such option
    app = FastAPI(title=interface.TITLE, docs_url=None, redoc_url=None, openapi_url=None)
    return gr.mount_gradio_app(app, page, path="/", **interface.options())
