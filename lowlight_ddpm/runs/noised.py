"""What a run starts from, which takes no network call to know."""

import torch
from torch import Tensor

from lowlight_ddpm.diffusion.sampling import Request
from lowlight_ddpm.runs.run import Run


@torch.inference_mode()
def noised(run: Run) -> Tensor:
    """x_t at the run's first step, (B, 3, H, W) in model range: the noised image, or the pure noise.

    Loads the network's weights, but compiles and calls nothing. Raises Refusal as `Run.checkpoint` does.
    """
    as_is = run.settings.model_copy(update={"backend": "torch"})
    trajectory = Request(as_is, run.dim, run.count).begin(run.checkpoint)
    return trajectory.frame.leave(trajectory.x_t).cpu()
