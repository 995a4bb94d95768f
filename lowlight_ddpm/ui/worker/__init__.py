"""Where networks run for the page: one at a time, within limits, logged, on a GPU where one is lent.

On a Space's shared GPU (ZeroGPU), what is decorated with `on_gpu` runs in a process that is forked for it.
"""

import math
from collections.abc import Callable
from typing import Any

try:
    # Must be imported before torch; it is there on ZeroGPU Spaces only.
    import spaces  # pyright: ignore[reportMissingImports]
except ImportError:
    spaces = None

LONGEST = 120  # seconds that are asked for at most: an untrusted user is lent no more
_FORKING, _CALL = 15.0, 0.05  # seconds, on the safe side; what is not used is not charged


def on_gpu(seconds: Callable[..., int]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Have a generator run on the shared GPU, for as long as `seconds` says of its own arguments.

    Elsewhere it is left as it is. There, arguments and whatever it yields are pickled, and of an exception
    only the name comes back.
    """
    return spaces.GPU(duration=seconds) if spaces else lambda generator: generator


def seconds_of(calls: int) -> int:
    """How long so many network calls may take there."""
    return min(math.ceil(_FORKING + _CALL * calls), LONGEST)
