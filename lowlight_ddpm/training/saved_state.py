"""A training run's state in a file: it outlives a killed process, a full disk, a damaged byte."""

import logging
import os
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import torch
from filelock import FileLock, Timeout

from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.training.distributed import anywhere, on_main
from lowlight_ddpm.training.loop import Training, TrainingStep

log = logging.getLogger(__name__)


def run(
    training: Training,
    path: Path,
    save_every: float = 120.0,
    stopped: Callable[[], bool] = lambda: False,
) -> Iterator[TrainingStep]:
    """Go on from the state at `path` if it is there, and train to the end, or until `stopped` says so.

    The state is written every `save_every` seconds and at the end, by the main process of a launch; all of
    them go on from what it reads, and stop after the same step when one is asked to. Raises Refusal where
    another run trains there, the state cannot be read or written, or is that of other settings.
    """
    with _alone(path):
        resume(training, path)
        saved = time.monotonic()
        for step in training:
            yield step  # first: what is made of a step is made before a state says that it is past
            due, stop = anywhere(time.monotonic() - saved > save_every, stopped())
            if due:
                save(training, path)
                saved = time.monotonic()
            if stop:
                break
        save(training, path)


def save(training: Training, path: Path) -> None:
    """Write the state to a temporary name, flush it to the disk, rename it; the state before is kept.

    Raises Refusal where it cannot be written; what was there before is there still.
    """
    on_main(lambda: _write(training.state, path))


def resume(training: Training, path: Path) -> None:
    """Go on from the newest state that is whole; without any, from the start.

    Raises Refusal where no state is whole, or it is that of another run.
    """
    state = on_main(lambda: _state_for(training, path))
    if state is not None:
        training.restore(state)


def before(path: Path) -> Path:
    """Where the state before the newest is kept."""
    return path.with_suffix(".before.pt")


def _write(state: dict[str, Any], path: Path) -> None:
    content, temporary = BytesIO(), path.with_suffix(".tmp")
    torch.save(state, content)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as file:
            file.write(content.getbuffer())
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise Refusal(
            f"The training state {path} cannot be written ({error.strerror}): "
            "make room, then the same command goes on from the state before."
        ) from error
    if path.exists():
        path.replace(before(path))
    temporary.replace(path)


def _state_for(training: Training, path: Path) -> dict[str, Any] | None:
    """The newest whole state, if it is one of the same settings; None where there is no file at all."""
    place, state = _newest(path)
    if state is None:
        return None
    if place != path and path.exists():
        log.warning("The training state %s is damaged: going back to the one before, %s.", path, place)
    if state["settings"] != training.settings:
        other = ", ".join(_differences(state["settings"], training.settings))
        raise Refusal(
            f"The training state {place} has other settings ({other}): delete it, or repeat its own command."
        )
    return state


def _differences(there: dict[str, Any], here: dict[str, Any]) -> Iterator[str]:
    """What differs between the settings of two trainings, a few words each."""
    for name in {**there, **here}:
        before, now = there.get(name), here.get(name)
        if isinstance(before, dict) and isinstance(now, dict):
            yield from _differences(before, now)
        elif before != now:
            told = f"{name} {before} there, {now} here"
            yield "other images" if name == "pictures" else told


def _newest(path: Path) -> tuple[Path, dict[str, Any] | None]:
    """The newest state that is whole, and its place; None where there is no file at all."""
    there = [place for place in (path, before(path)) if place.exists()]
    for place in there:
        state = _read(place)
        if state:
            return place, state
    if there:
        files = " and ".join(map(str, there))
        raise Refusal(f"The training state {files} is damaged: delete it to start anew.")
    return path, None


def _read(path: Path) -> dict[str, Any] | None:
    """The state in a file, None where the file is not whole."""
    try:
        with zipfile.ZipFile(path) as archive:
            intact = archive.testzip() is None  # torch.load does not look at the checksums
        state = torch.load(path, map_location="cpu", weights_only=True) if intact else None
    except Exception:  # torch raises many kinds for a file cut short
        return None
    return state if isinstance(state, dict) and state.keys() >= _PARTS else None


_PARTS = {"settings", "unet", "ema", "optimizer", "learning_rate", "generator", "place"}


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Keep other runs out of the folder, until this one ends in whatever way."""
    lock = FileLock(path.with_suffix(".lock"), timeout=0)

    def acquire() -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire()
        except Timeout:
            raise Refusal(f"Another process trains in {path.parent}: wait for it, or stop it.") from None

    on_main(acquire)
    try:
        yield
    finally:
        lock.release()
