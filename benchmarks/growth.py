"""How time grows: with steps, pictures, pixels, variants, and with users who come at once."""

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

import httpx
import torch
from gradio_client import Client

from benchmarks.ratio import Ratio, line_fit, seconds
from benchmarks.served import serving
from benchmarks.tiny import save_tiny
from lowlight_ddpm.diffusion.sampling import denoise
from lowlight_ddpm.diffusion.settings import run_settings
from lowlight_ddpm.models.checkpoints import ROOT, available, load

Series = list[tuple[float, float]]
"""(how much, seconds), one for each amount."""


@dataclass(frozen=True)
class Sizes:
    """The amounts that are timed, and how often each: the fastest counts."""

    root: Path = ROOT
    name: str = "dim"
    steps: Sequence[int] = (5, 10, 20, 40)
    pictures: Sequence[int] = (1, 2, 4, 8, 16)
    sides: Sequence[int] = (64, 112, 160, 208)
    variants: Sequence[int] = (1, 2, 4, 8)
    users: Sequence[int] = (1, 2, 4, 8, 16)
    rounds: int = 3


def series(sizes: Sizes) -> dict[str, Series]:
    """Every curve."""
    names = available(sizes.root)
    return {
        "steps": _timed(sizes, sizes.steps, lambda count: _generate(sizes, sizes.name, count)),
        "pictures": _timed(sizes, sizes.pictures, lambda count: _generate(sizes, sizes.name, 4, count)),
        "pixels": [
            (side * side, time) for side, time in _timed(sizes, sizes.sides, partial(_restore, sizes))
        ],
        "variants": _timed(
            sizes,
            [count for count in sizes.variants if count <= len(names)],
            lambda count: [_generate(sizes, name, 4) for name in names[:count]],
        ),
    }


def measured(curves: dict[str, Series]) -> Iterator[Ratio]:
    """How straight each curve is."""
    for what, points in curves.items():
        yield Ratio.of(f"r² of a line through time and {what}", [line_fit(points)], 0.98, at_least=True)


def crowd(sizes: Sizes) -> tuple[Series, Ratio]:
    """Time until so many who press Run at one moment are served, and what the server adds to a run alone.

    By untrained networks, so that the server's own part is seen.
    """
    with tempfile.TemporaryDirectory() as folder:
        root = save_tiny(Path(folder) / "checkpoints", ["dim"])
        with (
            serving(Path(folder) / "log.txt", LOWLIGHT_CHECKPOINTS=str(root)) as page,
            httpx.Client(base_url=page.url, timeout=60) as http,
        ):
            clients = [Client(page.url, verbose=False) for _ in range(max(sizes.users))]
            here, there = partial(_walk, root, "dim", 1), partial(_listened, http, _call(clients[0], 1))
            added = _over(there, here, sizes)
            polled = _over(partial(_asked, clients[0], 1), here, sizes)
            with ThreadPoolExecutor(len(clients)) as pool:
                served = _timed(sizes, sizes.users, lambda count: _all_asked(pool, clients[:count]))
    note = f"{median(polled):.3f} s by gradio_client, which looks for its answer every 0.05 s"
    return served, Ratio.of("seconds that queue and connection add to a run", added, 0.05, note=note)


def _over(there: Callable, here: Callable, sizes: Sizes) -> list[float]:
    """How many seconds longer it takes there, in turns."""
    there(), here()
    return [seconds(there) - seconds(here) for _ in range(5 * sizes.rounds)]


def _call(client: Client, steps: int) -> list:
    """What /generate is sent for a run of so many steps, as all else is by default."""
    api = client.view_api(return_format="dict", print_info=False)
    parameters = api["named_endpoints"]["/generate"]["parameters"]
    given = {"steps": steps}
    return [given.get(row["parameter_name"], row["parameter_default"]) for row in parameters]


def _listened(http: httpx.Client, data: list) -> None:
    """Ask for a run as any program does, and listen until its end is told."""
    route = "/gradio_api/call/generate"
    event = http.post(route, json={"data": data}).json()["event_id"]
    with http.stream("GET", f"{route}/{event}") as told:
        ends = [line for line in told.iter_lines() if line.startswith("event: ")]
    if ends[-1] != "event: complete":
        raise RuntimeError(f"The run was not made: {ends[-1]}.")


def _all_asked(pool: ThreadPoolExecutor, clients: list[Client]) -> None:
    list(pool.map(partial(_asked, steps=40), clients))


def _asked(client: Client, steps: int) -> None:
    client.predict(steps=steps, api_name="/generate")


def _timed(sizes: Sizes, amounts: Sequence[int], run) -> Series:
    """The amounts in turns, so that none has the machine's busy moment to itself; the fastest of each."""
    run(amounts[0])
    best = dict.fromkeys(amounts, float("inf"))
    for _ in range(sizes.rounds):
        for amount in amounts:
            begin = time.perf_counter()
            run(amount)
            best[amount] = min(best[amount], time.perf_counter() - begin)
    return list(best.items())


def _generate(sizes: Sizes, name: str, steps: int, count: int = 1) -> None:
    _walk(sizes.root, name, steps, count)


def _walk(root: Path, name: str, steps: int, count: int = 1) -> None:
    for _ in denoise(load(name, root), run_settings(variant=name, mode="generate", steps=steps), count=count):
        pass


def _restore(sizes: Sizes, side: int) -> None:
    settings = run_settings(variant=sizes.name, start=300, steps=2, whole=True)
    for _ in denoise(load(sizes.name, sizes.root), settings, torch.zeros(1, 3, side, side)):
        pass
