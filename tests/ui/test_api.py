"""The endpoints as programs see them, over HTTP."""

import hashlib
import json
import re
from pathlib import Path
from urllib.request import urlopen

import gradio as gr
import numpy as np
import pytest
from gradio_client import handle_file
from PIL import Image, ImageEnhance

from benchmarks.encoders import P3_ICC
from lowlight_ddpm.diffusion.settings import RunSettings
from lowlight_ddpm.images import draw, square
from lowlight_ddpm.variants import VARIANTS
from tests.helpers.mcp_client import mcp_session

NAMES = {"denoise", "generate", "compare", "explain", "measure", "schedule", "variants"}
DOCS = Path(__file__).parents[2] / "docs" / "api.md"


@pytest.fixture
def butterfly(tmp_path):
    draw(7, 64).save(tmp_path / "butterfly.png")
    return tmp_path / "butterfly.png"


def refusal(client, endpoint="/denoise", **arguments):
    with pytest.raises(Exception) as caught:  # noqa: PT011, the client raises its own kind
        client.predict(api_name=endpoint, **arguments)
    text = str(caught.value)
    assert "Traceback" not in text
    assert "/tmp" not in text
    return text


def pixels(path):
    return np.asarray(Image.open(path))


def test_a_watchman_is_told_versions_and_variants(page):
    with urlopen(f"{page.local_url}health", timeout=10) as answer:
        told = json.load(answer)
    assert told["status"] == "ok"
    assert told["versions"]["gradio"] == gr.__version__
    assert told["variants"] == ["bright", "dim"]


def test_a_picture_is_restored_and_measured(client, butterfly):
    result, report = client.predict(picture=handle_file(butterfly), steps=3, seed=1, api_name="/denoise")
    assert Image.open(result).size == (64, 64)
    assert (Image.open(result).format, Image.open(result).info["srgb"]) == ("PNG", 0)
    assert report["notes"] == []
    assert report["settings"]["brightness"] == 0.5
    truth = square(Image.open(butterfly), 64).double().mean((1, 2)) / 2
    np.testing.assert_allclose(report["target"], truth, atol=0.1)
    assert report["verdict"].endswith(".")
    assert report["picture"]["sha256"] == hashlib.sha256(butterfly.read_bytes()).hexdigest()
    assert len(report["picture"]["pixels_sha256"]) == len(report["weights_sha256"]) == 64
    assert report["versions"].keys() == {"lowlight_ddpm", "python", "torch", "diffusers"}
    assert (report["count"], report["seeds"]) == (1, [1])


def test_a_run_is_streamed_and_ends_in_what_predict_gives(client, butterfly, monkeypatch):
    monkeypatch.setattr("lowlight_ddpm.ui.api.endpoints.SECONDS", 0)
    arguments = {"picture": handle_file(butterfly), "steps": 4, "seed": 1, "api_name": "/denoise"}
    job = client.submit(**arguments)
    job.result(timeout=120)
    results = job.outputs()
    assert [report.get("step") for _, report in results] == [1, 2, 3, None]
    first, *_, last = (pixels(picture) for picture, _ in results)
    assert (first != last).any()
    assert results[0][1]["steps"] == 4
    assert "measures" in results[-1][1]
    np.testing.assert_array_equal(last, pixels(client.predict(**arguments)[0]))


def test_the_same_seed_gives_the_same_picture(client, butterfly):
    runs = [
        client.predict(picture=handle_file(butterfly), steps=3, seed=seed, api_name="/denoise")[0]
        for seed in (1, 1, 2)
    ]
    first, second, other = map(pixels, runs)
    np.testing.assert_array_equal(first, second)
    assert (first != other).any()


def test_pictures_are_generated_without_one(client):
    result, report = client.predict(seed=3, steps=2, api_name="/generate")
    assert Image.open(result).size == (64, 64)
    assert "measures" not in report
    assert report["settings"]["start"] == 999
    same, _ = client.predict(mode="generate", seed=3, steps=2, api_name="/denoise")
    np.testing.assert_array_equal(pixels(result), pixels(same))


def test_networks_are_compared_on_one_picture_and_noise(client, butterfly):
    arguments = {"picture": handle_file(butterfly), "start": 300, "steps": 2, "seed": 1}
    pictures, report = client.predict(variants=["dim"], api_name="/compare", **arguments)
    (run,) = report["runs"]
    assert (run["variant"], run["rank_by_eye"], run["rank_by_mse"]) == ("dim", 1, 1)
    assert report["disagreements"] == []
    assert pictures[0]["caption"] == "dim"
    assert Image.open(pictures[0]["image"]).info["srgb"] == 0
    assert report["notes"] == []
    alone, _ = client.predict(variant="dim", api_name="/denoise", **arguments)
    np.testing.assert_array_equal(pixels(pictures[0]["image"]), pixels(alone))
    assert "checkpoint bright is damaged" in refusal(client, "/compare", variants=["bright"], **arguments)


def test_a_run_s_shift_is_taken_apart_into_a_sum(client, butterfly):
    report = client.predict(picture=handle_file(butterfly), start=999, steps=2, api_name="/explain")
    assert {"leak", "clipping"} <= {cause["name"] for cause in report["causes"]}
    parts = [cause["contribution"] for cause in report["causes"]]
    added = np.sum([*parts, report["remainder"], report["interaction"]], axis=0)
    np.testing.assert_allclose(added, report["total"], atol=1e-9)
    assert report["verdict"].endswith(".")


def test_every_endpoint_with_a_picture_says_what_was_done_to_it(client, tmp_path):
    draw(7, 64).resize((300, 80)).save(tmp_path / "strip.png", icc_profile=P3_ICC)
    arguments = {"picture": handle_file(tmp_path / "strip.png"), "variant": "dim", "steps": 2, "start": 300}
    _, denoised = client.predict(api_name="/denoise", **arguments)
    explained = client.predict(api_name="/explain", **arguments)
    arguments["variants"] = [arguments.pop("variant")]
    _, compared = client.predict(api_name="/compare", **arguments)
    for report in (denoised, explained, compared):
        colours, ends = report["notes"]
        assert colours == "Colours: Display P3, converted to sRGB."
        assert "only the middle 80×80 are used" in ends


def test_two_pictures_are_measured_without_a_network(client, butterfly, tmp_path):
    ImageEnhance.Brightness(Image.open(butterfly)).enhance(0.9).save(tmp_path / "darker.png")
    same = {"reference": handle_file(butterfly), "api_name": "/measure"}
    darker = client.predict(image=handle_file(tmp_path / "darker.png"), **same)
    mean = square(Image.open(butterfly), 64).double().mean((1, 2))
    np.testing.assert_allclose([darker[f"shift_{axis}"] for axis in "rgb"], -0.1 * mean, atol=1)
    assert "Too dark" in darker["verdict"]
    assert client.predict(image=handle_file(butterfly), **same)["mse"] == 0


def test_a_schedule_is_read_at_timesteps(client):
    read = client.predict(variant="dim", timesteps=[0, 999], api_name="/schedule")
    first, last = read["timesteps"]
    assert first["beta"] == pytest.approx(1e-4)
    assert first["alpha_cumprod"] == pytest.approx(1 - 1e-4)
    assert last["signal"] == pytest.approx(0.00635, abs=1e-4)
    assert read["terminal_snr_db"] == last["snr_db"]
    assert 0 < read["kept_colour"] < 1
    emptied = client.predict(variant="dim", zero_terminal_snr=True, timesteps=[999], api_name="/schedule")
    assert emptied["timesteps"][0]["signal"] == 0
    assert emptied["kept_colour"] == 0


def test_the_experiments_are_listed(client):
    rows = client.predict(api_name="/variants")
    assert [row["name"] for row in rows] == list(VARIANTS)
    assert {row["name"] for row in rows if row["available"]} == {"dim", "bright"}
    assert all(row["description"] for row in rows)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({}, "There is no picture to restore"),
        ({"variant": "bright", "mode": "generate"}, "checkpoint bright is damaged"),
        ({"variant": "nonsense"}, "There is no variant “nonsense”"),
        ({"start": 5}, "at most 6 steps"),
        ({"brightness": 7}, "brightness"),
        ({"steps": "many"}, "steps"),
        ({"endpoint": "/compare"}, "There is no picture to restore"),
        ({"endpoint": "/explain"}, "There is no picture to explain"),
        ({"endpoint": "/measure"}, "Two pictures are needed"),
        ({"endpoint": "/schedule", "timesteps": [1000]}, "whole numbers from 0 to 999"),
        ({"endpoint": "/schedule", "beta_start": 0.5, "beta_end": 0.1}, "must be below beta_end"),
        ({"endpoint": "/generate", "steps": 0}, "at least 1"),
    ],
)
def test_what_cannot_be_done_is_refused_in_a_sentence(client, arguments, said):
    assert said in refusal(client, **arguments)


@pytest.mark.parametrize("content", [b"", b"not a picture", b"\x89PNG\r\n\x1a\n cut"])
def test_files_that_are_no_pictures_are_refused_in_a_sentence(client, content, tmp_path):
    (tmp_path / "odd.png").write_bytes(content)
    assert "odd.png" in refusal(client, picture=handle_file(tmp_path / "odd.png"))


def test_a_path_on_the_server_is_not_read(client):
    text = refusal(client, picture={"path": "/etc/hostname", "meta": None})
    assert "hostname is no picture" not in text


def test_they_are_the_only_endpoints_and_document_every_parameter(client):
    endpoints = client.view_api(return_format="dict")["named_endpoints"]
    assert {name.removeprefix("/") for name in endpoints} == NAMES
    for endpoint in endpoints.values():
        assert all(one["parameter_has_default"] for one in endpoint["parameters"])
        assert not any(one["python_type"]["type"] == "Any" for one in endpoint["parameters"])
    parameters = {one["parameter_name"]: one for one in endpoints["/denoise"]["parameters"]}
    assert set(parameters) == {"picture", *RunSettings.model_fields}
    assert parameters["steps"]["python_type"] == {"type": "int", "description": "network calls"}


def test_a_language_model_s_client_finds_the_same_as_described_tools(page):
    tools = {tool.name: tool for tool in mcp_session(page, lambda session: session.list_tools()).tools}
    assert {re.sub("^.*_", "", name) for name in tools} == NAMES
    for tool in tools.values():
        assert len(tool.description) > 60
        properties = tool.inputSchema["properties"]
        assert all(schema.get("description") for schema in properties.values()), tool.name


def test_a_language_model_s_client_calls_them_and_sees_the_picture(page):
    told = []

    async def progress(done, total, message):
        told.append(message)

    async def call(session):
        names = [tool.name for tool in (await session.list_tools()).tools]
        (name,) = (name for name in names if name.endswith("generate"))
        return await session.call_tool(name, {"steps": 2, "seed": 3}, progress_callback=progress)

    answer = mcp_session(page, call)
    assert not answer.isError
    assert "image" in {content.type for content in answer.content}
    assert "Processing" in told


def test_the_documented_examples_run(page, tmp_path, monkeypatch, capsys):
    draw(7, 96).save(tmp_path / "photo.jpg")
    draw(7, 96).save(tmp_path / "shifted.png")
    monkeypatch.chdir(tmp_path)
    examples = re.findall(r"```python\n(.*?)```", DOCS.read_text(), re.DOTALL)
    examples = [
        example for example in examples if "lowlight_ddpm" not in example
    ]  # tests/documents/test_docs.py has those
    assert len(examples) == 5
    told = {}
    for example in examples:
        quick = example.replace("http://127.0.0.1:7860", page.local_url).replace("steps=50", "steps=3")
        exec(compile(quick, DOCS.name, "exec"), told)
    told["client"].close()
    said = capsys.readouterr().out
    printed = ("dim True What the post starts from", "by eye 1 by MSE 1", "step 1 of 3", "of 255")
    assert [piece for piece in printed if piece not in said] == []


def test_every_endpoint_is_documented():
    assert set(re.findall(r"`/(\w+)`", DOCS.read_text())) == NAMES
