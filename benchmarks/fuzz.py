"""Settings and picture files that nobody should send: each is taken, or refused in one sentence, and soon.

python -m benchmarks.fuzz [FILES]

Files are broken in one to eight places, or GIFs that hardly end; none may start a process. Settings, half as
many, are drawn by hypothesis from values of every kind; those that are accepted make a run of a tiny network.
"""

import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import hypothesis
import torch
from hypothesis import strategies as st
from PIL import Image

from benchmarks.broken import KINDS, broken, gif, whole
from benchmarks.record import record, row, show
from benchmarks.tiny import save_tiny
from lowlight_ddpm.diffusion.samplers import SAMPLERS
from lowlight_ddpm.diffusion.sampling import denoise
from lowlight_ddpm.diffusion.settings import RunSettings, run_settings
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.images import draw, open_source, read, square
from lowlight_ddpm.images.photometry import LIGHTS
from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.variants import VARIANTS

FILES = 10_000
PATIENCE = 5  # seconds; what takes longer counts as hanging
STEPS = 3  # of a run that is made of accepted settings
PROCESSES = {
    "subprocess.Popen",
    "os.system",
    "os.exec",
    "os.fork",
    "os.forkpty",
    "os.posix_spawn",
    "os.spawn",
}
ENDLESS = 20 * 2**20  # bytes of a GIF that hardly ends: as many as an upload may have
_SIDE = 16  # of the tiny network's pictures

_LIKELY = {
    "variant": st.sampled_from(list(VARIANTS)),
    "mode": st.sampled_from(["restore", "generate"]),
    "brightness": st.floats(0, 1),
    "light": st.sampled_from(list(LIGHTS)),
    "whole": st.booleans(),
    "start": st.integers(-1, 1000),
    "steps": st.integers(0, 1001),
    "sampler": st.sampled_from(list(SAMPLERS)),
    "beta_start": st.floats(0, 1) | st.floats(0, 1e-3),
    "beta_end": st.floats(0, 1),
    "seed": st.integers(0, 2**33),
}
_ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=1),
)
_NAMES = st.sampled_from([*RunSettings.model_fields, "unheard_of"])
SETTINGS = st.builds(
    lambda likely, odd: likely | odd,
    st.fixed_dictionaries({}, optional=_LIKELY),
    st.dictionaries(_NAMES, _ANYTHING, max_size=2),
)


def main(files: int = FILES) -> bool:
    """Try so many files and half as many settings; print and record what held, True if all did."""
    torch.set_num_threads(1)
    rows = [*files_tried(files), *endless(ENDLESS), *settings_tried(files // 2)]
    record("fuzz", rows)
    return show(rows)


def settings_tried(count: int) -> Iterator[dict]:
    """Settings, and runs of those that are accepted."""
    checked, ran = _Tally("settings are accepted, or refused in one sentence"), _Tally("accepted ones run")
    with _tiny_checkpoints() as load:

        @hypothesis.seed(0)
        @hypothesis.settings(
            max_examples=count,
            deadline=None,
            database=None,
            suppress_health_check=list(hypothesis.HealthCheck),
            phases=[hypothesis.Phase.generate],
        )
        @hypothesis.given(SETTINGS)
        def tried(values: dict) -> None:
            settings = checked.attempt(lambda: run_settings(**values))
            if settings:
                ran.attempt(lambda: _run(load(settings.variant), settings))

        tried()
    yield checked.row
    yield ran.row


def files_tried(count: int) -> Iterator[dict]:
    """Broken files of every format, as many of each; and that none of them starts a process."""
    with _started() as started:
        for number, kind in enumerate(KINDS):
            chance, files = random.Random(number), whole(kind)
            tally = _Tally(f"broken {kind} files are read, or refused in one sentence")
            for _ in range(count // len(KINDS) + (number < count % len(KINDS))):
                file = broken(chance.choice(files), chance)
                tally.attempt(lambda kind=kind, file=file: opened(file, kind))
            yield tally.row
    yield row("files are read without a process being started", count, count - len(started))


def opened(file: bytes, kind: str = "") -> list[Image.Image]:
    """The image of a file, or all of a zip archive, as squares; raises Refusal for what cannot be read."""
    if kind != "zip":
        return [square(read(file, "the file"), 64)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.zip"
        path.write_bytes(file)
        return [square(image, 64) for _, image in open_source(str(path))]


@contextmanager
def _started() -> Iterator[list[str]]:
    """The kinds of processes that this one starts meanwhile."""
    started, watching = [], True

    def note(event: str, _: tuple) -> None:
        if watching and event in PROCESSES:
            started.append(event)

    sys.addaudithook(note)  # for good: no hook can be taken back
    try:
        yield started
    finally:
        watching = False


def endless(size: int) -> Iterator[dict]:
    """GIFs of `size` bytes in which one part comes again and again, before their picture or after it."""
    head, frame = gif()
    before = {
        "comments": b"\x21\xfe\x01A\x00",
        "controls": b"\x21\xf9\x04\x00\x00\x00\x00\x00",
        "notes of programs": b"\x21\xff\x01A\x00",
        "nothing": b"\x00",
    }
    files = [head + part * (size // len(part)) + frame + b";" for part in before.values()]
    files.append(head + b"\x21\xfe" + (b"\xff" + b"A" * 255) * (size // 256) + b"\x00" + frame + b";")
    files.append(head + frame * (size // len(frame)) + b";")
    tally = _Tally(f"GIFs of {size >> 20} MiB that hardly end are read, or refused in one sentence")
    for file in files:
        tally.attempt(lambda file=file: opened(file))
    yield tally.row


class _Tally:
    """Counts attempts, and those that gave something or a sentence in time."""

    def __init__(self, what: str) -> None:
        self.what, self.tried, self.held, self.refused, self.slowest = what, 0, 0, 0, 0.0

    def attempt(self, do: Callable):
        """What `do` gives, None where it refuses or fails; what fails is printed."""
        self.tried, since, given = self.tried + 1, time.monotonic(), None
        try:
            with _patience():
                given = do()
            self.held += 1
        except Refusal as refusal:
            self.refused += 1
            self.held += _is_one_sentence(str(refusal))
        except Exception as error:
            print(f"{self.what}: {type(error).__name__}: {error}", file=sys.stderr)
        self.slowest = max(self.slowest, time.monotonic() - since)
        return given

    @property
    def row(self) -> dict:
        """The line that is recorded."""
        return row(self.what, self.tried, self.held, f"{self.refused} refused, {self.slowest:.1f} s at most")


def _run(checkpoint: checkpoints.Checkpoint, settings: RunSettings) -> bool:
    """A few steps of a run; raises ValueError for numbers that are none."""
    settings = settings.model_copy(update={"steps": min(settings.steps, STEPS)})
    picture = settings.dim(_PICTURE) if settings.mode == "restore" else None
    *_, last = denoise(checkpoint, settings, picture)
    if not last.x0.isfinite().all():
        raise ValueError("the result has numbers that are none")
    return True


_PICTURE = square(draw(0, 32), _SIDE)[None]


@contextmanager
def _tiny_checkpoints() -> Iterator[Callable]:
    """A function that loads an untrained network of 43 thousand weights under any variant's name."""
    with tempfile.TemporaryDirectory() as folder:
        root = save_tiny(Path(folder), VARIANTS, (8, 16), _SIDE)
        yield lru_cache(maxsize=None)(lambda name: checkpoints.load(name, root))


@contextmanager
def _patience() -> Iterator[None]:
    def hang(*_) -> None:
        raise TimeoutError(f"took more than {PATIENCE} s")

    before = signal.signal(signal.SIGALRM, hang)
    signal.setitimer(signal.ITIMER_REAL, PATIENCE)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _is_one_sentence(text: str) -> bool:
    return text.endswith(".") and "\n" not in text and "Traceback" not in text


if __name__ == "__main__":
    sys.exit(not main(*map(int, sys.argv[1:])))
