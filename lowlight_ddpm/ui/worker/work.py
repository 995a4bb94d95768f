"""Anything that calls a network for a while: done once, stopped between two calls, timed."""

import time
from collections import deque
from collections.abc import Iterator

LATEST: deque[float] = deque(maxlen=20)  # seconds of the latest pieces of work, of all visitors


class Work:
    """`stopped` may be set at any moment; subclasses say in `calls` what is done."""

    begun = stopped = over = False
    seconds = 0.0

    @property
    def ended(self) -> bool:
        """Whether nothing more will come."""
        return self.over or (self.stopped and not self.begun)

    def walk(self) -> Iterator:
        """Do the work, once, and pass on what `calls` yields.

        `stopped` ends it after the call under way, or before the first.
        """
        if self.begun:
            return
        self.begun, since = True, time.monotonic()
        try:
            for told in () if self.stopped else self.calls():
                self.seconds = time.monotonic() - since
                yield told
                if self.stopped:
                    return
        finally:
            self.over = True
            if self.seconds:  # else it was stopped before its first call, and says nothing of the others
                LATEST.append(self.seconds)

    def calls(self) -> Iterator:
        """The work itself: yields once for every network call."""
        raise NotImplementedError
