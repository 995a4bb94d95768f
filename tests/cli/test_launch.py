"""Two processes that torchrun starts train as one does, through the command line: on gloo, without a GPU."""

import json
import os
import signal

import pytest
import torch

from lowlight_ddpm.models.checkpoints import WEIGHTS
from tests.helpers.launching import ended, process, started, wait_for

TRAIN = ("train", "fruit-dim", "--images", "drawn:48", "--epochs", 10, "--out", "trained")
STEPS = 20  # 16 of 48 pictures are held out, 32 make two batches


def record(folder):
    return json.loads((folder / "trained" / "training.json").read_text())


def losses(folder):
    """The loss of every step: there are no more of them than the recorded curve has points."""
    steps, curve = zip(*record(folder)["loss_curve"], strict=True)
    assert list(steps) == list(range(1, STEPS + 1))
    return list(curve)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """The folders of a run in one process and of one in two, each of which takes its share in two parts."""
    one, two = (tmp_path_factory.mktemp(name) for name in ("one", "two"))
    with started(one, *TRAIN) as alone, started(two, *TRAIN, "--accumulate", 2, processes=2) as pair:
        for run in (alone, pair):
            status, said, told = ended(run)
            assert status == 0, told
            assert said.count("is trained: 20 steps") == 1  # one process speaks for both
    return one, two


def test_two_processes_in_two_parts_each_have_the_loss_curve_of_one(undisturbed):
    one, two = undisturbed
    assert record(one)["launches"] == [{"from_step": 1, "processes": 1, "accumulate": 1}]
    assert record(two)["launches"] == [{"from_step": 1, "processes": 2, "accumulate": 2}]
    assert record(one)["effective_batch"] == record(two)["effective_batch"] == 16
    assert losses(two) == pytest.approx(losses(one), abs=1e-4)
    assert max(losses(one)) > min(losses(one)) + 0.1  # there is a curve


def test_a_killed_pair_goes_on_to_the_weights_of_one_left_alone(undisturbed, tmp_path):
    command = (*TRAIN, "--accumulate", 2)
    state = tmp_path / "runs" / "fruit-dim" / "state.pt"
    with started(tmp_path, *command, processes=2) as killed:
        wait_for(state.exists, killed)
        os.kill(process(tmp_path, 1), signal.SIGKILL)  # the launcher ends the other
        assert ended(killed)[0] != 0
    assert not (tmp_path / "trained").exists()
    assert 0 < torch.load(state, weights_only=True)["place"]["step"] < STEPS

    with started(tmp_path, *command, processes=2) as resumed:
        status, _, told = ended(resumed)
        assert status == 0, told
    _, two = undisturbed
    assert losses(tmp_path) == losses(two)
    assert (tmp_path / "trained" / WEIGHTS).read_bytes() == (two / "trained" / WEIGHTS).read_bytes()
    assert record(tmp_path)["launches"] == record(two)["launches"]
