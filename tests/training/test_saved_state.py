"""The state of a training run: it goes on to the same bits, and nothing that befalls the file is fatal."""

import errno
import itertools
import logging
import os
from dataclasses import replace
from io import BytesIO
from types import SimpleNamespace

import pytest
import torch

from benchmarks import faults
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.training import saved_state
from lowlight_ddpm.training.loop import Training
from lowlight_ddpm.variants import VARIANTS
from tests.helpers.tiny_training import DIM, RECIPE, equal, job, pictures, weights


def saved(path, steps=4):
    """The state of a run that stopped after `steps` steps, and the one before it."""
    run = job()
    for step in itertools.islice(run, steps):
        if step.step >= steps - 1:
            saved_state.save(run, path)
    return path


@pytest.fixture(scope="module")
def undisturbed():
    """A run of RECIPE left alone, and its steps."""
    run = job()
    return run, list(run)


@pytest.fixture(scope="module")
def begun(tmp_path_factory):
    """The state of a run of RECIPE after its first step; not to be written to."""
    return saved(tmp_path_factory.mktemp("begun") / "state.pt", steps=1)


FAULTS = {
    "killed": lambda: faults.trained_on(kills=1, epochs=6),
    "stopped": faults.stopped,
    "full disk": faults.starved,
    "damaged": faults.damaged,
    "two at once": faults.crowded,
    "evaluation killed": lambda: faults.evaluated(kills=1, conditions=6),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_loses_nothing(fault):
    for row in FAULTS[fault]():
        assert row["held"] == row["tried"], row["what"]


@pytest.mark.parametrize("steps", [1, 3, 5, 6])
def test_a_run_stopped_anywhere_goes_on_to_the_same_bits(tmp_path, undisturbed, steps):
    whole, all_steps = undisturbed
    resumed = job()
    saved_state.resume(resumed, saved(tmp_path / "state.pt", steps))
    assert list(resumed) == all_steps[steps:]
    assert equal(weights(resumed), weights(whole))


@pytest.mark.parametrize(
    "name",
    ["bright", "dim-v", "dim-groups1", "dim-deep-zsnr", "dim-deep-offset", "dim-deep-x0", "dim-deep-centred"],
)
def test_a_row_of_every_kind_is_killed_and_goes_on_to_the_same_bits(tmp_path, name):
    row, recipe = VARIANTS[name], replace(RECIPE, epochs=1)
    whole, killed, resumed = (job(row, recipe) for _ in range(3))
    list(whole)
    list(itertools.islice(killed, 2))
    saved_state.save(killed, tmp_path / "state.pt")
    saved_state.resume(resumed, tmp_path / "state.pt")
    assert [step.step for step in resumed] == [3]
    assert equal(weights(resumed), weights(whole))


@pytest.mark.parametrize("steps", [1, 2, 3, 4])
def test_each_picture_is_seen_once_an_epoch_though_the_run_was_stopped(tmp_path, monkeypatch, steps):
    seen = []
    monkeypatch.setattr(Training, "_learn", lambda _, batch: seen.extend(batch[:, 0, 0, 0].tolist()) or 0.0)
    colours = torch.arange(12, dtype=torch.uint8).reshape(12, 1, 1, 1).expand(12, 3, 8, 8)
    first, second = (job(pixels=colours) for _ in range(2))
    list(itertools.islice(first, steps))
    saved_state.save(first, tmp_path / "state.pt")
    saved_state.resume(second, tmp_path / "state.pt")
    list(second)
    assert sorted(seen[:12]) == sorted(seen[12:]) == list(range(12))
    assert seen[:12] != seen[12:]


def test_the_state_is_written_every_so_many_seconds_and_at_the_end(tmp_path, monkeypatch):
    clock, written = [0.0], []
    monkeypatch.setattr(saved_state, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    run = job(recipe=replace(RECIPE, epochs=3))
    monkeypatch.setattr(run, "_learn", lambda batch: 0.0)
    monkeypatch.setattr(saved_state, "save", lambda run, path: written.append(run.place.step))
    for _ in saved_state.run(run, tmp_path / "state.pt", save_every=120):
        clock[0] += 50
    assert written == [3, 6, 9, 9]


def test_a_finished_run_has_nothing_left_to_do(tmp_path):
    state = saved(tmp_path / "state.pt", steps=6)
    assert list(saved_state.run(job(), state)) == []


def test_the_state_is_plain_data_and_leaves_no_temporary_file(tmp_path):
    state = torch.load(saved(tmp_path / "new" / "state.pt"), weights_only=True)
    assert state["place"]["step"] == 4
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["state.before.pt", "state.pt"]


def flipped(whole: bytes) -> bytes:
    middle = len(whole) // 2
    return whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :]


def another_file(whole: bytes) -> bytes:
    file = BytesIO()
    torch.save({"unet": {}}, file)
    return file.getvalue()


DAMAGED = {
    "truncated": lambda whole: whole[: len(whole) // 2],
    "empty": lambda whole: b"",
    "text": lambda whole: b"no state",
    "one bit": flipped,
    "another file": another_file,
}


@pytest.mark.parametrize("damage", DAMAGED)
def test_a_damaged_state_is_refused(tmp_path, begun, damage, one_sentence):
    state, whole = tmp_path / "state.pt", begun.read_bytes()
    state.write_bytes(DAMAGED[damage](whole))
    with pytest.raises(Refusal, match="damaged") as refusal:
        saved_state.resume(job(), state)
    one_sentence(refusal)


@pytest.mark.parametrize(
    ("other", "named"),
    [
        (lambda: job(replace(DIM, brightness=1.0)), "brightness 0.5 there, 1.0 here"),
        (lambda: job(replace(DIM, beta_end=0.015)), "beta_end 0.02 there, 0.015 here"),
        (lambda: job(replace(DIM, seed=1)), "seed 0 there, 1 here"),
        (lambda: job(recipe=replace(RECIPE, epochs=3)), "epochs .* there, 3 here"),
        (lambda: job(pixels=255 - pictures()), "other images"),
    ],
    ids=["brightness", "betas", "seed", "recipe", "pictures"],
)
def test_a_state_of_other_settings_is_refused(begun, other, named, one_sentence):
    with pytest.raises(Refusal, match=f"other settings \\({named}\\)") as refusal:
        saved_state.resume(other(), begun)
    one_sentence(refusal)


@pytest.mark.parametrize("damage", DAMAGED)
def test_a_damaged_state_is_gone_back_from(tmp_path, damage, caplog):
    state = saved(tmp_path / "state.pt", steps=3)
    state.write_bytes(DAMAGED[damage](state.read_bytes()))
    run = job()
    with caplog.at_level(logging.WARNING):
        saved_state.resume(run, state)
    assert run.place.step == 2
    assert f"{state} is damaged: going back to the one before" in caplog.text


def test_killed_between_two_renames_the_state_before_is_gone_on_from(tmp_path, caplog):
    state = saved(tmp_path / "state.pt", steps=3)
    state.unlink()
    run = job()
    saved_state.resume(run, state)
    assert run.place.step == 2
    assert not caplog.records


def test_what_cannot_be_written_is_said_and_the_state_before_stays(tmp_path, monkeypatch, one_sentence):
    state = saved(tmp_path / "state.pt", steps=2)
    whole = state.read_bytes()

    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Refusal, match="No space left on device") as refusal:
        saved_state.save(job(), state)
    one_sentence(refusal)
    assert state.read_bytes() == whole
    assert not state.with_suffix(".tmp").exists()


def test_one_that_is_asked_to_stop_writes_its_state_first(tmp_path):
    state, asked = tmp_path / "state.pt", [False, False, True]
    steps = list(saved_state.run(job(), state, stopped=lambda: asked.pop(0)))
    assert [step.step for step in steps] == [1, 2, 3]
    assert len(list(saved_state.run(job(), state))) == 3


def test_a_second_process_is_refused_until_the_first_has_ended(tmp_path, one_sentence):
    state = tmp_path / "state.pt"
    first = saved_state.run(job(), state)
    next(first)
    with pytest.raises(Refusal, match="Another process trains") as refusal:
        next(saved_state.run(job(), state))
    one_sentence(refusal)
    list(first)
    assert list(saved_state.run(job(), state)) == []
