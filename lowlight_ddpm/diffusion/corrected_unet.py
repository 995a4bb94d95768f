"""The mean correction for any diffusers pipeline: its network wrapped, saved and loaded as every other.

A pipeline may rebuild its scheduler, as DDIMPipeline does, but hands on its network: so the correction is in
there. What it needs stands in the network's own config.
"""

import inspect
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

import torch
from diffusers.configuration_utils import register_to_config
from diffusers.models.modeling_utils import ModelMixin  # diffusers looks for it beside the class  # noqa: F401
from diffusers.models.unets.unet_2d import UNet2DModel, UNet2DOutput
from diffusers.pipelines.pipeline_utils import DiffusionPipeline
from PIL import Image
from torch import Tensor

from lowlight_ddpm.diffusion.mean_correction import ColourPrior, with_mean
from lowlight_ddpm.diffusion.schedule import estimate_x0, signal_and_noise
from lowlight_ddpm.errors import Refusal, shown
from lowlight_ddpm.images import open_source, stack
from lowlight_ddpm.images.photometry import channel_statistics
from lowlight_ddpm.models.unet import image_side

Pipeline = TypeVar("Pipeline", bound=DiffusionPipeline)


class MeanCorrectedUNet(UNet2DModel):
    """A UNet2DModel that predicts epsilon, with the mean of the x0 that it implies corrected.

    `alphas_cumprod` are ᾱ_t of the timesteps that it was trained on; `colour_mean` (C) and
    `colour_covariance` (C, C) are those of the training images' mean colours, scaled as its input is; x0 is
    clipped to ±`clip_sample_range`, unless that is None; `offset_noise` is the deviation of the offset that
    it was trained with. The rest is UNet2DModel's.
    """

    @register_to_config
    def __init__(
        self,
        alphas_cumprod: list[float],
        colour_mean: list[float],
        colour_covariance: list[list[float]],
        clip_sample_range: float | None = 1.0,
        offset_noise: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._levels = torch.tensor(alphas_cumprod, dtype=torch.float64)
        self._prior = ColourPrior(*(torch.tensor(x).double() for x in (colour_mean, colour_covariance)))

    @staticmethod
    def _get_init_keys(input_class: type) -> set[str]:
        """What diffusers hands on from a config: the network's own parameters, and those of **kwargs."""
        signatures = (inspect.signature(kind.__init__) for kind in (input_class, UNet2DModel))
        return {name for signature in signatures for name in signature.parameters}

    def forward(
        self,
        sample: Tensor,
        timestep: Tensor | float | int,
        class_labels: Tensor | None = None,
        return_dict: bool = True,
    ) -> UNet2DOutput | tuple[Tensor]:
        """Epsilon (B, C, H, W) for x_t `sample`, all of whose images are at one `timestep`."""
        (predicted,) = super().forward(sample, timestep, class_labels, return_dict=False)
        level = self._levels[int(torch.as_tensor(timestep).flatten()[0])].item()
        corrected = self._corrected(predicted.float(), sample.float(), level).to(predicted.dtype)
        return UNet2DOutput(sample=corrected) if return_dict else (corrected,)

    def _corrected(self, epsilon: Tensor, x_t: Tensor, level: float) -> Tensor:
        (signal, noise), reach = signal_and_noise(level), self.config["clip_sample_range"]
        mean, _ = self._prior.given(x_t, level, self.config["offset_noise"])
        limits = None if reach is None else (-reach, reach)
        x0 = with_mean(estimate_x0(epsilon, x_t, level, "epsilon"), mean[..., None, None].to(x_t), limits)
        return (x_t - signal * x0) / noise


def with_mean_correction(
    pipeline: Pipeline,
    mean: Iterable[float] | None = None,
    covariance: Iterable[Iterable[float]] | None = None,
    images: str | Path | Iterable[Image.Image] | None = None,
    offset_noise: float = 0.0,
) -> Pipeline:
    """An unconditional diffusers pipeline whose generated images have the mean colours that it learned.

    Needs no training and no further call of the network; sampled with the same noise, structures stay what
    they were. What the training images' mean colours are is told by `mean` (3) and `covariance` (3, 3), both
    scaled as the network's input is, or taken from `images` in [-1, 1]: training images, or some hundreds of
    them, or the source that they are read from, like a folder or hub:OWNER/NAME. `offset_noise` is its
    deviation, if the network was trained with any. The new pipeline shares its weights with the old;
    save_pretrained writes it, and from_pretrained loads it once this function has been imported.

    Raises Refusal for a network that does not predict epsilon (v and x0 are measured to lose by it), and
    unless it is told either `images`, or `mean` and `covariance`.
    """
    unet, scheduler = getattr(pipeline, "unet", None), getattr(pipeline, "scheduler", None)
    if not isinstance(unet, UNet2DModel) or scheduler is None:
        raise Refusal(
            f"The mean correction needs a pipeline of a UNet2DModel, and {shown(pipeline)} is none: load it "
            "with DDPMPipeline.from_pretrained, and give what that returns."
        )
    if scheduler.config.prediction_type != "epsilon":
        raise Refusal(
            f"The network predicts {scheduler.config.prediction_type}, and only pipelines that predict "
            "epsilon can carry the mean correction: what it does to yours is tried by diagnose, and on "
            "this project's networks of v and x0 it made colours worse."
        )
    prior = _told(mean, covariance, images, image_side(unet))
    if len(prior.mean) != unet.config["in_channels"]:
        raise Refusal(
            f"The mean of mean colours is of {len(prior.mean)} channels, and the network has "
            f"{unet.config['in_channels']}."
        )
    told = {name: value for name, value in unet.config.items() if not name.startswith("_")}
    corrected = MeanCorrectedUNet(
        alphas_cumprod=scheduler.alphas_cumprod.tolist(),
        colour_mean=prior.mean.tolist(),
        colour_covariance=prior.covariance.tolist(),
        clip_sample_range=scheduler.config.clip_sample_range if scheduler.config.clip_sample else None,
        offset_noise=offset_noise,
        **told,
    )
    corrected.load_state_dict(unet.state_dict(), assign=True)
    kind: Any = type(pipeline)
    return kind(unet=corrected.train(unet.training), scheduler=scheduler)


def _told(
    mean: Iterable[float] | None,
    covariance: Iterable[Iterable[float]] | None,
    images: str | Path | Iterable[Image.Image] | None,
    side: int,
) -> ColourPrior:
    """The training images' mean colours, from what `with_mean_correction` was given of them."""
    if isinstance(images, str | Path):
        images = [picture for _, picture in open_source(str(images))]
    if images is not None and mean is None and covariance is None:
        return ColourPrior(*channel_statistics(stack([*images], side), brightness=1.0))
    if images is not None or mean is None or covariance is None:
        raise Refusal("The mean correction takes either images, or a mean and a covariance of mean colours.")
    rows = [[float(x) for x in row] for row in covariance]
    prior = ColourPrior(torch.tensor([*map(float, mean)]).double(), torch.tensor(rows).double())
    if prior.covariance.shape != 2 * prior.mean.shape or not prior.covariance.isfinite().all():
        raise Refusal("The covariance of mean colours has a finite number for each pair of channels.")
    return prior
