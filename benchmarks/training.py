"""Training against the tutorial's loop: in two precisions, from memory and files, alone and side by side."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

import torch
from PIL import Image

from benchmarks import tutorial
from benchmarks.ratio import Ratio, paired, seconds, unmeasured
from lowlight_ddpm.images import draw, stack
from lowlight_ddpm.models.unet import CHANNELS, RESOLUTION, build_unet
from lowlight_ddpm.training.loop import Recipe, Training
from lowlight_ddpm.variants import find_variant

BRIGHT = find_variant("bright")
ENDLESS = 10_000  # epochs: no run comes to its end


@dataclass(frozen=True)
class Sizes:
    """How much is measured: `steps` in every round, files of `file_side` pixels, networks of `channels`."""

    steps: int = 2
    rounds: int = 5
    pictures: int = 32
    file_side: int = 1000
    curve: int = 24
    channels: tuple[int, ...] = CHANNELS

    @property
    def recipe(self) -> Recipe:
        """Our own recipe, for these channels."""
        return Recipe(epochs=ENDLESS, channels=self.channels)


def measured(sizes: Sizes) -> Iterator[Ratio]:
    """Every ratio about training."""
    pictures = [draw(number, RESOLUTION) for number in range(sizes.pictures)]
    yield from against_the_tutorial(sizes, pictures)
    yield from from_files(sizes)
    yield averaging(sizes, pictures)
    yield side_by_side(sizes)


def against_the_tutorial(sizes: Sizes, pictures: Sequence[Image.Image]) -> Iterator[Ratio]:
    """The tutorial's steps over ours, and over ours in bf16 where the processor has it."""
    theirs = _steps(_tutorial(sizes, pictures), sizes.steps)
    ratios = paired(theirs, _steps(_ours(sizes, pictures), sizes.steps), sizes.rounds)
    yield Ratio.of("the tutorial's training step over ours, fp32", ratios, 1.0, at_least=True)
    name = "the tutorial's training step over ours, bf16"
    if _bf16_pays(sizes):
        # In processes of their own: Accelerate knows one precision a process.
        ratios = [_alone(sizes, "tutorial") / _alone(sizes, "bf16") for _ in range(sizes.rounds)]
        yield Ratio.of(name, ratios, 1.2, at_least=True)
    else:
        yield unmeasured(name, "this processor has no bf16 that pays", 1.2, True)
    curves = [list(islice(run, sizes.curve)) for run in (_ours(sizes, pictures), _tutorial(sizes, pictures))]
    ours, tutorials = (sum(curve[len(curve) // 2 :]) / (len(curve) - len(curve) // 2) for curve in curves)
    note = f"mean loss of the second half of {sizes.curve} steps: {ours:.4f} and {tutorials:.4f}"
    yield Ratio.of("our loss over the tutorial's", [ours / tutorials], 1.1, note=note)


def from_files(sizes: Sizes) -> Iterator[Ratio]:
    """The tutorial opens a file each time that it is due, we read it once."""
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / f"{number}.jpg" for number in range(sizes.pictures)]
        for number, file in enumerate(files):
            draw(number, RESOLUTION).resize((sizes.file_side,) * 2).save(file)
        pictures = [Image.open(file) for file in files]
        theirs = _steps(_tutorial(sizes, files), sizes.steps)
        ratios = paired(theirs, _steps(_ours(sizes, pictures), sizes.steps), sizes.rounds)
    name = f"the tutorial's training step over ours, JPEG files of {sizes.file_side} px"
    yield Ratio.of(name, ratios, 1.0, at_least=True)


def averaging(sizes: Sizes, pictures: Sequence[Image.Image]) -> Ratio:
    """What the moving average of the weights is of a step."""
    training = _training(sizes, pictures)
    steps = iter(training)
    next(steps)
    shares = []
    for _ in range(sizes.rounds):
        average = seconds(partial(training.ema.step, training.raw_unet.parameters()))
        shares.append(average / seconds(partial(next, steps)))
    return Ratio.of("moving average of the weights, of a training step", shares, 0.02)


def side_by_side(sizes: Sizes) -> Ratio:
    """Pictures a second of two processes with a thread each, over one with two threads."""
    rounds = range(max(1, sizes.rounds // 2))
    rates = [_rate(sizes, processes=2, threads=1) / _rate(sizes, 1, 2) for _ in rounds]
    return Ratio.of("two trainings of one thread over one of two threads", rates, 1.25, at_least=True)


def _rate(sizes: Sizes, processes: int, threads: int) -> float:
    """Steps a second of all processes together: each says what a step of its own took."""
    with ThreadPoolExecutor(processes) as pool:
        return sum(pool.map(lambda _: 1 / _alone(sizes, "no", threads), range(processes)))


def _alone(sizes: Sizes, how: str, threads: int = 1) -> float:
    """Seconds of a step in a process of its own; `how` is as `_worker` has it."""
    command = [sys.executable, "-m", "benchmarks.training", how, threads, sizes.steps, *sizes.channels]
    return float(subprocess.run([*map(str, command)], check=True, capture_output=True).stdout)


def _training(sizes: Sizes, pictures: Sequence[Image.Image], precision: str = "no") -> Training:
    return Training(BRIGHT, stack(pictures, RESOLUTION), sizes.recipe, precision)


def _ours(sizes: Sizes, pictures: Sequence[Image.Image], precision: str = "no") -> Iterator[float]:
    return (step.loss for step in _training(sizes, pictures, precision))


def _tutorial(sizes: Sizes, pictures: Sequence) -> Iterator[float]:
    torch.manual_seed(0)
    return tutorial.train(build_unet(channels=sizes.channels), pictures, sizes.recipe)


def _bf16_pays(sizes: Sizes) -> bool:
    """Whether a pass through the network is faster under bf16 autocast: some processors emulate it."""
    unet, x = build_unet(channels=sizes.channels), torch.zeros(2, 3, RESOLUTION, RESOLUTION)

    def once(bf16: bool) -> float:
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            return seconds(lambda: unet(x, 0).sample.square().mean().backward())

    once(False)
    return min(once(True), once(True)) < min(once(False), once(False))


def _steps(run: Iterator[float], count: int) -> partial:
    """The next `count` steps of a run, as something to be timed."""
    return partial(lambda: list(islice(run, count)))


def _worker(how: str, threads: int, steps: int, *channels: int) -> None:
    """A process that trains, by the tutorial's loop or by ours in a precision: prints a step's seconds."""
    torch.set_num_threads(threads)
    sizes = Sizes(channels=channels)
    pictures = [draw(number, RESOLUTION) for number in range(sizes.recipe.batch_size)]
    run = _tutorial(sizes, pictures) if how == "tutorial" else _ours(sizes, pictures, how)
    next(run)  # the first step also allocates
    begin = time.perf_counter()
    list(islice(run, steps))
    print((time.perf_counter() - begin) / steps)


if __name__ == "__main__":
    _worker(sys.argv[1], *map(int, sys.argv[2:]))
