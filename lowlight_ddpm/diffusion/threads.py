"""How many processor threads are worth their while: as many as the container may use, if more are faster."""

import math
import os
import timeit
from collections.abc import Callable
from pathlib import Path

import torch

_QUOTA = Path("/sys/fs/cgroup/cpu.max")  # Linux, control groups v2: "max 100000", or microseconds of so many
_WORTH = 0.9  # more threads must take less than this of the time, or they are left to others


def allowed(quota: Path = _QUOTA) -> int:
    """Threads that this process may keep busy: PyTorch's own count, or what a container's quota grants.

    The smaller of the two; PyTorch counts cores, or takes OMP_NUM_THREADS.
    """
    try:
        granted, period = quota.read_text().split()
        cores = int(granted) / int(period)
    except (OSError, ValueError):  # no such file, or no limit in it
        cores = math.inf
    return max(1, min(torch.get_num_threads(), os.cpu_count() or 1, math.floor(min(cores, 1e6))))


def settle(call: Callable[[], object], most: int | None = None) -> int:
    """Time `call` with 1, 2, 4 … threads up to `most` (`allowed()`), leave the best count set, return it."""
    most = allowed() if most is None else most
    best, fastest = 1, math.inf
    for count in sorted({most, *(2**power for power in range(most.bit_length()) if 2**power <= most)}):
        torch.set_num_threads(count)
        seconds = min(timeit.repeat(call, number=1, repeat=3)) if most > 1 else 0.0
        if seconds < _WORTH * fastest:
            best, fastest = count, seconds
    torch.set_num_threads(best)
    return best
