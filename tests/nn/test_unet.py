"""The U-Net: shapes, what reaches it, and what it refuses."""

import pytest
import torch

from fmstudio.errors import StudioError
from fmstudio.nn.unet import UNet, UNetShape, time_features
from tests.rounding import assert_same

OPEN = torch.empty(2, 0, dtype=torch.int64)


def stirred(shape: UNetShape) -> UNet:
    """A network that has no zeros left, as after some training."""
    torch.manual_seed(0)
    network = UNet(shape)
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    return network


@pytest.mark.parametrize(
    ("shape", "sides"),
    [
        (UNetShape(width=16), (8, 12)),
        (UNetShape(width=16, channels=1, levels=1, patch=1), (5, 7)),
        (UNetShape(width=48, levels=3, patch=4, attention=True), (16, 32)),
        (UNetShape(width=112, levels=2, attention=True, blocks=1, middle=3), (8, 8)),
    ],
)
def test_it_answers_in_the_pictures_shape_and_begins_with_nothing(shape: UNetShape, sides: tuple[int, int]) -> None:
    shape.check_size(*sides)
    x = torch.randn(2, shape.channels, *sides)
    answer = UNet(shape)(x, torch.tensor([0.1, 0.9]), OPEN)
    assert answer.shape == x.shape
    assert not answer.any()


def test_sides_that_cannot_be_halved_are_refused() -> None:
    shape = UNetShape(levels=3, patch=2)
    shape.check_size(32, 64)
    with pytest.raises(StudioError, match=r"The pictures are 30 × 32, .* multiples of 8"):
        shape.check_size(32, 30)
    with pytest.raises(StudioError, match=r"model\.width is 40, but it must be a multiple of 16, such as 32"):
        UNetShape(width=40)


def test_time_and_every_condition_reach_the_answer() -> None:
    network = stirred(UNetShape(width=16, conditions=(3, 2)))
    x, t = torch.randn(1, 3, 8, 8).repeat(6, 1, 1, 1), torch.tensor([0.2, 0.3, 0.2, 0.2, 0.2, 0.2])
    wanted = torch.tensor([[0, 0], [0, 0], [1, 0], [0, 1], [-1, 0], [0, -1]])
    answers = network(x, t, wanted).flatten(1)
    for other in answers[1:]:
        assert not torch.allclose(answers[0], other, atol=1e-4)


def test_an_open_field_has_a_row_of_its_own() -> None:
    network = stirred(UNetShape(width=16, conditions=(3,)))
    x, t = torch.randn(1, 3, 8, 8), torch.tensor([0.5])
    before = [network(x, t, torch.tensor([[value]])) for value in (-1, 2)]
    with torch.no_grad():
        next(network.condition_embeddings.parameters())[3] += 1.0
    after = [network(x, t, torch.tensor([[value]])) for value in (-1, 2)]
    assert not torch.allclose(before[0], after[0])
    assert torch.equal(before[1], after[1])


def test_a_picture_s_answer_does_not_depend_on_its_neighbours() -> None:
    network = stirred(UNetShape(width=32, attention=True)).double()
    # The features of the times are float32 whatever the network is.
    network.time_embedding.register_forward_pre_hook(lambda _, given: tuple(features.double() for features in given))
    x, t = torch.randn(2, 3, 8, 8, dtype=torch.float64), torch.tensor([0.2, 0.8], dtype=torch.float64)
    assert_same(network(x, t, OPEN)[1:], network(x[1:], t[1:], OPEN[1:]))


def test_attention_carries_the_whole_picture_to_every_place() -> None:
    """With one level and no attention, the far corner is out of reach of the convolutions."""
    x, t = torch.randn(1, 3, 64, 64), torch.tensor([0.5])
    changed = x.clone()
    changed[..., :2, :2] += 3.0
    for attention in (False, True):
        network = stirred(UNetShape(width=16, levels=1, attention=attention))
        # Group norms see all places too; with their share taken out, only attention reaches across.
        for module in network.modules():
            if isinstance(module, torch.nn.GroupNorm):
                module.forward = lambda x: x
        far = [network(picture, t, OPEN[:1])[..., -2:, -2:] for picture in (x, changed)]
        assert torch.allclose(*far, atol=1e-6) is not attention


def test_its_shape_goes_to_a_config_and_back() -> None:
    shape = UNetShape(channels=1, width=32, levels=3, attention=True, conditions=(4, 2))
    assert UNetShape.from_json(shape.to_json()) == shape


def test_times_are_told_apart_from_the_first_step_to_the_last() -> None:
    features = time_features(torch.tensor([0.0, 0.001, 0.5, 0.501, 0.999, 1.0]))
    assert features.shape == (6, 64)
    distances = torch.cdist(features, features) + 10 * torch.eye(6)
    assert distances.min() > 0.5
