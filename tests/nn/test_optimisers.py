"""Muon and AdamW against their references, and a resumed optimiser against an uninterrupted one."""

import copy
import io
import math

import pytest
import torch
from torch import Tensor, nn

from fmstudio.errors import StudioError
from fmstudio.nn.decoder import Decoder, DecoderShape
from fmstudio.nn.newton_schulz import orthogonalise
from fmstudio.nn.optimisers import MuonAdamW, parameter_groups
from fmstudio.nn.polar import polar_factor
from fmstudio.nn.schedule import learning_rate_multiplier
from tests.rounding import DIGITS, assert_same

SHAPE = DecoderShape(
    vocabulary_size=30,
    layers=2,
    width=16,
    heads=4,
    key_value_heads=2,
    head_width=4,
    hidden_width=40,
    context=16,
    query_key_norm=True,
)


def draw(*size: int, seed: int = 0) -> Tensor:
    return torch.randn(size, generator=torch.Generator().manual_seed(seed)).double()


@pytest.mark.parametrize("size", [(3, 24, 24), (3, 24, 30), (3, 24, 80), (1, 1, 5)])
class TestNewtonSchulz:
    def test_comes_near_the_polar_factor(self, size: tuple[int, int, int]) -> None:
        matrices = draw(*size) * 7
        left, values, right = torch.linalg.svd(matrices, full_matrices=False)
        # Directions far below the largest are not lifted in five steps, by design; random square matrices have such.
        lifted = values / values.square().sum(-1, keepdim=True).sqrt() > 0.01
        found = torch.einsum("nij,nik,nkj->nj", left, orthogonalise(matrices), right.mT)
        assert found[lifted].min() > 0.65
        assert found[lifted].max() < 1.25
        rest = left.mT @ orthogonalise(matrices) @ right.mT
        rest = rest - torch.diag_embed(rest.diagonal(dim1=1, dim2=2))
        assert rest.abs().max() < DIGITS

    def test_each_matrix_of_a_batch_is_treated_alone(self, size: tuple[int, int, int]) -> None:
        matrices = draw(*size)
        alone = torch.cat([orthogonalise(matrix[None]) for matrix in matrices])
        assert_same(orthogonalise(matrices), alone)


@pytest.mark.parametrize("size", [(3, 96, 96), (2, 100, 300), (1, 2, 5), (2, 131, 131)])
class TestPolarFactor:
    def test_singular_values_come_near_one_and_directions_stay(self, size: tuple[int, int, int]) -> None:
        left, _, right = torch.linalg.svd(draw(*size).double(), full_matrices=False)
        values = torch.logspace(0, -2, size[1], dtype=torch.float64)
        found = left.mT @ polar_factor((7 * left * values @ right).float()).double() @ right.mT
        lifted = found.diagonal(dim1=1, dim2=2)
        assert lifted.min() > 0.87
        assert lifted.max() < 1.13
        assert (found - torch.diag_embed(lifted)).abs().max() < 1e-2

    def test_what_is_too_small_to_lift_stays_small(self, size: tuple[int, int, int]) -> None:
        left, _, right = torch.linalg.svd(draw(*size), full_matrices=False)
        values = torch.ones(size[1])
        values[-1] = 1e-5
        smallest = (left.mT @ polar_factor(left * values @ right) @ right.mT).diagonal(dim1=1, dim2=2)[:, -1]
        assert smallest.abs().max() < 0.02

    def test_tall_ones_and_nothing(self, size: tuple[int, int, int]) -> None:
        tall = draw(*size).mT.contiguous()
        torch.testing.assert_close(polar_factor(tall.mT), polar_factor(tall.mT.contiguous()), atol=1e-4, rtol=1e-4)
        assert not polar_factor(torch.zeros(size)).any()


@pytest.mark.parametrize("noise", [0.0, 1e-6, 1e-3, 1e-2])
@pytest.mark.parametrize("rank", [1, 3])
def test_a_polar_factor_does_not_grow_where_a_matrix_has_next_to_no_rank(rank: int, noise: float) -> None:
    matrix = draw(1, 128, rank).float() @ draw(1, rank, 320).float() + noise * draw(1, 128, 320).float()
    factor = polar_factor(matrix)
    assert torch.linalg.svdvals(factor.double()).max() < 1.13
    exact = polar_factor(matrix.double())
    torch.testing.assert_close(factor.double(), exact, atol=2e-3 * exact.abs().max().item(), rtol=0)


def muon_reference(weight: Tensor, gradients: list[Tensor], rate: float, momentum: float, decay: float) -> Tensor:
    """Muon as Jordan's reference implementation has it, one matrix at a time."""
    average = torch.zeros_like(weight)
    a, b, c = 3.4445, -4.7750, 2.0315
    for gradient in gradients:
        average = momentum * average + (1 - momentum) * gradient
        x = (1 - momentum) * gradient + momentum * average
        x = x.flatten(1)
        standing = x.shape[0] > x.shape[1]
        x = x.T if standing else x
        x = x / (x.norm() + 1e-7)
        for _ in range(5):
            gram = x @ x.T
            x = a * x + (b * gram + c * gram @ gram) @ x
        x = (x.T if standing else x).reshape(weight.shape)
        scale = max(1.0, weight.shape[0] / weight[0].numel()) ** 0.5
        weight = weight * (1 - rate * decay) - rate * scale * x
    return weight


class TestMuon:
    @pytest.mark.parametrize("size", [(96, 96), (96, 200), (200, 96), (100, 15, 3, 3)])
    def test_large_matrices_move_by_an_orthogonal_one(self, size: tuple[int, ...]) -> None:
        gradient = draw(*size)
        weight = nn.Parameter(torch.zeros_like(gradient))
        optimiser = MuonAdamW([{"method": "muon", "params": [weight]}], muon_learning_rate=0.5, momentum=0.0)
        weight.grad = gradient.clone()
        optimiser.step()
        left, values, right = torch.linalg.svd(gradient.flatten(1), full_matrices=False)
        moved = left.T @ weight.detach().flatten(1) @ right.T
        scale = 0.5 * max(1.0, size[0] / weight[0].numel()) ** 0.5
        lifted = values > 0.02 * values[0]
        assert (moved.diagonal()[lifted] / -scale).min() > 0.87
        assert (moved.diagonal() / -scale).max() < 1.13

    @pytest.mark.parametrize("size", [(8, 8), (8, 20), (20, 8), (6, 3, 3, 3), (40, 3, 3, 3)])
    def test_moves_as_the_reference_does(self, size: tuple[int, ...]) -> None:
        gradients = [draw(*size, seed=seed) for seed in range(1, 5)]
        weight = nn.Parameter(draw(*size))
        expected = muon_reference(weight.detach().clone(), gradients, 0.05, 0.9, 0.1)
        groups = [{"method": "muon", "params": [weight]}]
        optimiser = MuonAdamW(groups, muon_learning_rate=0.05, momentum=0.9, weight_decay=0.1)
        for gradient in gradients:
            weight.grad = gradient
            optimiser.step()
        assert_same(weight.detach(), expected)

    def test_matrices_stepped_together_move_as_alone(self) -> None:
        together = [nn.Parameter(draw(*size)) for size in ((8, 20), (20, 8), (8, 20), (8, 8))]
        alone = copy.deepcopy(together)
        for parameters in (together, alone):
            for seed, parameter in enumerate(parameters):
                parameter.grad = draw(*parameter.shape, seed=seed)
        MuonAdamW([{"method": "muon", "params": together}]).step()
        for parameter in alone:
            MuonAdamW([{"method": "muon", "params": [parameter]}]).step()
        for one, other in zip(together, alone, strict=True):
            assert_same(one, other)

    def test_a_parameter_without_a_gradient_stays(self) -> None:
        kept, moved = nn.Parameter(draw(4, 4)), nn.Parameter(draw(4, 4))
        before = kept.detach().clone()
        moved.grad = draw(4, 4)
        MuonAdamW([{"method": "muon", "params": [kept, moved]}]).step()
        assert torch.equal(kept, before)
        assert not torch.equal(moved, draw(4, 4))


def test_adamw_is_torchs() -> None:
    ours, theirs = [[nn.Parameter(draw(5, 3)), nn.Parameter(draw(7))] for _ in range(2)]
    settings = {"betas": (0.8, 0.99), "weight_decay": 0.1}
    optimiser = MuonAdamW([{"method": "adamw", "params": ours}], adamw_learning_rate=0.01, epsilon=1e-8, **settings)
    reference = torch.optim.AdamW(theirs, lr=0.01, eps=1e-8, **settings)
    for step in range(5):
        for mine, its in zip(ours, theirs, strict=True):
            mine.grad = draw(*mine.shape, seed=step)
            its.grad = mine.grad.clone()
        optimiser.step()
        reference.step()
    for one, other in zip(ours, theirs, strict=True):
        assert_same(one, other)


def train(model: Decoder, optimiser: MuonAdamW, steps: range) -> None:
    for step in steps:
        tokens = torch.randint(0, 30, (4, 17), generator=torch.Generator().manual_seed(step))
        model.loss(tokens[:, :-1], tokens[:, 1:]).backward()
        optimiser.scale_learning_rates(learning_rate_multiplier(step, 10, warm_up=2))
        optimiser.step()
        optimiser.zero_grad()


def test_a_resumed_run_ends_bit_identical() -> None:
    model = Decoder(SHAPE)
    optimiser = MuonAdamW(parameter_groups(model))
    train(model, optimiser, range(5))
    file = io.BytesIO()
    torch.save({"model": model.state_dict(), "optimiser": optimiser.state_dict()}, file)
    train(model, optimiser, range(5, 10))

    file.seek(0)
    saved = torch.load(file, weights_only=True)
    resumed = Decoder(SHAPE, seed=7)
    resumed_optimiser = MuonAdamW(parameter_groups(resumed))
    resumed.load_state_dict(saved["model"])
    resumed_optimiser.load_state_dict(saved["optimiser"])
    train(resumed, resumed_optimiser, range(5, 10))
    torch.testing.assert_close(resumed.state_dict(), model.state_dict(), atol=0, rtol=0)


def test_training_learns_one_batch_by_heart() -> None:
    model = Decoder(SHAPE)
    optimiser = MuonAdamW(parameter_groups(model))
    tokens = torch.randint(0, 30, (4, 17), generator=torch.Generator().manual_seed(0))
    first = model.loss(tokens[:, :-1], tokens[:, 1:]).item()
    for _ in range(200):
        loss = model.loss(tokens[:, :-1], tokens[:, 1:])
        loss.backward()
        optimiser.step()
        optimiser.zero_grad()
    assert first == pytest.approx(math.log(30), abs=0.1)  # layers of zeros begin at an even guess
    assert loss.item() < 0.5


class TestGrouping:
    def test_hidden_matrices_go_to_muon_and_the_rest_to_adamw(self) -> None:
        model = Decoder(SHAPE)
        names = {id(parameter): name for name, parameter in model.named_parameters()}
        muon, adamw = [[names[id(one)] for one in group["params"]] for group in parameter_groups(model)]
        assert all(name.endswith("_proj.weight") for name in muon)
        assert len(muon) == 2 * 7
        assert sorted(muon + adamw) == sorted(names.values())

    def test_frozen_weights_and_heads_are_left_out_of_muon(self) -> None:
        network = nn.ModuleDict({"convolution": nn.Conv2d(3, 4, 3), "head": nn.Linear(4, 2), "frozen": nn.Linear(2, 2)})
        network["frozen"].requires_grad_(False)
        muon, adamw = parameter_groups(network)
        assert [one.shape for one in muon["params"]] == [(4, 3, 3, 3)]
        assert [tuple(one.shape) for one in adamw["params"]] == [(4,), (2, 4), (2,)]

    def test_empty_groups_are_left_out(self) -> None:
        assert [group["method"] for group in parameter_groups(nn.LayerNorm(3))] == ["adamw"]


class TestSchedules:
    def test_warm_up_rises_to_one(self) -> None:
        rising = [learning_rate_multiplier(step, 100, schedule="constant", warm_up=3) for step in range(5)]
        assert rising == [0.25, 0.5, 0.75, 1.0, 1.0]

    def test_stable_then_decay(self) -> None:
        values = [learning_rate_multiplier(step, 100, decay_fraction=0.4, final=0.1) for step in range(101)]
        assert values[:61] == [1.0] * 61
        assert values[80] == pytest.approx(0.55)
        assert values[100] == pytest.approx(0.1)

    def test_cosine_falls_by_half_at_half_time(self) -> None:
        middle = learning_rate_multiplier(60, 100, schedule="cosine", warm_up=20, final=0.2)
        assert middle == pytest.approx(0.6)
        assert learning_rate_multiplier(100, 100, schedule="cosine", final=0.2) == pytest.approx(0.2)

    def test_an_unknown_schedule_is_named(self) -> None:
        with pytest.raises(StudioError, match="'linear'"):
            learning_rate_multiplier(0, 10, schedule="linear")  # type: ignore[arg-type]
