"""From noise to an image: what a run asks of its network, and the Step that each answer gives."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from lowlight_ddpm.diffusion import corrections
from lowlight_ddpm.diffusion.backends import BATCH, Network, network, predict, tile_count
from lowlight_ddpm.diffusion.mean_correction import ColourPrior, with_mean
from lowlight_ddpm.diffusion.samplers import Respaced
from lowlight_ddpm.diffusion.schedule import (
    alphas_cumprod,
    estimate_x0,
    matching_timesteps,
    signal_and_noise,
    trailing_timesteps,
)
from lowlight_ddpm.diffusion.settings import RunSettings
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.images.photometry import white
from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.models.checkpoints import Checkpoint
from lowlight_ddpm.models.unet import Frame
from lowlight_ddpm.variants import Variant


@dataclass(frozen=True)
class Step:
    """One network call. Tensors are float32 (B, 3, H, W) in model range; x_t and x0 may reach beyond it.

    `index` counts from 0 to `total` − 1; `timestep` is where on the run's schedule x_t lies; `alpha_bar` the
    share of signal variance there; `x_t` what entered the network, `x0` its estimate of the clean image.
    The last step's x0 is the result: of PNDM, which weighs several estimates, its own last step's.
    """

    index: int
    total: int
    timestep: int
    alpha_bar: float
    x_t: Tensor
    x0: Tensor

    @property
    def is_last(self) -> bool:
        """Whether the run ends here."""
        return self.index == self.total - 1


@dataclass(frozen=True, eq=False)
class Request:
    """A run to be made.

    Restoring, `image` (B, 3, H, W) in model range, already dimmed, is noised to timestep `settings.start`;
    generating, `count` images start from pure noise. Image i draws all its noise from a generator of its
    own, seeded with settings.seed + i, so it does not depend on what else is in the batch. `alter` may give
    back another x_t and x0 at any step, from which the trajectory continues.
    """

    settings: RunSettings
    image: Tensor | None = None
    count: int = 1
    alter: Callable[[Step], Step] | None = None

    def shape(self, side: int) -> tuple[int, ...]:
        """(B, 3, H, W) of its images, by a network of `side` pixels.

        Raises Refusal for an image to restore that is missing, or smaller than the network's own.
        """
        if self.settings.mode == "generate":
            return self.count, 3, side, side
        if self.image is None:
            raise Refusal("There is no picture to restore: pick one, or generate from pure noise.")
        if self.image.ndim != 4 or min(self.image.shape[-2:]) < side:
            given = "×".join(map(str, self.image.shape[-2:]))
            raise Refusal(
                f"A picture to restore must be at least {side} pixels a side, and this one is {given}."
            )
        return tuple(self.image.shape)

    def tiles(self, side: int) -> int:
        """How many images of `side` pixels the network is given at every step. Refuses as `shape` does."""
        count, _, height, width = self.shape(side)
        return count * tile_count(height, width, side)

    def begin(self, checkpoint: Checkpoint) -> "Trajectory":
        """The run, before its first network call. Refuses as `shape` does."""
        return Trajectory(checkpoint, self)


class Trajectory:
    """A request under way: call `network` with x_t at `timesteps`, and `take` the step that its output gives.

    x_t is normalized as the network's input is: `Checkpoint.frame`.
    """

    settings: RunSettings
    alter: Callable[[Step], Step] | None
    variant: Variant
    frame: Frame
    network: Network
    x_t: Tensor

    def __init__(self, checkpoint: Checkpoint, request: Request) -> None:
        """Draw the noise that it starts from. Refuses as `Request.shape` does."""
        self.settings, self.alter = request.settings, request.alter
        self.variant, self.frame = checkpoint.variant, checkpoint.frame
        self.network = network(checkpoint, self.settings.backend)
        s, v = self.settings, self.variant
        levels = alphas_cumprod(s.beta_start, s.beta_end, v.beta_schedule, v.zero_terminal_snr)
        kept = trailing_timesteps(self.settings.start, self.settings.steps)
        self._kept, self._alpha_bars = kept.tolist(), levels[kept].tolist()
        self._fed = matching_timesteps(levels[kept], checkpoint.alphas_cumprod).to(checkpoint.device)
        self._process = Respaced(self.settings.sampler, levels, kept, self.settings.variance_type)
        self._begin(checkpoint, request, levels[self.settings.start].item())
        self.x_t, self._index = self._first, 0

    def _begin(self, checkpoint: Checkpoint, request: Request, level: float) -> None:
        shape = request.shape(checkpoint.size)
        seeds = [(self.settings.seed + i) % 2**32 for i in range(shape[0])]
        self._generators = [torch.Generator().manual_seed(seed) for seed in seeds]
        noise, device = draw_noise(shape, self._generators, self.variant.offset_noise), checkpoint.device
        self._first, self._first_level = noise.to(device), level
        if self.settings.mode == "restore" and request.image is not None:
            self._first = add_noise(self.frame.enter(request.image.to(device)), self._first, level)
        if self.settings.leak_start:
            draws = randn((shape[0], 3), _copies(self._generators))
            leak = corrections.draw_colours(*_colours(checkpoint), draws)
            self._first = add_noise(leak.to(device), self._first, level)
        if self.settings.anchor:
            self._spread = _colours(checkpoint)[1].diag()[:, None, None].to(device)
        self._prior = _prior(checkpoint, self.settings)
        self._mean_draws = [torch.Generator().manual_seed(seed + 2**32) for seed in seeds]  # no image's own

    @property
    def timesteps(self) -> Tensor:
        """The network's own timestep for each image of x_t: (B,)."""
        return self._fed[self._index].expand(len(self.x_t))

    def take(self, prediction: Tensor) -> Step:
        """The Step that a prediction (B, 3, H, W) for x_t gives; x_t then becomes that of the next.

        Raises Refusal where numbers overflow.
        """
        index, total = self._index, len(self._kept)
        level, kind = self._process.levels[index], self.variant.prediction_type
        scaled = corrections.scale_epsilon(prediction, self.x_t, level, kind, self.settings.epsilon_scale)
        x0 = estimate_x0(scaled, self.x_t, level, kind)
        if not x0.isfinite().all():
            raise Refusal(
                f"The numbers overflow in step {index + 1} of {total}, at timestep {self._kept[index]}: "
                "choose betas nearer to the trained ones."
            )
        x0, x_t = self._corrected(x0, level.item()), self.frame.leave(self.x_t)
        step = Step(index, total, self._kept[index], self._alpha_bars[index], x_t, x0)
        if self.alter:
            step = self.alter(step)
            self.x_t = self.frame.enter(step.x_t)
        if step.is_last and self._process.row.ends_in_x0:
            return step
        self.x_t = self._process.step(index, self.frame.enter(step.x0), self.x_t, self._generators)
        if step.is_last:
            return replace(step, x0=self._clipped(self.frame.leave(self.x_t)))
        self._index += 1
        return step

    def _corrected(self, x0: Tensor, level: float) -> Tensor:
        """The estimate with the corrections that the settings ask for, in model range."""
        if self.settings.anchor:
            x0 = corrections.anchor(
                x0, self._first, self._first_level, self._spread, self.variant.offset_noise
            )
        x0 = self.frame.leave(x0)
        if self._prior:
            return with_mean(x0, self.frame.leave(self._mean(self._prior, level)), self._limits)
        return self._clipped(x0)

    def _clipped(self, x0: Tensor) -> Tensor:
        return x0.clamp(*self._limits) if self._limits else x0

    @property
    def _limits(self) -> tuple[float, float] | None:
        """What the settings clip x0 to, in model range."""
        highest = [self.frame.highest] * self.settings.clip
        highest += [white(self.settings.brightness)] * self.settings.clip_to_data
        return (-1.0, min(highest)) if highest else None

    def _mean(self, prior: ColourPrior, level: float) -> Tensor:
        """What x0's mean colour is corrected to: (B, 3, 1, 1) in the network's own scale."""
        mean, covariance = prior.given(self.x_t, level, self.variant.offset_noise)
        if self.settings.mean_correction == "drawn" and self._index < len(self._kept) - 1:
            z = randn(mean.shape, self._mean_draws).to(mean)
            return corrections.draw_colours(mean, covariance, z).to(self.x_t.dtype)
        return mean[:, :, None, None].to(self.x_t.dtype)


Source = Callable[[Sequence[Request]], Iterator[dict[int, Step]]]
"""Makes runs: yields, for every network call, the Step of each run that it answered, by the run's place."""


def denoise(
    checkpoint: Checkpoint,
    settings: RunSettings,
    image: Tensor | None = None,
    count: int = 1,
    alter: Callable[[Step], Step] | None = None,
) -> Iterator[Step]:
    """Run the reverse process of a `Request` of these, and yield a Step for every network call.

    An image larger than the network's own is processed in tiles. Raises Refusal for an image to restore that
    is missing, or smaller than that, and where numbers overflow.
    """
    for steps in denoise_together([Request(settings, image, count, alter)], lambda name: checkpoint):
        yield steps[0]


@torch.inference_mode()
def denoise_together(
    requests: Sequence[Request],
    load: Callable[[str], Checkpoint] = checkpoints.load,
    refused: dict[int, Refusal] | None = None,
) -> Iterator[dict[int, Step]]:
    """Make several runs, and yield for every network call the Step of each that it answered, by its place.

    Runs of one network on images of one size share its calls, up to a batch of 16 images or tiles, which
    takes less time than one after the other; a run's numbers then differ from those by some 1e-5. `load`
    gives a variant's checkpoint. What `denoise` or `load` refuse is raised; where `refused` is given, it is
    put there by the places of the runs that it is about, and ends those alone.
    """
    for places in _alike(requests):
        first = requests[places[0]]
        try:
            checkpoint = load(first.settings.variant)
            together = max(1, BATCH // first.tiles(checkpoint.size))
        except Refusal as refusal:
            if refused is None:
                raise
            refused |= dict.fromkeys(places, refusal)
            yield {}
            continue
        for begin in range(0, len(places), together):
            batch = places[begin : begin + together]
            going = {place: requests[place].begin(checkpoint) for place in batch}
            while going:
                steps = _call_network(going, refused)
                going = {place: going[place] for place, step in steps.items() if not step.is_last}
                yield steps


def _alike(requests: Sequence[Request]) -> list[list[int]]:
    """The places of requests that one network can answer in one batch, in order of the first of each."""
    groups: dict[tuple[Any, ...], list[int]] = {}
    for place, request in enumerate(requests):
        s, image = request.settings, request.image
        size = request.count if s.mode == "generate" or image is None else image.shape
        groups.setdefault((s.variant, s.backend, s.mode, size), []).append(place)
    return list(groups.values())


def _call_network(trajectories: dict[int, Trajectory], refused: dict[int, Refusal] | None) -> dict[int, Step]:
    """Call one network for all `trajectories` at once, whose images are of one size."""
    first, *_ = trajectories.values()
    x_t = torch.cat([trajectory.x_t for trajectory in trajectories.values()])
    timesteps = torch.cat([trajectory.timesteps for trajectory in trajectories.values()])
    answers = predict(first.network, x_t, timesteps).split(len(first.x_t))
    steps = {}
    for (place, trajectory), answer in zip(trajectories.items(), answers, strict=True):
        try:
            steps[place] = trajectory.take(answer)
        except Refusal as refusal:
            if refused is None:
                raise
            refused[place] = refusal
    return steps


def add_noise(x0: Tensor, noise: Tensor, alpha_bar: float) -> Tensor:
    """x_t = √ᾱ·x0 + √(1−ᾱ)·ε (Ho et al. 2020, eq. 4)."""
    of_x0, of_noise = signal_and_noise(alpha_bar)
    return of_x0 * x0 + of_noise * noise


def randn(shape: tuple[int, ...], generators: list[torch.Generator]) -> Tensor:
    """Standard normal noise (B, ...), image i from generator i."""
    return torch.stack([torch.randn(shape[1:], generator=generator) for generator in generators])


def draw_noise(
    shape: tuple[int, ...], generators: list[torch.Generator], offset_noise: float = 0.0
) -> Tensor:
    """Noise (B, 3, H, W); `offset_noise` is the deviation of a colour that is added to each image's."""
    noise = randn(shape, generators)
    if not offset_noise:
        return noise
    return noise + offset_noise * randn((*shape[:2], 1, 1), generators)


def _copies(generators: list[torch.Generator]) -> list[torch.Generator]:
    """Generators in the same state: drawing from them leaves the noise of the trajectory as it is."""
    return [generator.clone_state() for generator in generators]


def _prior(checkpoint: Checkpoint, settings: RunSettings) -> ColourPrior | None:
    """What `mean_correction` takes for known of mean colours, in the network's own scale."""
    if settings.mean_correction == "off":
        return None
    if settings.mean_correction == "wide":
        ends = torch.tensor([[-1.0] * 3, [white(settings.brightness)] * 3])
        return ColourPrior.wide(*checkpoint.frame.enter(ends[..., None, None]).flatten(1))
    return ColourPrior(*(tensor.double() for tensor in _colours(checkpoint)))


def _colours(checkpoint: Checkpoint) -> tuple[Tensor, Tensor]:
    """Mean (3,) and covariance (3, 3) of the training images' mean colours, as the network sees them."""
    mean = checkpoint.training_mean
    return checkpoint.frame.enter(mean[:, None, None]).flatten(), checkpoint.colour_covariance.float()
