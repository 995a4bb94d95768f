"""Clip, noise and correction on a network whose answers are exact, and against sampling's own clips."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch

from lowlight_ddpm.diffusion.samplers import Respaced
from lowlight_ddpm.diffusion.sampling import denoise_together
from lowlight_ddpm.diffusion.schedule import signal_and_noise, trailing_timesteps
from lowlight_ddpm.diffusion.settings import run_settings
from lowlight_ddpm.figures import Inputs
from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.report import written
from lowlight_ddpm.study import clipping, protocol
from lowlight_ddpm.study.clipping import CLIPS, NOISES, ClippedRequest, MeanFreeNoise
from tests.helpers.spy import generators, last

SIDE, MEAN, DEVIATION = 8, -0.2, 0.6


class Gaussian:
    """Answers exactly for pixels that are independent N(MEAN, DEVIATION²), or is `blind` to means."""

    config, device = SimpleNamespace(sample_size=SIDE), torch.device("cpu")

    def __init__(self, levels, blind=False):
        self.levels, self.blind = levels, blind

    def __call__(self, x, timestep):
        level = self.levels[int(timestep[0])].item()
        signal, noise = signal_and_noise(level)
        epsilon = noise * (x - signal * MEAN) / (level * DEVIATION**2 + 1 - level)
        if self.blind:
            epsilon = epsilon - epsilon.mean(dim=(2, 3), keepdim=True)
        return SimpleNamespace(sample=epsilon)


@pytest.fixture
def network(tiny_checkpoint):
    record = tiny_checkpoint.record | {
        "channel_mean": [MEAN] * 3,
        "channel_covariance": (torch.eye(3) * DEVIATION**2 / SIDE**2).tolist(),
    }
    return replace(tiny_checkpoint, unet=Gaussian(tiny_checkpoint.alphas_cumprod), record=record)


def run(network, clip="none", noise="ordinary", correction="off", count=8, steps=20):
    settings = run_settings(mode="generate", steps=steps, mean_correction=correction)
    request = ClippedRequest(settings, count=count, limits=CLIPS[clip], mean_free=NOISES[noise])
    *_, steps_made = denoise_together([request], lambda name: network)
    return steps_made[0].x0


def test_clipping_pulls_the_mean_to_the_middle_of_its_range(network):
    means = {clip: run(network, clip).mean().item() for clip in CLIPS}
    assert means["none"] == pytest.approx(MEAN, abs=0.03)
    assert means["[-1, 0]"] < means["[-1, 0.5]"] - 0.01 < means["[-1, 1]"] - 0.01
    assert means["[-1.5, 1]"] < means["[-1, 1]"]


def test_of_a_network_that_is_blind_to_means_clipping_decides_where_they_end(network):
    """Chance means of the first noise fill any range: images end about its middle, wherever that is."""
    blind = replace(network, unet=Gaussian(network.alphas_cumprod, blind=True))
    for clip, middle in (("[-1, 1]", 0.0), ("[-1, 0.5]", -0.25), ("[-1, 0]", -0.5)):
        assert run(blind, clip, count=16).mean().item() == pytest.approx(middle, abs=0.15)


def test_clipped_as_a_run_clips_they_are_a_run_s_images(network):
    for clip, how in (("[-1, 1]", {"clip": True}), ("none", {"clip": False})):
        for correction in clipping.CORRECTIONS:
            settings = run_settings(mode="generate", steps=20, mean_correction=correction, **how)
            ours = run(network, clip, correction=correction)
            assert torch.equal(ours, last(network, settings, None, 8))


def test_the_correction_holds_the_mean_whatever_is_clipped(network):
    means = [run(network, clip, correction="training").mean().item() for clip in ("[-1, 1]", "[-1, 0]")]
    assert means[1] == pytest.approx(means[0], abs=0.02)
    assert means[0] == pytest.approx(MEAN, abs=0.05)


def test_mean_free_noise_is_the_same_noise_without_its_mean(network):
    levels = network.alphas_cumprod
    timesteps = trailing_timesteps(999, 10)
    plain = Respaced("ddpm", levels, timesteps, "fixed_small")
    free = MeanFreeNoise(Respaced("ddpm", levels, timesteps, "fixed_small"))
    x0, x_t = torch.randn(2, 3, SIDE, SIDE), torch.randn(2, 3, SIDE, SIDE)
    for index in (0, 5):
        ours, theirs = (process.step(index, x0, x_t, generators(2)) for process in (free, plain))
        moved = theirs - ours
        torch.testing.assert_close(
            moved, moved.mean(dim=(2, 3), keepdim=True).expand_as(moved), atol=1e-5, rtol=0
        )
        assert moved.abs().max() > 1e-3
        nothing = torch.zeros_like(x_t)
        assert free.step(index, nothing, nothing, generators(2)).mean(dim=(2, 3)).abs().max() < 1e-6


def test_freed_of_its_mean_noise_leaves_all_images_with_one_mean(network):
    spread = {
        noise: run(network, noise=noise).mean(dim=(2, 3)).std(dim=0).mean().item()
        for noise in clipping.NOISES
    }
    assert spread["ordinary"] > 0.01
    assert spread["mean-free"] < 1e-4


@pytest.fixture
def jobs(monkeypatch, tmp_path, checkpoint_root):
    monkeypatch.setattr(protocol, "STEPS", 2)
    monkeypatch.setattr(protocol, "SAMPLES", 16)
    return list(clipping.conditions("dim", tmp_path, checkpoint_root))


def test_every_range_noise_and_correction_is_measured_once_for_each_network(jobs, monkeypatch):
    assert len({job.key for job in jobs}) == len(jobs) == 5 * 2 * 2
    assert len({job.claim for job in (*jobs, replace(jobs[0], variant="bright"))}) == 21
    assert not jobs[0].done
    jobs[0].run()
    assert jobs[0].done
    assert not jobs[1].done
    assert len(jobs[0].record["rows"]) == 16
    monkeypatch.setattr(clipping, "network_id", lambda *_: "another")
    assert not jobs[0].done


def test_the_table_has_a_column_for_every_range(jobs, checkpoint_root, tmp_path):
    assert written("clipping", Inputs(checkpoint_root, tmp_path)).startswith("Not measured yet: ")
    jobs[0].run()
    inputs = Inputs(checkpoint_root, tmp_path)
    assert written("clipping", inputs).startswith("Not measured yet: "), (
        "there is no training set to compare with"
    )
    drawn = protocol.evaluation_set("drawn:6", ["drawn_0001"], size=16)
    protocol.describe_training_set(drawn, "dim", tmp_path)
    heads, _, line = written("clipping", Inputs(checkpoint_root, tmp_path)).splitlines()
    assert heads.startswith("| variant | noise | correction | clip [-1, 1] | clip [-1, 0.5] |")
    rows = clipping.table(tmp_path, checkpoint_root)
    red = rows.mean_r.mean()
    spread = rows[["border_r", "border_g", "border_b"]].std(ddof=0).mean()
    assert line.startswith(f"| dim | ordinary | off | {red:.0f} ")
    assert f"; {spread:.1f} | – | – | – | – |" in line
    assert set(rows.columns) >= {"variant", "clip", "noise", "mean_correction", "seed", "border_b"}
    assert checkpoints.available(checkpoint_root) == ["bright", "dim"]
