"""What two processes on gloo agree on: what the main one gives or refuses, and when to stop."""

import pytest
import torch
from accelerate import PartialState, debug_launcher
from accelerate.state import AcceleratorState

from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.training import saved_state
from lowlight_ddpm.training.distributed import anywhere, on_main
from tests.helpers.tiny_training import job


def rank_of_two():
    """This process's number; what the test's own process knows of itself is forgotten in it."""
    AcceleratorState._reset_state(reset_partial_state=True)
    state = PartialState(cpu=True)
    assert state.num_processes == 2
    return state.process_index


def agree_and_refuse():
    rank = rank_of_two()
    assert on_main(lambda: {"rank": rank}) == {"rank": 0}
    assert anywhere(rank == 1, False, True) == [True, False, True]

    def refused():
        raise Refusal("There is no room: make some.")

    with pytest.raises(Refusal, match="There is no room: make some"):
        on_main(refused)


def stop(folder):
    """Only the process that does not write is asked to stop, after its second step."""
    rank, asked = rank_of_two(), []
    run = job()
    for step in saved_state.run(run, folder / "state.pt", stopped=lambda: bool(asked)):
        if rank == 1 and step.step == 2:
            asked.append(True)
    assert run.place.step == 2


def crowd(folder):
    """A second run in a folder is refused in both of its processes."""
    rank_of_two()
    with pytest.raises(Refusal, match="Another process trains"):
        next(saved_state.run(job(), folder / "state.pt"))


def test_what_the_main_process_gives_or_refuses_holds_in_all_and_any_flag_is_seen_by_all():
    debug_launcher(agree_and_refuse, num_processes=2)


def test_processes_stop_after_the_same_step_though_one_alone_is_asked(tmp_path):
    debug_launcher(stop, (tmp_path,), num_processes=2)
    assert torch.load(tmp_path / "state.pt", weights_only=True)["place"]["step"] == 2


def test_a_second_pair_in_the_folder_is_refused_as_a_whole(tmp_path):
    first = saved_state.run(job(), tmp_path / "state.pt")
    next(first)
    debug_launcher(crowd, (tmp_path,), num_processes=2)
    assert len(list(first)) == 5


def test_alone_a_process_decides_for_itself():
    assert on_main(lambda: 7) == 7
    assert anywhere(True, False) == [True, False]
