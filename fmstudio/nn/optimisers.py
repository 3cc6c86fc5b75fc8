"""Muon for the matrices inside a network and AdamW for all else, as one optimiser.

A matrix that transforms hidden vectors is best moved in all directions alike: Muon (Jordan et al. 2024) replaces the
gradient's momentum by the nearest orthogonal matrix, so that rare directions learn as fast as frequent ones.
Embeddings, read-outs, gains and biases are tables and scales rather than transformations; they get AdamW (Loshchilov
and Hutter 2019).

- matrices of one size are orthogonalised together in batched products
- convolution kernels count as matrices of (output channels, all else)
- everything that the next step depends on is in `state_dict`, so a resumed run continues bit by bit
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from typing import Any, overload

import torch
from torch import Tensor, nn
from torch.optim.adamw import adamw

from fmstudio.nn.newton_schulz import orthogonalise
from fmstudio.nn.polar import polar_factor

HEADS = ("lm_head", "embed_tokens", "head")
"""Last parts of the names of modules that read tokens in or predictions out, and so belong to AdamW."""

POLAR_FROM = 96
"""On a CPU, matrices whose shorter side is at least this are orthogonalised by inverses, which smaller ones are too
small for; other devices take products alone."""

AT_ONCE = 1024 * 1024
"""Matrices of one size are worked on together as long as their Gram matrices have about so many numbers in all: few
enough to stay in a CPU's own memory."""


class MuonAdamW(torch.optim.Optimizer):
    """Steps two kinds of parameter groups; each group says by "method" whether it is for "muon" or "adamw".

    Muon's rate is the size of an update's singular values; for a matrix with more rows than columns it is multiplied
    by √(rows / columns), which keeps the effect on the hidden vectors the same.
    """

    def __init__(
        self,
        groups: list[dict[str, Any]],
        *,
        muon_learning_rate: float = 0.02,
        adamw_learning_rate: float = 3e-3,
        momentum: float = 0.95,
        betas: tuple[float, float] = (0.9, 0.95),
        epsilon: float = 1e-10,
        weight_decay: float = 0.0,
        newton_schulz_steps: int = 5,
    ) -> None:
        for group in groups:
            rate = muon_learning_rate if group["method"] == "muon" else adamw_learning_rate
            group.setdefault("lr", rate)
            group.setdefault("initial_lr", group["lr"])
        defaults = {
            "momentum": momentum,
            "betas": betas,
            "eps": epsilon,
            "weight_decay": weight_decay,
            "newton_schulz_steps": newton_schulz_steps,
        }
        super().__init__(groups, defaults)

    def scale_learning_rates(self, multiplier: float) -> None:
        """Sets every group's rate to its initial rate times `multiplier`: what a schedule does before each step."""
        for group in self.param_groups:
            group["lr"] = group["initial_lr"] * multiplier

    @overload
    def step(self, closure: None = None) -> None: ...
    @overload
    def step(self, closure: Callable[[], float]) -> float: ...
    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:
        """One update of every parameter that has a gradient. closure: as in every torch optimiser, rarely of use."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            parameters = [parameter for parameter in group["params"] if parameter.grad is not None]
            if parameters and group["method"] == "muon":
                self._step_muon(group, parameters)
            elif parameters:
                self._step_adamw(group, parameters)
        return loss

    def _step_muon(self, group: dict[str, Any], parameters: list[Tensor]) -> None:
        gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
        momenta = [self._state(parameter, "momentum") for parameter in parameters]
        torch._foreach_lerp_(momenta, gradients, 1.0 - group["momentum"])
        if group["weight_decay"]:
            torch._foreach_mul_(parameters, 1.0 - group["lr"] * group["weight_decay"])
        for (rows, columns), members in _by_size(parameters):
            looked_ahead = torch.stack([gradients[member].flatten(1) for member in members])
            flat_momenta = [momenta[member].flatten(1) for member in members]
            torch._foreach_lerp_(list(looked_ahead.unbind()), flat_momenta, group["momentum"])  # Nesterov
            updates = _orthogonal(looked_ahead, group["newton_schulz_steps"])
            rate = group["lr"] * max(1.0, rows / columns) ** 0.5
            for member, update in zip(members, updates, strict=True):
                parameters[member].sub_(update.view(parameters[member].shape), alpha=rate)

    def _step_adamw(self, group: dict[str, Any], parameters: list[Tensor]) -> None:
        adamw(
            parameters,
            [parameter.grad for parameter in parameters if parameter.grad is not None],
            [self._state(parameter, "exp_avg") for parameter in parameters],
            [self._state(parameter, "exp_avg_sq") for parameter in parameters],
            [],
            [self._count(parameter) for parameter in parameters],
            fused=True,
            amsgrad=False,
            beta1=group["betas"][0],
            beta2=group["betas"][1],
            lr=group["lr"],
            weight_decay=group["weight_decay"],
            eps=group["eps"],
            maximize=False,
        )

    def _state(self, parameter: Tensor, name: str) -> Tensor:
        """A running average of the parameter's gradients, zero at first."""
        state = self.state[parameter]
        if name not in state:
            state[name] = torch.zeros_like(parameter, memory_format=torch.preserve_format)
        average: Tensor = state[name]
        return average

    def _count(self, parameter: Tensor) -> Tensor:
        """How many steps the parameter has made, which AdamW raises by itself."""
        state = self.state[parameter]
        if "step" not in state:
            state["step"] = torch.zeros((), dtype=torch.float32, device=parameter.device)
        count: Tensor = state["step"]
        return count


def parameter_groups(module: nn.Module, heads: Collection[str] = HEADS) -> list[dict[str, Any]]:
    """Sorts what is to be trained into a group for Muon and a group for AdamW, for `MuonAdamW`.

    Matrices and convolution kernels go to Muon; gains, biases, embeddings and modules named in `heads` go to AdamW.
    """
    tables = {id(part.weight) for part in module.modules() if isinstance(part, nn.Embedding)}
    groups: list[dict[str, Any]] = [{"method": "muon", "params": []}, {"method": "adamw", "params": []}]
    for name, parameter in module.named_parameters():
        if not parameter.requires_grad:
            continue
        is_head = any(part in heads for part in name.split("."))
        is_matrix = parameter.dim() >= 2 and id(parameter) not in tables and not is_head
        groups[0 if is_matrix else 1]["params"].append(parameter)
    return [group for group in groups if group["params"]]


def _by_size(parameters: list[Tensor]) -> Iterator[tuple[tuple[int, int], list[int]]]:
    """Rows and columns, and which of the parameters are such matrices, or kernels that flattened are such matrices."""
    members: dict[tuple[int, int], list[int]] = defaultdict(list)
    for index, parameter in enumerate(parameters):
        members[len(parameter), parameter[0].numel()].append(index)
    for size, indices in members.items():
        together = max(1, AT_ONCE // min(size) ** 2)
        for start in range(0, len(indices), together):
            yield size, indices[start : start + together]


def _orthogonal(matrices: Tensor, newton_schulz_steps: int) -> Tensor:
    """The orthogonal factor of each, (count, rows, columns), contiguous."""
    wide = matrices if matrices.shape[1] <= matrices.shape[2] else matrices.mT
    if wide.shape[1] >= POLAR_FROM and wide.device.type == "cpu":
        factors = polar_factor(wide)
    else:
        factors = orthogonalise(wide, newton_schulz_steps)
    return (factors if wide is matrices else factors.mT).contiguous()
