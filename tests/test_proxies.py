"""The page starts behind a proxy, or one that is not there: what it asks of itself goes to itself."""

import os
from urllib.request import urlopen

import gradio as gr
import httpx
import pytest

from lowlight_ddpm.images import sources
from lowlight_ddpm.ui import server

PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch):
    for name in (*PROXIES, "GRADIO_SERVER_NAME"):
        for spelled in (name, name.upper()):
            monkeypatch.setenv(spelled, "")  # so that what is set meanwhile is taken back
            monkeypatch.delenv(spelled)


@pytest.mark.parametrize(
    "proxies",
    [
        {"http_proxy": "http://127.0.0.1:9"},
        {"HTTP_PROXY": "http://127.0.0.1:9", "NO_PROXY": "example.org"},
        {"ALL_PROXY": "socks5://127.0.0.1:9"},
        {"http_proxy": "no address"},
    ],
    ids=lambda proxies: " ".join(proxies.values()),
)
def test_the_page_starts_whatever_the_proxies_are(monkeypatch, proxies):
    for name, value in proxies.items():
        monkeypatch.setenv(name, value)
    with gr.Blocks(analytics_enabled=False) as page:
        gr.HTML("here")
    try:
        _, url, _ = server.launch(page, prevent_thread_lock=True, quiet=True)
        assert urlopen(url, timeout=10).status == 200
    finally:
        page.close()


def test_other_addresses_still_go_to_the_proxy(monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "example.org, localhost")
    monkeypatch.setenv("GRADIO_SERVER_NAME", "192.168.7.7")
    for _ in range(2):  # a second time changes nothing
        server.pass_proxies_by()
        assert os.environ["no_proxy"] == "example.org,localhost,127.0.0.1,::1,192.168.7.7"
    assert os.environ["http_proxy"] == "http://127.0.0.1:9"
    with pytest.raises(httpx.ConnectError), httpx.Client() as client:
        client.get("http://example.com")


def test_without_proxies_nothing_is_set(monkeypatch):
    monkeypatch.setenv("no_proxy", "example.org")
    server.pass_proxies_by()
    assert os.environ["no_proxy"] == "example.org"
    assert "NO_PROXY" not in os.environ


def test_the_system_s_proxies_stay_those_of_other_addresses(monkeypatch):
    monkeypatch.setattr(server, "getproxies", lambda: {"https": "http://127.0.0.1:9"})
    server.pass_proxies_by()
    assert os.environ["https_proxy"] == "http://127.0.0.1:9"
    assert os.environ["no_proxy"] == "localhost,127.0.0.1,::1"


@pytest.mark.parametrize(
    ("proxies", "known"), [({"no_proxy": "localhost"}, False), ({"http_proxy": "a:1"}, True)]
)
def test_exceptions_from_a_proxy_are_none(monkeypatch, proxies, known):
    def offline(*_):
        raise OSError

    monkeypatch.setattr(sources.socket, "getaddrinfo", offline)
    for name, value in proxies.items():
        monkeypatch.setenv(name, value)
    assert sources._hub_is_known() is known


def test_proxies_that_cannot_be_used_are_told_and_passed_by(monkeypatch, caplog):
    monkeypatch.setenv("all_proxy", "gopher://127.0.0.1")
    server.pass_proxies_by()
    assert os.environ["no_proxy"] == "*"
    assert "gopher" in caplog.text
