"""Two processes that torchrun starts train as one does, through the command line: on gloo, without a GPU."""

import json
import os
import signal

import pytest

from lowlight_ddpm.checkpoints import WEIGHTS
from tests.launching import ended, process, started, wait_for

TRAIN = ("train", "fruit-dim", "--images", "drawn:48", "--epochs", 20, "--out", "trained")
STEPS = 40  # 16 of 48 pictures are held out, 32 make two batches


def record(folder):
    return json.loads((folder / "trained" / "training.json").read_text())


def losses(folder):
    """The loss of every step: there are no more of them than the recorded curve has points."""
    steps, curve = zip(*record(folder)["loss_curve"], strict=True)
    assert list(steps) == list(range(1, STEPS + 1))
    return list(curve)


def state_of(folder):
    path = folder / "runs" / "fruit-dim" / "state.pt"
    return path.stat().st_mtime_ns if path.exists() else None


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """The folders of a run in one process and of one in two, each of which takes its share in two parts."""
    one, two = (tmp_path_factory.mktemp(name) for name in ("one", "two"))
    with started(one, *TRAIN) as alone, started(two, *TRAIN, "--accumulate", 2, processes=2) as pair:
        for run in (alone, pair):
            status, said, told = ended(run)
            assert status == 0, told
            assert said.count("is trained: 40 steps") == 1  # one process speaks for both
    return one, two


def test_two_processes_in_two_parts_each_have_the_loss_curve_of_one(undisturbed):
    one, two = undisturbed
    assert record(one)["launches"] == [{"from_step": 1, "processes": 1, "accumulate": 1}]
    assert record(two)["launches"] == [{"from_step": 1, "processes": 2, "accumulate": 2}]
    assert record(one)["effective_batch"] == record(two)["effective_batch"] == 16
    assert losses(two) == pytest.approx(losses(one), abs=1e-4)
    assert max(losses(one)) > min(losses(one)) + 0.1  # there is a curve


def test_a_pair_that_is_stopped_and_killed_ends_in_the_weights_of_one_left_alone(undisturbed, tmp_path):
    command = (*TRAIN, "--accumulate", 2)
    with started(tmp_path, *command, processes=2) as stopped:
        wait_for(lambda: state_of(tmp_path), stopped)
        os.kill(process(tmp_path, 1), signal.SIGTERM)  # the one that does not write
        status, said, _ = ended(stopped)
    assert status != 0
    assert said.count("Stopped after step") == 1

    before = state_of(tmp_path)
    with started(tmp_path, *command, processes=2) as killed:
        wait_for(lambda: state_of(tmp_path) != before, killed)
        os.kill(process(tmp_path, 1), signal.SIGKILL)  # the launcher ends the other
        assert ended(killed)[0] != 0
    assert not (tmp_path / "trained").exists()

    with started(tmp_path, *command, processes=2) as resumed:
        assert ended(resumed)[0] == 0
    _, two = undisturbed
    assert losses(tmp_path) == losses(two)
    assert (tmp_path / "trained" / WEIGHTS).read_bytes() == (two / "trained" / WEIGHTS).read_bytes()
    assert record(tmp_path)["launches"] == record(two)["launches"]


def test_a_refusal_ends_every_process_and_is_said_once(tmp_path):
    with started(tmp_path, *TRAIN[:3], "missing", processes=2) as run:
        status, _, told = ended(run)
    assert status != 0
    assert told.count("There is no folder “missing”") == 1
    assert "Connection closed by peer" not in told
