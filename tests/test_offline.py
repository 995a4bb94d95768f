"""No internet, or a Hub that never answers: the page starts as ever, and only the Hub is out of reach."""

import socket
import time
from contextlib import suppress
from threading import Thread

import gradio_client
import httpx
import pytest
from gradio_client import handle_file

from benchmarks.served import serving
from lowlight_ddpm.images import draw

# Python runs this before the page: nothing beyond this machine can be reached, as without a cable.
CUT = """
import socket
connect, look_up = socket.socket.connect, socket.getaddrinfo
HERE = ("127.0.0.1", "localhost", "::1", "0.0.0.0")
def refuse(place):
    if isinstance(place, tuple) and place[0] not in HERE:
        raise OSError(101, "Network is unreachable")
def cut_connect(self, place):
    refuse(place)
    return connect(self, place)
def cut_look_up(host, *rest, **more):
    if host not in (*HERE, None, ""):
        raise socket.gaierror(-3, "no such name")
    return look_up(host, *rest, **more)
socket.socket.connect, socket.getaddrinfo = cut_connect, cut_look_up
"""


@pytest.fixture
def silent_hub():
    """A server that takes connections and never says a word: its address, and when it was asked."""
    asked, kept = [], []

    def listen():
        with suppress(OSError):
            while True:
                kept.append(server.accept())
                asked.append(time.monotonic())

    with socket.create_server(("127.0.0.1", 0)) as server:
        Thread(target=listen, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}", asked


@pytest.fixture
def picture(tmp_path):
    draw(3, 64).save(tmp_path / "picture.png")
    return handle_file(tmp_path / "picture.png")


def test_with_the_network_cut_the_page_starts_and_runs(untrained_page_root, tmp_path, picture):
    (tmp_path / "cut").mkdir()
    (tmp_path / "cut" / "sitecustomize.py").write_text(CUT)
    online = {"HF_HUB_OFFLINE": "0", "PYTHONPATH": str(tmp_path / "cut"), "no_proxy": "*"}
    with serving(tmp_path / "log", LOWLIGHT_CHECKPOINTS=str(untrained_page_root), **online) as page:
        client = gradio_client.Client(page.url, verbose=False, httpx_kwargs={"timeout": 120})
        assert client.predict(picture=picture, steps=2, api_name="/denoise")[1]["verdict"]
        assert client.predict(steps=2, api_name="/generate")[1]["mean"]
        client.close()


def test_a_hub_that_never_answers_delays_no_start(untrained_page_root, tmp_path, silent_hub):
    url, asked = silent_hub
    online = {"HF_HUB_OFFLINE": "0", "HF_ENDPOINT": url, "HF_HUB_DISABLE_TELEMETRY": "1"}
    with serving(tmp_path / "log", LOWLIGHT_CHECKPOINTS=str(untrained_page_root), **online) as page:
        ready = time.monotonic()
        assert "has not answered yet, so these are shown meanwhile" in httpx.get(page.url, timeout=60).text
    assert asked, "the Hub was not asked"
    assert ready - asked[0] < 20, "by itself datasets asks again and again for minutes"
