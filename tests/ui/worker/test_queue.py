"""The full queue: who finds it so is told in a sentence how long it takes, whichever way he comes."""

import json
import time
from contextvars import copy_context
from threading import Event
from types import SimpleNamespace

import gradio_client
import httpx
import pytest
from gradio.context import LocalContext

from lowlight_ddpm.ui import interface, server
from lowlight_ddpm.ui.play import visit
from lowlight_ddpm.ui.worker import queue, source

FULL = "The queue is full, 2 runs before yours, about 2 min in all: please try again later."
RUN = {"variant": "dim", "steps": 1, "api_name": "/generate"}


@pytest.fixture(scope="module")
def page():
    """A page with one run under way and one that waits, which is all that may; they took 50 s as a rule."""
    free, steps = Event(), source.steps

    def held(*arguments):
        free.wait(timeout=120)
        yield from steps(*arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(interface, "MAX_WAITING", 1)
        patch.setattr(source, "steps", held)
        patch.setattr(queue, "LATEST", [40.0, 50.0, 3000.0])
        page = interface.build()
        server.launch(page, prevent_thread_lock=True, quiet=True)
        user, jobs = gradio_client.Client(page.local_url, verbose=False), []
        for crowd in (1, 2):
            jobs.append(user.submit(**RUN))
            until(lambda crowd=crowd: on(page, queue.ahead) == crowd)
        yield page
        free.set()
        for job in jobs:
            job.result(timeout=60)
        user.close()
        page.close(verbose=False)


def on(page, function):
    """What a callback of the page would get from a function."""
    return copy_context().run(lambda: LocalContext.blocks.set(page) and function())


def until(true):
    deadline = time.monotonic() + 30
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("endpoint", ["/generate", "/denoise", "/explain"])
def test_a_client_is_told_how_long_it_takes(client, endpoint):
    with pytest.raises(gradio_client.exceptions.AppError) as refusal:
        client.predict(variant="dim", steps=1, api_name=endpoint)
    assert str(refusal.value) == FULL


def test_a_program_that_speaks_http_is_told_too(page):
    call = f"{page.local_url}gradio_api/call/v2/generate"
    event = httpx.post(call, json={"variant": "dim"}).json()["event_id"]
    told = httpx.get(f"{call}/{event}", timeout=30).text
    assert told.startswith("event: error\n")
    assert json.loads(told.split("data: ")[1])["error"] == FULL


def test_a_page_is_told_in_gradio_s_message_box(page):
    number = next(number for number, event in page.fns.items() if event.fn == visit.stream)
    api, user = f"{page.local_url}gradio_api/queue", {"session_hash": "a user"}
    httpx.post(f"{api}/join", json={"data": [None], "fn_index": number, **user}).raise_for_status()
    with httpx.stream("GET", f"{api}/data", params=user, timeout=30) as answer:
        lines = (json.loads(line.removeprefix("data: ")) for line in answer.iter_lines() if line)
        told = next(line for line in lines if line["msg"] == "process_completed")
    assert not told["success"]
    assert told["output"]["error"] == FULL


def test_what_needs_no_network_is_answered_all_the_same(client):
    assert client.predict(api_name="/variants")


def test_who_may_wait_is_told_how_many_are_before_him(page):
    said = on(page, queue.waiting)
    assert said == "Waiting for the network, 2 runs before yours, about 2 min in all."


def test_the_place_that_a_user_gave_up_is_not_before_his_next_run(page):
    line = page._queue.event_queue_per_concurrency_id[queue.QUEUE]
    asking = SimpleNamespace(session_hash=line.queue[0].session_hash)
    assert on(page, lambda: LocalContext.request.set(asking) and queue.ahead()) == 1


def test_nothing_is_said_of_time_that_nobody_knows(monkeypatch, one_sentence):
    monkeypatch.setattr(queue, "LATEST", [])
    assert queue.waiting() == "Waiting for the network."
    monkeypatch.setattr(queue, "ahead", lambda: 1)
    assert one_sentence(queue.waiting()) == "Waiting for the network, 1 run before yours."
