"""Writing with a prepared decoder against its own modules and against Hugging Face transformers."""

from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from fmstudio.errors import StudioError
from fmstudio.nn.decoder import Decoder
from fmstudio.nn.decoder_folder import load_decoder, save_decoder
from fmstudio.nn.decoding_plan import DecodingPlan
from fmstudio.nn.decoding_weights import can_plan
from fmstudio.nn.generation import SamplingControls, generate_steps, generate_tokens, reader_of
from tests.nn.test_decoder import LAYOUTS, decoder, transformers_model
from tests.rounding import assert_same

TEXT = [3, 14, 15, 9, 26, 5, 35, 8, 9, 7, 9, 3, 2, 38, 46]


@pytest.fixture(params=LAYOUTS.values(), ids=LAYOUTS.keys())
def frozen(request: pytest.FixtureRequest) -> Decoder:
    return decoder(**request.param).requires_grad_(False)


@pytest.fixture
def exact(frozen: Decoder) -> Decoder:
    """The same in float64, where the order of sums hardly shows."""
    return frozen.double()


TABLES = 1
"""Roundings to float32: sines and cosines come from two functions, whose last bits differ."""


def expected(made: Decoder, text: list[int]) -> Tensor:
    with torch.no_grad():
        return made(torch.tensor([text]))[0]


class TestReading:
    def test_at_once_in_parts_or_singly_gives_the_logits_of_the_modules(self, exact: Decoder) -> None:
        logits = expected(exact, TEXT)
        assert logits.abs().max() > 1  # logits near zero would agree by themselves
        plan = DecodingPlan(exact)
        for stop, start in ((6, 0), (7, 6), (8, 7), (12, 8), (13, 12), (15, 13)):
            assert_same(plan.read(TEXT[start:stop]), logits[stop - 1], roundings=TABLES)
        assert plan.length == len(TEXT)
        assert_same(DecodingPlan(exact).read(TEXT), logits[-1], roundings=TABLES)

    def test_going_back_forgets_what_came_after(self, exact: Decoder) -> None:
        plan = DecodingPlan(exact)
        plan.read(TEXT)
        plan.length = 4
        assert_same(plan.read([1, 2]), expected(exact, [*TEXT[:4], 1, 2])[-1], roundings=TABLES)

    def test_more_than_the_cache_holds_is_refused(self, frozen: Decoder) -> None:
        plan = DecodingPlan(frozen, capacity=10)
        plan.read(TEXT[:10])
        with pytest.raises(StudioError, match="11 tokens do not fit into a cache for 10"):
            plan.read([1])

    def test_weights_are_kept_once_and_the_modules_go_on_working(self, exact: Decoder, tmp_path: Path) -> None:
        before = expected(exact, TEXT)
        first, second = DecodingPlan(exact), DecodingPlan(exact)
        attention: Any = exact.model.layers[0].self_attn

        def product(plan: DecodingPlan) -> Any:
            return plan._layers[0].qkv

        places = {part.weight.untyped_storage().data_ptr() for part in (attention.q_proj, attention.v_proj)}
        assert places == {product(plan).weight.data_ptr() for plan in (first, second)}
        assert_same(expected(exact, TEXT), before)
        save_decoder(exact, tmp_path)
        assert_same(expected(load_decoder(tmp_path).double(), TEXT), before)


class TestWriting:
    def test_takes_the_same_tokens_as_transformers(self, frozen: Decoder, tmp_path: Path) -> None:
        save_decoder(frozen, tmp_path)
        model = transformers_model(tmp_path)
        theirs = model.generate(
            torch.tensor([TEXT]), attention_mask=torch.ones(1, len(TEXT), dtype=torch.long), max_new_tokens=20,
            do_sample=False, pad_token_id=0,
        )[0, len(TEXT) :]  # fmt: skip
        assert list(islice(generate_tokens(frozen, TEXT, temperature=0), 20)) == theirs.tolist()

    def test_tells_the_logits_of_each_step(self, exact: Decoder) -> None:
        text = list(TEXT)
        for token, logits in islice(generate_steps(exact, TEXT, SamplingControls(), seed=4), 8):
            assert_same(logits, expected(exact, text)[-1], roundings=TABLES)
            text.append(token)

    def test_does_the_same_through_modules_where_a_decoder_still_learns(self, frozen: Decoder) -> None:
        prepared = list(islice(generate_tokens(frozen, TEXT, seed=3), 100))  # the context is 40: it slides
        learning = frozen.requires_grad_(True)
        assert not can_plan(learning)
        assert list(islice(generate_tokens(learning, TEXT, seed=3), 100)) == prepared

    def test_reads_through_an_adapter_that_replaces_a_layer(self) -> None:
        class Doubled(nn.Module):
            def __init__(self, inner: nn.Module) -> None:
                super().__init__()
                self.inner = inner

            def forward(self, x: Tensor) -> Tensor:
                doubled: Tensor = 2 * self.inner(x)
                return doubled

        made = decoder().double().requires_grad_(False)
        attention: Any = made.model.layers[1].self_attn
        attention.q_proj = Doubled(attention.q_proj)
        assert not can_plan(made)
        assert_same(reader_of(made).read(TEXT), expected(made, TEXT)[-1], roundings=TABLES)
