"""The page served by a process of its own, as a visitor finds it."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

from lowlight_ddpm.paths import REPOSITORY

START_SECONDS = 300  # ten on an idle machine; importing torch and gradio on a busy one
APP = ("app.py",)
_FACTORY = "lowlight_ddpm.ui.server:create"
# Its port follows.
REPLICA = ("-m", "uvicorn", "--factory", _FACTORY, "--timeout-graceful-shutdown", "10", "--port")


@dataclass(frozen=True)
class Served:
    """Where a page is served, and by which process."""

    url: str
    process: int

    @property
    def memory(self) -> int:
        """Bytes that are resident."""
        pages = int(Path(f"/proc/{self.process}/statm").read_text(encoding="utf-8").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")


@contextmanager
def serving(log: Path, command: tuple[str, ...] = APP, **environment: str) -> Iterator[Served]:
    """Serve the page with drawn pictures until the block ends; the process writes to `log`.

    `command` is APP, as anyone starts it, or REPLICA, one of several behind a balancer. Raises RuntimeError,
    with what it wrote, where the page does not start.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"} | environment
    environment["GRADIO_SERVER_PORT"] = str(port)
    environment.pop("LOWLIGHT_IMAGES", None)
    words = [sys.executable, *command] + [str(port)] * (command == REPLICA)
    with log.open("w", encoding="utf-8") as output:
        server = subprocess.Popen(words, cwd=REPOSITORY, env=environment, stdout=output, stderr=output)
        try:
            yield Served(_when_ready(f"http://127.0.0.1:{port}", server, log), server.pid)
        finally:
            server.terminate()
            server.wait(timeout=30)


def _when_ready(url: str, server: subprocess.Popen, log: Path) -> str:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            urlopen(url, timeout=5).close()
            return url
        except OSError:
            time.sleep(0.2)
    raise RuntimeError(f"The page did not start: {log.read_text(encoding='utf-8')}")
