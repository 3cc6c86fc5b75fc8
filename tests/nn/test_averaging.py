"""The average of a network's weights."""

import torch
from torch import nn

from fmstudio.nn.averaging import WeightAverage


def test_it_is_the_exponential_average_of_the_weights_with_a_short_memory_at_first() -> None:
    network = nn.Linear(3, 2)
    average = WeightAverage(network, decay=0.5)
    expected = network.weight.detach().clone()
    for step in range(1, 30):
        with torch.no_grad():
            network.weight.add_(1.0)
        average.update(network, step)
        decay = min(0.5, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay) * network.weight.detach()
    assert torch.allclose(average.module.weight, expected)


def test_it_copies_buffers_and_is_never_trained() -> None:
    network = nn.BatchNorm1d(2)
    average = WeightAverage(network, decay=0.9)
    network(torch.randn(8, 2) + 5)
    average.update(network, 1)
    assert torch.equal(average.module.running_mean, network.running_mean)
    assert not average.train().module.training
    assert not any(parameter.requires_grad for parameter in average.parameters())
