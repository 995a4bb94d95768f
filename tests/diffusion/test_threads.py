"""The number of threads: never more than a container grants, and more only where they are faster."""

import time

import pytest
import torch

from lowlight_ddpm.diffusion import threads


@pytest.fixture(autouse=True)
def as_before():
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize(
    ("written", "expected"),
    [("150000 100000", 1), ("400000 100000", 4), ("50000 100000", 1), ("max 100000", 8)],
)
def test_a_container_s_quota_is_the_most(monkeypatch, tmp_path, written, expected):
    monkeypatch.setattr(threads.os, "cpu_count", lambda: 8)
    torch.set_num_threads(8)
    quota = tmp_path / "cpu.max"
    quota.write_text(written + "\n")
    assert threads.allowed(quota) == expected


def test_without_a_quota_the_cores_are_the_most_and_pytorch_s_count_is_kept_to(monkeypatch, tmp_path):
    monkeypatch.setattr(threads.os, "cpu_count", lambda: 8)
    torch.set_num_threads(3)
    assert threads.allowed(tmp_path / "none") == 3


@pytest.mark.parametrize(("speed_up", "expected"), [(1.0, 4), (0.0, 1), (-0.5, 1)])
def test_threads_that_do_not_pay_are_left_to_others(speed_up, expected):
    def call():
        time.sleep(0.02 / torch.get_num_threads() ** speed_up)

    assert threads.settle(call, most=4) == expected
    assert torch.get_num_threads() == expected


def test_one_thread_is_not_timed():
    calls = []
    assert threads.settle(lambda: calls.append(1), most=1) == 1
    assert not calls
