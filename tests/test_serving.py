"""Two replicas, as docs/serving.md has them: when one is killed, users of the other notice nothing."""

import os
import re
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import httpx
import pytest
from gradio_client import Client, handle_file

from benchmarks import load
from benchmarks.served import REPLICA, serving
from benchmarks.tiny import save_tiny
from lowlight_ddpm.diffusion.settings import run_settings
from lowlight_ddpm.images import draw

DOCS = Path(__file__).parents[1] / "docs" / "serving.md"
LONG = run_settings(steps=300, start=999, seed=5)  # seconds, with a tiny network


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Untrained checkpoints, and a picture."""
    folder = tmp_path_factory.mktemp("serving")
    draw(3, 64).save(folder / "picture.png")
    save_tiny(folder / "checkpoints", ["dim"])
    return folder


@pytest.fixture(scope="module")
def replicas(place):
    """Two processes with the same checkpoints, each with temporary files of its own."""
    with ExitStack() as stack, ThreadPoolExecutor(2) as both:

        def start(name):
            environment = {
                "LOWLIGHT_CHECKPOINTS": str(place / "checkpoints"),
                "GRADIO_TEMP_DIR": str(place / name),
            }
            return stack.enter_context(serving(place / f"{name}.txt", REPLICA, **environment))

        yield list(both.map(start, "ab"))


@contextmanager
def asked(replica, picture, settings=LONG):
    """A run that a client of its own has asked for, and who hangs up when the block ends."""
    client, given = Client(replica.url, verbose=False), settings.model_dump(exclude_unset=True)
    yield client.submit(picture=handle_file(picture), **given, api_name="/denoise")
    client.close()


def heard(url, event):
    """What an event's stream brings until it ends, or is cut off."""
    said = []
    with suppress(httpx.RemoteProtocolError), httpx.stream("GET", f"{url}/{event}", timeout=60) as stream:
        said.extend(stream.iter_lines())
    return said


def test_each_answers_a_watchman(replicas):
    for replica in replicas:
        assert httpx.get(f"{replica.url}/health", timeout=60).json()["variants"] == ["dim"]


def test_what_begins_at_one_is_unknown_to_the_other(replicas):
    """Why a balancer must send a visitor to the same replica every time."""
    one, other = (f"{replica.url}/gradio_api/call/variants" for replica in replicas)
    event = httpx.post(one, json={"data": []}, timeout=60).json()["event_id"]
    assert "event: complete" not in heard(other, event)
    assert "event: complete" in heard(one, event)


def test_a_killed_replica_takes_its_own_users_runs_alone_with_it(replicas, place):
    doomed, spared = replicas
    picture, root = place / "picture.png", place / "checkpoints"
    with asked(doomed, picture) as lost, asked(spared, picture) as kept:
        while not (lost.outputs() and kept.outputs()):
            assert not lost.done()
            assert not kept.done()
            time.sleep(0.05)
        assert not kept.done(), "a run was over before it could be disturbed"
        os.kill(doomed.process, signal.SIGKILL)

        with pytest.raises(Exception) as told:  # noqa: PT011, the client raises its own kinds
            lost.result(timeout=120)
        assert not isinstance(told.value, TimeoutError)
        assert load._same(kept.result()[0], root, LONG)
    with asked(spared, picture) as moved:  # the user of the other goes on here
        assert load._same(moved.result()[0], root, LONG)


def test_the_documents_name_the_command_that_is_tested():
    command = re.search(r"python (-m uvicorn .*--port)", DOCS.read_text())
    assert tuple(command[1].split()) == REPLICA
