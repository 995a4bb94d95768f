"""What benchmarks have recorded: how much of what was tried held."""

from lowlight_ddpm.figures.inputs import Inputs
from lowlight_ddpm.report.markdown import table


def ratios(inputs: Inputs) -> str:
    """Every speed of benchmarks/results.json beside its target, how many are met, and on what machine."""
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
    """What was seen beside the figures of benchmarks/results.json."""
    rows = inputs.record("results", "bench")["ratios"]
    return "\n".join(f"- {row['name']}: {row['note']}" for row in rows if row["note"])


def recorded(inputs: Inputs, name: str) -> str:
    """The rows of benchmarks/NAME.json, and what machine and versions gave them."""
    report = inputs.record(name)
    lines = [(row["what"], f"{row['held']} of {row['tried']}", row["note"]) for row in report["rows"]]
    return f"{table(('what was tried', 'held', 'seen'), lines)}\n\n{_where(report)}"


def _where(report: dict) -> str:
    versions = ", ".join(f"{library} {number}" for library, number in report["versions"].items())
    return f"On {report['machine']}; {versions}."
