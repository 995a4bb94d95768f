"""Jobs that several processes share: each is done once, though workers die."""

import multiprocessing
import os
import signal
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from lowlight_ddpm.study import results, store
from lowlight_ddpm.study.store import run_all
from tests.helpers.launching import ended, process, started, wait_for

fork = multiprocessing.get_context("fork")


@dataclass(frozen=True)
class Note:
    """A job that leaves a file, and a line for each time that it is run."""

    folder: Path
    number: int
    stuck_in: int = 0  # the process that never ends it

    @property
    def path(self):
        return self.folder / f"{self.number}.txt"

    @property
    def claim(self):
        return self.path.with_suffix(".lock")

    @property
    def done(self):
        return self.path.exists()

    def run(self):
        with (self.folder / "log").open("a") as log:
            log.write(f"{self.number} {os.getpid()}\n")
        if os.getpid() == self.stuck_in:
            time.sleep(3600)
        time.sleep(0.05)
        self.path.touch()


def lines(folder):
    """(job, process) for each time that a job was begun."""
    path = folder / "log"
    return [tuple(map(int, line.split())) for line in path.read_text().splitlines()] if path.exists() else []


def work(folder, count, stuck=False):
    list(
        run_all(Note(folder, number, os.getpid() if stuck and number == 1 else 0) for number in range(count))
    )


def test_three_workers_do_each_job_once(tmp_path):
    workers = [fork.Process(target=work, args=(tmp_path, 20)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0
    begun = lines(tmp_path)
    assert sorted(number for number, _ in begun) == list(range(20))
    assert len({who for _, who in begun}) > 1
    assert not list(tmp_path.glob("*.lock"))


def test_a_job_whose_worker_is_killed_is_done_by_one_that_waits_for_it(tmp_path):
    dying = fork.Process(target=work, args=(tmp_path, 4, True))
    dying.start()
    while [number for number, _ in lines(tmp_path)] != [0, 1]:
        time.sleep(0.01)
    waiting = fork.Process(target=work, args=(tmp_path, 4))
    waiting.start()
    while len(lines(tmp_path)) < 4:
        time.sleep(0.01)
    assert not (tmp_path / "1.txt").exists()
    dying.kill()
    waiting.join()
    assert waiting.exitcode == 0
    assert Counter(number for number, _ in lines(tmp_path)) == {0: 1, 1: 2, 2: 1, 3: 1}
    assert (tmp_path / "1.txt").exists()


def test_every_job_is_told_once_it_is_done_and_a_second_pass_runs_none(tmp_path):
    jobs = [Note(tmp_path, number) for number in range(3)]
    assert list(run_all(jobs)) == jobs
    assert list(run_all(jobs)) == jobs
    assert len(lines(tmp_path)) == 3


def test_a_job_that_fails_stays_to_be_done(tmp_path):
    class Failing(Note):
        def run(self):
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        list(run_all([Failing(tmp_path, 0)]))
    assert list(run_all([Note(tmp_path, 0)]))
    assert len(lines(tmp_path)) == 1


def test_an_evaluation_that_loses_a_worker_is_ended_by_the_next(tmp_path, checkpoint_root):
    """Two of a launch, one of which is killed; then two that know nothing of each other."""
    places = {"LOWLIGHT_CHECKPOINTS": str(checkpoint_root), "LOWLIGHT_RESULTS": str(tmp_path / "results")}
    log = tmp_path / "jobs.log"

    def jobs(what):
        words = [line.split() for line in log.read_text().splitlines()] if log.exists() else []
        return Counter(job for job, happened in words if happened == what)

    with started(tmp_path, "evaluate", processes=2, TINY_STUCK="1", **places) as launch:
        wait_for(lambda: jobs("stuck") and len(jobs("ended")) > 3, launch)
        os.kill(process(tmp_path, 1), signal.SIGKILL)
        assert ended(launch)[0] != 0
    (lost,) = jobs("stuck")
    before = jobs("ended")
    # The worker that was left may have been ended between a result and its line in the log.
    untold = jobs("begun").keys() - before.keys() - {lost}
    assert len(untold) <= 1

    with started(tmp_path, "evaluate", **places) as one, started(tmp_path, "evaluate", **places) as other:
        for run in (one, other):
            status, said, told = ended(run)
            assert status == 0, told
            assert "fixed_large" in said
    assert jobs("begun").keys() - jobs("ended").keys() <= untold
    assert set(jobs("ended").values()) == {1}
    assert lost in jobs("ended")
    assert before.keys() < jobs("ended").keys()

    folder = tmp_path / "results"
    files = store.files(folder)
    assert {path.stem for path in folder.rglob("*.lock")} == {path.stem for path in files}, "no claim is left"
    assert sum(path.read_bytes().count(b"\n") for path in files) == len(jobs("begun"))
    assert set(results.table(folder, checkpoint_root)["variant"]) == {"dim", "bright"}
    assert set(results.transmissions(folder, checkpoint_root)["variant"]) == {"dim", "bright"}
