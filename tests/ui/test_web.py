"""What a stranger may ask the server for: nothing but the page, its endpoints, and what it made for him."""

import json
import re
import runpy
import socket

import gradio as gr
import httpx
import pytest
from fastapi.testclient import TestClient
from gradio.utils import get_upload_folder

from lowlight_ddpm.images import draw
from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.paths import REPOSITORY
from lowlight_ddpm.ui import interface, server
from lowlight_ddpm.ui.api.table import ENDPOINTS
from lowlight_ddpm.ui.start import prepared
from lowlight_ddpm.ui.worker import logs

FORBIDDEN = {
    "a file of the system": "gradio_api/file=/etc/passwd",
    "the environment": "gradio_api/file=/proc/self/environ",
    "code": f"gradio_api/file={REPOSITORY}/app.py",
    "a checkpoint": f"gradio_api/file={checkpoints.ROOT}/dim/training.json",
    "beside the figures": f"gradio_api/file={REPOSITORY}/docs/figures/../../app.py",
    "two slashes": "gradio_api/file=//etc/passwd",
    "another server": "gradio_api/file=http://127.0.0.1:1/x",
    "by proxy": "gradio_api/proxy=http://127.0.0.1:1/x",
    "below the assets": "assets/..%2f..%2fapp.py",
    "below the static files": "static/..%2f..%2f..%2fapp.py",
    "an unknown page": "nowhere",
    "someone else's upload": f"gradio_api/file={get_upload_folder()}/{64 * 'a'}/mine.png",
    "the monitor": "monitoring/summary",
}
REST = [None] * (len(ENDPOINTS["denoise"].fields) - 1)  # of the values of denoise, after the picture
BODIES = {
    "cut off": b"{",
    "a list": b"[]",
    "null": b"null",
    "no list": b'{"data": 5}',
    "too few": b'{"data": [null, null]}',
    "a file that was not sent": json.dumps(
        {"data": [{"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}}, *REST]}
    ).encode(),
    "another server's file": json.dumps(
        {"data": [{"path": "http://127.0.0.1:1/x.png", "meta": {"_type": "gradio.FileData"}}, *REST]}
    ).encode(),
    "deep": b'{"data":' + b"[" * 2000 + b"]" * 2000 + b"}",
    "odd types": json.dumps({"data": [{}, "a", [], {"b": 1}, -1, "x" * 1000, *REST[5:]]}).encode(),
}


@pytest.fixture(scope="module", params=["launched", "mounted"])
def web(request):
    """A client of the server: `python app.py`'s, or the one that is mounted for many."""
    if request.param == "mounted":
        with TestClient(server.create(), raise_server_exceptions=False) as client:
            yield client
        return
    page = interface.build()
    server.launch(page, prevent_thread_lock=True, quiet=True)
    with httpx.Client(base_url=page.local_url, timeout=60) as client:
        yield client
    page.close(verbose=False)


def call(web, body: bytes) -> str:
    """What the endpoint denoise says to a body that it cannot take."""
    answer = web.post("gradio_api/call/denoise", content=body, headers={"content-type": "application/json"})
    if answer.status_code != 200:
        assert answer.status_code == 400
        return answer.json()["detail"]
    event = web.get(f"gradio_api/call/denoise/{answer.json()['event_id']}").text
    kind, data = event.removeprefix("event: ").strip().split("\ndata: ")
    assert kind == "error"
    return json.loads(data)["error"]


@pytest.mark.parametrize("what", FORBIDDEN)
def test_nothing_is_served_from_outside(web, what):
    answer = web.get(FORBIDDEN[what])
    assert answer.status_code in (400, 403, 404, 405)
    assert "root:" not in answer.text
    assert "lowlight_ddpm.ui" not in answer.text


@pytest.mark.parametrize("what", BODIES)
def test_a_malformed_call_gets_a_sentence_without_a_traceback_and_the_server_lives(web, what):
    said = call(web, BODIES[what])
    assert " " in said
    assert "Traceback" not in said
    assert str(REPOSITORY) not in said
    assert web.get("health").json()["status"] == "ok"


def test_an_upload_that_is_too_large_is_refused(web):
    answer = web.post("gradio_api/upload", files={"files": ("x.png", bytes(21 * 2**20))})
    assert answer.status_code == 413


def test_a_file_s_name_cannot_leave_its_folder_or_carry_html(web, tmp_path):
    draw(0, 64).save(tmp_path / "picture.png")
    name = "../../<img src=x onerror=alert(1)>.png"
    picture = (tmp_path / "picture.png").read_bytes()
    (path,) = web.post("gradio_api/upload", files={"files": (name, picture)}).json()
    assert "<" not in path
    assert ".." not in path


def test_the_sheets_are_fetched_while_the_page_is_built(web):
    links = re.findall(
        r'<link rel="preload" as="image"[^>]* href="([^"]+)">', web.get("config").json()["head"]
    )
    assert links == [prepared.url(name) for name in ("bright", "dim", "corrected")]
    assert all(web.get(link).headers["content-type"] == "image/png" for link in links)


def test_nothing_is_told_to_anyone_else(web):
    config = web.get("config").json()
    assert config["analytics_enabled"] is False
    assert config["footer_links"] == ["api"]
    assert "--primary-500" in web.get("theme.css").text
    assert ".panels" in config["css"]
    assert not config.get("space_id")


@pytest.mark.parametrize("variable", ["GRADIO_SERVER_PORT", "GRADIO_NUM_PORTS"])
def test_a_taken_port_is_said_in_a_sentence(monkeypatch, variable, one_sentence):
    with socket.create_server(("127.0.0.1", 0)) as other, gr.Blocks() as page:
        port = other.getsockname()[1]
        if variable == "GRADIO_SERVER_PORT":
            monkeypatch.setenv(variable, str(port))
        else:  # one port is tried, and it is taken
            monkeypatch.setattr(gr.http_server, "INITIAL_PORT_VALUE", port)
            monkeypatch.setattr(gr.http_server, "TRY_NUM_PORTS", 1)
        with pytest.raises(SystemExit) as end:
            server.launch(page, prevent_thread_lock=True, quiet=True)
    assert "GRADIO_SERVER_PORT" in one_sentence(end.value.code)
    assert (f"Port {port} is taken" in end.value.code) == (variable == "GRADIO_SERVER_PORT")


def test_an_installed_package_serves_its_page(monkeypatch):
    served = []
    monkeypatch.setattr(logs, "begin", lambda: None)
    monkeypatch.setattr(interface, "build", lambda: "the page")
    monkeypatch.setattr(server, "launch", served.append)
    runpy.run_module("lowlight_ddpm.ui", run_name="__main__")
    assert served == ["the page"]
