"""How the page is served: by `python app.py`, or by `uvicorn --factory lowlight_ddpm.ui.server:create`."""

import logging
import os
from importlib.util import find_spec
from typing import Any
from urllib.request import getproxies

import gradio as gr
import httpx
from fastapi import Depends, FastAPI, HTTPException
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from gradio.route_utils import API_PREFIX

from lowlight_ddpm import environment, versions
from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.paths import STATIC
from lowlight_ddpm.ui import interface
from lowlight_ddpm.ui.api import requests, tools
from lowlight_ddpm.ui.start import prepared
from lowlight_ddpm.ui.start.view import SHEETS
from lowlight_ddpm.ui.worker import logs
from lowlight_ddpm.ui.worker.source import LIMITS

log = logging.getLogger("lowlight_ddpm.ui")
MAX_SESSIONS = 100  # users whose last run is kept


def launch(page: gr.Blocks, **options) -> tuple[Any, ...]:
    """Serve the page: on this machine only, or publicly on a Space; `options` are those of Blocks.launch."""
    pass_proxies_by()
    port = environment.value("GRADIO_SERVER_PORT")
    ours = {
        "server_port": port,  # Gradio by itself would begin there, and take the next that is free
        "server_name": "0.0.0.0" if environment.value("SPACE_ID") else None,
        "state_session_capacity": MAX_SESSIONS,
    }
    try:
        return page.launch(**_options() | ours | options)
    except OSError as error:
        if "empty port" not in str(error):  # Gradio's words where every port that it tries is taken
            raise
        raise SystemExit(
            f"{f'Port {port} is' if port else 'All ports that are tried are'} taken by another program: set "
            "GRADIO_SERVER_PORT to one that is free, or end that program."
        ) from error


def create() -> FastAPI:
    """The page of one process as an ASGI app, with /health; docs/serving.md says what several need."""
    logs.begin([])
    pass_proxies_by()
    page = interface.build()
    page.state_session_capacity = MAX_SESSIONS  # mounting has no such option
    app = FastAPI(title=interface.TITLE, docs_url=None, redoc_url=None, openapi_url=None)
    return gr.mount_gradio_app(app, page, path="/", **_options())


def pass_proxies_by() -> None:
    """Have requests to this very server, by which Gradio starts and MCP tools call it, go to no proxy.

    Where the proxies of the environment cannot be used at all, as by a SOCKS address without the package for
    it, no request of this process goes to them: they would not even let the page start.
    """
    proxies = {kind: url for kind, url in getproxies().items() if kind != "no"}
    if not proxies:
        return
    for kind, url in proxies.items():  # where they are the system's, the variable below would hide them
        os.environ.setdefault(f"{kind}_proxy", url)
    own = ["localhost", "127.0.0.1", "::1"]
    if name := environment.value("GRADIO_SERVER_NAME"):
        own.append(name.strip("[]"))
    exempt = os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or ""
    listed = [host.strip() for host in exempt.split(",") if host.strip()]
    _exempt(listed + [host for host in own if host not in listed])
    try:
        httpx.Client().close()
    except Exception as error:  # httpx raises many kinds for an address that it does not understand
        log.warning("No proxy is used, since those of the environment cannot be: %s", error)
        _exempt(["*"])


def _exempt(hosts: list[str]) -> None:
    os.environ["no_proxy"] = os.environ["NO_PROXY"] = ",".join(hosts)


def health() -> dict[str, Any]:
    """What /health answers: versions, and the variants that have a checkpoint; it loads no network."""
    return {
        "status": "ok",
        "versions": versions("gradio", "torch", "diffusers"),
        "variants": checkpoints.available(),
    }


def fetch_nothing(rest: str) -> None:
    """Answer a request for a file of another server, which Gradio would fetch and pass on."""
    raise HTTPException(404, "No address is fetched here.")


_ADDRESSES = [
    APIRoute(f"{API_PREFIX}/file{of}{scheme}:{{rest:path}}", fetch_nothing, methods=["GET", "HEAD"])
    for of in "=/"
    for scheme in ("http", "https")
]


_PREPARED = APIRoute(f"/{prepared.ADDRESS}/{{name}}", prepared.serve, methods=["GET", "HEAD"])


def _preloads() -> str:
    """HTML by which a browser fetches the three sheets while it still builds the page that shows them."""
    urls = filter(None, map(prepared.url, SHEETS))
    return "".join(f'<link rel="preload" as="image" fetchpriority="low" href="{url}">' for url in urls)


def _options() -> dict[str, Any]:
    """The options that Blocks.launch and gr.mount_gradio_app both take."""
    return {
        "theme": interface.theme(),
        "css_paths": sorted((STATIC / "styles").glob("*.css")),
        "head": _preloads(),
        "max_file_size": LIMITS.upload,
        "app_kwargs": {
            "routes": [APIRoute("/health", health), _PREPARED, *_ADDRESSES],  # before Gradio's own
            "dependencies": [Depends(requests.refuse)],
            "exception_handlers": {RequestValidationError: requests.refuse_body},
            "lifespan": tools.lifespan,
        },
        "footer_links": ["api"],
        "show_error": False,
        "enable_monitoring": False,
        "ssr_mode": False,
        "mcp_server": find_spec("mcp") is not None,  # the endpoints as MCP tools, if the package is installed
    }
