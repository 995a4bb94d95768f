"""What more pictures, networks and machines would cost: arithmetic on what benchmarks/scale.json holds."""

from math import ceil

from lowlight_ddpm.figures.inputs import Inputs
from lowlight_ddpm.report.markdown import table

# Of a GPU, as published, and what is assumed of it: nothing here was measured on one.
PEAK = {"step": 989e12, "call": 494e12}  # FLOP/s of an H100 SXM, dense: bf16 to train, TF32 to sample
USED = 0.1  # the part of it that small networks reach
LAUNCH = 5e-6  # seconds that an operation takes at least
# GPUs -> bytes/s each way: NVLink in a machine of eight, 400 Gb/s between machines.
LINKS = {1: float("inf"), 8: 450e9, 64: 50e9}

BATCH, EPOCHS, SIDE, MEASURED_SIDE = 16, 50, 128, 64
NETWORKS = ("ours", "tutorial")
VARIANTS, LEARNED, MANY = 1000, 1000, 10**6
_AREA = (SIDE / MEASURED_SIDE) ** 2


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
    heads = ("network", "weights", "px", "GFLOP a picture", "operations", "with gradients", "operations")
    measured = [
        (row["what"], _UNITS[row["unit"]](row["value"])) for row in report["rows"] if not row["counted"]
    ]
    versions = ", ".join(f"{library} {number}" for library, number in report["versions"].items())
    tables = (table(heads, networks), table(("measured", ""), measured))
    return "\n\n".join((*tables, f"On one of {report['machine']}; {versions}."))


def costs(inputs: Inputs) -> str:
    """How long it takes on 1, 8 and 64 GPUs."""
    known = _values(inputs)
    lines = []
    for network in NETWORKS:
        lines.append((f"{VARIANTS:,} variants, trained", network, *_spread(_variant(known, network))))
        lines.append((f"{VARIANTS:,} variants, evaluated", network, *_spread(_protocol(known, network))))
        many = [_time(EPOCHS * MANY / (BATCH * n) * _step(known, network, n)) for n in LINKS]
        lines.append((f"{MANY:,} pictures, {EPOCHS} epochs", network, *many))
    return table(("at 128 px", "network", *(f"{n} GPU{'s' * (n > 1)}" for n in LINKS)), lines)


def limits(inputs: Inputs) -> str:
    """What is too large, or takes too long, before GPUs run out."""
    known = _values(inputs)
    pictures, files = 3 * SIDE**2 * MANY, VARIANTS * known["cells"]
    larger = known["weights-tutorial"] / known["weights-ours"]
    draw = known["draw-seconds"] * _AREA
    rows = (
        (f"drawing a batch's noise, in every process: {BATCH} pictures", _time(draw)),
        (f"the same for 64 GPUs with {BATCH} each", _time(64 * draw)),
        (f"beside it the step on a GPU, ours, {BATCH} pictures", _time(_gpu(known, "step", "ours"))),
        (f"{MANY:,} pictures in one tensor, in every process", _size(pictures)),
        ("the same as float32, while their statistics are taken", _size(4 * pictures)),
        ("reading them, by the main process", _time(MANY * known["read-seconds"])),
        ("their sha256", _time(pictures / 1e9 * known["digest-seconds"])),
        ("the tutorial's training state", _size(larger * known["state-bytes"])),
        ("writing it, every two minutes", _time(larger * known["state-seconds"])),
        ("the tutorial's gradients, at every step", _size(4 * known["weights-tutorial"])),
        ("exchanging them among 64 GPUs", _time(_exchange(known, "tutorial", 64))),
        (f"beside it the step on a GPU, tutorial, {BATCH} pictures", _time(_gpu(known, "step", "tutorial"))),
        (f"checkpoints of {VARIANTS:,} variants, ours", _size(VARIANTS * known["checkpoint-bytes"])),
        (f"their {files:,} results", _size(files * known["cell-bytes"])),
        ("reading these as one table", _time(files * known["table-seconds"])),
        ("looking for each once, as the folder fills", _time(files**2 / 2 * known["look-seconds"] / 1e4)),
    )
    return table(("at 128 px", ""), rows)


def _step(known: dict, network: str, gpus: int) -> float:
    """Seconds of one step, 16 pictures a GPU: each process draws all noise, and gradients are exchanged."""
    drawn = gpus * known["draw-seconds"] * _AREA
    return drawn + _gpu(known, "step", network) + _exchange(known, network, gpus)


def _exchange(known: dict, network: str, gpus: int) -> float:
    """Seconds of a ring's all-reduce of float32 gradients."""
    return 2 * 4 * known[f"weights-{network}"] * (gpus - 1) / gpus / LINKS[gpus]


def _variant(known: dict, network: str) -> float:
    return EPOCHS * (LEARNED // BATCH) * _step(known, network, 1)


def _protocol(known: dict, network: str) -> float:
    noise = known["noise-seconds"] * _AREA
    return known["picture-steps"] * (noise + _gpu(known, "call", network) / BATCH)


def _gpu(known: dict, what: str, network: str) -> float:
    """Seconds of 16 pictures on a GPU: its arithmetic, or starting its kernels if that takes longer."""
    key = f"{network}-{SIDE}"
    return max(
        BATCH * known[f"{what}-flops-{key}"] / (PEAK[what] * USED), known[f"{what}-operations-{key}"] * LAUNCH
    )


def _spread(seconds: float) -> list[str]:
    """Variants apart from each other, one a GPU."""
    return [_time(ceil(VARIANTS / gpus) * seconds) for gpus in LINKS]


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
