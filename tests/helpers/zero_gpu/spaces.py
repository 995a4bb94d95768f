"""What `spaces` does on ZeroGPU as far as the page can tell, without its GPU.

The process that serves is promised a GPU, and breaks if it puts a network there. A decorated generator runs
in a forked process; arguments and results are pickled, and of an exception only the name comes back.
"""

import inspect
import multiprocessing
import pickle
import sys

IMPORTED_FIRST = "torch" not in sys.modules
ASKED = []  # seconds, a number for every call

_fork = multiprocessing.get_context("fork")
_lent = False  # whether this process is one that a GPU is lent to


def GPU(*, duration):  # noqa: N802
    def decorated(task):
        assert inspect.isgeneratorfunction(task)

        def lent(*arguments):
            ASKED.append(duration(*arguments))
            ours, theirs = _fork.Pipe()
            worker = _fork.Process(target=_work, args=(task, theirs), daemon=True)
            worker.start()
            theirs.close()
            ours.send_bytes(pickle.dumps(arguments))
            try:
                while (result := pickle.loads(ours.recv_bytes())) is not None:
                    if isinstance(result, str):
                        raise RuntimeError(f"ZeroGPU worker error: {result}")
                    yield result[0]
            finally:
                worker.terminate()
                worker.join()

        return lent

    return decorated


def promise():
    """Have torch say that there is a GPU, and fail where a network is put on it by a process without one."""
    import torch

    torch.cuda.is_available = lambda: True
    move = torch.nn.Module.to

    def to(network, *place, **options):
        if place[:1] != ("cuda",):
            return move(network, *place, **options)
        if not _lent:
            raise RuntimeError("Low-level CUDA init reached.")
        return network

    torch.nn.Module.to = to


def _work(task, connection):
    global _lent
    _lent = True
    try:
        for result in task(*pickle.loads(connection.recv_bytes())):
            connection.send_bytes(pickle.dumps((result,)))
        connection.send_bytes(pickle.dumps(None))
    except Exception as error:
        connection.send_bytes(pickle.dumps(type(error).__name__))
