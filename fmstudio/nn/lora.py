"""Low-rank adapters: a few numbers beside each frozen matrix, which can be exchanged while the model stays in memory.

    y = W x + s B A x        A: (rank, inputs), B: (outputs, rank), W frozen, possibly packed

- LoRA (Hu et al. 2021): s = α / rank; B begins at zero, so that the adapted model begins as its base
- rsLoRA (Kalajdzievski 2023): s = α / √rank, which keeps updates alike at large ranks
- DoRA (Liu et al. 2024): the length of each row of W + s B A is learnt apart from its direction
- dropout acts on the adapter's input alone, and its chance is given, so that a resumed run draws the same

A decoder whose layers are wrapped once (`wrap`) computes as its base until an adapter is attached to it.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import linear, silu

from fmstudio.errors import StudioError
from fmstudio.nn.adapted_products import AdaptedMatrix, gated_product, products
from fmstudio.nn.packed_layers import PackedLinear

LINEAR = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
"""The linear layers of a decoder's layer. Embeddings and read-out stay: no file format of adapters takes them alike."""


@dataclass(frozen=True, slots=True)
class LoraShape:
    """What adapters of a model have in common. targets: last parts of the names of the layers that have one.

    scale_by_root: rsLoRA. magnitudes: DoRA.
    """

    rank: int
    alpha: float
    dropout: float = 0.0
    targets: tuple[str, ...] = LINEAR
    scale_by_root: bool = False
    magnitudes: bool = False

    @property
    def scale(self) -> float:
        """What B A is multiplied by."""
        return self.alpha / (math.sqrt(self.rank) if self.scale_by_root else self.rank)


class LowRank(nn.Module):
    """The adapter of one matrix (outputs, inputs)."""

    def __init__(self, outputs: int, inputs: int, shape: LoraShape) -> None:
        super().__init__()
        self.shape = shape
        self.lora_A = nn.Parameter(torch.empty(shape.rank, inputs))
        self.lora_B = nn.Parameter(torch.zeros(outputs, shape.rank))
        self.magnitude = nn.Parameter(torch.empty(outputs)) if shape.magnitudes else None

    def change(self) -> Tensor:
        """s B A, what is added to the matrix: (outputs, inputs)."""
        return self.lora_B @ self.lora_A * self.shape.scale

    def forward(self, x: Tensor, strength: float = 1.0, chance: torch.Generator | None = None) -> Tensor:
        """strength · s B A x for x (..., inputs); chance: where dropout's comes from, None for none."""
        if chance is not None and self.shape.dropout:
            keep = 1.0 - self.shape.dropout
            x = x * (torch.rand(x.shape, generator=chance) < keep).to(x.dtype).div_(keep).to(x.device)
        return linear(linear(x, self.lora_A), self.lora_B) * (self.shape.scale * strength)


class Adapter(nn.Module):
    """All the low-rank parts of one adapter, by the path of the layer that each belongs to.

    strength: a factor on all of them, which can be changed at any time: 0 is the base. chance: where dropout comes from
    while it is trained; none without.
    """

    def __init__(self, shape: LoraShape, sizes: Mapping[str, tuple[int, int]], seed: int | None = 0) -> None:
        """sizes: (outputs, inputs) of the matrices. seed: of the first numbers; None leaves them unset for loading."""
        super().__init__()
        self.shape, self.strength = shape, 1.0
        self.chance: torch.Generator | None = None
        self._parts = nn.ModuleDict({_key(path): LowRank(*size, shape) for path, size in sizes.items()})
        if seed is not None:
            chance = torch.Generator().manual_seed(seed)
            for _, part in self.parts():
                # As Linear begins (Kaiming uniform with a = √5), which is what LoRA's authors and PEFT take.
                bound = part.lora_A.shape[1] ** -0.5
                nn.init.uniform_(part.lora_A, -bound, bound, generator=chance)

    def parts(self) -> Iterator[tuple[str, LowRank]]:
        """Each part with the path of its layer."""
        for key, part in self._parts.items():
            assert isinstance(part, LowRank)
            yield _path(key), part


class AdaptedLinear(nn.Module):
    """A frozen linear layer, and the part of the attached adapter that belongs to it.

    The part is no submodule: what a decoder holds and saves is its own.
    """

    def __init__(self, base: nn.Linear | PackedLinear) -> None:
        super().__init__()
        self.base = base
        self._attached: list[tuple[Adapter, LowRank]] = []
        # By their names nobody can tell that a decoder's layers are wrapped.
        self.register_state_dict_post_hook(_without_base)
        self.register_load_state_dict_pre_hook(_with_base)

    @property
    def attached(self) -> tuple[Adapter, LowRank] | None:
        """The adapter, and its part for this layer."""
        return self._attached[0] if self._attached else None

    def attach(self, adapter: Adapter | None, part: LowRank | None) -> None:
        """Compute with an adapter's part from now on, or as the base."""
        self._attached = [(adapter, part)] if adapter is not None and part is not None else []

    @property
    def weight(self) -> Tensor:
        """The base's matrix."""
        return self.base.weight

    @property
    def bias(self) -> Tensor | None:
        """The base's bias."""
        bias: Tensor | None = self.base.bias
        return bias

    def forward(self, x: Tensor) -> Tensor:
        """(..., inputs) → (..., outputs)."""
        if (matrix := self.learning(x)) is not None:
            return products(x, [matrix])[0]
        result: Tensor = self.base(x)
        if not self._attached:
            return result
        adapter, part = self._attached[0]
        changed = part(x, adapter.strength, adapter.chance if adapter.training else None)
        if part.magnitude is None:
            return result + changed
        share = _shares(self.base, part, adapter.strength)
        bias = self.bias
        return (result + changed) * share if bias is None else (result - bias + changed) * share + bias

    def learning(self, x: Tensor) -> AdaptedMatrix | None:
        """Base and adapter as `nn.adapted_products` takes them, where they are plain and gradients are wanted: in one
        number format, without dropout, without lengths of their own, and with a base that stays."""
        if not self._attached or not torch.is_grad_enabled() or torch.is_autocast_enabled(x.device.type):
            return None
        adapter, part = self._attached[0]
        drops = adapter.training and adapter.chance is not None and part.shape.dropout > 0
        if drops or part.magnitude is not None or x.dtype != part.lora_A.dtype:
            return None
        if any(weight.requires_grad or weight.dtype != x.dtype for weight in self.base.parameters()):
            return None
        return AdaptedMatrix(self.base, part.lora_A, part.lora_B, part.shape.scale * adapter.strength)


def together(x: Tensor, *layers: nn.Module) -> Sequence[Tensor]:
    """What several linear layers, adapted or not, make of the same x."""
    matrices = _learning(x, layers)
    return [layer(x) for layer in layers] if matrices is None else products(x, matrices)


def feed_forward(x: Tensor, gate: nn.Module, up: nn.Module, down: nn.Module) -> Tensor:
    """down(silu(gate x) * up x) for linear layers, adapted or not."""
    matrices = _learning(x, (gate, up, down))
    if matrices is not None:
        return gated_product(x, *matrices)
    result: Tensor = down(silu(gate(x)) * up(x))
    return result


def _learning(x: Tensor, layers: Sequence[nn.Module]) -> list[AdaptedMatrix] | None:
    """The layers' matrices with what is learnt beside them, where all of them have that."""
    found = [layer.learning(x) if isinstance(layer, AdaptedLinear) else None for layer in layers]
    return [matrix for matrix in found if matrix is not None] if None not in found else None


def _without_base(module: nn.Module, weights: dict[str, Any], prefix: str, _: Any) -> None:
    for name in [name for name in weights if name.startswith(f"{prefix}base.")]:
        weights[prefix + name.removeprefix(f"{prefix}base.")] = weights.pop(name)


def _with_base(module: nn.Module, weights: dict[str, Any], prefix: str, *_: Any) -> None:
    for name in ("weight", "bias"):
        if prefix + name in weights:
            weights[f"{prefix}base.{name}"] = weights.pop(prefix + name)


def _shares(base: nn.Linear | PackedLinear, part: LowRank, strength: float) -> Tensor:
    """DoRA's factor of each output: its learnt length over the length of its row, (outputs,).

    The gradient through the length is left out, as its authors do (section 4.3). Between base and adapter the learnt
    length moves with the strength.
    """
    assert part.magnitude is not None
    with torch.no_grad():
        weight = base.weight
        before = weight.norm(dim=1)
        lengths = torch.add(weight, part.change(), alpha=strength).norm(dim=1)
    return torch.lerp(before, part.magnitude, strength) / lengths


def wrap(decoder: nn.Module, targets: tuple[str, ...] = LINEAR) -> dict[str, AdaptedLinear]:
    """Make layers of a decoder ready for adapters; returns all that are, by path. Those that were wrapped stay so."""
    found: dict[str, AdaptedLinear] = {}
    for path, module in list(decoder.named_modules()):
        if isinstance(module, AdaptedLinear):
            found[path] = module
        elif path.rpartition(".")[2] in targets and isinstance(module, (nn.Linear, PackedLinear)):
            parent, _, name = path.rpartition(".")
            found[path] = AdaptedLinear(module)
            setattr(decoder.get_submodule(parent), name, found[path])
    return found


def new_adapter(decoder: nn.Module, shape: LoraShape, seed: int = 0) -> Adapter:
    """An adapter for a decoder that changes nothing yet; DoRA's lengths begin as those of the decoder's own rows."""
    layers = {path: layer for path, layer in wrap(decoder, shape.targets).items() if _wanted(path, shape)}
    if not layers:
        known = ", ".join(LINEAR)
        raise StudioError(f"None of {', '.join(shape.targets)} is a linear layer of this model; choose among {known}.")
    adapter = Adapter(shape, {path: size_of(layer) for path, layer in layers.items()}, seed)
    for path, part in adapter.parts():
        if part.magnitude is not None:
            part.magnitude.data = layers[path].weight.detach().norm(dim=1)
    return adapter


def attach(decoder: nn.Module, adapter: Adapter | None) -> None:
    """Let a decoder compute with an adapter, or as it is without; takes microseconds.

    Raises StudioError where the adapter is for layers, or sizes, that the decoder does not have.
    """
    layers = wrap(decoder, adapter.shape.targets if adapter is not None else ())
    parts = dict(adapter.parts()) if adapter is not None else {}
    for path, part in parts.items():
        wanted = (len(part.lora_B), part.lora_A.shape[1])
        if path not in layers:
            raise StudioError(f"The adapter changes {path}, which this model does not have; open it on its own base.")
        if size_of(layers[path]) != wanted:
            raise StudioError(
                f"The adapter's {path} is for a matrix of {wanted[0]} × {wanted[1]}, but this model's has "
                f"{size_of(layers[path])[0]} × {size_of(layers[path])[1]}; open it on its own base."
            )
    for path, layer in layers.items():
        layer.attach(adapter, parts.get(path))


def adapter_of(decoder: nn.Module) -> Adapter | None:
    """The adapter that a decoder computes with, if any."""
    layers = (layer for layer in decoder.modules() if isinstance(layer, AdaptedLinear))
    return next((layer.attached[0] for layer in layers if layer.attached is not None), None)


@contextmanager
def at_strength(adapter: Adapter, strength: float) -> Iterator[None]:
    """Let an adapter be so strong for a while: whoever else computes with it finds it as it was."""
    was, adapter.strength = adapter.strength, strength
    try:
        yield
    finally:
        adapter.strength = was


def size_of(layer: AdaptedLinear) -> tuple[int, int]:
    """(outputs, inputs) of a layer."""
    if isinstance(layer.base, PackedLinear):
        return layer.base.matrix.rows, layer.base.matrix.columns
    return layer.base.out_features, layer.base.in_features


@torch.no_grad()
def merged_weight(layer: AdaptedLinear) -> Tensor:
    """The layer's matrix with its attached part worked into it, in float32: (outputs, inputs)."""
    weight = layer.weight.detach().float()
    if layer.attached is None:
        return weight
    adapter, part = layer.attached
    changed = weight + part.change() * adapter.strength
    return changed if part.magnitude is None else changed * _shares(layer.base, part, adapter.strength).unsqueeze(1)


def _wanted(path: str, shape: LoraShape) -> bool:
    return path.rpartition(".")[2] in shape.targets


def _key(path: str) -> str:
    """A path as the name of a submodule, which may hold no dot."""
    return path.replace(".", "/")


def _path(key: str) -> str:
    return key.replace("/", ".")
