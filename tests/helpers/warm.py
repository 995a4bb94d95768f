"""Python processes that tests start, forked from one that has imported what takes seconds to import.

Each is a process of its own, with the words, folder, environment, streams, signals and exit status of a new
one, and imports lowlight_ddpm itself. A process that asks for more than that is started anew.
"""

import gc
import io
import json
import os
import re
import runpy
import secrets
import selectors
import socket
import struct
import subprocess
import sys
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path

# Read when they are needed, not when Python starts or one of LIBRARIES is imported.
LATE = re.compile(
    r"(LOWLIGHT|TINY|PYTEST|TORCHELASTIC|LOCAL|GROUP|ROLE|MASTER)_\w+|RANK|WORLD_SIZE|PYTHONPATH|PWD"
    r"|GRADIO_(SERVER_PORT|SERVER_NAME|TEMP_DIR|ANALYTICS_ENABLED)|TORCH_NCCL_ASYNC_ERROR_HANDLING|\w+_(?i:proxy)"
)
LIBRARIES = (
    "torch.distributed.elastic.multiprocessing",
    "torchvision.transforms.v2",
    "diffusers.models.unets.unet_2d",
    "gradio",
    "skimage.metrics",
)
MOST = 1 << 20  # bytes of a request


def early(environment):
    """What of an environment must be as it was when the libraries were imported."""
    return {name: text for name, text in environment.items() if not LATE.fullmatch(name)}


@cache
def server():
    """Start the process that forks: its name, its environment, and the pipe whose end is its end."""
    name, environment = f"warm-{secrets.token_hex(8)}", os.environ | {"OMP_NUM_THREADS": "1"}
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(f"\0{name}")
        listener.listen()
        command = [sys.executable, "-P", __file__, name, str(listener.fileno())]
        environment.pop("PYTHONPATH", None)
        process = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,  # no terminal's, whose lines are not kept back
            pass_fds=[listener.fileno()],
        )
    return name, early(environment), process.stdin


class Popen(subprocess.Popen):
    """As subprocess.Popen; `python -m MODULE` and `python FILE` are forked where they can be."""

    warm, line = staticmethod(server), None

    def _execute_child(self, args, executable, preexec_fn, close_fds, pass_fds, cwd, env, *rest):
        words = [] if isinstance(args, (str, os.PathLike)) else [*map(os.fspath, args)]
        words = [word for word in words if word != "-u"]
        here = dict(os.environ if env is None else env)
        is_python = words[:1] == [sys.executable] and re.match("-m$|[^-]", "".join(words[1:2]))
        if executable or preexec_fn or pass_fds or not is_python or early(here) != self.warm()[1]:
            super()._execute_child(args, executable, preexec_fn, close_fds, pass_fds, cwd, env, *rest)
            return
        pipes, session = rest[3:9], rest[14]
        streams = [
            pipe if pipe >= 0 else number for number, pipe in enumerate((pipes[0], pipes[3], pipes[5]))
        ]
        request = {"words": words[1:], "folder": os.path.abspath(cwd or "."), "session": session}
        self.line = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.line.connect(f"\0{self.warm()[0]}")
        socket.send_fds(self.line, [json.dumps(request | {"environment": here}).encode()], streams)
        (self.pid,) = struct.unpack("i", self.line.recv(4))
        self._child_created = True
        self._close_pipe_fds(*pipes)

    def _try_wait(self, wait_flags):
        if self.line is None:
            return super()._try_wait(wait_flags)
        self.line.setblocking(not wait_flags & os.WNOHANG)
        try:
            return self.pid, struct.unpack("i", self.line.recv(4))[0]
        except BlockingIOError:
            return 0, 0

    def _internal_poll(self, *args, **more):
        if self.line is None:
            return super()._internal_poll(*args, **more)
        if self.returncode is None and self._waitpid_lock.acquire(blocking=False):
            try:
                pid, status = self._try_wait(os.WNOHANG)
                if pid and self.returncode is None:
                    self._handle_exitstatus(status)
            finally:
                self._waitpid_lock.release()
        return self.returncode


def serve(listener):
    """Fork when asked, until stdin ends. Returns in what was forked alone: the words that it is to run."""
    lines, events = {}, selectors.DefaultSelector()
    for source in (sys.stdin.fileno(), listener.fileno()):
        events.register(source, selectors.EVENT_READ)
    while True:
        for (source, *_), _ in events.select():
            if source == sys.stdin.fileno():
                os._exit(0)
            elif source in lines:
                pid, line = lines.pop(source)
                events.unregister(source)
                os.close(source)
                with suppress(OSError):  # whoever started it may have ended
                    line.send(struct.pack("i", os.waitpid(pid, 0)[1]))
                line.close()
            else:
                line, _ = listener.accept()
                request, streams, *_ = socket.recv_fds(line, MOST, 3)
                pid = os.fork()
                if not pid:
                    for one in (events, listener, line, *(line for _, line in lines.values())):
                        one.close()
                    return become(streams, **json.loads(request))
                for stream in streams:
                    os.close(stream)
                line.send(struct.pack("i", pid))
                source = os.pidfd_open(pid)
                lines[source] = pid, line
                events.register(source, selectors.EVENT_READ)


def become(streams, words, folder, environment, session):
    """Have this process look as a new one does: the words that it is to run."""
    if session:
        os.setsid()
    streams = [os.dup(stream) for stream in streams]  # of which some may stand in another's place
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    sys.stdin = os.fdopen(0, encoding=sys.stdin.encoding, errors=sys.stdin.errors, closefd=False)
    sys.stdout, sys.stderr = (reopened(stream) for stream in (sys.stdout, sys.stderr))
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    module = words[0] == "-m"
    first = folder if module else os.path.dirname(os.path.abspath(words[0]))
    sys.path[:0] = [first, *filter(None, environment.get("PYTHONPATH", "").split(os.pathsep))]
    sys.argv = words[module:]
    return words


def reopened(stream):
    """A stream as Python opens it at the start, on what the number of its file means now."""
    below = os.fdopen(stream.fileno(), "wb", 0 if stream.write_through else -1, closefd=False)
    kind = {name: getattr(stream, name) for name in ("encoding", "errors", "line_buffering", "write_through")}
    return io.TextIOWrapper(below, **kind)


if __name__ == "__main__":
    place = sys.argv[1], early(os.environ)
    Popen.warm = staticmethod(lambda: place)
    subprocess.Popen = Popen  # a launcher's processes are forked, too
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # as the page has it when gradio is imported
    os.environ["JE_ARROW_MALLOC_CONF"] = "background_thread:false"
    for library in LIBRARIES:
        import_module(library)
    threads = list(Path("/proc/self/task").iterdir())
    assert len(threads) == 1, "a fork takes one thread along, and the locks of others"
    gc.freeze()  # or what is forked copies every page as it ends
    how, *rest = serve(socket.socket(fileno=int(sys.argv[2])))
    if how == "-m":
        runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
    else:
        runpy.run_path(how, run_name="__main__")
