"""The page's one source of steps: within limits, logged, on a Space's lent GPU, on ours, or on the CPU."""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

import torch

from lowlight_ddpm import environment
from lowlight_ddpm.diffusion import backends, sampling
from lowlight_ddpm.diffusion.backends import BATCH
from lowlight_ddpm.diffusion.sampling import Request, Step
from lowlight_ddpm.diffusion.settings import TRAIN_TIMESTEPS
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.images.reading import MAX_WHOLE_PIXELS
from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.models.checkpoints import Checkpoint
from lowlight_ddpm.models.unet import build_unet
from lowlight_ddpm.ui.messages import duration
from lowlight_ddpm.ui.worker import on_gpu, seconds_of
from lowlight_ddpm.ui.worker.logs import logged


@dataclass(frozen=True)
class Limits:
    """What one run may cost: much on a machine of one's own, less on a Space that everyone shares.

    `seconds` and network calls (`steps`) of a run, `pixels` of its image, the size of an `upload`.
    """

    seconds: float = 3600.0
    steps: int = TRAIN_TIMESTEPS
    pixels: int = MAX_WHOLE_PIXELS
    upload: str = "20mb"

    @classmethod
    def here(cls) -> "Limits":
        """Those of this machine, each changed by LOWLIGHT_MAX_SECONDS, _STEPS, _PIXELS or _UPLOAD."""
        shared = environment.value("SPACE_ID")
        usual = cls(seconds=300.0, pixels=512 * 512, upload="10mb") if shared else cls()
        given = {name: environment.value(f"LOWLIGHT_MAX_{name.upper()}") for name in vars(usual)}
        return replace(usual, **{name: value for name, value in given.items() if value is not None})

    def check(self, steps: int, pixels: int) -> None:
        """Raise Refusal for a run of so many steps on so many pixels, if that is too much here."""
        if steps > self.steps:
            raise Refusal(f"A run may have {self.steps} steps here, not {steps}: lower the steps.")
        if pixels > self.pixels:
            raise Refusal(
                f"A picture may have {self.pixels} pixels here, not {pixels}: "
                "make it smaller, or leave “Whole image” off."
            )

    def timer(self, runs: int = 1) -> Callable[[], None]:
        """Start the time that so many runs may take: the function raises Refusal once it is over."""
        until = time.monotonic() + runs * self.seconds

        def check() -> None:
            if time.monotonic() > until:
                raise Refusal(
                    f"It was ended after {duration(runs * self.seconds)}, the longest that it may take here: "
                    "ask for fewer steps or a smaller picture."
                )

        return check


LIMITS = Limits.here()


@cache
def settle_threads() -> None:
    """Choose how many threads a run has, once, before the first: LOWLIGHT_THREADS, or as many as pay."""
    chosen = environment.value("LOWLIGHT_THREADS")
    if chosen:
        torch.set_num_threads(chosen)
    else:
        backends.settle_threads(build_unet().eval())  # of no checkpoint, since any may be damaged


def steps(
    requests: Sequence[Request], refused: dict[int, Refusal] | None = None
) -> Iterator[dict[int, Step]]:
    """The Steps of every network call, on the CPU, as `sampling.denoise_together` makes and refuses them.

    A request's `alter` must be picklable. Raises Refusal, whatever `refused` is, for a run that is too much
    here, and where the runs take longer than so many may.
    """
    settle_threads()
    for request in requests:
        pixels = 0 if request.image is None else request.image[0, 0].numel()
        LIMITS.check(request.settings.steps, pixels)
    check_time, ended = LIMITS.timer(len(requests)), {}
    with logged([request.settings for request in requests]) as log:
        for made in _calls(requests, ended):
            check_time()
            log(made, ended)
            if ended and refused is None:
                break
            if refused is not None:
                refused |= ended
            yield _on_cpu(made)
    if ended and refused is None:
        raise next(iter(ended.values()))


def _calls(requests: Sequence[Request], ended: dict[int, Refusal]) -> Iterator[dict[int, Step]]:
    """The network calls, where they are made here; `ended` gets the refusals."""
    lent = checkpoints.GPU_IS_LENT
    return _from(_lent(requests), ended) if lent else sampling.denoise_together(requests, _load, ended)


def _from(
    calls: Iterator[tuple[dict[int, Step], dict[int, Refusal]]], ended: dict[int, Refusal]
) -> Iterator[dict[int, Step]]:
    for made, refused in calls:
        ended |= refused
        yield made


def _seconds(requests: Sequence[Request]) -> int:
    """How long `_lent` may take on a shared GPU."""
    return seconds_of(sum(map(_call_count, requests)))


def _call_count(request: Request) -> int:
    """How many network calls a run takes by itself."""
    settings = request.settings
    return settings.steps * math.ceil(request.tiles(settings.size) / BATCH)


@on_gpu(_seconds)
def _lent(requests: Sequence[Request]) -> Iterator[tuple[dict[int, Step], dict[int, Refusal]]]:
    """(steps, all refusals so far) of every network call on a lent GPU, in a process of its own.

    What it refuses must come back as a value: of an exception, only the name would.
    """
    refused = {}
    for made in sampling.denoise_together(requests, _load, refused):
        yield _on_cpu(made), dict(refused)


def _load(name: str) -> Checkpoint:
    checkpoint = checkpoints.load(name)
    if checkpoints.GPU_IS_LENT:
        checkpoint.unet.to("cuda")  # pyright: ignore[reportArgumentType]
    return checkpoint


def _on_cpu(made: dict[int, Step]) -> dict[int, Step]:
    return {place: replace(step, x_t=step.x_t.cpu(), x0=step.x0.cpu()) for place, step in made.items()}
