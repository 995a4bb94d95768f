"""The samplers: a row each, and the reverse process of any of them from any timestep."""

from dataclasses import dataclass, field
from typing import Any

from diffusers.schedulers.scheduling_ddim import DDIMScheduler
from diffusers.schedulers.scheduling_ddpm import DDPMScheduler
from diffusers.schedulers.scheduling_deis_multistep import DEISMultistepScheduler
from diffusers.schedulers.scheduling_dpmsolver_multistep import DPMSolverMultistepScheduler
from diffusers.schedulers.scheduling_pndm import PNDMScheduler
from diffusers.schedulers.scheduling_unipc_multistep import UniPCMultistepScheduler
from torch import Tensor

from lowlight_ddpm.diffusion.schedule import signal_and_noise
from lowlight_ddpm.diffusion.settings import SamplerName
from lowlight_ddpm.variants import VarianceType


class AncestralSteps(DDPMScheduler):
    """DDPM's steps, each with fresh noise of any variance type."""

    def _get_variance(self, t, predicted_variance=None, variance_type=None):
        """What `step` makes a standard deviation of: a variance, except "fixed_small_log" (a deviation).

        diffusers returns log β for "fixed_large_log" and then takes its square root: NaN. β is meant.
        """
        if (variance_type or self.config["variance_type"]) == "fixed_large_log":
            variance_type = "fixed_large"
        return super()._get_variance(t, predicted_variance, variance_type)


class LinearMultistepSteps(PNDMScheduler):
    """PNDM's linear multi-step (Liu et al. 2022, eq. 12) from estimates of x0, one call a timestep.

    diffusers calls the network twice at the second timestep, to start the method. Here it starts with lower
    orders, as the other multi-step solvers do, so that every sampler calls it at the same timesteps.
    """

    def step(self, model_output: Tensor, timestep: int, sample: Tensor):
        """One step by an estimate of x0, turned into the epsilon that diffusers' PNDM takes."""
        if self.counter == 1:  # 1 is the second call
            self.counter = 2
        signal, noise = signal_and_noise(self.alphas_cumprod[timestep])
        return super().step((sample - signal * model_output) / noise, timestep, sample)


@dataclass(frozen=True)
class Sampler:
    """One way to take the steps of the reverse process.

    `scheduler` is the class that takes its steps, over the timesteps that are kept, with `options`. Levels ᾱ
    below `smallest_alpha_bar`, where nothing is left of an image, count as that. A `stochastic` sampler adds
    fresh noise at every step, of the variance type of the settings; the others add none. The result is the
    last estimate of x0, or, unless it `ends_in_x0`, what the last step makes of that and of earlier ones.
    """

    title: str
    description: str
    scheduler: type
    options: dict[str, Any] = field(default_factory=dict)
    # diffusers' own for zero terminal SNR; below it float32 loses x0 in the epsilon that solvers work with.
    smallest_alpha_bar: float = 2**-24
    stochastic: bool = False
    ends_in_x0: bool = True


SAMPLERS: dict[SamplerName, Sampler] = {
    "ddpm": Sampler(
        "DDPM",
        "The post's own sampler: fresh noise at every step (Ho et al. 2020).",
        AncestralSteps,
        {"clip_sample": False},
        smallest_alpha_bar=1e-30,  # an image is divided by its root, which leaves a number that float32 holds
        stochastic=True,
    ),
    "ddim": Sampler(
        "DDIM",
        "No fresh noise: the start alone decides where the trajectory ends (Song et al. 2021).",
        DDIMScheduler,
        {"clip_sample": False},
    ),
    "pndm": Sampler(
        "PNDM",
        "DDIM along a weighted sum of the last four noise estimates (Liu et al. 2022).",
        LinearMultistepSteps,
        {"prediction_type": "epsilon", "skip_prk_steps": True, "set_alpha_to_one": True},
        ends_in_x0=False,
    ),
    "dpm++": Sampler(
        "DPM-Solver++ 2M",
        "Second order in the x0 estimate: 10 to 20 steps are enough (Lu et al. 2022).",
        DPMSolverMultistepScheduler,
    ),
    "unipc": Sampler(
        "UniPC",
        "Second order in x0, and every step first corrects the one before (Zhao et al. 2023).",
        UniPCMultistepScheduler,
    ),
    "deis": Sampler(
        "DEIS",
        "Second order in the noise estimate, along the logarithm of the noise (Zhang & Chen 2023).",
        DEISMultistepScheduler,
    ),
}


class Respaced:
    """The reverse process over some of the timesteps by one sampler; a new one for every run.

    Nichol & Dhariwal 2021, eq. 19: over timesteps τ_1 < ... < τ_N the betas are 1 − ᾱ(τ_i) / ᾱ(τ_{i−1}), with
    ᾱ(τ_0) = 1. The scheduler's own timestep i − 1 stands for τ_i, so its last step ends in a clean image
    whatever the first and last τ are.
    """

    def __init__(
        self, sampler: SamplerName, alphas_cumprod: Tensor, timesteps: Tensor, variance_type: VarianceType
    ) -> None:
        """Build it for descending `timesteps` (N,) of a schedule `alphas_cumprod`, float64 (T,)."""
        self.row = row = SAMPLERS[sampler]
        levels = alphas_cumprod[timesteps].clamp(min=row.smallest_alpha_bar)
        # Solvers divide by the difference of neighbouring levels: between equal ones nothing is done.
        kept = levels if row.stochastic else levels.unique()
        self._idle = len(levels) - len(kept)
        kept = kept.flip(0)
        before = kept.roll(1)
        before[0] = 1
        options = {"prediction_type": "sample"} | row.options
        if row.stochastic:
            options["variance_type"] = variance_type
        self.scheduler = row.scheduler(
            num_train_timesteps=len(kept),
            trained_betas=(1 - kept / before).tolist(),
            timestep_spacing="trailing",
            **options,
        )
        self.scheduler.alphas_cumprod = kept.float()  # the product of 1 − β loses digits where a β is near 1
        self.scheduler.set_timesteps(len(kept))
        self.levels = levels.float()

    def step(self, index: int, x0: Tensor, x_t: Tensor, generators: list[Any]) -> Tensor:
        """From x_t (B, ...) of call `index`, counted from 0 in the order of the calls, to that of the next.

        The last step leads to an image without noise. `x0` is the estimate of the clean image, so that
        whatever is done to it is done in one place.
        """
        if index < self._idle:
            return x_t
        timestep = len(self.levels) - 1 - index
        noise = {"generator": generators} if self.row.stochastic else {}
        return self.scheduler.step(x0, timestep, x_t, **noise).prev_sample
