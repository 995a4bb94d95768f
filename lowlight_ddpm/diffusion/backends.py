"""How a network is called: by PyTorch or, from the same weights, ONNX Runtime; in tiles; on how many threads.

Both backends compute in float32 and agree to some 1e-5 a call, so that colours stay where they are. An image
larger than the network's training images is predicted tile by tile. The tiles share one x_t, so there is one
field of noise and one timestep at a time; what is blended is the prediction of one call, before the step is
taken.
"""

import math
import os
import timeit
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache, partial
from importlib import import_module
from importlib.util import find_spec
from itertools import islice, product
from pathlib import Path
from threading import Lock
from typing import Any

import torch
from diffusers.models.unets.unet_2d import UNet2DModel, UNet2DOutput
from torch import Tensor, nn

from lowlight_ddpm.diffusion.settings import BackendName
from lowlight_ddpm.models.checkpoints import Checkpoint
from lowlight_ddpm.models.unet import image_side
from lowlight_ddpm.paths import CACHE

BATCH = 16  # tiles in one network call: bounds the memory, whatever the image's size
OVERLAP = 0.25  # of a tile's side, that neighbours share at least

TITLES: dict[BackendName, str] = {"torch": "PyTorch", "onnx": "ONNX Runtime"}
_NEEDED = ("onnx", "onnxruntime")  # the first only to compile
_OPSET = 18
_FORM = 2  # of the files that are kept: a file of another form is not read
_QUOTA = Path("/sys/fs/cgroup/cpu.max")  # Linux, control groups v2: "max 100000", or microseconds of so many
_ONE_AT_A_TIME = Lock()  # PyTorch's exporter traces with state of the whole process
_WORTH = 0.9  # more threads must take less than this share of the time, or they are not used


class Halted(BaseException):
    """A network call was given up between two batches of tiles, as `halted_by` asked for."""


_halted: ContextVar[Callable[[], bool] | None] = ContextVar("halted", default=None)


@contextmanager
def halted_by(wanted: Callable[[], bool]) -> Iterator[None]:
    """Have calls on large images inside raise Halted between two batches, as soon as `wanted()` is true."""
    token = _halted.set(wanted)
    try:
        yield
    finally:
        _halted.reset(token)


class OnnxNetwork:
    """A compiled UNet2DModel: (B, 3, H, W) float32 and timesteps (B,) in, `sample` (B, 3, H, W) out."""

    session: Any
    path: Path
    config: Any
    device: torch.device

    def __init__(self, unet: UNet2DModel, path: Path, threads: int) -> None:
        onnxruntime = import_module("onnxruntime")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self.session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        self.path, self.config, self.device = path, unet.config, unet.device

    def __call__(self, x_t: Tensor, timestep: Tensor | int) -> UNet2DOutput:
        """Predict, as `unet(x_t, timestep)` does, at one timestep for all or at (B,)."""
        timesteps = torch.as_tensor(timestep).expand(len(x_t)).contiguous()
        given = {"x_t": x_t.numpy(), "timesteps": timesteps.numpy()}
        return UNet2DOutput(torch.from_numpy(self.session.run(None, given)[0]))


Network = UNet2DModel | OnnxNetwork


def backend_here(wanted: BackendName) -> BackendName:
    """The backend that is used here for `wanted`: PyTorch where ONNX Runtime is missing, and on a GPU."""
    missing = torch.cuda.is_available() or not all(map(find_spec, _NEEDED))
    return "torch" if missing else wanted


def network(checkpoint: Checkpoint, wanted: BackendName) -> Network:
    """What computes a checkpoint's predictions: called as its `unet` is, with the same result."""
    if backend_here(wanted) == "torch":
        return checkpoint.unet
    with _ONE_AT_A_TIME:
        return _compiled(checkpoint.unet, checkpoint.record["weights_sha256"], torch.get_num_threads())


@lru_cache(maxsize=8)
def _compiled(unet: UNet2DModel, weights: str, threads: int) -> OnnxNetwork:
    path = CACHE / f"{weights[:16]}-{image_side(unet)}-{_FORM}.onnx"
    try:
        return OnnxNetwork(unet, path, threads)
    except Exception:  # it is not there yet, or damaged: ONNX Runtime raises many kinds of its own
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(f".{os.getpid()}.tmp")
        _export(unet, unfinished)
        unfinished.replace(path)
    return OnnxNetwork(unet, path, threads)


class _Positional(nn.Module):
    """A network that returns a plain tensor, as the exporter needs it."""

    def __init__(self, unet: UNet2DModel) -> None:
        super().__init__()
        self.unet = unet

    def forward(self, x_t: Tensor, timesteps: Tensor) -> Tensor:
        return self.unet(x_t, timesteps, return_dict=False)[0]


def _export(unet: UNet2DModel, path: Path) -> None:
    """Write the network as ONNX, for any number of images of its own size."""
    side = image_side(unet)
    example = torch.zeros(2, 3, side, side), torch.zeros(2, dtype=torch.long)
    with warnings.catch_warnings():
        # The tracer warns of each size that it takes for a constant (they are), and of its own successor,
        # which would need one package more.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            _Positional(unet).eval(),
            example,
            path,
            dynamo=False,
            opset_version=_OPSET,
            input_names=["x_t", "timesteps"],
            output_names=["sample"],
            dynamic_axes={name: {0: "batch"} for name in ("x_t", "timesteps", "sample")},
        )


def predict(unet: Network, x_t: Tensor, timestep: Tensor) -> Tensor:
    """The network's prediction for x_t (B, 3, H, W), float32 of the same shape.

    `timestep` is one for all, or (B,), one for each. H and W are at least the network's own size, at which it
    is called once. In a larger image each pixel's prediction is a weighted mean over the tiles that hold it;
    a tile's weight falls to nothing at its border, so that no seam is left there. Raises Halted as
    `halted_by` has it.
    """
    side = image_side(unet)
    timesteps = timestep.expand(len(x_t))
    if x_t.shape[-2:] == (side, side):
        return _call(unet, x_t, timesteps)
    window = _window(side).to(x_t.device)
    total, weight = torch.zeros_like(x_t), torch.zeros_like(x_t[:, :1])
    places = iter(list(product(range(len(x_t)), corners(x_t.shape[-2], side), corners(x_t.shape[-1], side))))
    wanted = _halted.get()
    while batch := list(islice(places, BATCH)):
        if wanted and wanted():
            raise Halted
        tiles = [(i, slice(None), slice(top, top + side), slice(left, left + side)) for i, top, left in batch]
        of = [i for i, *_ in tiles]
        predictions = _call(unet, torch.stack([x_t[tile] for tile in tiles]), timesteps[of])
        for tile, prediction in zip(tiles, predictions, strict=True):
            total[tile] += window * prediction
            weight[tile] += window
    return total / weight


def tile_count(height: int, width: int, side: int) -> int:
    """How many tiles of `side` pixels an image is cut into."""
    return len(corners(height, side)) * len(corners(width, side))


def corners(length: int, side: int) -> list[int]:
    """Where tiles begin along an axis, from one end to the other, evenly, sharing OVERLAP or more."""
    between = math.ceil((length - side) / math.floor(side * (1 - OVERLAP)))
    return [round(place * (length - side) / max(between, 1)) for place in range(between + 1)]


def _call(unet: Network, x_t: Tensor, timesteps: Tensor) -> Tensor:
    return unet(x_t.contiguous(memory_format=torch.channels_last), timesteps).sample


def _window(side: int) -> Tensor:
    """sin² along both axes, (side, side): above 0 everywhere, and next to nothing at the border."""
    ramp = torch.sin(torch.pi * (torch.arange(side) + 0.5) / side) ** 2
    return ramp[:, None] * ramp


def seconds_per_call(
    checkpoint: Checkpoint, height: int, width: int, backend: BackendName = "torch"
) -> float:
    """Seconds that one network call on an image takes here: one tile is timed, once per network."""
    tiles = tile_count(height, width, checkpoint.size)
    return tiles * _timed_call(network(checkpoint, backend))


def settle_threads(unet: Network) -> int:
    """Have PyTorch use as many threads as make a call on one image fastest; returns how many."""
    return fastest_threads(partial(_call_once, unet))


@lru_cache(maxsize=8)
def _timed_call(unet: Network) -> float:
    # The first call also allocates, so the fastest of three counts.
    return min(timeit.repeat(partial(_call_once, unet), number=1, repeat=3))


@torch.inference_mode()
def _call_once(unet: Network) -> None:
    side = image_side(unet)
    x_t = torch.zeros(1, 3, side, side, device=unet.device).contiguous(memory_format=torch.channels_last)
    unet(x_t, 0).sample.sum().item()  # waits for a GPU


def allowed_threads(quota: Path = _QUOTA) -> int:
    """Threads that this process may keep busy: PyTorch's own count, or what a container's quota grants.

    The smaller of the two; PyTorch counts cores, or takes OMP_NUM_THREADS.
    """
    try:
        granted, period = quota.read_text(encoding="utf-8").split()
        cores = int(granted) / int(period)
    except (OSError, ValueError):  # no such file, or no limit in it
        cores = math.inf
    return max(1, min(torch.get_num_threads(), os.cpu_count() or 1, math.floor(min(cores, 1e6))))


def fastest_threads(call: Callable[[], object], most: int | None = None) -> int:
    """Time `call` with 1, 2, 4 … threads up to `most` (`allowed_threads()`); keep and return the best."""
    most = allowed_threads() if most is None else most
    best, fastest = 1, math.inf
    for count in sorted({most, *(2**power for power in range(most.bit_length()) if 2**power <= most)}):
        torch.set_num_threads(count)
        seconds = min(timeit.repeat(call, number=1, repeat=3)) if most > 1 else 0.0
        if seconds < _WORTH * fastest:
            best, fastest = count, seconds
    torch.set_num_threads(best)
    return best
