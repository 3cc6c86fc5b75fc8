"""Reading prompts: in larger pieces where the model is small, and the same text whatever was read before."""

from pathlib import Path
from typing import Any

import pytest
import torch
from gguf import GGMLQuantizationType as Kind

from fmstudio.nn.decoding_plan import BLOCK as TORCH_BLOCK
from fmstudio.nn.decoding_plan import DecodingPlan
from fmstudio.runtimes.facts import facts_of
from fmstudio.runtimes.llama_cpp import LlamaCppRuntime
from fmstudio.runtimes.llama_requests import pieces
from fmstudio.runtimes.memory import BLOCK, tokens_at_once
from tests.gguf_files import tiny_language_model, write_gguf

LENGTHS = (63, 130, 257, 513, 560, 700)


def test_small_models_read_more_at_once() -> None:
    counts = [tokens_at_once(count) for count in (1_000_000, 135_000_000, 500_000_000, 7_000_000_000)]
    assert counts == [512, 512, 128, 64]


@pytest.mark.parametrize("at_once", [64, 128, 256, 512])
def test_no_piece_of_a_prompt_is_short(at_once: int) -> None:
    for length in range(1, 900):
        for shared in range(0, length, BLOCK):
            begin, middle = pieces(length, shared, at_once)
            assert begin % BLOCK == middle % BLOCK == 0
            assert begin <= shared
            assert begin <= middle < length or begin == middle == 0
            if at_once == BLOCK:
                assert (begin, middle) == (shared, shared)
                continue
            for read in [length - middle] if begin == middle else [middle + 1 - begin, length - middle]:
                assert read % at_once == 0 or read % at_once >= BLOCK or length < BLOCK


def runtime_of(path: Path) -> LlamaCppRuntime:
    return LlamaCppRuntime(facts_of(path), 1024, threads=2)


def written(runtime: LlamaCppRuntime, prompt: list[int]) -> list[Any]:
    """The tokens that follow, each with the logarithms of the probabilities of the likeliest ones."""
    request = {
        "prompt": prompt, "n_predict": 4, "temperature": 0.0, "stream": True, "n_probs": 10, "ignore_eos": True,
    }  # fmt: skip
    said = [message for some in runtime._requests.messages(request) for message in some or ()]
    choices = [choice for message in said for choice in message.get("choices", ())]
    return [each for choice in choices if choice.get("logprobs") for each in choice["logprobs"]["content"]]


@pytest.fixture(
    scope="module", params=[Kind.F32, Kind.F16, Kind.Q8_0, Kind.Q4_0, Kind.Q4_1, Kind.Q5_0], ids=lambda k: k.name
)
def path(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    model = tiny_language_model(context=1024, hidden_width=128)
    return write_gguf(tmp_path_factory.mktemp(request.param.name) / "tiny.gguf", model, kind=request.param)


def test_what_was_read_before_changes_no_bit(path: Path) -> None:
    """Prompts that share more and less with the one before, of lengths that leave short ends."""
    text = torch.randint(299, (800,), generator=torch.Generator().manual_seed(1)).tolist()
    anew = {}
    for length in LENGTHS:
        runtime = runtime_of(path)
        anew[length] = written(runtime, text[:length])
        runtime.close()
    runtime = runtime_of(path)
    for length in (*LENGTHS, *LENGTHS[::-1], 560, 130, 700):
        assert written(runtime, text[:length]) == anew[length], length
    assert all(len(found) == 4 for found in anew.values())
    runtime.close()


def test_torch_reads_in_pieces_of_any_number_of_blocks() -> None:
    decoder = tiny_language_model(context=1024).decoder.requires_grad_(False)
    text = torch.randint(299, (700,), generator=torch.Generator().manual_seed(1)).tolist()
    found = []
    for blocks in (1, 2, 4):
        plan = DecodingPlan(decoder)
        for place in range(0, len(text), blocks * TORCH_BLOCK):
            logits = plan.read(text[place : place + blocks * TORCH_BLOCK])
        found.append(logits)
    assert torch.equal(found[0], found[1])
    assert torch.equal(found[0], found[2])
