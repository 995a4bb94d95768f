"""The tools as language models' clients see them: read-only, with results as JSON and images as made."""

import json
from base64 import b64decode, b64encode
from functools import cache
from io import BytesIO

import httpx
import jsonschema
import pytest
from PIL import Image

from lowlight_ddpm.images import draw
from lowlight_ddpm.ui.api.table import ENDPOINTS
from tests.helpers.mcp_client import called, mcp_session


def data_url():
    file = BytesIO()
    draw(7, 64).save(file, "PNG")
    return f"data:image/png;base64,{b64encode(file.getvalue()).decode()}"


IMAGE = data_url()
CALLS = {
    "denoise": {"picture": IMAGE, "steps": 2},
    "generate": {"steps": 2, "seed": 3},
    "compare": {"picture": IMAGE, "variants": ["dim"], "steps": 2},
    "explain": {"picture": IMAGE, "steps": 2, "start": 300},
    "brighten": {"picture": IMAGE, "level": 0.7, "denoise": "tv"},
    "measure": {"reference": IMAGE, "image": IMAGE},
    "schedule": {"timesteps": [0, 999]},
    "variants": {},
}


@pytest.fixture(scope="module")
def tools(page):
    return {tool.name: tool for tool in mcp_session(page, lambda session: session.list_tools()).tools}


async def told(*_):
    """A client that asks to be told how a call comes along."""


@pytest.fixture(scope="module")
def answer(page):
    """What a tool answers to its call in CALLS, once for all tests."""
    return cache(lambda name, progress=None: called(page, name, progress=progress, **CALLS[name]))


def texts(answer):
    return [content.text for content in answer.content if content.type == "text"]


def images(answer):
    return [b64decode(content.data) for content in answer.content if content.type == "image"]


def test_they_are_marked_as_read_only_and_of_a_closed_world(tools):
    assert set(tools) == set(ENDPOINTS)
    for name, tool in tools.items():
        assert tool.title == tool.annotations.title == ENDPOINTS[name].title
        assert tool.annotations.readOnlyHint is True
        assert tool.annotations.openWorldHint is False
        assert tool.inputSchema["additionalProperties"] is False


@pytest.mark.parametrize("progress", [None, told], ids=["silently", "with progress"])
@pytest.mark.parametrize("name", CALLS)
def test_a_result_is_json_of_the_form_that_was_told_before(answer, tools, name, progress):
    given = answer(name, progress)
    assert not given.isError, texts(given)
    report, schema = given.structuredContent, tools[name].outputSchema
    jsonschema.validate(report, schema)
    assert set(report) <= set(schema["properties"])
    written = json.loads(texts(given)[-1])
    assert written == (report["result"] if name == "variants" else report)
    assert len(images(given)) == (name in ("denoise", "generate", "compare", "brighten"))


def test_every_part_of_a_report_is_told_before(answer, tools):
    """A form that allows for anything says nothing."""
    for name in ("denoise", "compare", "explain", "brighten", "schedule"):
        report, schema = answer(name).structuredContent, tools[name].outputSchema
        assert set(report) == set(schema["properties"])
        for key, part in report.items():
            named = schema["properties"][key].get("items", {}).get("$ref", "").split("/")[-1]
            if named and part:
                assert set(part[0]) == set(schema["$defs"][named]["properties"])


def test_an_image_comes_byte_for_byte_as_it_was_written(answer):
    given = answer("generate")
    (image,), (address, _) = images(given), texts(given)
    assert image == httpx.get(address.removeprefix("Image URL: ")).content
    assert Image.open(BytesIO(image)).info["srgb"] == 0


@pytest.mark.parametrize("progress", [None, told], ids=["silently", "with progress"])
@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        ("denoise", {"picture": IMAGE, "step": 5}, "“step” of denoise: take steps, or another"),
        ("denoise", {"picture": IMAGE, "steps": 50.5}, "steps must be a whole number"),
        ("denoise", {"picture": IMAGE, "brightness": "dark"}, "brightness must be a number"),
        ("denoise", {"picture": 5}, "no image that was sent here"),
        ("denoise", {"picture": "photo.jpg"}, "send it as base64 or as a data URL"),
        ("denoise", {"picture": "https://example.org/photo.jpg"}, "No address is fetched here"),
        ("denoise", {}, "There is no picture to restore"),
        ("generate", {"variant": "/etc"}, "There is no variant “/etc”"),
        ("generate", {"variant": "bright", "steps": 2}, "checkpoint bright is damaged"),
        ("brighten", {}, "There is no photograph to brighten"),
        ("brighten", {"picture": IMAGE, "level": "night"}, "The level is “night”"),
        ("brighten", {"picture": IMAGE, "level": [1]}, "choose “as it was”"),
        ("brighten", {"picture": IMAGE, "strength": "much"}, "strength must be a number"),
        ("brighten", {"picture": IMAGE, "denoise": "bm3d"}, "The denoiser is “bm3d”"),
        ("schedule", {"timesteps": 5}, "timesteps must be a list"),
        ("paint", {}, "There is no tool “paint”: choose one of denoise"),
    ],
)
def test_a_call_that_cannot_be_answered_is_an_error_of_one_sentence(
    page, name, arguments, said, progress, one_sentence
):
    answer = called(page, name, progress=progress, **arguments)
    assert answer.isError
    (text,) = texts(answer)
    assert said in one_sentence(text)


def test_what_no_one_foresaw_is_a_sentence_too(page, monkeypatch, one_sentence):
    monkeypatch.setattr("lowlight_ddpm.ui.api.endpoints.checkpoints.available", lambda: 1 / 0)
    answer = called(page, "variants")
    assert answer.isError
    assert "server's log" in one_sentence(texts(answer)[0])
