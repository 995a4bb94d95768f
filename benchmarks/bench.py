"""Every speed that is promised, measured in one run: `make bench`.

Prints each ratio with its target, and how many are met; writes results.json, from which docs/performance.md
and its figure are made. On an idle machine: a busy one slows one side of a comparison more than the other.
"""

import json
from dataclasses import asdict
from itertools import chain
from pathlib import Path

import torch

from benchmarks import growth, limit, sampling, start, training
from benchmarks.ratio import Ratio
from benchmarks.record import FOLDER, surroundings

PARTS = (
    (sampling.measured, sampling.Sizes()),
    (training.measured, training.Sizes()),
    (start.measured, start.Sizes()),
    (limit.measured, limit.Sizes()),
)


def main(parts=PARTS, grown: growth.Sizes | None = None, folder: Path = FOLDER) -> list[Ratio]:
    """Measure, print and record everything: each part in its sizes, and growth in `grown`."""
    torch.set_num_threads(1)
    grown = grown or growth.Sizes()
    curves = growth.series(grown)
    curves["users"], queue = growth.crowd(grown)
    ratios = []
    for ratio in chain(*(measured(sizes) for measured, sizes in parts), growth.measured(curves), [queue]):
        print(_line(ratio), flush=True)
        ratios.append(ratio)
    told = [ratio.met for ratio in ratios if ratio.met is not None]
    print(
        f"{sum(told)} of {len(told)} met; {len(ratios) - len(told)} without a target, or not measured here."
    )
    rows = [asdict(ratio) | {"met": ratio.met} for ratio in ratios]
    report = surroundings() | {"ratios": rows, "growth": curves}
    (folder / "results.json").write_text(
        json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    return ratios


def _line(ratio: Ratio) -> str:
    value = "-" if ratio.value is None else f"{ratio.value:.3f}"
    mark = {True: "ok", False: "NO", None: ""}[ratio.met]
    note = f" ({ratio.note})" if ratio.note else ""
    return f"{value:>8} {ratio.bound:<7} {mark:2} {ratio.name}{note}"


if __name__ == "__main__":
    main()
