"""One thing measured against another, in turns, so that a busy moment of the machine falls on both."""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Ratio:
    """What came of a comparison: the median `value`, its spread `low` to `high`, and the `target`.

    `target` is the least that `value` may be where `at_least` is true, else the most; None where there is
    none. Values are None for what was not measured here; `note` says why, or what else was seen.
    """

    name: str
    value: float | None
    low: float | None
    high: float | None
    target: float | None
    at_least: bool = False
    note: str = ""

    @classmethod
    def of(cls, name: str, values: Sequence[float], target: float | None, **more) -> "Ratio":
        """The median of `values` and their extremes."""
        return cls(name, statistics.median(values), min(values), max(values), target, **more)

    @property
    def met(self) -> bool | None:
        """Whether the target is reached; None without one, or without a value."""
        if self.value is None or self.target is None:
            return None
        return self.value >= self.target if self.at_least else self.value <= self.target

    @property
    def bound(self) -> str:
        """The target as it is read: "≤ 1.03"."""
        return "" if self.target is None else f"{'≥' if self.at_least else '≤'} {self.target:g}"


def unmeasured(name: str, why: str, target: float, at_least: bool = False) -> Ratio:
    """A row for what cannot be measured on this machine."""
    return Ratio(name, None, None, None, target, at_least, why)


def paired(a: Callable[[], object], b: Callable[[], object], rounds: int) -> list[float]:
    """Seconds of `a` over seconds of `b`, once a round; both are warmed up by a call that does not count."""
    a(), b()
    return [seconds(a) / seconds(b) for _ in range(rounds)]


def seconds(call: Callable[[], object]) -> float:
    """What one call takes."""
    begin = time.perf_counter()
    call()
    return time.perf_counter() - begin


def line_fit(points: Sequence[tuple[float, float]]) -> float:
    """r² of a straight line through (how much, seconds): 1 where time grows evenly."""
    return statistics.correlation(*zip(*points, strict=True)) ** 2
