"""Jobs that any number of processes do together: each is claimed by a lock, so that none is done twice."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from filelock import FileLock, Timeout


class Job(Protocol):
    """Something to be done once that knows whether it is; `claim` is a file that stands for it alone."""

    @property
    def claim(self) -> Path: ...  # noqa: D102

    @property
    def done(self) -> bool: ...  # noqa: D102

    def run(self) -> None: ...  # noqa: D102


def settle(jobs: Iterable[Job]) -> Iterator[Job]:
    """Have every job done, by this process or by others that go through the same; yields each that is.

    Jobs that another process is at come last: they are waited for, and done here should that process die.
    """
    elsewhere = []
    for job in jobs:
        if _settled(job, seconds=0):
            yield job
        else:
            elsewhere.append(job)
    for job in elsewhere:
        _settled(job)
        yield job


@contextmanager
def claimed(claim: Path, seconds: float = -1) -> Iterator[None]:
    """Be the only one at what `claim` stands for; the system frees the claim of a process that dies.

    Raises filelock.Timeout where another has it for longer than `seconds`; -1 waits for ever.
    """
    claim.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(claim, timeout=seconds):
        yield
        claim.unlink(missing_ok=True)  # while it is held: whoever gets the claim next finds the work done


def _settled(job: Job, seconds: float = -1) -> bool:
    """Whether the job is done: it may be already, and is done here where its claim is to be had."""
    if job.done:
        return True
    try:
        with claimed(job.claim, seconds):
            if not job.done:
                job.run()
    except Timeout:
        return False
    return True
