"""Whatever is wrong with a request over HTTP is said in one sentence, with the status that it deserves."""

import json
import shlex
import shutil
import subprocess
from base64 import b64encode
from io import BytesIO

import gradio_client
import httpx
import pytest

from lowlight_ddpm.diffusion.settings import RunSettings
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.images import draw
from lowlight_ddpm.paths import REPOSITORY
from lowlight_ddpm.ui.api import endpoints
from lowlight_ddpm.ui.api.table import ENDPOINTS
from tests.helpers.doc_commands import examples

JSON = {"content-type": "application/json"}
FILE = {"_type": "gradio.FileData"}


def picture():
    file = BytesIO()
    draw(7, 64).save(file, "PNG")
    return b64encode(file.getvalue()).decode()


IMAGE, PDF = picture(), b64encode(b"%PDF-1.7" * 9).decode()
# What is asked -> the path, the body, the status, and what the sentence has.
AT_ONCE = {
    "a misspelt parameter": (
        "call/v2/denoise",
        {"step": 5},
        400,
        "“step” of denoise: take steps, or ",
    ),
    "an unknown parameter": ("call/v2/measure", {"q": 5}, 400, "choose among reference, image, brightness"),
    "a parameter too many": ("call/v2/variants", {"seed": 5}, 400, "“seed” of variants: leave it out"),
    "another type": ("call/v2/denoise", {"steps": "many"}, 400, "steps must be a whole number"),
    "out of range": ("call/v2/generate", {"steps": 5000}, 400, "at least 1 and at most 1000, not 5000"),
    "a contradiction": ("call/v2/denoise", {"start": 5}, 400, "at most 6 steps"),
    "a setting of another": ("call/v2/generate", {"mode": "restore"}, 400, "no parameter “mode” of generate"),
    "a text for a number": ("call/v2/measure", {"brightness": "x"}, 400, "brightness must be a number"),
    "a number for a list": ("call/v2/schedule", {"timesteps": 5}, 400, "timesteps must be a list, not 5"),
    "a text for a list": ("call/v2/compare", {"variants": "dim"}, 400, "variants must be a list, not 'dim'"),
    "a text for a switch": ("call/v2/schedule", {"zero_terminal_snr": "yes"}, 400, "must be true or false"),
    "a folder for a variant": ("call/v2/generate", {"variant": "/etc"}, 400, "There is no variant “/etc”"),
    "a place on the Hub": ("call/v2/denoise", {"variant": "google/ddpm"}, 400, "no variant “google/ddpm”"),
    "an unknown endpoint": ("call/v2/denoize", {}, 404, "“denoize”: choose one of denoise, generate"),
    "one of the old call": ("call/denoize", {"data": []}, 404, "“denoize”: choose one of denoise, generate"),
    "one that runs at once": ("run/denoize", {"data": []}, 404, "“denoize”: choose one of denoise, generate"),
    "no endpoint": ("call/v2", {}, 404, "“v2”: choose one of"),
    "too few values": ("call/denoise", {"data": [IMAGE]}, 400, "has 20, and not 1: send those that you need"),
    "too many values": ("call/measure", {"data": [None] * 9}, 400, "by name, to /gradio_api/call/v2/measure"),
    "too few, at once": ("run/measure", {"data": []}, 400, "has 3, and not 0"),
    "a wrong value in order": ("call/measure", {"data": [IMAGE, IMAGE, 7]}, 400, "brightness must be"),
    "no JSON": ("call/v2/denoise", "{", 400, "Send the parameters by name"),
    "a list": ("call/v2/denoise", [], 400, "Send the parameters by name"),
    "values by name to the old call": ("call/denoise", {"steps": 5}, 400, 'as {"data": [...]}'),
    "no list of values": ("call/denoise", {"data": 5}, 400, "Send the parameters by name"),
}
IN_TURN = {
    "no picture": ("denoise", {"steps": 5}, "There is no picture to restore"),
    "one picture": ("measure", {"reference": IMAGE}, "Two pictures are needed"),
    "a file's name": ("denoise", {"picture": "photo.jpg"}, "send it as base64 or as a data URL"),
    "a path": ("denoise", {"picture": "/etc/passwd"}, "send it as base64 or as a data URL"),
    "broken base64": ("denoise", {"picture": IMAGE[:101]}, "or is cut off"),
    "another type of file": (
        "denoise",
        {"picture": b64encode(b"%PDF-1.7" * 9).decode()},
        "choose a PNG, JPEG",
    ),
    "a file that was not sent": ("denoise", {"picture": {"path": "/etc/passwd"}}, "no image that was sent"),
    "an odd file": ("denoise", {"picture": {"path": "a.png", "size": "big"}}, "no image that was sent"),
    "an odd timestep": ("schedule", {"timesteps": ["x"]}, "whole numbers from 0 to 999"),
    "an odd variant": ("compare", {"picture": IMAGE, "variants": [["dim"]]}, "There is no variant"),
}


@pytest.fixture(scope="module")
def web(page):
    """A program that knows nothing of Gradio, under the path of its interface."""
    with httpx.Client(base_url=f"{page.local_url}gradio_api/", timeout=60) as client:
        yield client


def fetched(web, name, event):
    """(the kind of the last event, its data) of a run."""
    last = web.get(f"call/{name}/{event}").text.strip().split("event: ")[-1]
    kind, data = last.split("\ndata: ", 1)
    return kind, json.loads(data)


@pytest.mark.parametrize("what", AT_ONCE)
def test_what_is_wrong_at_first_sight_is_said_at_once(web, what, one_sentence):
    path, body, status, said = AT_ONCE[what]
    answer = web.post(path, content=body if isinstance(body, str) else json.dumps(body), headers=JSON)
    assert answer.status_code == status
    assert said in one_sentence(answer.json()["detail"])


@pytest.mark.parametrize("what", IN_TURN)
def test_what_shows_later_is_said_as_the_run_s_result(web, what, one_sentence):
    name, given, said = IN_TURN[what]
    kind, told = fetched(web, name, web.post(f"call/v2/{name}", json=given).json()["event_id"])
    assert kind == "error"
    assert said in one_sentence(told["error"])


def test_a_body_that_does_not_say_that_it_is_json_is_told_how(web, one_sentence):
    answer = web.post("call/v2/variants", content="{}", headers={"content-type": "text/plain"})
    assert answer.status_code == 400
    assert "Content-Type: application/json" in one_sentence(answer.json()["detail"])


def test_the_old_call_has_its_values_in_order(web):
    for path in ("call/measure", "call/measure/"):
        event = web.post(path, json={"data": [IMAGE, IMAGE, None]}).json()["event_id"]
        assert fetched(web, "measure", event)[1][0]["mse"] == 0


@pytest.mark.parametrize("path", ["call/{}/{}", "call/v2/{}/{}"])
def test_a_result_is_fetched_once_and_an_unknown_one_never(web, path, one_sentence):
    event = web.post("call/v2/variants", json={}).json()["event_id"]
    assert fetched(web, "variants", event)[0] == "complete"
    for missing in (event, "nonsense"):
        answer = web.get(path.format("variants", missing))
        assert answer.status_code == 404
        assert missing in one_sentence(answer.json()["detail"])
    assert "choose one of" in one_sentence(web.get(path.format("nothing", event)).json()["detail"])


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
def test_the_documented_commands_of_curl_run(page, tmp_path):
    draw(7, 64).save(tmp_path / "photo.jpg")
    commands = "".join(examples(REPOSITORY / "docs" / "api.md", "bash")).splitlines()
    assert len(commands) == 5
    known, ended = {"http://127.0.0.1:7860/": page.local_url, '"steps": 50': '"steps": 2'}, 0
    for command in commands:
        for word, meant in known.items():
            command = command.replace(word, meant)
        words = [*shlex.split(command), "--silent", "--show-error", "--fail-with-body"]
        said = subprocess.check_output(words, cwd=tmp_path, text=True, timeout=120)
        if "/upload" in command:
            (known["PATH"],) = json.loads(said)
        elif "/v2/" in command:
            known["EVENT_ID"] = json.loads(said)["event_id"]
        else:
            ended += "event: complete" in said
    assert ended == 2


def test_what_no_one_foresaw_is_a_sentence_too_and_stands_in_the_log(web, monkeypatch, capfd, one_sentence):
    monkeypatch.setattr(endpoints.checkpoints, "available", lambda: 1 / 0)
    kind, told = fetched(web, "variants", web.post("call/v2/variants", json={}).json()["event_id"])
    assert kind == "error"
    assert "server's log" in one_sentence(told["error"])
    assert "ZeroDivisionError" in capfd.readouterr().err
    assert "server's log" in web.post("run/variants", json={"data": []}).json()["error"]


@pytest.mark.parametrize(
    ("values", "named", "said"),
    [
        ([None] * 40, {"api_name": "/denoise"}, "has 20, and not 40"),
        ([], {"api_name": "/denoise", "steps": "many"}, "steps must be a whole number"),
        ([], {"api_name": "/schedule", "timesteps": 5}, "timesteps must be a list"),
        ([], {"api_name": "/schedule", "zero_terminal_snr": "yes"}, "must be true or false"),
        (
            [],
            {"api_name": "/measure", "reference": "photo.jpg", "image": IMAGE},
            "as base64 or as a data URL",
        ),
    ],
)
def test_gradio_s_client_is_told_the_same(client, values, named, said, one_sentence):
    with pytest.raises(gradio_client.exceptions.AppError) as refusal:
        client.predict(*values, **named)
    assert said in one_sentence(refusal)


def test_every_parameter_that_is_no_setting_and_no_image_has_a_type_that_is_checked():
    others = [
        field
        for endpoint in ENDPOINTS.values()
        for field in endpoint.fields
        if field.schema is not None and field.name not in RunSettings.model_fields
    ]
    of_brighten = {"level", "denoise", "strength", "white_balance"}
    assert {field.name for field in others} == {"variants", "timesteps", "zero_terminal_snr"} | of_brighten
    for field in others:
        field.check(None)
        if "type" in field.schema:
            with pytest.raises(Refusal, match=f"The parameter {field.name} must be"):
                field.check({})
