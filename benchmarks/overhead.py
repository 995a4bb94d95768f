"""What the walk costs beside its network: a 50-step run against fifty bare calls, in one process.

python -m benchmarks.overhead [VARIANT]
"""

import statistics
import sys
from timeit import timeit

import torch

from lowlight_ddpm.checkpoints import load
from lowlight_ddpm.sampling import denoise
from lowlight_ddpm.settings import run_settings

STEPS, ROUNDS = 50, 5


@torch.inference_mode()
def bare_calls(checkpoint) -> None:
    """Fifty calls of the network on one picture, laid out in memory as the walk does."""
    side = checkpoint.unet.config.sample_size
    x = torch.zeros(1, 3, side, side, device=checkpoint.device)
    x = x.contiguous(memory_format=torch.channels_last)
    for timestep in range(STEPS):
        checkpoint.unet(x, timestep)


def main(name: str = "dim") -> None:
    """Alternate the two, so that a busy moment of the machine falls on both, and print the median ratio."""
    torch.set_num_threads(1)
    checkpoint = load(name)
    settings = run_settings(variant=name, mode="generate", steps=STEPS)
    bare_calls(checkpoint)  # warm up
    ratios = []
    for _ in range(ROUNDS):
        run = timeit(lambda: list(denoise(checkpoint, settings)), number=1)
        bare = timeit(lambda: bare_calls(checkpoint), number=1)
        ratios.append(run / bare)
        print(f"run {run:.2f} s, bare {bare:.2f} s, ratio {ratios[-1]:.3f}")
    print(f"median ratio {statistics.median(ratios):.3f}")


if __name__ == "__main__":
    main(*sys.argv[1:])
