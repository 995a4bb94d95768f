"""Training: a generator of steps, with a state that a run goes on from to the same bits."""

import copy
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any, cast

import torch
from accelerate import Accelerator
from diffusers.models.unets.unet_2d import UNet2DModel
from diffusers.optimization import get_cosine_schedule_with_warmup
from diffusers.schedulers.scheduling_ddpm import DDPMScheduler
from diffusers.training_utils import EMAModel
from torch import Tensor
from torch.nn import functional as F

from lowlight_ddpm.diffusion.schedule import TRAIN_TIMESTEPS, trained_scheduler, training_target
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.images.photometry import channel_statistics, digest, prepare
from lowlight_ddpm.models.checkpoints import Checkpoint
from lowlight_ddpm.models.unet import CHANNELS, Frame, build_unet
from lowlight_ddpm.training.optimizer import Muon
from lowlight_ddpm.variants import Variant


@dataclass(frozen=True)
class Recipe:
    """How every variant is trained; chosen once, on `dim`, as docs/training.md tells.

    `learning_rate` is Muon's, for matrices and convolutions, `adamw_learning_rate` that of all other weights,
    which `weight_decay` is for. Both rise over `warmup_steps` and fall to 0 along a cosine (diffusers).
    `ema_decay` is the ceiling that 1 − (1 + step)^(−3/4) climbs to (EMAModel with warm-up, inv_gamma 1, power
    3/4). Where timesteps are `stratified`, a batch of B images has one from each B-th of the schedule.
    `channels` and `attention_head_dim` are the network's, as a row has them. `drawn` synthetic butterflies
    are among the images.
    """

    epochs: float
    batch_size: int = 16
    learning_rate: float = 0.02
    adamw_learning_rate: float = 1e-3
    warmup_steps: int = 50
    weight_decay: float = 1e-2
    gradient_clip: float = 1.0
    ema_decay: float = 0.999
    stratified: bool = True
    channels: tuple[int, ...] = CHANNELS
    attention_head_dim: int | None = None
    drawn: int = 0


@dataclass(frozen=True)
class TrainingStep:
    """What one optimiser step tells: its number (1-based), epoch (1-based), loss, and whether it ends one."""

    step: int
    epoch: int
    loss: float
    ends_epoch: bool


@dataclass
class _Place:
    """Where a run stands: steps done, epochs done, the epoch's order and the pictures of it already seen.

    `launches` tells from which step on so many processes took their shares in so many parts.
    """

    step: int = 0
    epoch: int = 0
    order: list[int] = field(default_factory=list)
    seen: int = 0
    losses: list[float] = field(default_factory=list)
    launches: list[dict[str, int]] = field(default_factory=list)


class Training:
    """The training run of one variant over `pictures`, uint8 (N, 3, H, W); iterate it to make it happen.

    All randomness comes from one CPU generator: every process of a launch draws the whole batch's, takes its
    share, and works through that in `accumulate` parts. How many processes and parts there are changes the
    order of sums and nothing else. Raises Refusal where a batch has fewer pictures than that makes parts.
    """

    variant: Variant
    recipe: Recipe
    pictures: Tensor
    batch_size: int
    steps_per_epoch: int
    total_steps: int
    accelerator: Accelerator
    accumulate: int
    processes: int
    unet: Any  # as accelerate has wrapped it
    optimizer: Any
    generator: torch.Generator
    ema: EMAModel
    scheduler: DDPMScheduler
    frame: Frame

    def __init__(
        self, variant: Variant, pictures: Tensor, recipe: Recipe, precision: str = "no", accumulate: int = 1
    ) -> None:
        if not len(pictures):
            raise Refusal("There is no picture to train on: give a source that holds some.")
        self.variant, self.recipe, self.pictures = variant, recipe, pictures
        self.batch_size = min(recipe.batch_size, len(pictures))
        self.steps_per_epoch = len(pictures) // self.batch_size
        self.total_steps = round(self.steps_per_epoch * recipe.epochs)

        # TensorFloat-32 would round fp32 products to 10 bits on a GPU.
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
        self.accelerator = Accelerator(mixed_precision=precision, cpu=not torch.cuda.is_available())
        self.accumulate, self.processes = accumulate, self.accelerator.num_processes
        if self.processes * accumulate > self.batch_size:
            raise Refusal(
                f"A batch of {self.batch_size} cannot be split into {accumulate} parts for each of "
                f"{self.processes} processes: start fewer, or lower --accumulate."
            )
        self.generator = torch.Generator().manual_seed(variant.seed)
        torch.manual_seed(variant.seed)  # the network's first weights
        # oneDNN convolves with channels last in any case: so nothing has to be reordered.
        unet = _network(variant, recipe, pictures.shape[-1])
        # diffusers wraps Module.to in a way that hides `self` from type checkers.
        unet = unet.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
        optimizer = Muon(
            unet, recipe.learning_rate, recipe.adamw_learning_rate, weight_decay=recipe.weight_decay
        )
        self.unet, self.optimizer = self.accelerator.prepare(unet, optimizer)
        self.learning_rate = get_cosine_schedule_with_warmup(
            optimizer, recipe.warmup_steps, max(self.total_steps, 1)
        )
        self.ema = EMAModel(
            self.raw_unet.parameters(), decay=recipe.ema_decay, use_ema_warmup=True, power=0.75
        )
        self.scheduler = trained_scheduler(variant)
        mean, _ = self.colour_statistics
        self.frame = Frame.of(variant, mean.tolist())
        self.place = _Place()

    @property
    def raw_unet(self) -> UNet2DModel:
        """The network as it trains, without the wrapping that several processes need."""
        return self.accelerator.unwrap_model(self.unet)

    def __iter__(self) -> Iterator[TrainingStep]:
        place = self.place
        while place.step < self.total_steps:
            self._note_launch()
            if not place.seen:
                place.order = torch.randperm(len(self.pictures), generator=self.generator).tolist()
            batch = self.pictures[place.order[place.seen : place.seen + self.batch_size]]
            loss = self._learn(batch)
            place.step, place.seen = place.step + 1, place.seen + self.batch_size
            place.losses.append(loss)
            ends_epoch = place.step % self.steps_per_epoch == 0
            if ends_epoch:
                place.epoch, place.seen = place.epoch + 1, 0
            epoch = place.epoch if ends_epoch else place.epoch + 1
            yield TrainingStep(place.step, epoch, loss, ends_epoch)

    def _learn(self, batch: Tensor) -> float:
        """One optimiser step on uint8 pictures (B, 3, H, W); its loss, over the whole batch."""
        drawn, count = self.draw(batch), len(batch)
        self.unet.train()
        loss = torch.zeros((), device=self.accelerator.device)
        shares = self._shares(count)
        for mine in shares:
            x_t, target, timesteps = (part[mine].to(self.accelerator.device) for part in drawn)
            x_t = x_t.contiguous(memory_format=torch.channels_last)
            # Gradients add up here, and are exchanged with the last part alone.
            with nullcontext() if mine is shares[-1] else self.accelerator.no_sync(self.unet):
                loss += self._accumulate(x_t, target, timesteps, count)
        self.accelerator.clip_grad_norm_(self.unet.parameters(), self.recipe.gradient_clip)
        self.optimizer.step()
        self.learning_rate.step()
        self.optimizer.zero_grad()
        self.ema.step(self.raw_unet.parameters())
        return cast(Tensor, self.accelerator.reduce(loss, "mean")).item()

    def draw(self, batch: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """x_t, what the network should say of it, and t, of uint8 pictures (B, 3, H, W), half flipped."""
        count = len(batch)
        flip = torch.rand(count, 1, 1, 1, generator=self.generator) < 0.5
        noise = torch.randn(batch.shape, generator=self.generator)
        timesteps = self._draw_timesteps(count)
        if self.variant.offset_noise:
            colour = torch.randn(*batch.shape[:2], 1, 1, generator=self.generator)
            noise = noise + self.variant.offset_noise * colour

        x0 = self.frame.enter(prepare(torch.where(flip, batch.flip(-1), batch), self.variant.brightness))
        whole = cast(torch.IntTensor, timesteps)  # so diffusers types whole numbers of any width
        x_t = self.scheduler.add_noise(x0, noise, whole)
        return x_t, training_target(self.scheduler, x0, noise, timesteps), timesteps

    def _draw_timesteps(self, count: int) -> Tensor:
        """Uniform over the schedule, int64 (count,).

        Stratified ones are so over all batches, since it is chance which image comes first in one; the loss
        of a batch, which is a thousand times larger at the first timesteps than at the last, scatters less.
        """
        if not self.recipe.stratified:
            return torch.randint(TRAIN_TIMESTEPS, (count,), generator=self.generator)
        places = (torch.arange(count) + torch.rand(count, generator=self.generator)) / count
        return (places * TRAIN_TIMESTEPS).long().clamp(max=TRAIN_TIMESTEPS - 1)

    def _shares(self, count: int) -> list[slice]:
        """This process's parts of a batch of `count`; those of all processes hold every picture once."""
        rank, stride = self.accelerator.process_index, self.processes * self.accumulate
        return [slice(first, count, stride) for first in range(rank, stride, self.processes)]

    def _accumulate(self, x_t: Tensor, target: Tensor, timesteps: Tensor, count: int) -> Tensor:
        """Add one part's gradients to those that are there; its share in the loss of a batch of `count`.

        Each part counts by its pictures. Processes' gradients are averaged, hence their number.
        """
        with self.accelerator.autocast():
            prediction = self.unet(x_t, timesteps).sample
        loss = F.mse_loss(prediction.float(), target) * (len(x_t) * self.processes / count)
        self.accelerator.backward(loss)
        return loss.detach()

    def _note_launch(self) -> None:
        launches, now = self.place.launches, {"processes": self.processes, "accumulate": self.accumulate}
        if not (launches and launches[-1].items() >= now.items()):
            launches.append({"from_step": self.place.step + 1, **now})

    def copy_unet(self, averaged: bool) -> UNet2DModel:
        """A copy of the network with the averaged weights (EMA), or with those of the last step."""
        unet = copy.deepcopy(self.raw_unet)
        if averaged:
            self.ema.copy_to(unet.parameters())
        return unet

    @property
    def checkpoint(self) -> Checkpoint:
        """The network as it stands, with the averaged weights, ready to sample and to be measured."""
        mean, covariance = self.colour_statistics
        record = {"channel_mean": mean.tolist(), "channel_covariance": covariance.tolist()}
        unet = self.copy_unet(averaged=True).eval().requires_grad_(False)
        return Checkpoint(self.variant, unet, self.scheduler, record)

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `state` was at some step of a run with the same `settings`."""
        self.raw_unet.load_state_dict(state["unet"])
        self.ema.load_state_dict(state["ema"])
        self.ema.to(self.accelerator.device)
        self.optimizer.load_state_dict(state["optimizer"])
        self.learning_rate.load_state_dict(state["learning_rate"])
        self.generator.set_state(state["generator"].cpu())
        self.place = _Place(**state["place"])

    @cached_property
    def colour_statistics(self) -> tuple[Tensor, Tensor]:
        """Mean (3,) and covariance (3, 3) of the images' mean colours, dimmed, in model range."""
        return channel_statistics(self.pictures, self.variant.brightness)

    @cached_property
    def settings(self) -> dict[str, Any]:
        """What decides the outcome: a state goes on only under the same, in any number of processes."""
        return {
            "variant": self.variant.decides_training,
            "recipe": asdict(self.recipe),
            "pictures": digest(self.pictures),
            "precision": self.accelerator.mixed_precision,
        }

    @property
    def state(self) -> dict[str, Any]:
        """All that the rest of the run depends on, between two steps: plain data and tensors."""
        return {
            "settings": self.settings,
            "unet": self.raw_unet.state_dict(),
            "ema": self.ema.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "learning_rate": self.learning_rate.state_dict(),
            "generator": self.generator.get_state(),
            "place": asdict(self.place),
        }


def _network(variant: Variant, recipe: Recipe, size: int) -> UNet2DModel:
    return build_unet(
        variant.layers_per_block,
        recipe.channels,
        size,
        recipe.attention_head_dim,
        variant.norm_num_groups,
    )
