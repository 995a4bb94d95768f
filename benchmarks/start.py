"""What it takes to begin, and to stay: start-up, loading, memory."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from gradio_client import Client

from benchmarks.ratio import Ratio, seconds
from benchmarks.served import Served, serving
from benchmarks.tiny import save_tiny
from lowlight_ddpm.models.checkpoints import ROOT, available, load
from lowlight_ddpm.paths import REPOSITORY

GB = 1e9
_BARE = "import torch, diffusers, gradio"
_TRAINING = """
from benchmarks.training import Sizes, _ours
from lowlight_ddpm.images import draw
from itertools import islice
sizes = Sizes()
list(islice(_ours(sizes, [draw(number, 64) for number in range(sizes.pictures)]), 3))
"""
_EVALUATION = """
import sys
from itertools import islice
from pathlib import Path
from lowlight_ddpm.evaluation import cells, evaluation_set
folder, count = Path(sys.argv[1]), int(sys.argv[2])
pictures, results = [evaluation_set("drawn:16")], folder / f"results-{count}"
for cell in islice(cells("dim", pictures, folder=results, root=folder), count):
    cell.run()
"""
_RESIDENT = "\nimport resource; print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)"


@dataclass(frozen=True)
class Sizes:
    """How often a start is timed, and how many cells an evaluation has in its short and its long form."""

    root: Path = ROOT
    rounds: int = 3
    cells: tuple[int, int] = (2, 8)


def measured(sizes: Sizes) -> Iterator[Ratio]:
    """Every figure about beginning and staying."""
    yield from serving_begins(sizes)
    helps = [seconds(partial(_run, "-m", "lowlight_ddpm", "--help")) for _ in range(sizes.rounds)]
    yield Ratio.of("seconds of --help", helps, 1.0)
    load.cache_clear()
    loads = [seconds(partial(load, name, sizes.root)) for name in available(sizes.root)]
    yield Ratio.of("seconds until a checkpoint is loaded, the slowest", [max(loads)], 0.5)
    yield Ratio.of("GB that a training holds", [_python(_TRAINING + _RESIDENT) / GB], 3.0)
    yield evaluation(sizes)


def serving_begins(sizes: Sizes) -> Iterator[Ratio]:
    """From nothing to the first answer, over the libraries' own start; what the server holds in the end."""
    bare = partial(_python, _BARE)
    bare()  # files come from the disk once
    ratios, held = [], 0
    for _ in range(sizes.rounds):
        begin = time.perf_counter()
        with (
            tempfile.NamedTemporaryFile() as log,
            serving(Path(log.name), LOWLIGHT_CHECKPOINTS=str(sizes.root)) as page,
        ):
            answered = time.perf_counter() - begin
            held = held or _after_every_variant(page, sizes.root)
        ratios.append(answered / seconds(bare))
    yield Ratio.of("app.py to its first answer over importing torch, diffusers and gradio", ratios, 1.3)
    yield Ratio.of("GB that a server holds with every variant used", [held / GB], 1.5)


def evaluation(sizes: Sizes) -> Ratio:
    """Whether memory grows with the number of cells."""
    with tempfile.TemporaryDirectory() as folder:
        root = save_tiny(Path(folder), ["dim"])
        few, many = (_python(_EVALUATION + _RESIDENT, root, count) for count in sizes.cells)
    name = f"memory of an evaluation of {sizes.cells[1]} cells over one of {sizes.cells[0]}"
    return Ratio.of(name, [many / few], 1.05)


def _after_every_variant(page: Served, root: Path) -> int:
    """Resident bytes of a server that each variant has been asked of."""
    client = Client(page.url, verbose=False)
    for name in available(root):
        client.predict(variant=name, steps=1, api_name="/generate")
    return page.memory


def _python(code: str, *arguments: object) -> float:
    """Run code in a process of its own; the number that it prints last, if any."""
    said = _run("-c", code, *map(str, arguments)).split()
    return float(said[-1]) if said else 0.0


def _run(*arguments: str) -> str:
    # One thread, as all the rest has it.
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    command = [sys.executable, *arguments]
    done = subprocess.run(
        command, cwd=REPOSITORY, env=environment, check=True, capture_output=True, encoding="utf-8"
    )
    return done.stdout
