"""Small networks: what stands in the place of GroupNorm, what the loss weighs, and a study that is killed."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from lowlight_ddpm.diffusion.schedule import Curves
from lowlight_ddpm.figures import Inputs
from lowlight_ddpm.report import written
from lowlight_ddpm.study import small_networks, store
from lowlight_ddpm.study.small_networks import NORMALIZATIONS, RECIPE, Arm, normalized, weighted
from lowlight_ddpm.variants import find_variant

TINY = RECIPE._replace(size=16, channels=(8, 8), images=3, batch=2, warmup=1)
FEW = tuple(Arm(name, steps=1) for name in NORMALIZATIONS)


@pytest.fixture
def study(monkeypatch, tmp_path):
    """One step of each normalization by two seeds; a call gives its trainings."""
    monkeypatch.setattr(small_networks, "ARMS", FEW)
    monkeypatch.setattr(small_networks, "SEEDS", (0, 1))
    return lambda: list(small_networks.trainings(tmp_path, TINY))


def kinds(network):
    return {type(module) for module in network.modules()}


def test_the_study_is_the_one_of_the_protocol():
    trainings = list(small_networks.trainings())
    assert len(trainings) == len({training.key for training in trainings}) == 66
    assert sum(training.arm.steps for training in trainings) == 54_000 + 48_000
    assert {training.seed for training in trainings} == {0, 1, 2}
    assert all(sum(w.numel() for w in normalized(name).parameters()) < 500_000 for name in NORMALIZATIONS)


@pytest.mark.parametrize(("name", "groups"), [("8 groups", 8), ("1 group", 1), ("8 groups, mean bypass", 8)])
def test_groups_are_as_many_as_are_named(name, groups):
    norms = [module for module in normalized(name).modules() if isinstance(module, nn.GroupNorm)]
    assert len(norms) > 10
    assert {norm.num_groups for norm in norms} == {groups}


@pytest.mark.parametrize(("name", "instead"), [("RMS per pixel", nn.RMSNorm), ("none", nn.Identity)])
def test_nothing_of_group_norm_is_left_where_another_takes_its_place(name, instead):
    found = kinds(normalized(name))
    assert nn.GroupNorm not in found
    assert instead in found


def test_a_pixel_s_channels_are_divided_by_their_root_mean_square_alone():
    x = torch.randn(2, 6, 3, 4) + 5
    found = small_networks.PixelRMS(6)(x)
    torch.testing.assert_close(found, x / x.square().mean(dim=1, keepdim=True).sqrt())
    assert found.mean() > 0.9, "the mean is still there"


def test_past_the_unet_goes_the_mean_and_nothing_else():
    network = normalized("8 groups, mean bypass", TINY)
    x, timesteps = torch.randn(2, 3, 16, 16), torch.tensor([5, 900])
    found, inner = network(x, timesteps).sample, network.unet(x, timesteps).sample
    flat = found - inner
    torch.testing.assert_close(flat, flat.mean(dim=(2, 3), keepdim=True).expand_as(flat), atol=1e-5, rtol=0)
    with torch.no_grad():
        network.means[-1].weight.zero_()
        network.means[-1].bias.fill_(3.2)
    means = network(x, timesteps).sample.mean(dim=(2, 3))
    torch.testing.assert_close(means, torch.full((2, 3), 0.2), atol=1e-6, rtol=0)  # in units of 1 over 16 px


@pytest.mark.parametrize("weight", [1.0, 42.0])
def test_the_mean_s_error_counts_as_often_as_its_weight_says(weight):
    wave = torch.tensor([1.0, -1.0]).repeat(2, 3, 4, 4)
    assert weighted(wave, weight).item() == pytest.approx(1)
    assert weighted(wave + 0.5, weight).item() == pytest.approx(1 + weight * 0.25)


def test_a_study_that_is_killed_loses_the_training_that_it_was_at_and_goes_on(study, monkeypatch):
    trained, begun = small_networks.trained, []

    def killed(arm, seed, *args):
        begun.append((arm, seed))
        if len(begun) == 4:
            raise KeyboardInterrupt
        return trained(arm, seed, *args)

    monkeypatch.setattr(small_networks, "trained", killed)
    with pytest.raises(KeyboardInterrupt):
        list(store.run_all(study()))
    path = study()[0].path
    before = path.read_text()
    path.write_text(before + '{"kind": "small-network", "key": "8-gr')  # and what a full disk leaves
    assert [training.done for training in study()] == [True] * 3 + [False] * 7
    list(store.run_all(study()))
    assert path.read_text().startswith(before)
    assert all(training.done for training in study())
    assert len(begun) == 11, "one was begun twice"
    list(store.run_all(study()))
    assert len(begun) == 11


def test_another_recipe_is_another_study_and_a_seed_gives_the_same_numbers(study):
    first, *_, other_seed = study()[:6]
    first.run()
    once = first.record["rows"]
    first.run()
    assert first.record["rows"] == once
    other_seed.run()
    assert other_seed.arm == first.arm
    assert other_seed.record["rows"] != once
    assert not replace(first, recipe=TINY._replace(batch=3)).done


def test_every_arm_has_a_line_with_what_its_seeds_let_through(study, tmp_path, checkpoint_root):
    inputs = Inputs(checkpoint_root, tmp_path)
    assert (
        written("small-networks", inputs)
        == "Not measured yet: " + f"{tmp_path.name}/ holds no small network yet."
    )
    for training in study():
        training.run()
    rows = small_networks.table(tmp_path)
    assert set(rows.columns) >= {"normalization", "seed", "signal", "cycles", "kept", "perfect"}
    assert len(rows) == 10 * 3 * 2
    assert rows.perfect.between(0, 1).all()
    kept = rows[(rows.normalization == "none") & (rows.signal == 0.02) & (rows.cycles == 0)].kept
    lines = written_with(FEW, inputs)
    assert len(lines) == 2 + len(FEW)
    (line,) = (line for line in lines if line.startswith("| none |"))
    assert f"{kept.mean():.2f} / " in line
    assert f"({kept.min():.2f} to {kept.max():.2f})" in line


def written_with(arms, inputs):
    from lowlight_ddpm.report import causes

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(causes, "ARMS", arms)
        return written("small-networks", Inputs(inputs.root, inputs.results)).splitlines()


class Exact(nn.Module):
    """Knows that all images are of one colour, and so what every x_t was made of."""

    config = SimpleNamespace(sample_size=16)

    def __init__(self, kind, colour):
        super().__init__()
        self.kind, self.colour, self.weight = kind, colour, nn.Parameter(torch.zeros(1))
        self.levels = Curves.trained(find_variant("dim")).alphas_cumprod.float()

    def forward(self, x_t, timesteps):
        level = self.levels[timesteps][:, None, None, None]
        x0 = torch.full_like(x_t, self.colour)
        noise = (x_t - level.sqrt() * x0) / (1 - level).sqrt()
        v = level.sqrt() * noise - (1 - level).sqrt() * x0
        answers = {"epsilon": noise, "v_prediction": v, "sample": x0}
        return SimpleNamespace(sample=answers[self.kind] + self.weight)


@pytest.mark.parametrize("offset_noise", [0.0, 0.1])
@pytest.mark.parametrize("kind", small_networks.PREDICTIONS)
def test_what_is_asked_of_a_network_is_what_its_x_t_was_made_of(monkeypatch, kind, offset_noise):
    images = torch.full((4, 3, 16, 16), 51, dtype=torch.uint8)
    exact = Exact(kind, 2 * 0.5 * 0.2 - 1)
    monkeypatch.setattr(small_networks, "normalized", lambda *_: exact)
    arm = Arm("none", kind, mean_weight=9.0, offset_noise=offset_noise, steps=3)
    _, losses = small_networks.trained(arm, 0, images, TINY._replace(learning_rate=0.0))
    assert max(losses) < 1e-5
    exact.weight.data.fill_(0.1)
    exact.requires_grad_(True)
    _, losses = small_networks.trained(arm, 0, images, TINY._replace(learning_rate=0.0))
    assert losses == pytest.approx([9 * 0.01] * 3, rel=1e-3), "all of the error is the mean's"


def test_training_brings_the_loss_down():
    images = torch.full((4, 3, 16, 16), 200, dtype=torch.uint8)
    _, losses = small_networks.trained(Arm("none", steps=60), 0, images, TINY)
    assert sum(losses[-10:]) < 0.5 * sum(losses[:10])
