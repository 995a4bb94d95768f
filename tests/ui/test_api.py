"""The endpoint /denoise as programs see it, over HTTP."""

import gradio_client
import numpy as np
import pytest
from gradio_client import handle_file
from PIL import Image

from lowlight_ddpm.images import draw, square
from lowlight_ddpm.settings import RunSettings
from lowlight_ddpm.ui import interface


@pytest.fixture(scope="module")
def client():
    page = interface.build()
    interface.launch(page, prevent_thread_lock=True, quiet=True)
    client = gradio_client.Client(page.local_url, verbose=False)
    yield client
    client.close()
    page.close(verbose=False)


@pytest.fixture
def butterfly(tmp_path):
    draw(7, 64).save(tmp_path / "butterfly.png")
    return tmp_path / "butterfly.png"


def refusal(client, **arguments):
    with pytest.raises(Exception) as caught:  # noqa: PT011, the client raises its own kind
        client.predict(api_name="/denoise", **arguments)
    text = str(caught.value)
    assert "Traceback" not in text
    assert "/tmp" not in text
    return text


def test_a_picture_is_restored_and_measured(client, butterfly):
    result, report = client.predict(picture=handle_file(butterfly), steps=3, seed=1, api_name="/denoise")
    assert Image.open(result).size == (64, 64)
    assert Image.open(result).format == "PNG"
    assert report["settings"]["brightness"] == 0.5
    truth = square(Image.open(butterfly), 64).double().mean((1, 2)) / 2
    np.testing.assert_allclose(report["target"], truth, atol=0.1)
    assert report["verdict"].endswith(".")


def test_the_same_seed_gives_the_same_picture(client, butterfly):
    runs = [
        client.predict(picture=handle_file(butterfly), steps=3, seed=seed, api_name="/denoise")[0]
        for seed in (1, 1, 2)
    ]
    first, second, other = (np.asarray(Image.open(run)) for run in runs)
    np.testing.assert_array_equal(first, second)
    assert (first != other).any()


def test_pictures_are_generated_without_one(client):
    result, report = client.predict(mode="generate", steps=2, api_name="/denoise")
    assert Image.open(result).size == (64, 64)
    assert "measures" not in report


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({}, "There is no picture to restore"),
        ({"variant": "bright", "mode": "generate"}, "checkpoint bright is damaged"),
        ({"variant": "nonsense"}, "There is no variant “nonsense”"),
        ({"start": 5}, "at most 6 steps"),
        ({"brightness": 7}, "brightness"),
        ({"steps": "many"}, "steps"),
    ],
)
def test_bad_settings_are_refused_in_a_sentence(client, arguments, said):
    assert said in refusal(client, **arguments)


@pytest.mark.parametrize("content", [b"", b"not a picture", b"\x89PNG\r\n\x1a\n cut"])
def test_files_that_are_no_pictures_are_refused_in_a_sentence(client, content, tmp_path):
    (tmp_path / "odd.png").write_bytes(content)
    assert "odd.png" in refusal(client, picture=handle_file(tmp_path / "odd.png"))


def test_a_path_on_the_server_is_not_read(client):
    text = refusal(client, picture={"path": "/etc/hostname", "meta": None})
    assert "hostname is no picture" not in text


def test_it_is_the_only_endpoint_and_documents_every_setting(client):
    endpoints = client.view_api(return_format="dict")["named_endpoints"]
    assert list(endpoints) == ["/denoise"]
    parameters = {one["parameter_name"]: one for one in endpoints["/denoise"]["parameters"]}
    assert set(parameters) == {"picture", *RunSettings.model_fields}
    assert all(one["parameter_has_default"] for one in parameters.values())
    assert parameters["steps"]["python_type"] == {"type": "int", "description": "network calls"}
