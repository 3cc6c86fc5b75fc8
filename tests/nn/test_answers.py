"""Answers to many prompts at once are those that each prompt gets alone."""

import pytest
import torch

from fmstudio.nn.answers import Answer, write_answers
from fmstudio.nn.decoder import Decoder, DecoderShape
from fmstudio.nn.lora import LoraShape, attach, new_adapter

PROMPTS = [[1, 2, 3], [4], [5, 6, 7, 8, 9, 10, 11], [2, 2]]
SHAPE = DecoderShape(
    vocabulary_size=40, width=32, layers=2, heads=4, key_value_heads=2, head_width=8, hidden_width=48, context=96
)


def decoder(adapted: bool = False) -> Decoder:
    made = Decoder(SHAPE, seed=3)
    with torch.no_grad():
        for number, weight in enumerate(made.parameters()):  # zeros would hide what attention does
            weight.add_(0.3 * torch.randn(weight.shape, generator=torch.Generator().manual_seed(number)))
    if adapted:
        adapter = new_adapter(made, LoraShape(4, 8.0))
        for _, part in adapter.parts():
            torch.nn.init.normal_(part.lora_B, std=0.3, generator=torch.Generator().manual_seed(1))
        attach(made, adapter)
    return made.requires_grad_(False).eval()


def alone(model: Decoder, prompt: list[int], most: int, ends: set[int]) -> Answer:
    answer, text = Answer(), list(prompt)
    while len(answer.tokens) < most and len(text) <= SHAPE.context:
        token = int(model(torch.tensor([text]))[0, -1].argmax())
        if token in ends:
            answer.end = token
            break
        answer.tokens.append(token)
        text.append(token)
    return answer


@pytest.mark.parametrize("adapted", [False, True])
def test_each_answer_is_the_one_of_its_prompt_alone(adapted: bool) -> None:
    model = decoder(adapted)
    endless = [set(alone(model, prompt, 80, set()).tokens) for prompt in PROMPTS]
    ends = {next(token for tokens in endless for token in tokens if sum(token in other for other in endless) < 3)}
    expected = [alone(model, prompt, 80, ends) for prompt in PROMPTS]
    *_, found = write_answers(model, PROMPTS, ends, 80)
    assert found == expected
    assert any(answer.ended for answer in found)
    assert max(len(answer.tokens) for answer in found) > 64  # beyond the room that there is at first


def test_no_answer_goes_beyond_the_context() -> None:
    model = decoder()
    *_, found = write_answers(model, [[1] * 90, [1] * SHAPE.context], set(), 50)
    assert [len(answer.tokens) for answer in found] == [7, 1]


def test_what_is_drawn_follows_the_seed_and_the_distribution() -> None:
    model = decoder()
    draws = [[answer.tokens for answer in list(write_answers(model, PROMPTS, set(), 6, temperature=1.0, seed=seed))[-1]]
             for seed in (0, 0, 1)]  # fmt: skip
    assert draws[0] == draws[1] != draws[2]
    many = list(write_answers(model, [[1, 2, 3]] * 4000, set(), 1, temperature=0.7))[-1]
    shares = torch.bincount(torch.tensor([answer.tokens[0] for answer in many]), minlength=40) / 4000
    expected = (model(torch.tensor([[1, 2, 3]]))[0, -1] / 0.7).softmax(-1)
    assert (shares - expected).abs().max() < 0.04


def test_several_answers_to_a_prompt_are_those_that_it_gets_when_it_is_asked_as_often() -> None:
    model = decoder()
    *_, together = write_answers(model, PROMPTS, {0}, 20, temperature=1.0, seed=4, each=3)
    *_, apart = write_answers(model, [prompt for prompt in PROMPTS for _ in range(3)], {0}, 20, temperature=1.0, seed=4)
    assert together == apart
    assert len({tuple(answer.tokens) for answer in together}) > len(PROMPTS)
