"""The sampling controls against their definitions, and each in its place among the others."""

from collections import Counter

import pytest
import torch

from fmstudio.nn.sampling_controls import SamplingControls, candidates, draw, next_token_probabilities, penalised

# Probabilities 0.4, 0.3, 0.2, 0.1 of the tokens 2, 0, 3, 1.
LOGITS = torch.tensor([0.3, 0.1, 0.4, 0.2]).log()


def drawn(count: int = 2000, text: tuple[int, ...] = (), **controls: float) -> Counter[int]:
    generator = torch.Generator().manual_seed(7)
    chosen = SamplingControls(**controls)  # type: ignore[arg-type]
    return Counter(draw(LOGITS, chosen, generator, text) for _ in range(count))


def test_the_penalty_divides_positive_logits_and_multiplies_negative_ones_once_each() -> None:
    logits = torch.tensor([2.0, -2.0, 1.0, 0.0])
    assert penalised(logits, [0, 1, 1, 1, 3], 2.0).tolist() == [1.0, -4.0, 1.0, 0.0]
    assert penalised(logits, [], 2.0).tolist() == logits.tolist()
    assert logits.tolist() == [2.0, -2.0, 1.0, 0.0], "the logits belong to the caller"


def test_the_penalty_decides_at_temperature_0_too() -> None:
    logits, generator = torch.tensor([2.0, 1.5]), torch.Generator()
    controls = SamplingControls(temperature=0, repetition_penalty=1.5)
    assert draw(logits, controls, generator, [0]) == 1
    assert draw(logits, controls, generator) == 0


@pytest.mark.parametrize(
    ("controls", "expected"),
    [
        ({}, [0.3, 0.1, 0.4, 0.2]),
        ({"top_k": 2}, [3 / 7, 0, 4 / 7, 0]),
        ({"top_k": 9}, [0.3, 0.1, 0.4, 0.2]),
        ({"top_p": 0.69}, [3 / 7, 0, 4 / 7, 0]),
        ({"top_p": 0.71}, [3 / 9, 0, 4 / 9, 2 / 9]),
        ({"top_p": 0.01}, [0, 0, 1, 0]),
        ({"min_p": 0.6}, [3 / 7, 0, 4 / 7, 0]),
        ({"min_p": 1.0}, [0, 0, 1, 0]),
        # Of what top-k leaves, 4/9 and 3/9 reach 0.75; of all four it would take three.
        ({"top_k": 3, "top_p": 0.75}, [3 / 7, 0, 4 / 7, 0]),
        ({"top_k": 3, "top_p": 0.8, "min_p": 0.6}, [3 / 7, 0, 4 / 7, 0]),
        # At temperature 0.5 probabilities are squared: 16, 9, 4 and 1 of 30.
        ({"temperature": 0.5}, [9 / 30, 1 / 30, 16 / 30, 4 / 30]),
        ({"temperature": 0.5, "min_p": 0.5}, [9 / 25, 0, 16 / 25, 0]),
    ],
)
def test_probabilities_are_those_of_the_definitions(controls: dict[str, float], expected: list[float]) -> None:
    found = next_token_probabilities(LOGITS, **({"temperature": 1.0} | controls))  # type: ignore[arg-type]
    torch.testing.assert_close(found, torch.tensor(expected, dtype=torch.float32))
    counts = drawn(**controls)
    for token, probability in enumerate(expected):
        assert abs(counts[token] / 2000 - probability) < 0.04
        assert probability > 0 or counts[token] == 0


def test_a_flat_distribution_over_a_large_vocabulary_is_cut_where_it_should_be() -> None:
    logits = torch.zeros(5000)
    tokens, probabilities = candidates(logits, SamplingControls(top_p=0.5))
    assert tokens is not None
    assert len(tokens) == pytest.approx(2500, abs=1)
    assert float(probabilities.sum()) == pytest.approx(1.0, abs=1e-5)


def test_the_same_seed_draws_the_same() -> None:
    assert drawn(50) == drawn(50)
    first = [draw(LOGITS, SamplingControls(), torch.Generator().manual_seed(seed)) for seed in range(30)]
    assert len(set(first)) == 4
