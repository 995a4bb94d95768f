"""A forked process of tests/helpers/warm.py is as a new one, and counts as one."""

import os
import signal
import subprocess
import sys

import pytest

from tests.helpers import warm as forked

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("warm")]

PROBE = """
import atexit, json, os, sys, threading, time
if sys.argv[1] == "sleep":
    print("asleep", flush=True)
    time.sleep(600)
sys.stdout.reconfigure(errors="replace")
threading.Thread(target=lambda: (time.sleep(0.2), print("a thread has ended"))).start()
atexit.register(print, "the end")
variables = {name: text for name, text in os.environ.items() if name != "JE_ARROW_MALLOC_CONF"}
seen = [sys.argv[1:], os.getcwd(), variables, sys.path, __name__]
seen += [sys.stdin.read(), os.getsid(0) == os.getpid()]
print(json.dumps(seen, sort_keys=True), os.path.realpath("/proc/self/fd/2"), threading.active_count())
print(sorted(map(int, os.listdir("/proc/self/fd")))[:3], "lowlight_ddpm" in sys.modules)
if sys.argv[1] == "raise":
    raise ValueError("as said")
sys.exit(int(sys.argv[1]))
"""


@pytest.fixture(params=[["probe.py"], ["-m", "probe"]], ids=["file", "module"])
def probe(request, tmp_path):
    (tmp_path / "probe.py").write_text(PROBE)
    return [sys.executable, *request.param]


@pytest.mark.parametrize("word", ["0", "3", "raise"])
@pytest.mark.parametrize("session", [False, True])
def test_it_is_as_a_new_one(probe, tmp_path, word, session):
    environment = os.environ | {"OMP_NUM_THREADS": "1", "LOWLIGHT_X": "ä", "PYTHONPATH": str(tmp_path / "a")}
    found = []
    for kind in (forked.Popen, forked.Popen.__base__):
        run = kind(
            [*probe, word],
            cwd=tmp_path,
            env=environment,
            start_new_session=session,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=(tmp_path / "told").open("w"),
            text=True,
        )
        said, _ = run.communicate("given")
        assert (getattr(run, "line", None) is not None) == (kind is forked.Popen)
        found.append((run.returncode, said, (tmp_path / "told").read_text().splitlines()[-1:]))
    assert found[0] == found[1]
    assert "a thread has ended\nthe end\n" in found[0][1]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_as_it_does_a_new_one(probe, tmp_path, number):
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    with subprocess.Popen(
        [*probe, "sleep"], cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as run:
        assert run.line
        assert run.stdout.readline() == b"asleep\n"
        assert run.poll() is None
        with pytest.raises(subprocess.TimeoutExpired):
            run.wait(timeout=0.1)
        run.send_signal(number)
    assert run.returncode == -number


@pytest.mark.parametrize(
    "more",
    [{"env": os.environ | {"HF_HUB_OFFLINE": "0"}}, {"preexec_fn": os.getpid}],
    ids=["early", "own code"],
)
def test_what_a_fork_cannot_have_is_started_anew(probe, tmp_path, more):
    with subprocess.Popen([*probe, "0"], cwd=tmp_path, stdin=subprocess.DEVNULL, **more) as run:
        assert run.line is None
    assert run.returncode == 0
