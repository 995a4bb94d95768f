"""What training and evaluation cost here: the constants of docs/scale.md.

python -m benchmarks.scale

Seconds are processor seconds of one thread, the least of a few tries, so that a busy machine hardly matters.
What a GPU does is not measured: FLOPs and operations of the networks are counted, without running them.
"""

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from diffusers import UNet2DModel
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.record import record
from lowlight_ddpm.diffusion.backends import predict
from lowlight_ddpm.diffusion.sampling import randn
from lowlight_ddpm.images import draw, square
from lowlight_ddpm.images.photometry import digest
from lowlight_ddpm.images.reading import read
from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.models.unet import CHANNELS, RESOLUTION, build_unet
from lowlight_ddpm.training import saved_state
from lowlight_ddpm.training.loop import Recipe, Training
from lowlight_ddpm.variants import VARIANTS

TUTORIAL = (128, 128, 256, 256, 512, 512)  # diffusers' own tutorial, which the post follows
NETWORKS = {"ours": CHANNELS, "tutorial": TUTORIAL}
SIDES = (RESOLUTION, 128)
TRIES = 3


def main() -> None:
    """Measure, print and record."""
    torch.set_num_threads(1)
    rows = []
    for row in [*counted(), *trained(), *sampled(), *read_in()]:
        print(f"{row['value']:>16,.6g} {row['unit']:6} {row['what']}", flush=True)
        rows.append(row)
    record("scale", rows)


def counted() -> Iterator[dict]:
    """Weights, FLOPs and operations of each network, on the meta device."""
    for name, channels in NETWORKS.items():
        for side in SIDES:
            with torch.device("meta"):
                unet, x = build_unet(2, channels, side), torch.zeros(1, 3, side, side)
            calls = {"call": _call, "step": _step}
            for what, call in calls.items():
                with FlopCounterMode(display=False) as flops, _Operations() as operations:
                    call(unet, x)
                about = f"a {what} of {name}, one picture of {side} px"
                yield _count(f"{what}-flops-{name}-{side}", f"FLOP of {about}", flops.get_total_flops())
                yield _count(f"{what}-operations-{name}-{side}", f"operations of {about}", operations.count)
        weights = sum(weight.numel() for weight in unet.parameters())
        yield _count(f"weights-{name}", f"weights of {name}", weights)


def trained() -> Iterator[dict]:
    """A training step of `dim` and its state."""
    pictures = torch.zeros(64, 3, RESOLUTION, RESOLUTION, dtype=torch.uint8)
    run = iter(job := Training(VARIANTS["dim"], pictures, Recipe(epochs=2)))
    yield _row("train-seconds", "a training step of 16 pictures of 64 px", _least(lambda: next(run)), "s")
    seconds = _least(lambda: job.draw(pictures[:16]))
    yield _row("draw-seconds", "drawing noise and timesteps for it", seconds, "s")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "state.pt"
        seconds = _least(lambda: saved_state.save(job, path), tries=1)
        yield _row("state-seconds", "writing a training state, without waiting for the disk", seconds, "s")
        yield _row("state-bytes", "a training state", path.stat().st_size, "bytes")
    files = (checkpoints.ROOT / "dim").rglob("*")
    yield _row("checkpoint-bytes", "a checkpoint", sum(file.stat().st_size for file in files), "bytes")


def sampled() -> Iterator[dict]:
    """One step of one image."""
    unet, x = checkpoints.load("dim").unet, torch.zeros(16, 3, RESOLUTION, RESOLUTION)
    with torch.inference_mode():
        seconds = _least(lambda: predict(unet, x, torch.tensor(500))) / len(x)
    yield _row("call-seconds", "one step of one picture of 64 px, in a batch of 16", seconds, "s")
    seeds = [torch.Generator().manual_seed(number) for number in range(len(x))]
    seconds = _least(lambda: randn(x.shape, seeds)) / len(x)
    yield _row("noise-seconds", "drawing the noise that a step of it adds", seconds, "s")


def read_in() -> Iterator[dict]:
    """Pictures on their way into the one tensor that training learns from."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "picture.jpg"
        draw(0, 512).save(path)
        seconds = _least(lambda: square(read(path), RESOLUTION))
    yield _row("read-seconds", "decoding and scaling a JPEG of 512 px", seconds, "s")
    gigabyte = torch.zeros(10**8, dtype=torch.uint8)
    yield _row("digest-seconds", "the sha256 of 1 GB of pixels", 10 * _least(lambda: digest(gigabyte)), "s")


class _Operations(TorchDispatchMode):
    """Counts what torch computes: about as many kernels as a GPU is sent. Views cost none."""

    count = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.count += not func.is_view
        return func(*args, **(kwargs or {}))


def _call(unet: UNet2DModel, x: Tensor) -> None:
    with torch.no_grad():
        unet(x, 0)


def _step(unet: UNet2DModel, x: Tensor) -> None:
    unet(x, 0).sample.mean().backward()


def _count(name: str, what: str, value: int) -> dict:
    return _row(name, what, value, "") | {"counted": True}


def _row(name: str, what: str, value: float, unit: str = "") -> dict:
    return {"name": name, "what": what, "value": value, "unit": unit, "counted": False}


def _least(job: Callable[[], object], tries: int = TRIES) -> float:
    def seconds() -> float:
        begin = time.process_time()
        job()
        return time.process_time() - begin

    return min(seconds() for _ in range(tries))


if __name__ == "__main__":
    main()
