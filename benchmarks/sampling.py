"""Sampling against diffusers' own pipeline: exact, by the quick backend, and in batches."""

import json
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from diffusers import DDPMPipeline

from benchmarks.ratio import Ratio, paired
from lowlight_ddpm.diffusion.backends import backend_here, network
from lowlight_ddpm.diffusion.sampling import Request, denoise, denoise_together
from lowlight_ddpm.diffusion.settings import BackendName, RunSettings, run_settings
from lowlight_ddpm.images import draw, square
from lowlight_ddpm.images.photometry import prepare
from lowlight_ddpm.metrics.image import channel_means
from lowlight_ddpm.models.checkpoints import ROOT, load


@dataclass(frozen=True)
class Sizes:
    """How much is measured: the first of `variants` is timed, all are looked at for their colours."""

    variants: tuple[str, ...] = ("dim", "bright", "dim-deep-zsnr")
    root: Path = ROOT
    steps: int = 50
    batch: int = 16
    rounds: int = 7


def measured(sizes: Sizes) -> Iterator[Ratio]:
    """Every ratio about sampling."""
    yield from exact(sizes)
    yield from quick(sizes)
    yield from in_batches(sizes)


def exact(sizes: Sizes) -> Iterator[Ratio]:
    """Our walk, with channel means at every step, over DDPMPipeline's on the same weights and steps."""
    for count in (1, sizes.batch):
        steps = max(2, sizes.steps // count)  # as many pictures and network calls in every round
        ours, theirs = partial(_ours, sizes, steps, count, "torch"), _pipeline(sizes, steps, count)
        ratios = paired(ours, theirs, sizes.rounds)
        yield Ratio.of(f"exact sampling over DDPMPipeline, batch {count}", ratios, 1.03)


def quick(sizes: Sizes) -> Iterator[Ratio]:
    """DDPMPipeline over the quick backend, and what the latter changes in the pictures."""
    ratios = paired(
        _pipeline(sizes, sizes.steps, 1), partial(_ours, sizes, sizes.steps, 1, "onnx"), sizes.rounds
    )
    here = backend_here("onnx") == "onnx"
    note = _profile(sizes) if here else "by PyTorch: ONNX Runtime is not installed"
    yield Ratio.of("DDPMPipeline over quick sampling, batch 1", ratios, 1.8, at_least=True, note=note)
    shifts, shares = zip(*(_difference(sizes, name) for name in sizes.variants), strict=True)
    what = f"quick sampling of {sizes.batch}"
    yield Ratio.of(f"{what}: largest shift of a channel's mean, of 255", [max(shifts)], 0.25)
    yield Ratio.of(f"{what}: pixels within 4 of 255", [min(shares)], 0.99, at_least=True)


def in_batches(sizes: Sizes) -> Iterator[Ratio]:
    """What the tabs Why and Compare ask for at once, over the same one by one."""
    picture = prepare(square(draw(0), 64)[None], 0.5)
    changes = [
        {"sampler": sampler, "clip": clip} for sampler in ("ddpm", "ddim", "dpm++") for clip in (True, False)
    ]
    runs = [Request(_restoring(sizes, len(changes), **changed), picture) for changed in changes]
    yield _batched(sizes, "6 counterfactuals", runs, runs)
    settings = _restoring(sizes, sizes.batch)
    sheet = [Request(settings, picture.expand(sizes.batch, -1, -1, -1))]
    yield _batched(
        sizes, f"a sheet of {sizes.batch} pictures", sheet, [Request(settings, picture)] * sizes.batch
    )


def _restoring(sizes: Sizes, count: int, **changed) -> RunSettings:
    """A restoration whose steps are as many in all, however many runs there are."""
    steps = max(2, sizes.steps // count)
    return run_settings(variant=sizes.variants[0], start=300, steps=steps, **changed)


def _batched(sizes: Sizes, what: str, together: list[Request], alone: list[Request]) -> Ratio:
    checkpoint = load(sizes.variants[0], sizes.root)

    def at_once() -> None:
        for _ in denoise_together(together, lambda name: checkpoint):
            pass

    def one_by_one() -> None:
        for run in alone:
            for _ in denoise(checkpoint, run.settings, run.image):
                pass

    return Ratio.of(f"{what} in one batch over one by one", paired(at_once, one_by_one, sizes.rounds), 0.8)


def _ours(sizes: Sizes, steps: int, count: int, backend: BackendName) -> None:
    name = sizes.variants[0]
    settings = run_settings(variant=name, mode="generate", steps=steps, backend=backend)
    for step in denoise(load(name, sizes.root), settings, count=count):
        channel_means(step.x0)


def _pipeline(sizes: Sizes, steps: int, count: int):
    pipeline = DDPMPipeline.from_pretrained(sizes.root / sizes.variants[0], low_cpu_mem_usage=False)
    pipeline.set_progress_bar_config(disable=True)
    return partial(pipeline, batch_size=count, num_inference_steps=steps, output_type="np")


def _profile(sizes: Sizes) -> str:
    """Where ONNX Runtime's time goes: the operators that take most of it."""
    from onnxruntime import InferenceSession, SessionOptions

    checkpoint, options = load(sizes.variants[0], sizes.root), SessionOptions()
    options.intra_op_num_threads, options.enable_profiling = 1, True
    side = checkpoint.unet.config.sample_size
    given = {"x_t": np.random.randn(1, 3, side, side).astype(np.float32), "timesteps": np.array([500])}
    with tempfile.TemporaryDirectory() as folder:
        options.profile_file_prefix = f"{folder}/profile"
        session = InferenceSession(network(checkpoint, "onnx").path, options)
        for _ in range(sizes.rounds):
            session.run(None, given)
        events = json.loads(Path(session.end_profiling()).read_text(encoding="utf-8"))
    spent = Counter()
    for event in events:
        if event["name"].endswith("_kernel_time"):
            spent[event["args"]["op_name"]] += event["dur"]
    whole = sum(spent.values())
    told = (f"{name} {duration / whole:.0%}" for name, duration in spent.most_common(4))
    return f"ONNX Runtime's own time goes to {', '.join(told)}"


def _difference(sizes: Sizes, name: str) -> tuple[float, float]:
    """(largest change of a channel's mean, share of pixels within 4), of 255, from the exact backend."""
    results = []
    for backend in ("torch", "onnx"):
        settings = run_settings(variant=name, mode="generate", steps=sizes.steps, backend=backend)
        *_, last = denoise(load(name, sizes.root), settings, count=sizes.batch)
        results.append(last.x0 * 127.5)
    changed = results[1] - results[0]
    return changed.mean(dim=(0, 2, 3)).abs().max().item(), (changed.abs() <= 4).float().mean().item()
