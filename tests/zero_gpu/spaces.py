"""What `spaces` does on ZeroGPU as far as the page can tell, without its GPU.

The process that serves is promised a GPU, which breaks whoever takes it there. A decorated generator runs in
a forked process; arguments and results are pickled, and of an exception only the name comes back.
"""

import inspect
import multiprocessing
import pickle
import sys

IMPORTED_FIRST = "torch" not in sys.modules
ASKED = []  # seconds, a number for every call
LENT = "lent"

_fork = multiprocessing.get_context("fork")


def GPU(task=None, *, duration=None):  # noqa: N802
    if task is None:
        return lambda task: GPU(task, duration=duration)
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


def promise():
    """Have torch say that there is a GPU, and fail wherever a network is put on it but in a worker."""
    import torch

    torch.cuda.is_available = lambda: True
    move = torch.nn.Module.to

    def to(network, device=None, **options):
        if str(device) != "cuda":
            return move(network, device, **options) if device else move(network, **options)
        if LENT not in globals().get("PLACE", ()):
            raise RuntimeError("Low-level CUDA init reached.")
        return network

    torch.nn.Module.to = to


def _work(task, connection):
    globals()["PLACE"] = (LENT,)
    try:
        for result in task(*pickle.loads(connection.recv_bytes())):
            connection.send_bytes(pickle.dumps((result,)))
        connection.send_bytes(pickle.dumps(None))
    except Exception as error:
        connection.send_bytes(pickle.dumps(type(error).__name__))
