"""Images within a request: as text they are what an upload would be; no address is fetched for anyone."""

import json
import re
import socket
import threading
from base64 import b64encode, encodebytes, urlsafe_b64encode
from io import BytesIO
from urllib.parse import quote

import httpx
import numpy as np
import pytest
import safehttpx
from gradio import processing_utils
from PIL import Image

from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.images import draw
from lowlight_ddpm.ui.api.inline import decoded
from tests.helpers.mcp_client import mcp_session

META = {"_type": "gradio.FileData"}


def encoded(kind, **options):
    file = BytesIO()
    draw(7, 64).save(file, kind, **options)
    return file.getvalue()


PNG, WEBP = encoded("PNG"), encoded("WEBP", lossless=True)
TEXT = b64encode(PNG).decode()
GOOD = {
    "base64": TEXT,
    "in lines": encodebytes(PNG).decode(),
    "for URLs": urlsafe_b64encode(WEBP).decode(),
    "without padding": b64encode(WEBP + b"\0").decode().rstrip("="),
    "data URL": f"data:image/png;base64,{TEXT}",
    "data URL of a wrong type": f"DATA:image/jpeg;name=a.jpg;BASE64,{TEXT}",
    "data URL without a type": f"data:;base64,{TEXT}",
    "data URL with escapes": f"data:image/webp;base64,{quote(b64encode(WEBP).decode(), safe='')}",
    "data URL without base64": f"data:image/png,{quote(PNG)}",
    "as a file's address": {"url": f"data:image/png;base64,{TEXT}"},
    "as a file's path": {"path": f"data:image/png;base64,{TEXT}", "meta": META},
}
BROKEN = {
    "one letter too few": TEXT[:101],
    "no base64": "nonsense!",
    "a path": "/etc/hostname",
    "a path that is base64 but for its length": "photos/butterfly0001",
    "a file's name": "photo.jpg",
    "another alphabet": "Фото",
    "padding in between": "AAAA====AAAA",
    "a data URL cut off": "data:image/png;base64",
    "a data URL of nothing": "data:,",
    "a broken data URL": "data:image/png;base64,%%%",
    "no image": b64encode(b"only text").decode(),
    "half an image": TEXT[:1000],
    "too few pixels": b64encode(b"P6 4 4 255 " + bytes(48)).decode(),
    "too many pixels": b64encode(b"P6 100000 100000 255 " + bytes(48)).decode(),
    "too many bytes": "A" * (28 * 2**20),
    "too many bytes in a data URL": "data:," + "A" * (21 * 2**20),
    "a number": 5,
    "a list": [TEXT],
    "no path": {"path": None},
    "another server's file": {"path": "http://HOST/x.png", "meta": META},
    "another server's file by its address": {"url": "http://HOST/x.png"},
    "another server's file that does not say so": {"path": "http://HOST/x.png"},
    "an address": "http://HOST/x.png",
    "an address with TLS": "https://HOST/x.png",
}


@pytest.fixture
def listener(monkeypatch):
    """A server on this machine that Gradio takes for a public one, and all that was asked of it."""
    asked = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def listen():
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    asked.append(connection.recv(1000))
                    head = f"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: {len(PNG)}\r\n\r\n"
                    connection.sendall(head.encode() + PNG)

        async def valid(host, *_, **__):
            return host

        monkeypatch.setattr(processing_utils, "PUBLIC_HOSTNAME_WHITELIST", ["127.0.0.1"])
        monkeypatch.setattr(safehttpx, "async_validate_url", valid)
        threading.Thread(target=listen, daemon=True).start()
        yield f"127.0.0.1:{server.getsockname()[1]}", asked


@pytest.fixture(scope="module")
def web(page):
    """A program that knows nothing of Gradio."""
    with httpx.Client(base_url=page.local_url, timeout=120) as client:
        yield client


def call(web, endpoint, **arguments):
    """(the endpoint's last result, None), or (None, what it refused)."""
    asked = web.post(f"gradio_api/call/v2/{endpoint}", json=arguments).json()
    if "event_id" not in asked:
        return None, asked["detail"]
    last = web.get(f"gradio_api/call/{endpoint}/{asked['event_id']}").text.strip().split("event: ")[-1]
    kind, data = last.split("\ndata: ", 1)
    return (json.loads(data), None) if kind == "complete" else (None, json.loads(data)["error"])


def tool(page, kind, **arguments):
    """(whether it failed, the text) of a tool that a language model calls."""

    async def ask(session):
        names = [tool.name for tool in (await session.list_tools()).tools]
        (name,) = (name for name in names if name.endswith(kind))
        return await session.call_tool(name, arguments)

    answer = mcp_session(page, ask)
    return answer.isError, " ".join(getattr(content, "text", "") for content in answer.content)


@pytest.mark.parametrize("form", GOOD)
def test_an_image_may_be_sent_as_text(web, form):
    (same,), refused = call(web, "measure", reference=GOOD[form], image=TEXT)
    assert (same["mse"], refused) == (0, None)


def test_a_run_of_it_is_that_of_the_upload(web):
    (path,) = web.post("gradio_api/upload", files={"files": ("a.png", PNG)}).json()
    results = []
    for picture in (GOOD["data URL"], {"path": path, "meta": META}):
        (result, report), _ = call(web, "denoise", picture=picture, steps=2.0, seed=1.0)
        results.append(web.get(result["url"]).content)
        assert report["settings"]["steps"] == 2
    assert results[0] == results[1]
    assert Image.open(BytesIO(results[0])).info["srgb"] == 0


@pytest.mark.parametrize("form", BROKEN)
def test_what_cannot_be_read_is_refused_in_one_sentence_and_nothing_is_fetched(
    web, form, listener, one_sentence
):
    host, asked = listener
    given = json.loads(json.dumps(BROKEN[form]).replace("HOST", host))
    result, refused = call(web, "measure", reference=given, image=TEXT)
    assert result is None
    assert len(one_sentence(refused)) < 200
    if "path" in form or "name" in form:
        assert "as base64 or as a data URL" in refused
    assert asked == []
    if "HOST" in str(BROKEN[form]):
        assert "No address is fetched here" in refused


@pytest.mark.parametrize(
    ("endpoint", "arguments"),
    [
        ("denoise", {"picture": TEXT, "steps": {"path": "http://HOST/1", "meta": META}}),
        ("compare", {"picture": TEXT, "variants": [{"path": "http://HOST/2", "meta": META}]}),
        ("schedule", {"variant": {"a": {"path": "http://HOST/3", "meta": META}}}),
        ("generate", {"seed": {"path": "https://HOST/4", "url": "x", "meta": META}}),
    ],
)
def test_no_address_is_fetched_for_any_other_parameter(web, listener, one_sentence, endpoint, arguments):
    host, asked = listener
    given = json.loads(json.dumps(arguments).replace("HOST", host))
    result, refused = call(web, endpoint, **given)
    assert result is None
    assert one_sentence(refused.replace(host, "HOST"))
    assert asked == []


@pytest.mark.parametrize("path", ["file=http://", "file=https://", "file/http://", "file=http%3A%2F%2F"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_no_address_is_fetched_as_a_file(web, listener, path, method):
    host, asked = listener
    assert web.request(method, f"gradio_api/{path}{host}/x.png").status_code == 404
    assert asked == []


def test_no_address_is_fetched_for_the_page_s_own_upload(web, page, listener, tmp_path):
    host, asked = listener
    fn = next(fn for fn in page.fns.values() if getattr(fn.fn, "__name__", "") == "bring")
    (tmp_path / "a.png").write_bytes(PNG)
    for given in (
        {"path": f"http://{host}/x.png", "meta": META},
        {"path": f"http://{host}/x.png"},
        {"path": str(tmp_path / "a.png")},
        {"path": str(tmp_path / "a.png"), "meta": META},
    ):
        body = {"data": [None, given], "fn_index": fn._id, "session_hash": "a"}
        assert web.post("gradio_api/queue/join", json=body).status_code == 200
        said = web.get("gradio_api/queue/data", params={"session_hash": "a"}).text
        assert '"success":false' in said.replace(" ", "")
    assert asked == []


@pytest.mark.parametrize("meta", [{}, {"meta": META}], ids=["that does not say so", "that says so"])
def test_a_file_of_the_server_is_not_read(web, tmp_path, meta):
    (tmp_path / "secret.png").write_bytes(PNG)
    result, refused = call(
        web, "measure", reference={"path": str(tmp_path / "secret.png")} | meta, image=TEXT
    )
    assert result is None
    assert "was sent here" in refused
    assert "secret" not in refused


@pytest.mark.parametrize("form", ["base64", "data URL", "for URLs"])
def test_a_language_model_s_client_may_send_text(page, form):
    failed, said = tool(page, "measure", reference=GOOD[form], image=TEXT)
    assert not failed
    assert re.search(r"""['"]mse['"]: 0""", said)


@pytest.mark.parametrize("form", ["no base64", "an address", "another server's file"])
def test_a_language_model_s_client_is_refused_in_a_sentence(page, form, listener):
    host, asked = listener
    given = json.loads(json.dumps(BROKEN[form]).replace("HOST", host))
    failed, said = tool(page, "measure", reference=given, image=TEXT)
    assert failed
    assert len(said) < 250
    assert "Traceback" not in said
    assert asked == []


def test_a_tool_s_picture_is_described_as_text_and_not_as_an_address(page):
    tools = mcp_session(page, lambda session: session.list_tools()).tools
    (measure,) = (tool for tool in tools if tool.name.endswith("measure"))
    described = json.dumps(measure.inputSchema["properties"]["reference"])
    assert "base64" in described
    assert "http" not in described


def test_a_language_model_s_whole_floats_are_whole_numbers(page):
    failed, said = tool(page, "denoise", picture=TEXT, steps=3.0, start=300.0, seed=1.0)
    assert not failed
    assert '"steps": 3' in said
    failed, said = tool(page, "schedule", timesteps=[0.0, 500.0])
    assert not failed
    assert re.search(r"""['"]timestep['"]: 500\b""", said)


@pytest.mark.parametrize(
    ("kind", "arguments"),
    [("denoise", {"picture": TEXT, "steps": 50.5}), ("schedule", {"timesteps": [500.5]})],
)
def test_a_language_model_s_broken_numbers_are_refused_in_a_sentence(page, web, kind, arguments):
    failed, said = tool(page, kind, **arguments)
    assert failed
    assert "00.5" in said or "50.5" in said
    assert "Traceback" not in said
    assert "whole number" in call(web, kind, **arguments)[1]


@pytest.mark.parametrize("number", [None, "500", [500], -1.0, 1000.0, float("nan"), 1e400])
def test_a_timestep_is_a_whole_number_from_0_to_999(number):
    from lowlight_ddpm.ui.api.endpoints import _read

    with pytest.raises(Refusal, match="whole numbers"):
        _read(None, number)


def test_all_byte_values_come_through():
    data = bytes(range(256)) * 3
    for size in range(760, 768):
        text = b64encode(data[:size]).decode()
        for form in (text, text.rstrip("="), f"data:;base64,{quote(text)}", f"data:,{quote(data[:size])}"):
            assert decoded(form, "picture") == data[:size]
    np.testing.assert_array_equal(Image.open(BytesIO(decoded(TEXT, "picture"))), draw(7, 64))
