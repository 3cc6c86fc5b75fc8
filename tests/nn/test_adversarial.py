"""Losses and penalties against closed forms, measures against what they must say, networks against their promises."""

import math

import pytest
import torch
from torch import Tensor

from fmstudio.errors import StudioError
from fmstudio.nn.adversarial import AdversarialShape, PictureDiscriminator, PictureGenerator
from fmstudio.nn.adversarial_losses import LOSSES, feature_distance, judged_with_slopes, lipschitz_penalty, play
from fmstudio.nn.picture_measures import diversity, sliced_wasserstein

NOTHING = torch.zeros(4, 0, dtype=torch.int64)


def pictures(count: int = 4, seed: int = 0) -> Tensor:
    return torch.randn(count, 3, 8, 8, generator=torch.Generator().manual_seed(seed))


def linear(pictures: Tensor, conditions: Tensor) -> tuple[Tensor, list[Tensor]]:
    """A discriminator whose slope is 2 in each of 3 · 8 · 8 numbers."""
    return 2 * pictures.flatten(1).sum(1), []


def quadratic(pictures: Tensor, conditions: Tensor) -> tuple[Tensor, list[Tensor]]:
    """One whose slope is the picture itself; what it sees of a picture is its negative, and its first number."""
    return pictures.flatten(1).square().sum(1) / 2, [-pictures, pictures.flatten(1)[:, :1]]


@pytest.mark.parametrize("name", LOSSES)
def test_a_discriminator_that_tells_nothing_costs_what_theory_says(name: str) -> None:
    loss, scores = LOSSES[name], torch.full((5,), 0.7)
    ties = {"relativistic": (math.log(2), math.log(2)), "wasserstein": (0.0, -0.7)}
    undecided = torch.zeros(5)
    if name == "non-saturating":
        assert float(loss.discriminator(undecided, undecided)) == pytest.approx(2 * math.log(2))
        assert float(loss.generator(undecided, undecided)) == pytest.approx(math.log(2))
    else:
        assert float(loss.discriminator(scores, scores)) == pytest.approx(ties[name][0])
        assert float(loss.generator(scores, scores)) == pytest.approx(ties[name][1])


def test_the_relativistic_loss_knows_only_differences() -> None:
    real, generated = torch.tensor([1.0, -2.0]), torch.tensor([0.0, 1.0])
    expected = (math.log(1 + math.exp(-1)) + math.log(1 + math.exp(3))) / 2
    loss = LOSSES["relativistic"]
    assert float(loss.discriminator(real, generated)) == pytest.approx(expected)
    assert float(loss.discriminator(real + 5, generated + 5)) == pytest.approx(expected)
    assert float(loss.generator(generated, real)) == pytest.approx(expected)


def test_the_slope_of_a_linear_discriminator_is_its_weights() -> None:
    scores, _, slopes = judged_with_slopes(linear, pictures(), NOTHING)
    assert torch.allclose(scores, linear(pictures(), NOTHING)[0])
    assert torch.allclose(slopes, torch.full((4,), 4.0 * 3 * 64))
    assert lipschitz_penalty(slopes).item() == pytest.approx((math.sqrt(4 * 3 * 64) - 1) ** 2, rel=1e-5)


def test_the_penalties_are_measured_where_they_belong() -> None:
    real, generated = pictures(seed=1), 3 * pictures(seed=2)
    places = torch.tensor([0.0, 0.25, 0.5, 1.0])
    both = play(LOSSES["relativistic"], quadratic, real, generated, NOTHING, places, count=2)
    for name, seen in (("real", real[:2]), ("generated", generated[:2])):
        assert both.penalties[name].item() == pytest.approx(seen.flatten(1).square().sum(1).mean().item(), rel=1e-5)
    line = play(LOSSES["wasserstein"], quadratic, real, generated, NOTHING, places, count=4)
    middle = (1 - places).view(-1, 1, 1, 1) * real + places.view(-1, 1, 1, 1) * generated
    expected = (middle.flatten(1).norm(dim=1) - 1).square().mean().item()
    assert line.penalties["between"].item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("count", [1, 3, 4])
@pytest.mark.parametrize("name", LOSSES)
def test_all_scores_come_back_in_order_however_many_are_penalised(name: str, count: int) -> None:
    real, generated = pictures(seed=1), pictures(seed=2)
    scores = play(LOSSES[name], quadratic, real, generated, NOTHING, torch.rand(4), count)
    assert torch.allclose(scores.real, quadratic(real, NOTHING)[0])
    assert torch.allclose(scores.generated, quadratic(generated, NOTHING)[0])
    for found, expected in zip(scores.features, quadratic(real, NOTHING)[1], strict=True):
        assert torch.equal(found, expected)
        assert not found.requires_grad


def test_the_distance_of_features_is_a_part_of_the_real_ones_size_at_each_level() -> None:
    real = [torch.tensor([[2.0], [-2.0]]), torch.full((2, 3), 10.0)]
    generated = [torch.tensor([[1.0], [-2.0]]), torch.full((2, 3), 15.0)]
    assert feature_distance(real, generated).item() == pytest.approx((0.25 + 0.5) / 2)
    assert feature_distance(real, real).item() == 0
    larger = [[100 * level for level in side] for side in (real, generated)]
    assert feature_distance(*larger).item() == pytest.approx((0.25 + 0.5) / 2)


def test_a_penalty_can_be_learnt_from() -> None:
    shape = AdversarialShape(8, 8, 3, features=4)
    discriminator = PictureDiscriminator(shape)
    _, _, slopes = judged_with_slopes(discriminator.judge, pictures(), NOTHING)
    slopes.mean().backward()
    gradient = discriminator.begin.weight.grad
    assert gradient is not None
    assert float(gradient.abs().sum()) > 0


@pytest.mark.parametrize(("height", "width", "channels"), [(8, 8, 1), (16, 16, 3), (28, 28, 1), (32, 48, 3)])
def test_pictures_of_many_sizes_are_drawn_and_scored(height: int, width: int, channels: int) -> None:
    shape = AdversarialShape(height, width, channels, latent=8, features=4, maximum_features=8, conditions=(3, 2))
    conditions = torch.tensor([[0, 1], [-1, 0]])
    drawn = PictureGenerator(shape)(torch.randn(2, 8), conditions)
    assert drawn.shape == (2, channels, height, width)
    assert PictureDiscriminator(shape)(drawn, conditions).shape == (2,)


def test_a_folded_generator_draws_full_pictures_without_a_level_at_full_size() -> None:
    plain, folded = (PictureGenerator(AdversarialShape(16, 24, 3, latent=8, features=4, folded=each))
                     for each in (False, True))  # fmt: skip
    drawn = folded(torch.randn(2, 8), torch.zeros(2, 0, dtype=torch.int64))
    assert drawn.shape == (2, 3, 16, 24)
    assert len(folded.levels) == len(plain.levels) - 1


def test_a_condition_beside_the_latent_has_numbers_of_its_own() -> None:
    shape = AdversarialShape(8, 8, 3, latent=8, features=4, conditions=(3, 2), condition_width=5)
    generator = PictureGenerator(shape)
    assert generator.embed(torch.tensor([[2, -1]])).shape == (1, 5)
    drawn = generator(torch.randn(1, 8).expand(2, -1), torch.tensor([[0, 1], [2, 1]]))
    assert not torch.allclose(drawn[0], drawn[1])
    assert PictureGenerator(AdversarialShape(8, 8, 3, latent=8, condition_width=5)).begin.in_features == 8


def test_a_spatial_shift_begins_as_nothing_and_tells_each_place_of_its_own() -> None:
    plain, shifted = (PictureGenerator(AdversarialShape(16, 24, 3, latent=8, features=4, spatial_shift=each))
                      for each in (False, True))  # fmt: skip
    latents, nothing = torch.randn(2, 8), torch.zeros(2, 0, dtype=torch.int64)
    before = shifted(latents, nothing)
    assert torch.allclose(before, plain(latents, nothing))
    channels, across = shifted.shape.widths[-2], shifted.shape.sides[-2][1]
    with torch.no_grad():  # the first level after the beginning: the last place of the first row, all its channels
        shifted.shifts[0].bias.view(-1, across, channels)[0, -1] += 1
    changed = (shifted(latents, nothing) - before).abs().sum((0, 1))
    assert changed[0, -1] > 0
    assert changed[:, 0].sum() == changed[-1].sum() == 0


@pytest.mark.parametrize("side", [4, 30])
def test_a_size_that_cannot_be_halved_is_refused(side: int) -> None:
    with pytest.raises(StudioError, match=f"height is {side}.*multiple of 4"):
        AdversarialShape(side, 32, 3)


def test_a_condition_changes_the_picture_and_its_score() -> None:
    shape = AdversarialShape(8, 8, 3, latent=8, features=4, conditions=(3,))
    latents, wanted = torch.randn(1, 8).expand(3, -1), torch.tensor([[0], [1], [-1]])
    drawn = PictureGenerator(shape)(latents, wanted)
    assert not torch.allclose(drawn[0], drawn[1])
    assert not torch.allclose(drawn[0], drawn[2])
    discriminator, one = PictureDiscriminator(shape), drawn[:1].expand(3, -1, -1, -1)
    assert len(set(discriminator(one, wanted).tolist())) == 1, "at first nothing is asked of a condition"
    discriminator(one, wanted)[1].backward()
    asked = [table.weight.grad.abs().sum(1) > 0 for table in discriminator.embeddings.tables]
    assert asked[0].tolist() == [False, False, True, False], "but it learns about the one that was given"


def test_the_same_seed_gives_the_same_networks() -> None:
    shape = AdversarialShape(8, 8, 3, features=4)
    once, twice, other = (PictureGenerator(shape, seed).begin.weight for seed in (1, 1, 2))
    assert torch.equal(once, twice)
    assert not torch.equal(once, other)


def test_diversity_is_the_distance_to_the_nearest() -> None:
    grey = torch.stack([torch.full((3, 8, 8), level) for level in (0.0, 0.25, 1.0)])
    assert float(diversity(grey)) == pytest.approx((0.25 + 0.25 + 0.75) / 3, rel=1e-5)
    assert float(diversity(grey[:1].repeat(5, 1, 1, 1))) == 0
    assert float(diversity(grey.repeat(2, 1, 1, 1))) == 0, "two of each, so each has a double"


def test_the_sliced_distance_of_a_shift_is_the_shift_seen_along_random_directions() -> None:
    first = pictures(64)
    assert float(sliced_wasserstein(first, first[torch.randperm(64)])) == pytest.approx(0, abs=1e-6)
    # A shift of all 192 numbers by s is seen along a unit direction as s times the sum of the direction's parts,
    # whose mean square is 1.
    assert float(sliced_wasserstein(first, first + 0.5, directions=20_000)) == pytest.approx(0.5, rel=0.02)
