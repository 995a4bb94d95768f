"""What benchmarks have recorded, as Markdown: ratios and their targets, trials, constants of scale."""

from typing import Any

from lowlight_ddpm.figures import Inputs
from lowlight_ddpm.report.measurements import table


def ratios(inputs: Inputs) -> str:
    """Every speed of benchmarks/results.json and its target, how many are met, and on what machine."""
    report, lines = inputs.record("results", "bench"), []
    for row in report["ratios"]:
        spread = "" if row["value"] is None else f"{row['low']:.3g} to {row['high']:.3g}"
        value = "not measured" if row["value"] is None else f"{row['value']:.3g}"
        target = "" if row["target"] is None else f"{'≥' if row['at_least'] else '≤'} {row['target']:g}"
        lines.append(
            (row["name"], value, spread, target, {True: "met", False: "**missed**", None: ""}[row["met"]])
        )
    met = [row["met"] for row in report["ratios"] if row["met"] is not None]
    head = ("what", "median", "spread", "target", "")
    return f"{table(head, lines)}\n\n{sum(met)} of {len(met)} met. {_where(report)}"


def notes(inputs: Inputs) -> str:
    """What was seen apart from the figures of benchmarks/results.json."""
    rows = inputs.record("results", "bench")["ratios"]
    return "\n".join(f"- {row['name']}: {row['note']}" for row in rows if row["note"])


def recorded(inputs: Inputs, name: str) -> str:
    """The rows of benchmarks/NAME.json, and what machine and versions gave them."""
    report = inputs.record(name)
    lines = [(row["what"], f"{row['held']} of {row['tried']}", row["note"]) for row in report["rows"]]
    return f"{table(('what was tried', 'held', 'seen'), lines)}\n\n{_where(report)}"


def confusion(inputs: Inputs) -> str:
    """What a diagnosis named first, a column each, of networks with a known fault, a row each."""
    report = inputs.record("diagnosis", "diagnosis")
    named = list(report["rows"][0]["named"])
    lines = [
        (row["what"], f"{row['tried']}", *(f"{row['named'][name] or ''}" for name in named))
        for row in report["rows"]
    ]
    return f"{table(('built in', 'cases', *named), lines)}\n\n{_where(report)}"


def _where(report: dict[str, Any]) -> str:
    versions = ", ".join(f"{library} {number}" for library, number in report["versions"].items())
    return f"On {report['machine']}; {versions}."


SIDE, MEASURED_SIDE = 128, 64
NETWORKS = ("ours", "tutorial")


def constants(inputs: Inputs) -> str:
    """What was counted of the networks, and what was measured."""
    report, known = inputs.record("scale"), _values(inputs)
    networks = []
    for network in NETWORKS:
        for side in (MEASURED_SIDE, SIDE):
            line = [network, f"{known[f'weights-{network}'] / 1e6:.1f} M", f"{side}"]
            for what in ("call", "step"):
                key = f"{network}-{side}"
                line += [f"{known[f'{what}-flops-{key}'] / 1e9:.1f}", f"{known[f'{what}-operations-{key}']}"]
            networks.append(line)
    heads = (
        *("network", "weights", "px", "GFLOP per image", "operations"),
        *("GFLOP with gradients", "operations with gradients"),
    )
    measured = [
        (row["what"], _UNITS[row["unit"]](row["value"])) for row in report["rows"] if not row["counted"]
    ]
    versions = ", ".join(f"{library} {number}" for library, number in report["versions"].items())
    tables = (table(heads, networks), table(("measured", ""), measured))
    return "\n\n".join((*tables, f"One thread of {report['machine']}; {versions}."))


def _time(seconds: float) -> str:
    for most, unit, name in ((1e-3, 1e-6, "µs"), (1, 1e-3, "ms"), (60, 1, "s"), (3600, 60, "min")):
        if seconds < most:
            return f"{seconds / unit:.1f} {name}"
    return f"{seconds / 3600:,.1f} h"


def _size(count: float) -> str:
    for most, unit, name in ((1e6, 1e3, "kB"), (1e9, 1e6, "MB")):
        if count < most:
            return f"{count / unit:.1f} {name}"
    return f"{count / 1e9:,.1f} GB"


_UNITS = {"s": _time, "bytes": _size, "": "{:,}".format}


def _values(inputs: Inputs) -> dict[str, float]:
    return {row["name"]: row["value"] for row in inputs.record("scale")["rows"]}
