"""One server under many users: no error, every result that of the same run alone, nothing left behind.

python -m benchmarks.load [USERS [RUNS [LONG]]]

The page is served in a process of its own, with untrained networks that answer in milliseconds. USERS clients
make RUNS runs each at the same time; then half of them stop midway, too many come, and some upload
byte by byte; then LONG runs follow one another.
"""

import itertools
import os
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import torch
from gradio_client import Client, handle_file
from PIL import Image

from benchmarks.record import record, row, show
from benchmarks.served import Served, serving
from benchmarks.tiny import save_tiny
from lowlight_ddpm.diffusion.sampling import denoise
from lowlight_ddpm.diffusion.settings import RunSettings, run_settings
from lowlight_ddpm.images import draw, square
from lowlight_ddpm.images.photometry import to_image
from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.models.unet import RESOLUTION

USERS, RUNS, LONG = 16, 10, 500
VARIANTS = ("dim", "bright")
PATIENCE = 120  # seconds that a client waits for an answer; its own five are little among many users
STOPPED_STEPS = 400  # of a run that is stopped midway: seconds, if it went on
FREE_IN = 2.0  # seconds after the last stop until the next run may have ended
WARM = 5  # the part of the long row that warms up: one in so many
GROWTH = 32  # MiB that the server may grow by after that: an allocator is never quite still


@dataclass(frozen=True)
class Server:
    """A page that is served, and where its temporary files are."""

    page: Served
    files: Path

    @property
    def url(self) -> str:
        """Where it is served."""
        return self.page.url

    @property
    def open_files(self) -> int:
        """How many the process holds."""
        return len(os.listdir(f"/proc/{self.page.process}/fd"))

    @property
    def stored(self) -> int:
        """Bytes of temporary files."""
        return sum(path.stat().st_size for path in self.files.rglob("*") if path.is_file())


def main(users: int = USERS, runs: int = RUNS, long: int = LONG) -> bool:
    """Serve, load, print and record what held; True if everything did."""
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        root = save_tiny(Path(folder) / "checkpoints", VARIANTS)
        picture = Path(folder) / "picture.png"
        draw(3, RESOLUTION).save(picture)
        with loaded(root, Path(folder)) as server:
            rows = [
                *at_once(server, root, picture, users, runs),
                *stopping(server, picture, users),
                *too_many(server, picture),
                *slow_uploads(server, root, picture),
                *in_a_row(server, picture, long),
            ]
    record("load", rows)
    return show(rows)


@contextmanager
def loaded(root: Path, folder: Path) -> Iterator[Server]:
    """Serve the page with the checkpoints of `root`, its log and temporary files in `folder`."""
    files = folder / "files"
    with serving(folder / "log.txt", LOWLIGHT_CHECKPOINTS=str(root), GRADIO_TEMP_DIR=str(files)) as page:
        yield Server(page, files)


def at_once(server: Server, root: Path, picture: Path, users: int, runs: int) -> Iterator[dict]:
    """Every user's runs, at the same time, against the same runs alone."""

    def visit(user: int) -> list[bool]:
        client = _client(server)
        return [_same(_asked(client, picture, settings), root, settings) for settings in _wishes(user, runs)]

    with ThreadPoolExecutor(users) as crowd:
        same = list(itertools.chain.from_iterable(crowd.map(visit, range(users))))
    yield row(f"runs of {users} users at once give the bytes of the same run alone", len(same), sum(same))


def stopping(server: Server, picture: Path, users: int) -> Iterator[dict]:
    """Half of the users stop midway: the others get what they asked for, and the queue is free at once."""
    clients = [_client(server) for _ in range(users)]
    long = run_settings(steps=STOPPED_STEPS, start=999)
    short = run_settings(steps=3)
    stopped = [_submit(client, picture, long) for client in clients[::2]]
    kept = [_submit(client, picture, short) for client in clients[1::2]]
    while not any(job.outputs() for job in stopped):
        time.sleep(0.05)
    for job in stopped:
        job.cancel()
    since = time.monotonic()
    finished = sum(job.result() is not None for job in kept)
    _asked(clients[0], picture, short)
    seconds = time.monotonic() - since
    yield row("runs beside others that are stopped midway end", len(kept), finished)
    limit = FREE_IN + len(kept) * 0.5
    note = f"{seconds:.1f} s with the {len(kept)} runs that went on"
    yield row("the queue is free again soon after the stops", 1, seconds <= limit, note)


def too_many(server: Server, picture: Path) -> Iterator[dict]:
    """More than may wait: those beyond are told how long it takes, the others are served."""
    count = 40
    clients = [_client(server) for _ in range(count)]
    jobs = [_submit(client, picture, run_settings(steps=30)) for client in clients]
    served = refused = 0
    for job in jobs:
        try:
            served += job.result() is not None
        except Exception as error:
            refused += "before yours" in str(error) and "in all" in str(error)
    note = f"{served} served, {refused} told how long the full queue takes"
    yield row(f"of {count} runs at once each is served or told", count, served + refused, note)


def slow_uploads(server: Server, root: Path, picture: Path, count: int = 20) -> Iterator[dict]:
    """Uploads that come byte by byte, or stop midway: a run beside them is as ever, and they cost little."""
    client, settings = _client(server), run_settings(steps=5)
    _asked(client, picture, settings)  # the first run of a server opens files that stay
    before = server.open_files
    with ExitStack() as lines:
        slow = [lines.enter_context(_begun_upload(server)) for _ in range(count)]
        ended = 0
        for _ in range(3):
            for line in slow[::2]:
                line.send(b"x")
            ended += _same(_asked(client, picture, settings), root, settings)
        files = server.open_files - before
    yield row(f"runs beside {count} uploads that hardly move end as alone", 3, ended)
    held = files <= 2 * count + 4
    yield row("a slow upload holds a connection and a file", 1, held, f"{files} more open for {count}")
    deadline = time.monotonic() + PATIENCE
    while server.open_files > before + 2 and time.monotonic() < deadline:
        time.sleep(0.1)
    yield row("both are free again when it is given up", 1, server.open_files <= before + 2)


@contextmanager
def _begun_upload(server: Server) -> Iterator[socket.socket]:
    """A connection over which an upload of a megabyte has begun."""
    place = urlsplit(server.url)
    with socket.create_connection((place.hostname, place.port)) as line:
        line.sendall(
            b"POST /gradio_api/upload HTTP/1.1\r\nHost: here\r\nContent-Length: 1000000\r\n"
            b"Content-Type: multipart/form-data; boundary=end\r\n\r\n--end\r\n"
            b'Content-Disposition: form-data; name="files"; filename="slow.png"\r\n\r\n'
        )
        yield line


def in_a_row(server: Server, picture: Path, count: int) -> Iterator[dict]:
    """Many runs, one after the other: memory and open files stay as they are after the first."""
    client = _client(server)
    ended, marks = 0, []
    for number in range(count):
        ended += _asked(client, picture, run_settings(steps=2, seed=number)) is not None
        if number + 1 in (count // WARM, count):
            marks.append((server.page.memory, server.open_files))
    (memory, files), (memory_after, files_after) = marks
    grown = (memory_after - memory) / 2**20
    note = f"{grown:+.1f} MiB, {memory >> 20} MiB before"
    yield row("runs in a row end", count, ended)
    yield row("memory stays", 1, grown <= GROWTH, note)
    yield row("open files stay", 1, files_after <= files + 2, f"{files} before, {files_after} after")
    each = server.stored / count / 1024
    yield row("temporary files are small", 1, each < 64, f"{each:.1f} KiB a run, removed after a day")


def _client(server: Server) -> Client:
    return Client(server.url, verbose=False, httpx_kwargs={"timeout": PATIENCE})


def _wishes(user: int, runs: int) -> list[RunSettings]:
    """What a user asks for: no two ask for the same."""
    return [
        run_settings(
            variant=VARIANTS[(user + number) % len(VARIANTS)],
            start=200 + 30 * number,
            steps=4 + number % 5,
            seed=user * runs + number,
        )
        for number in range(runs)
    ]


def _asked(client: Client, picture: Path, settings: RunSettings) -> np.ndarray:
    return _submit(client, picture, settings).result()[0]


def _submit(client: Client, picture: Path, settings: RunSettings):
    given = settings.model_dump(exclude_unset=True)
    return client.submit(picture=handle_file(picture), **given, api_name="/denoise")


def _same(path: str, root: Path, settings: RunSettings) -> bool:
    """Whether a picture that came back has the bytes of the same run here, alone."""
    clean = settings.dim(square(draw(3, RESOLUTION), RESOLUTION)[None])
    *_, last = denoise(checkpoints.load(settings.variant, root), settings, clean)
    return np.array_equal(np.asarray(Image.open(path)), np.asarray(to_image(last.x0[0])))


if __name__ == "__main__":
    sys.exit(not main(*map(int, sys.argv[1:])))
