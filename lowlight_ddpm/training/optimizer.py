"""Muon: steps of equal size along every direction of a weight matrix, with AdamW for all other weights."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

# Newton-Schulz: X <- a·X + b·(X·Xᵀ)·X + c·(X·Xᵀ)²·X, with the coefficients of Jordan et al. 2024 ("Muon: an
# optimizer for hidden layers in neural networks"), which after five rounds bring every singular value of a
# normalised matrix that is not tiny to between about 0.7 and 1.2.
_COEFFICIENTS = (3.4445, -4.7750, 2.0315)
_ROUNDS = 5
_TINY = 1e-7  # keeps a gradient of zeros from dividing by zero

# What takes pixels or timesteps in, or gives pixels out, is no map between features: AdamW has it.
_ENDS = ("conv_in.", "conv_out.", "time_embedding.")


class Muon(torch.optim.Optimizer):
    """Muon for matrices and convolutions, AdamW for the rest: one optimizer, one state, one `step`.

    Muon replaces the average gradient of a weight, as a matrix (out, in·height·width), by the nearest
    orthogonal one, times √max(1, rows / columns) (Jordan et al. 2024). All is calculated in the weights' own
    precision: torch.optim.Muon takes matrices alone, and orthogonalises in bfloat16.
    """

    def __init__(
        self,
        network: nn.Module,
        learning_rate: float,
        adamw_learning_rate: float,
        momentum: float = 0.95,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
    ) -> None:
        """Take all weights of `network`; `betas`, `eps` and `weight_decay` are AdamW's, `momentum` Muon's."""
        matrices, others = [], []
        for name, weight in network.named_parameters():
            inner = weight.ndim > 1 and not name.startswith(_ENDS)
            (matrices if inner else others).append(weight)
        adamw = {"betas": betas, "eps": eps, "weight_decay": weight_decay}
        groups = [
            {"params": matrices, "lr": learning_rate, "momentum": momentum},
            {"params": others, "lr": adamw_learning_rate, **adamw},
        ]
        super().__init__([group for group in groups if group["params"]], {})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:
        """One step of every weight that has a gradient; what `closure`, if there is one, returns."""
        with torch.enable_grad():
            loss = closure() if closure else None
        for group in self.param_groups:
            take = self._orthogonal_step if "momentum" in group else self._adamw_step
            for weight in group["params"]:
                if weight.grad is not None:
                    take(weight, self.state[weight], group)
        return loss

    def _orthogonal_step(self, weight: Tensor, state: dict[str, Any], group: dict[str, Any]) -> None:
        """Nesterov's momentum over an average of gradients, orthogonalised."""
        assert weight.grad is not None  # `step` asks
        if not state:
            state["average"] = torch.zeros_like(weight)
        average, momentum = state["average"], group["momentum"]
        average.lerp_(weight.grad, 1 - momentum)
        direction = weight.grad.lerp(average, momentum).flatten(1)
        rows, columns = direction.shape
        size = group["lr"] * math.sqrt(max(1, rows / columns))
        weight.sub_(orthogonalise(direction).view_as(weight), alpha=size)

    def _adamw_step(self, weight: Tensor, state: dict[str, Any], group: dict[str, Any]) -> None:
        """AdamW (Loshchilov & Hutter 2019, algorithm 2), as torch.optim has it."""
        if not state:
            state |= {"steps": 0, "mean": torch.zeros_like(weight), "square": torch.zeros_like(weight)}
        state["steps"] += 1
        first, second = group["betas"]
        state["mean"].lerp_(weight.grad, 1 - first)
        state["square"].mul_(second).addcmul_(weight.grad, weight.grad, value=1 - second)
        root = (state["square"] / (1 - second ** state["steps"])).sqrt_().add_(group["eps"])
        weight.mul_(1 - group["lr"] * group["weight_decay"])
        weight.addcdiv_(state["mean"], root, value=-group["lr"] / (1 - first ** state["steps"]))


def orthogonalise(matrix: Tensor) -> Tensor:
    """Nearly U·Vᵀ of `matrix` = U·S·Vᵀ, (rows, columns) of any shape: the same singular vectors, no sizes.

    Singular values end between 0.7 and 1.2, except those below a thousandth or so of the matrix's norm, which
    five rounds of Newton-Schulz do not bring that far.
    """
    a, b, c = _COEFFICIENTS
    upright = matrix.shape[0] > matrix.shape[1]
    x = matrix.T if upright else matrix  # the shorter side first: X·Xᵀ is then the smaller square
    x = x / (x.norm() + _TINY)
    for _ in range(_ROUNDS):
        square = x @ x.T
        x = a * x + (b * square + c * square @ square) @ x
    return x.T if upright else x
