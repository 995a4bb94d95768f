"""How near the network comes to what the processor can do, and where its time goes."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import torch
from diffusers import UNet2DModel
from torch import Tensor, nn
from torch.profiler import ProfilerActivity, profile
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.ratio import Ratio, seconds
from lowlight_ddpm.models.unet import CHANNELS, RESOLUTION, build_unet

MATRIX = 1024  # side of the matrices whose product is the machine's peak


@dataclass(frozen=True)
class Sizes:
    """The network and how often it is asked."""

    channels: tuple[int, ...] = CHANNELS
    rounds: int = 15


@torch.inference_mode()
def measured(sizes: Sizes) -> Iterator[Ratio]:
    """The network against a matrix product, and against its own convolutions run bare."""
    unet = build_unet(channels=sizes.channels).eval().to(memory_format=torch.channels_last)
    x_t = torch.randn(1, 3, RESOLUTION, RESOLUTION).contiguous(memory_format=torch.channels_last)
    ask, bare = partial(unet, x_t, 500), _bare(unet, x_t)
    matrix = torch.randn(MATRIX, MATRIX)
    product = partial(torch.matmul, matrix, matrix)
    with FlopCounterMode(display=False) as counter:
        ask()
    flops = counter.get_total_flops()
    of_peak, of_bare = [], []
    for _ in range(sizes.rounds):
        network = seconds(ask)
        of_peak.append(flops / network * seconds(product) / (2 * MATRIX**3))
        of_bare.append(seconds(bare) / network)
    note = f"{flops / 1e9:.2f} GFLOP a call; {_profile(ask)}"
    yield Ratio.of("the network's GFLOP/s over a matrix product's", of_peak, None, note=note)
    yield Ratio.of("its convolutions run bare, of a network call", of_bare, 0.85, at_least=True)


def _bare(unet: UNet2DModel, x_t: Tensor) -> Callable[[], None]:
    """A call that runs the network's convolutions, each on the input that it had, and nothing else."""
    asked: list[tuple[nn.Conv2d, Tensor]] = []
    convolutions = [module for module in unet.modules() if isinstance(module, nn.Conv2d)]
    hooks = [
        module.register_forward_pre_hook(lambda module, given: asked.append((module, given[0])))
        for module in convolutions
    ]
    unet(x_t, 500)
    for hook in hooks:
        hook.remove()

    def run() -> None:
        for module, given in asked:
            module(given)

    run()
    return run


def _profile(ask: Callable[[], object]) -> str:
    """Where the time of a call goes: the operators that take most of it."""
    with profile(activities=[ProfilerActivity.CPU]) as profiled:
        for _ in range(3):
            ask()
    spent = Counter({event.key: event.self_cpu_time_total for event in profiled.key_averages()})
    whole = sum(spent.values())
    return ", ".join(f"{name.split('::')[-1]} {time / whole:.0%}" for name, time in spent.most_common(6))
