"""Training and evaluation killed, starved of disk and damaged: how often nothing is lost.

python -m benchmarks.faults [KILLS]

A tiny network trains in processes of its own, through the same code as a large one, and writes its state
after every step, so that a random moment is often in the midst of writing. What it ends in is compared, bit
by bit, with a run that was left alone.
"""

import itertools
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from benchmarks.record import record, row, show
from benchmarks.tiny import save_tiny
from lowlight_ddpm.diffusion.settings import run_settings
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.paths import REPOSITORY
from lowlight_ddpm.study import protocol, store
from lowlight_ddpm.training import saved_state
from lowlight_ddpm.training.loop import Recipe, Training
from lowlight_ddpm.variants import VARIANTS

KILLS = 20
EPOCHS = 60  # of three steps each
RECIPE = Recipe(EPOCHS, channels=(8, 16), batch_size=4, warmup_steps=2)
SMALL_DISK = 100_000  # bytes that a file may have where the disk is full: less than a state
CONDITIONS = 20


def main(kills: int = KILLS) -> bool:
    """Try every fault, print and record what held; True if everything did."""
    rows = [*trained_on(kills), *stopped(), *starved(), *damaged(), *crowded(), *evaluated(kills)]
    record("faults", rows)
    return show(rows)


def trained_on(kills: int, epochs: int = EPOCHS) -> Iterator[dict]:
    """SIGKILL at random moments, and then the rest of the run."""
    whole = _tiny_training(epochs)
    list(whole)
    with tempfile.TemporaryDirectory() as folder:
        state, moments = Path(folder) / "state.pt", random.Random(0)
        places = [_killed(state, epochs, moments) for _ in range(kills)]
        finished = _tiny_training(epochs)
        list(saved_state.run(finished, state))
    same = all(torch.equal(a, b) for a, b in zip(_weights(finished), _weights(whole), strict=True))
    went_on = sum(after > earlier for earlier, after in itertools.pairwise([0, *places]))
    yield row("training killed (SIGKILL) at a random moment goes on", kills, went_on)
    yield row("what it ends in is what a run left alone does, bit by bit", 1, same)


def stopped() -> Iterator[dict]:
    """SIGTERM: the step under way is finished and its state written."""
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder) / "state.pt"
        with _worker("train", state, 3600, EPOCHS) as process:
            steps = _steps(process)
            while next(steps) < 5:
                pass
            process.send_signal(signal.SIGTERM)
            last = max(steps, default=5)
        held = process.returncode == 0 and _step_in(state) >= last
    yield row("training asked to end (SIGTERM) writes its state first", 1, held)


def starved() -> Iterator[dict]:
    """A full disk: said in a sentence, and the state before is there still."""
    with tempfile.TemporaryDirectory() as folder:
        state = _saved(Path(folder))
        before = _step_in(state)
        with _worker("train", state, 0, EPOCHS, limit=_fill_disk) as process:
            said = process.communicate()[1]
        held = "cannot be written" in said and _step_in(state) == before
    yield row("a full disk is said, and the state before is kept", 1, held)


def damaged() -> Iterator[dict]:
    """A state that is not whole: the one before is gone back to, or the file named."""
    for name, fault in {"cut short": _cut, "with one bit turned": _turned}.items():
        with tempfile.TemporaryDirectory() as folder:
            state = _saved(Path(folder))
            state.write_bytes(fault(state.read_bytes()))
            held = _step_in(state) == 1
            saved_state.before(state).write_bytes(b"")
            try:
                _step_in(state)
                held = False
            except Refusal as refusal:
                held &= str(state) in str(refusal)
        yield row(f"a state {name} is gone back from, or named where none is whole", 1, held)


def crowded() -> Iterator[dict]:
    """Two processes in one folder: the second is refused."""
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder) / "state.pt"
        with _worker("train", state, 0, EPOCHS) as first:
            next(_steps(first))
            first.send_signal(signal.SIGSTOP)  # or it has ended by the time that the second begins
            with _worker("train", state, 0, EPOCHS) as second:
                said = second.communicate()[1]
            held = second.returncode != 0 and "Another process trains" in said
            first.kill()
    yield row("a second process in the folder is refused", 1, held)


def evaluated(kills: int, conditions: int = CONDITIONS) -> Iterator[dict]:
    """SIGKILL while conditions are measured: what is read is whole, what is missing is measured again."""
    with tempfile.TemporaryDirectory() as folder:
        root, results, moments = Path(folder) / "checkpoints", Path(folder) / "results", random.Random(1)
        save_tiny(root, ["dim"], RECIPE.channels, side=16)
        whole = 0
        for _ in range(kills):
            with _worker("evaluate", root, results, conditions) as process:
                next(_steps(process), None)
                time.sleep(moments.uniform(0.0, 0.5))
                process.kill()
            read = list(store.records(results, protocol.CONDITION))
            whole += all(len(one["rows"]) == protocol.SAMPLES for one in read)
        measured = list(_measured(root, results, conditions))
        (file,) = store.files(results)
        lines = file.read_text(encoding="utf-8").splitlines()
        same = all(one.done for one in measured) and len(lines) == len(measured) == conditions
    yield row("evaluation killed at a random moment leaves whole results only", kills, whole)
    yield row("the next run measures what is missing, and nothing twice", 1, same)


def _tiny_training(epochs: int = EPOCHS) -> Training:
    """Three steps an epoch of a network of 43 thousand weights, on twelve pictures of 16 px."""
    pixels = torch.randint(256, (12, 3, 16, 16), generator=torch.Generator().manual_seed(0))
    return Training(VARIANTS["dim"], pixels.to(torch.uint8), replace(RECIPE, epochs=epochs))


def _weights(training: Training) -> list[Tensor]:
    return [tensor for mean in (False, True) for tensor in training.copy_unet(mean).state_dict().values()]


def _measured(root: Path, results: Path, conditions: int) -> Iterator[protocol.Condition]:
    """Small conditions, of which those that are there are not run again."""
    network = protocol.network_id("dim", root)
    for steps in range(1, conditions + 1):
        settings = run_settings(mode="generate", steps=steps)
        condition = protocol.Condition(settings, network, None, None, True, results, root)
        if not condition.done:
            condition.run()
        yield condition


def _worker(*arguments: object, limit: Callable[[], None] | None = None) -> subprocess.Popen:
    command = [sys.executable, "-m", "benchmarks.faults", *map(str, arguments)]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, cwd=REPOSITORY, env=environment, preexec_fn=limit, **pipes)


def _evaluate(root: str, results: str, conditions: str) -> None:
    """What a process of its own does: measure, and print how far it is."""
    for condition in _measured(Path(root), Path(results), int(conditions)):
        print(condition.settings.steps, flush=True)


def _train(state: str, save_every: str, epochs: str) -> None:
    """What a process of its own does: train, and print how far it is."""
    asked = []
    signal.signal(signal.SIGTERM, lambda *_: asked.append(True))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # a file that is too large is an error, not the end
    try:
        for step in saved_state.run(
            _tiny_training(int(epochs)), Path(state), float(save_every), lambda: bool(asked)
        ):
            print(step.step, flush=True)
    except Refusal as refusal:
        sys.exit(str(refusal))


WORK = {"train": _train, "evaluate": _evaluate}


def _killed(state: Path, epochs: int, moments: random.Random) -> int:
    """Kill a training run within one of its next steps; the step that its state is of."""
    with _worker("train", state, 0, epochs) as process:
        list(itertools.islice(_steps(process), moments.randint(2, 7)))
        time.sleep(moments.uniform(0.0, 0.05))
        process.kill()
    return _step_in(state, epochs)


def _saved(folder: Path) -> Path:
    """The state of a run after two steps, and that after the first."""
    run, state = _tiny_training(), folder / "state.pt"
    for _ in itertools.islice(run, 2):
        saved_state.save(run, state)
    return state


def _step_in(state: Path, epochs: int = EPOCHS) -> int:
    run = _tiny_training(epochs)
    saved_state.resume(run, state)
    return run.place.step


def _steps(process: subprocess.Popen) -> Iterator[int]:
    return (int(line) for line in process.stdout)


def _fill_disk() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (SMALL_DISK, SMALL_DISK))


def _cut(whole: bytes) -> bytes:
    return whole[: len(whole) // 2]


def _turned(whole: bytes) -> bytes:
    middle = len(whole) // 2
    return whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :]


if __name__ == "__main__":
    torch.set_num_threads(1)
    what, *given = sys.argv[1:] or [str(KILLS)]
    if what in WORK:
        WORK[what](*given)
    else:
        sys.exit(not main(int(what)))
