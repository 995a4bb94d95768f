"""What answers for a network: PyTorch, or the same weights compiled by ONNX Runtime for this processor.

Both calculate in float32 and agree to some 1e-5 a call, so that colours stay where they are.
"""

import os
import warnings
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import torch
from diffusers import UNet2DModel
from diffusers.models.unets.unet_2d import UNet2DOutput
from torch import Tensor, nn

from lowlight_ddpm.diffusion.settings import BackendName
from lowlight_ddpm.models.checkpoints import Checkpoint
from lowlight_ddpm.paths import CACHE

TITLES: dict[BackendName, str] = {"torch": "PyTorch", "onnx": "ONNX Runtime"}
_NEEDED = ("onnx", "onnxruntime")  # the first only to compile
_OPSET = 18
_FORM = 2  # of the files that are kept: a file of another form is not taken for one of these


class OnnxNetwork:
    """A compiled UNet2DModel: (B, 3, H, W) float32 and timesteps (B,) in, `sample` (B, 3, H, W) out."""

    def __init__(self, unet: UNet2DModel, path: Path, threads: int):
        from onnxruntime import InferenceSession, SessionOptions

        options = SessionOptions()
        options.intra_op_num_threads = threads
        self.session = InferenceSession(path, options, providers=["CPUExecutionProvider"])
        self.path, self.config, self.device = path, unet.config, unet.device

    def __call__(self, x_t: Tensor, timestep: Tensor | int) -> UNet2DOutput:
        """Predict, as `unet(x_t, timestep)` does, at one timestep for all or at (B,)."""
        timesteps = torch.as_tensor(timestep).expand(len(x_t)).contiguous()
        given = {"x_t": x_t.numpy(), "timesteps": timesteps.numpy()}
        return UNet2DOutput(torch.from_numpy(self.session.run(None, given)[0]))


Network = UNet2DModel | OnnxNetwork


def backend_here(wanted: BackendName) -> BackendName:
    """The backend that is used where `wanted` is asked for: PyTorch without ONNX Runtime, and on a GPU."""
    missing = torch.cuda.is_available() or not all(map(find_spec, _NEEDED))
    return "torch" if missing else wanted


def network(checkpoint: Checkpoint, wanted: BackendName) -> Network:
    """What to ask for a checkpoint's predictions: called as its `unet` is, with the same answer."""
    if backend_here(wanted) == "torch":
        return checkpoint.unet
    return _compiled(checkpoint.unet, checkpoint.record["weights_sha256"], torch.get_num_threads())


@lru_cache(maxsize=8)
def _compiled(unet: UNet2DModel, weights: str, threads: int) -> OnnxNetwork:
    path = CACHE / f"{weights[:16]}-{unet.config.sample_size}-{_FORM}.onnx"
    try:
        return OnnxNetwork(unet, path, threads)
    except Exception:  # it is not there yet, or damaged: ONNX Runtime raises many kinds of its own
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(f".{os.getpid()}.tmp")
        _export(unet, unfinished)
        unfinished.replace(path)
    return OnnxNetwork(unet, path, threads)


class _Positional(nn.Module):
    """A network whose answer is a tensor, as the exporter has it."""

    def __init__(self, unet: UNet2DModel):
        super().__init__()
        self.unet = unet

    def forward(self, x_t: Tensor, timesteps: Tensor) -> Tensor:
        return self.unet(x_t, timesteps, return_dict=False)[0]


def _export(unet: UNet2DModel, path: Path) -> None:
    """Write the network as ONNX, for any number of pictures of its own size."""
    side = unet.config.sample_size
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
