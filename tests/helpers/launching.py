"""Starting tests.helpers.tiny_cli as processes of their own, alone or launched by torchrun on gloo."""

import os
import subprocess
import sys
import time
from contextlib import contextmanager

from lowlight_ddpm.paths import REPOSITORY

PATIENCE = 300  # seconds, on a machine that does much else


@contextmanager
def started(folder, *command, processes=None, **environment):
    """The command under way in `folder`, alone or as so many of a launch; the block ends it."""
    launcher = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"]
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY), "OMP_NUM_THREADS": "1"} | environment
    run = subprocess.Popen(
        [
            sys.executable,
            *(launcher if processes else []),
            "-m",
            "tests.helpers.tiny_cli",
            *map(str, command),
        ],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield run
    finally:
        run.terminate()  # a launcher hands it on
        run.communicate()


def ended(run):
    """Wait for a started command: (exit status, stdout, stderr)."""
    said, told = run.communicate(timeout=PATIENCE)
    return run.returncode, said, told


def wait_for(happened, run):
    """Wait until `happened()`, as long as `run` is under way."""
    deadline = time.monotonic() + PATIENCE
    while not happened():
        assert run.poll() is None, run.communicate()[1]
        assert time.monotonic() < deadline
        time.sleep(0.02)


def process(folder, rank):
    """The id of the process of a rank that was started last in `folder`."""
    return int((folder / f"{rank}.pid").read_text())
