"""No internet: the page starts as ever, and only the Hub is out of reach."""

import gradio_client
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
