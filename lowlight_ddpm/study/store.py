"""What is measured once, by any number of processes, and kept: one line of JSON in results/NAME.jsonl each.

A file holds what one network has been measured for, NAME being its variant; no-network.jsonl all that no
network has a part in, and small-networks.jsonl networks that are no variant. A line has a `kind`, which says
what was measured, and a `key`, which says of what.
Lines are only ever appended; of several with one kind and key in a file the newest counts.
"""

import errno
import json
import math
import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, Protocol

from filelock import FileLock, Timeout

from lowlight_ddpm.errors import Refusal

NO_NETWORK = "no-network"
_HEAD = re.compile(r'\{"kind": "([^"]+)", "key": "([^"]+)"')  # so that a line is parsed only if it is wanted


class Job(Protocol):
    """Something to be done once that knows whether it is; `claim` is a file that stands for it alone."""

    @property
    def claim(self) -> Path: ...  # noqa: D102

    @property
    def done(self) -> bool: ...  # noqa: D102

    def run(self) -> None: ...  # noqa: D102


class Measurement:
    """A job whose outcome is kept as the line `key` of its `kind` in the file `path`."""

    kind: ClassVar[str]
    folder: Path

    @property
    def key(self) -> str:
        """What tells it from all others of its kind."""
        raise NotImplementedError

    @property
    def path(self) -> Path:
        """The file that its line is in, or goes to."""
        raise NotImplementedError

    @property
    def claim(self) -> Path:
        """What stands for it while it is run."""
        return self.folder / f"{self.kind}-{self.key}.lock"

    @property
    def record(self) -> dict[str, Any] | None:
        """Its line, None where it has not been measured."""
        return record(self.path, self.kind, self.key)

    def keep(self, report: dict[str, Any]) -> None:
        """Write its line."""
        append(self.path, self.kind, self.key, report)


def run_all(jobs: Iterable[Job]) -> Iterator[Job]:
    """Have every job done, by this process or by others that go through the same; yields each that is.

    Jobs that another process is at come last: they are waited for, and done here should that process die.
    """
    elsewhere = []
    for job in jobs:
        if _is_run(job, seconds=0):
            yield job
        else:
            elsewhere.append(job)
    for job in elsewhere:
        _is_run(job)
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


def append(path: Path, kind: str, key: str, report: dict[str, Any]) -> None:
    """Add a line, and have it on the disk on return; floats are rounded to seven significant digits.

    One process at a time writes to a file. What an earlier one has left of a line is removed first. Raises
    OSError where the disk is full; what was there counts as before.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    head = {"kind": kind, "key": key}  # first, and not those of a report that was read from another line
    line = json.dumps(head | _rounded(report) | head).encode() + b"\n"
    # The lock is left there: were it removed, two processes could hold it, each with a file of its own.
    with FileLock(path.with_suffix(".lock")), path.open("a+b", buffering=0) as file:
        file.seek(0)
        content = file.read()
        whole = _whole(content)
        file.truncate(min(len(whole), len(content)))
        added = whole[len(content) :] + line
        if file.write(added) < len(added):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        os.fsync(file.fileno())


def forget(path: Path, wanted: Callable[[dict[str, Any]], bool]) -> int:
    """Delete every line of a file that is not `wanted`, and the file when none is left; how many went.

    The file is whole at any time, should the process die.
    """
    with FileLock(path.with_suffix(".lock")):
        whole = _whole(path.read_bytes()).splitlines(keepends=True)
        kept = [line for line in whole if wanted(json.loads(line))]
        if not kept:
            path.unlink()
        elif len(kept) < len(whole):
            fresh = path.with_suffix(".new")
            fresh.write_bytes(b"".join(kept))
            fresh.replace(path)
    return len(whole) - len(kept)


def record(path: Path, kind: str, key: str) -> dict[str, Any] | None:
    """The newest line of that kind and key in a file, None where there is none."""
    line = lines(path, kind).get(key)
    return None if line is None else json.loads(line)


def records(folder: Path, kind: str) -> Iterator[dict[str, Any]]:
    """The newest line of every key of that kind in all files of a folder, by file and key.

    Their order does not depend on which process was first to write.
    """
    for path in files(folder):
        yield from (json.loads(line) for _, line in sorted(lines(path, kind).items()))


def files(folder: Path) -> list[Path]:
    """All files of results in a folder, by name."""
    return sorted(folder.glob("*.jsonl"), key=lambda path: path.stem)


def mentions(path: Path, kind: str, key: str) -> bool:
    """Whether a file has such a line, be it torn: a look that is quick enough for thousands of files."""
    return path.exists() and _head(kind, key) in path.read_bytes()


def lines(path: Path, kind: str) -> dict[str, str]:
    """Key -> the newest line of that kind, as text; empty where the file is not there.

    A last line that was torn is left out. Raises Refusal for any other line that is not a result.
    """
    found = {}
    for number, line in enumerate(
        _whole(path.read_bytes()).decode().splitlines() if path.exists() else (), 1
    ):
        head = _HEAD.match(line)
        if head is None:
            raise Refusal(f"Line {number} of {path} is not a result: delete it, or restore the file.")
        if head[1] == kind:
            found[head[2]] = line
    return found


def _head(kind: str, key: str) -> bytes:
    return json.dumps({"kind": kind, "key": key}).encode()[:-1]  # there may be more after it


def _is_run(job: Job, seconds: float = -1) -> bool:
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


def _whole(content: bytes) -> bytes:
    """A file's content without the last line where that was torn; every line of it ends.

    Whoever is killed while writing, or fills the disk, leaves the beginning of an object, which is no JSON.
    """
    before, newline, last = content.rpartition(b"\n")
    if not last:
        return content
    try:
        json.loads(last)
    except ValueError:
        return before + newline
    return content + b"\n"


def _rounded(value):
    """Seven significant digits for every float: what float32 holds, in a third of the space."""
    if isinstance(value, float):
        if not value or not math.isfinite(value):
            return value
        return round(value, 6 - math.floor(math.log10(abs(value))))
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    return [_rounded(item) for item in value] if isinstance(value, list) else value
