"""Muon: against PyTorch's own optimizers, against an SVD, and that a saved one goes on to the same bits."""

import copy
from itertools import pairwise

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from lowlight_ddpm.models.unet import build_unet
from lowlight_ddpm.training.optimizer import Muon, orthogonalise


class Network(nn.Module):
    """Weights of every kind: Muon's are a convolution, a wide matrix and a high one, AdamW's the others."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.conv_in, self.norm = nn.Conv2d(3, 8, 3), nn.GroupNorm(2, 8)
        self.inner = nn.Conv2d(8, 6, 3)
        self.wide, self.high = nn.Linear(6, 4), nn.Linear(4, 9)

    def forward(self, x):
        return self.high(self.wide(self.convolved(self.norm(self.conv_in(x))).mean((2, 3)))).square().mean()

    def convolved(self, x):
        return self.inner(x)


class Flat(Network):
    """The same, with the convolution's weight kept as the matrix that PyTorch's Muon takes."""

    def __init__(self):
        super().__init__()
        self.inner.weight = nn.Parameter(self.inner.weight.detach().flatten(1))

    def convolved(self, x):
        return F.conv2d(x, self.inner.weight.view(6, 8, 3, 3), self.inner.bias)


def train(network, *optimizers, steps=range(5)):
    for number in steps:
        network(torch.randn(5, 3, 9, 9, generator=torch.Generator().manual_seed(number))).backward()
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad()
    return [weight.detach().clone() for weight in network.parameters()]


@pytest.mark.skipif(not hasattr(torch.optim, "Muon"), reason="PyTorch has a Muon from 2.9 on")
def test_every_weight_steps_as_by_pytorchs_muon_on_matrices_and_its_adamw(monkeypatch):
    monkeypatch.setattr(torch.Tensor, "bfloat16", torch.Tensor.float)  # PyTorch would orthogonalise in it
    network = Flat()
    matrices = [network.inner.weight, network.wide.weight, network.high.weight]
    others = [weight for weight in network.parameters() if not any(weight is m for m in matrices)]
    theirs = train(
        network,
        torch.optim.Muon(matrices, lr=0.02, momentum=0.95, weight_decay=0, adjust_lr_fn="original"),
        torch.optim.AdamW(others, lr=1e-3, weight_decay=1e-2),
    )
    network = Network()
    ours = train(network, Muon(network, 0.02, 1e-3))
    for mine, their in zip(ours, theirs, strict=True):
        torch.testing.assert_close(mine, their.view_as(mine), atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("shape", [(16, 16), (12, 40), (40, 12), (1, 9)])
def test_an_orthogonalised_matrix_keeps_its_singular_vectors_and_loses_their_sizes(shape):
    matrix = torch.randn(shape, generator=torch.Generator().manual_seed(1))
    left, sizes, right = torch.linalg.svd(matrix, full_matrices=False)
    assert sizes[-1] / sizes.norm() > 1e-3  # smaller ones take more rounds
    core = left.T @ orthogonalise(1000 * matrix) @ right.T
    assert core.diag().min() > 0.65
    assert core.diag().max() < 1.25
    torch.testing.assert_close(core, core.diag().diag(), atol=1e-4, rtol=0)


def test_no_gradient_at_all_gives_no_step():
    assert torch.equal(orthogonalise(torch.zeros(3, 5)), torch.zeros(3, 5))


def test_the_unets_ends_and_its_vectors_are_adamws_and_every_other_weight_is_muons():
    unet = build_unet(channels=(8, 16), resolution=16)
    names = {id(weight): name for name, weight in unet.named_parameters()}
    matrices, others = (
        {names[id(weight)] for weight in group["params"]} for group in Muon(unet, 0.02, 1e-3).param_groups
    )
    assert len(matrices) + len(others) == len(names)
    assert {name for name in others if unet.get_parameter(name).ndim > 1} == {
        "conv_in.weight",
        "conv_out.weight",
        "time_embedding.linear_1.weight",
        "time_embedding.linear_2.weight",
    }
    assert all(unet.get_parameter(name).ndim > 1 for name in matrices)


def test_a_step_of_muon_is_as_large_whatever_the_gradient_is():
    """All singular values are about 1, so that a step has the norm rate·√rank, and high matrices more."""
    network = Network()
    before = [w.detach().clone() for w in (network.wide.weight, network.high.weight)]
    optimizer = Muon(network, 0.02, 1e-3)
    for weight in (network.wide.weight, network.high.weight):
        weight.grad = 1e-6 * torch.randn(weight.shape, generator=torch.Generator().manual_seed(2))
    optimizer.step()
    steps = [
        (w.detach() - b).norm()
        for w, b in zip((network.wide.weight, network.high.weight), before, strict=True)
    ]
    assert steps[0] == pytest.approx(0.02 * 2, rel=0.2)  # 4 x 6
    assert steps[1] == pytest.approx(0.02 * 2 * 1.5, rel=0.2)  # 9 x 4: √(9 / 4) more


def test_a_saved_optimizer_goes_on_to_the_same_bits():
    whole = Network()
    expected = train(whole, Muon(whole, 0.02, 1e-3), steps=range(6))
    first = Network()
    optimizer = Muon(first, 0.02, 1e-3)
    train(first, optimizer, steps=range(3))
    second = copy.deepcopy(first)
    resumed = Muon(second, 0.02, 1e-3)
    resumed.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    for mine, wanted in zip(train(second, resumed, steps=range(3, 6)), expected, strict=True):
        assert torch.equal(mine, wanted)


def test_the_loss_falls():
    network = Network()
    optimizer = Muon(network, 0.02, 1e-3)
    losses = []
    for _ in range(30):
        loss = network(torch.ones(5, 3, 9, 9))
        losses.append(loss.item())
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    assert losses[-1] < 0.1 * losses[0]
    assert sum(a > b for a, b in pairwise(losses)) > 20
