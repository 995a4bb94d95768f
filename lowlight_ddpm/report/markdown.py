"""Figures and tables as Markdown."""

from collections.abc import Iterable

from lowlight_ddpm.study.bootstrap import Interval


def table(heads: Iterable[str], lines: Iterable[Iterable[str]]) -> str:
    """A Markdown table."""
    heads = list(heads)
    rule = ["---"] * len(heads)
    return "\n".join(f"| {' | '.join(line)} |" for line in (heads, rule, *lines))


def signed(figure: Interval | None, unit: str = "") -> str:
    """A difference or shift with its interval, or a dash where there is none."""
    if figure is None:
        return "–"
    return f"{_sign(figure.mean)}{unit} ({_sign(figure.low)} to {_sign(figure.high)})"


def _sign(value: float) -> str:
    # Adding 0.0 turns a rounded -0.0 into 0.0.
    return f"{round(value, 2) + 0.0:+.2f}".replace("-", "−")
