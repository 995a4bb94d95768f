"""The model under diagnosis: a network of any maker as one function, its scheduler, and its image shape."""

import copy
import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from diffusers.models.unets.unet_2d import UNet2DModel
from diffusers.schedulers.scheduling_ddim import DDIMScheduler
from diffusers.schedulers.scheduling_ddpm import DDPMScheduler
from torch import Tensor, nn

from lowlight_ddpm.diffusion.schedule import estimate_x0
from lowlight_ddpm.errors import Refusal

Scheduler = DDPMScheduler | DDIMScheduler
CPU = torch.device("cpu")
_LEAST = 4  # pixels a side: of fewer, no cycle fits
PREDICTIONS = ("epsilon", "v_prediction", "sample")
LEAST_SIGNAL = 1e-7  # ᾱ from which on epsilon tells nothing of x0: diffusers' zero terminal SNR is 0
OTHERWISE = "or give any function of (x_t, t) in Python: diagnose(predict, scheduler, shape=(3, 64, 64))"


@dataclass(frozen=True, eq=False)
class Model:
    """What is diagnosed.

    `network(x_t, t)` takes x_t (B, C, H, W), float32 and scaled as in training, and timesteps (B,), int64,
    and returns its prediction (B, C, H, W), or (B, 2C, H, W) with the variance in the second half; with
    `classes` it takes class labels (B,) as well. `shape` is (C, H, W). `facts` are what the report says of
    it; `record` is its training record, {} where there is none.
    """

    name: str
    network: Callable[..., Any]
    scheduler: Scheduler
    shape: tuple[int, int, int]
    device: torch.device = CPU
    classes: int | None = None
    label: int | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    record: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raise Refusal for a scheduler, a prediction type, a shape or a label that cannot be diagnosed."""
        _check_scheduler(self.name, self.scheduler)
        if len(self.shape) != 3 or self.shape[0] not in (1, 3) or min(self.shape[1:]) < _LEAST:
            raise Refusal(
                f"“{self.name}” is of the shape {self.shape}: images of 1 or 3 channels "
                f"(C, H, W) and {_LEAST} pixels a side or more are taken."
            )
        if self.label is not None and not 0 <= self.label < (self.classes or 0):
            has = f"has the classes 0 to {self.classes - 1}" if self.classes else "knows no classes"
            raise Refusal(f"The label {self.label} is none of “{self.name}”, which {has}.")
        if self.record.get("variant", {}).get("centred") or self.record.get("variant", {}).get(
            "renormalised"
        ):
            raise Refusal(
                f"“{self.name}” has learned from centred or renormalised images, which is not taken as a "
                f"folder: undo it around the network, {OTHERWISE}."
            )

    @property
    def prediction_type(self) -> str:
        """What the network predicts: one of PREDICTIONS."""
        return self.scheduler.config["prediction_type"]

    @property
    def alphas_cumprod(self) -> Tensor:
        """ᾱ_t of all timesteps of the training: float64 (T,)."""
        return self.scheduler.alphas_cumprod.double()

    @property
    def pixels(self) -> int:
        """Pixels of an image."""
        return self.shape[1] * self.shape[2]

    @property
    def offset_noise(self) -> float:
        """Deviation of the offset that its training added to the noise, by its record."""
        return float(self.record.get("variant", {}).get("offset_noise") or 0.0)

    @property
    def clip(self) -> float | None:
        """The ±value that sampling clips x0 to, None where it does not."""
        config = self.scheduler.config
        return config["clip_sample_range"] if config["clip_sample"] else None

    @torch.inference_mode()
    def predict(self, x_t: Tensor, timestep: int) -> tuple[Tensor, Tensor | None]:
        """The prediction for x_t (B, C, H, W), and what it says of the variance where it was trained to.

        Raises Refusal where the network returns another shape.
        """
        timesteps = torch.full((len(x_t),), timestep, device=self.device)
        labels = [] if self.classes is None else [self._labels(len(x_t))]
        found = self.network(x_t.to(self.device), timesteps, *labels)
        found = found if isinstance(found, Tensor) else getattr(found, "sample", found)
        channels: int = self.shape[0]
        shape: tuple[int, ...] = tuple(getattr(found, "shape", ()))
        if shape not in (tuple(x_t.shape), (len(x_t), 2 * channels, *self.shape[1:])):
            raise Refusal(
                f"“{self.name}” returns {shape or type(found).__name__} for x_t of {tuple(x_t.shape)}: let "
                "it return that shape, or twice the channels with the variance in the last ones."
            )
        found = found.float().to(x_t.device)
        return found[:, :channels], found[:, channels:] if found.shape[1] == 2 * channels else None

    def x0(self, x_t: Tensor, timestep: int) -> Tensor:
        """The clean image that the prediction implies, (B, C, H, W) as x_t, before anything is clipped."""
        level = self.alphas_cumprod[timestep].item()
        return estimate_x0(self.predict(x_t, timestep)[0], x_t, level, self.prediction_type)

    def tells_x0(self, timestep: int) -> bool:
        """Whether an x0 follows from the prediction: from epsilon at zero SNR none does."""
        return self.prediction_type != "epsilon" or self.alphas_cumprod[timestep].item() > LEAST_SIGNAL

    def _labels(self, count: int) -> Tensor:
        """The label of each of `count` images: the one that is given, else all classes in turn."""
        labels = torch.arange(count, device=self.device) % (self.classes or 1)
        return labels if self.label is None else torch.full_like(labels, self.label)


def of_parts(
    given: Any,
    scheduler: Any = None,
    shape: tuple[int, int, int] | None = None,
    label: int | None = None,
    name: str = "",
    **more: Any,
) -> Model:
    """The model of a diffusers pipeline, of a UNet2DModel with its scheduler, or of a function with both.

    Raises Refusal for what is none of these, and as `Model` does.
    """
    name = name or type(given).__name__
    if hasattr(given, "components"):
        _check_components(name, given.components)
        return of_parts(given.components["unet"], given.components["scheduler"], shape, label, name, **more)
    if scheduler is None:
        raise Refusal(f"“{name}” comes without its scheduler: give that of its training as the second value.")
    if isinstance(given, UNet2DModel):
        return _of_unet(name, given, scheduler, shape, label, more)
    if isinstance(given, nn.Module) and hasattr(given, "config") and shape is None:
        raise Refusal(f"“{name}” is no UNet2DModel: give a DDPM or DDIM pipeline of one, {OTHERWISE}.")
    if not callable(given):
        raise Refusal(f"“{name}” is no model: give a folder, a pipeline or a UNet2DModel, {OTHERWISE}.")
    if shape is None:
        raise Refusal(
            f"The images of “{name}” are of no known shape: give it as shape=(channels, height, width)."
        )
    device = next(given.parameters()).device if isinstance(given, nn.Module) else CPU
    named = name if name != "function" else getattr(given, "__name__", name)
    return Model(named, given, scheduler, _triple(shape), device, label=label, **more)


def _of_unet(
    name: str, unet: UNet2DModel, scheduler: Any, shape: tuple | None, label: int | None, more: dict
) -> Model:
    config = unet.config
    check_config(name, config)
    side, classes = config["sample_size"], config["num_class_embeds"]
    if shape is None and not isinstance(side, int):
        raise Refusal(f"“{name}” does not say which square images it is for: give a whole sample_size.")
    facts = {
        "norm_num_groups": config["norm_num_groups"],
        "parameters": sum(weight.numel() for weight in unet.parameters()),
    }
    more["facts"] = facts | more.get("facts", {})
    unet = unet if unet.dtype == torch.float32 else copy.deepcopy(unet).float()
    channels = config["in_channels"]
    _check_variance(name, scheduler, config["out_channels"] == 2 * channels)
    return Model(
        name, unet, scheduler, _triple(shape or (channels, side, side)), unet.device, classes, label, **more
    )


def check_config(name: str, config: Any) -> None:
    """Raise Refusal for the configuration of a UNet2DModel that is no plain model of images."""
    channels, out = config.get("in_channels", 3), config.get("out_channels", 3)
    if channels not in (1, 3) or out not in (channels, 2 * channels):
        raise Refusal(
            f"“{name}” has a network of {channels} channels in and {out} out: models of images of 1 or 3 "
            f"channels are taken, not those in a latent space or with a second image, {OTHERWISE}."
        )
    if config.get("class_embed_type") is not None:
        raise Refusal(
            f"“{name}” takes classes by the embedding “{config.get('class_embed_type')}”: only "
            f"num_class_embeds is taken, {OTHERWISE}."
        )


def _check_components(name: str, components: dict[str, Any]) -> None:
    if kind := next((why for part, why in CONDITIONED.items() if part in components), None):
        raise Refusal(f"“{name}” {kind}: give a DDPM or DDIM pipeline of images themselves, {OTHERWISE}.")
    if not {"unet", "scheduler"} <= set(components):
        raise Refusal(f"“{name}” has no unet and scheduler: give a DDPM or DDIM pipeline, {OTHERWISE}.")


CONDITIONED = {  # parts of pipelines that are not taken
    "text_encoder": "takes texts",
    "tokenizer": "takes texts",
    "bert": "takes texts",
    "vae": "works in a latent space",
    "vqvae": "works in a latent space",
    "movq": "works in a latent space",
}


def _check_scheduler(name: str, scheduler: Any) -> None:
    if not isinstance(scheduler, DDPMScheduler | DDIMScheduler):
        raise Refusal(
            f"“{name}” comes with a {type(scheduler).__name__}: give a DDPMScheduler or a DDIMScheduler of "
            "the betas that it was trained on."
        )
    prediction = scheduler.config["prediction_type"]
    if prediction not in PREDICTIONS:
        raise Refusal(
            f"“{name}” predicts {prediction}: networks that predict {_either(PREDICTIONS)} are taken."
        )
    levels = scheduler.alphas_cumprod
    if not levels.isfinite().all() or (levels.diff() > 0).any() or not 0 <= levels[-1] <= levels[0] <= 1:
        raise Refusal(f"The betas of “{name}” are no variances from 0 to 1: give those of its training.")


def _check_variance(name: str, scheduler: Any, learned: bool) -> None:
    kind = str(getattr(scheduler, "config", {}).get("variance_type"))
    if kind.startswith("learned") and not learned:
        raise Refusal(
            f"The scheduler of “{name}” takes a learned variance, which its network does not predict: give "
            "it variance_type fixed_small or fixed_large."
        )


def _triple(shape: Any) -> tuple[int, int, int]:
    """A shape as a tuple, whatever sequence it comes as: `Model` checks it."""
    return tuple(shape)


def _either(names: tuple[str, ...]) -> str:
    return f"{', '.join(names[:-1])} or {names[-1]}"


def known_arguments(kind: type, config: dict[str, Any]) -> dict[str, Any]:
    """Of a configuration what the class of a scheduler takes."""
    return {name: value for name, value in config.items() if name in inspect.signature(kind).parameters}
