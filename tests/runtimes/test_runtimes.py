"""llama.cpp and torch as runtimes: the same calls, the same meaning of the controls, and text that can be replayed."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import xllamacpp

from fmstudio.nn.sampling_controls import next_token_probabilities, penalised
from fmstudio.runtimes import opened
from fmstudio.runtimes.errors import ModelError
from fmstudio.runtimes.llama_cpp import LlamaCppRuntime, completion_request
from fmstudio.runtimes.memory import BLOCK
from fmstudio.runtimes.runtime import Runtime, TextStream
from fmstudio.runtimes.text import TextSampling
from fmstudio.runtimes.torch_runtime import load_gguf
from tests.gguf_files import CHAT, tiny_language_model, write_gguf

PROMPT = "The cat sat on the mat, and the dog sat on the cat. "


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_gguf(tmp_path_factory.mktemp("tiny") / "tiny.gguf", tiny_language_model(), template=CHAT)


@pytest.fixture(params=["llama.cpp", "torch"])
def runtime(request: pytest.FixtureRequest, path: Path) -> Iterator[Runtime]:
    yield opened.open_runtime(path, request.param)
    opened.unload(path)


@pytest.fixture
def llama_cpp(path: Path) -> Iterator[Runtime]:
    yield opened.open_runtime(path, "llama.cpp")
    opened.unload(path)


def whole(stream: TextStream) -> str:
    return "".join(stream)


def llama_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "llama.cpp"]


def test_the_same_seed_gives_the_same_text(runtime: Runtime) -> None:
    sampling = TextSampling(seed=7, maximum_tokens=40, temperature=1.0)
    first = runtime.generate(PROMPT, sampling)
    text = whole(first)
    assert whole(runtime.generate(PROMPT, sampling)) == text
    assert whole(runtime.generate(PROMPT, replace(sampling, seed=8))) != text
    assert first.prompt_tokens == runtime.count(PROMPT)
    assert (first.tokens, first.finish) == (40, "length") or first.finish == "end"


def test_both_runtimes_take_the_same_likeliest_tokens(path: Path) -> None:
    sampling = TextSampling(temperature=0.0, maximum_tokens=24)
    texts = [whole(opened.open_runtime(path, backend).generate(PROMPT, sampling)) for backend in ("llama.cpp", "torch")]
    opened.unload(path)
    assert texts[0] == texts[1]
    assert texts[0]


def test_a_full_context_ends_the_text(runtime: Runtime) -> None:
    stream = runtime.generate(PROMPT * 20, TextSampling(temperature=2.0, maximum_tokens=5000, seed=3))
    whole(stream)
    assert stream.finish == "end" or (stream.finish, stream.prompt_tokens + stream.tokens) == ("context", 512)


def test_a_prompt_beyond_the_context_is_told_with_both_figures(runtime: Runtime) -> None:
    tokens = runtime.count(PROMPT * 100)
    with pytest.raises(ModelError, match=rf"The prompt has {tokens:,} tokens, but tiny reads 512 with room"):
        runtime.generate(PROMPT * 100, TextSampling())


def test_ten_megabytes_are_refused_by_their_length_alone(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(runtime), "count", None)
    with pytest.raises(ModelError, match=r"The prompt has at least [\d,]+ tokens, but tiny reads 512"):
        runtime.generate("x" * 10_000_000, TextSampling())


def test_a_stop_string_ends_the_text_before_it(runtime: Runtime) -> None:
    sampling = TextSampling(temperature=0.0, maximum_tokens=24)
    text = whole(runtime.generate(PROMPT, sampling))
    mark = text[6:9]
    stream = runtime.generate(PROMPT, replace(sampling, stop=mark.replace("\n", r"\n")))
    assert whole(stream) == text[: text.index(mark)]
    assert stream.finish == "stop"


def test_closing_stops_at_once_and_leaves_no_thread(llama_cpp: Runtime) -> None:
    stream = llama_cpp.generate(PROMPT, TextSampling(temperature=1.5, maximum_tokens=400))
    while not stream.tokens:
        next(stream)
    stream.close()
    assert not llama_threads()
    assert stream.tokens < 400
    assert stream.finish == "stopped"


def test_two_texts_take_turns_on_one_model(runtime: Runtime) -> None:
    sampling = TextSampling(temperature=0.0, maximum_tokens=30)
    alone = [whole(runtime.generate(prompt, sampling)) for prompt in (PROMPT, "How long ")]
    streams = [runtime.generate(prompt, sampling) for prompt in (PROMPT, "How long ")]
    texts, left = ["", ""], {0, 1}
    while left:
        for number in sorted(left):
            piece = next(streams[number], None)
            if piece is None:
                left.remove(number)
            else:
                texts[number] += piece
    assert texts == alone


def test_a_text_that_waits_for_another_says_so(llama_cpp: LlamaCppRuntime) -> None:
    stream = llama_cpp.generate("How long ", TextSampling(temperature=0.0, maximum_tokens=4))
    with llama_cpp._requests._turn:  # as another request has it for as long as it is answered
        assert (next(stream), stream.waiting) == ("", True)
    whole(stream)
    assert (stream.waiting, stream.tokens > 0) == (False, True)


@pytest.mark.parametrize("backend", ["llama.cpp", "torch"])
def test_what_was_read_before_changes_no_word(path: Path, backend: str) -> None:
    """A conversation that grows is read from memory; the same prompt read anew gives the same text."""
    sampling, prompt, told = TextSampling(temperature=1.0, seed=5, maximum_tokens=30), "", []
    growing = opened.open_runtime(path, backend)
    for _ in range(3):
        prompt += PROMPT * 5
        answer = whole(growing.generate(prompt, sampling))
        told.append((prompt, answer))
        prompt += answer
    opened.unload(path)
    assert growing.count(prompt) > 4 * BLOCK
    for prompt, answer in reversed(told):
        fresh = opened.open_runtime(path, backend)
        assert whole(fresh.generate(prompt, sampling)) == answer
        opened.unload(path)


@pytest.mark.parametrize(
    "controls",
    [
        {"temperature": 0.7},
        {"temperature": 1.5, "top_k": 12},
        {"temperature": 1.0, "top_p": 0.7},
        {"temperature": 1.3, "min_p": 0.2},
        {"temperature": 1.0, "repetition_penalty": 1.6},
        {"temperature": 1.4, "top_k": 40, "top_p": 0.9, "min_p": 0.05, "repetition_penalty": 1.2},
    ],
    ids=str,
)
def test_the_controls_mean_the_same_in_both(path: Path, controls: dict[str, float]) -> None:
    """llama.cpp tells the probabilities that it draws with; they are those that torch draws with."""
    model, sampling = load_gguf(path), TextSampling(maximum_tokens=1, **controls)
    prompt = model.tokenizer.encode("The cat sat on the mat").ids
    with torch.no_grad():
        logits = model.decoder(torch.tensor([prompt]))[0, -1]
    logits = penalised(logits, prompt, sampling.repetition_penalty)
    expected = next_token_probabilities(logits, sampling.temperature, sampling.top_k, sampling.top_p, sampling.min_p)
    told = probabilities_in_llama_cpp(path, completion_request(prompt, 1, 512, sampling))
    assert told.keys() == {number for number, chance in enumerate(expected.tolist()) if chance > 0}
    for number, chance in told.items():
        assert chance == pytest.approx(float(expected[number]), abs=3e-3)


def probabilities_in_llama_cpp(path: Path, request: dict[str, object]) -> dict[int, float]:
    parameters = xllamacpp.CommonParams()
    parameters.model.path, parameters.n_ctx, parameters.n_parallel = str(path), 512, 1
    parameters.warmup, parameters.verbosity, parameters.api_keys = False, -1, ["a key"]
    said: list[dict[str, object]] = []
    wanted = {"n_probs": 300, "post_sampling_probs": True, "stream": False, "return_progress": False}
    xllamacpp.Server(parameters).handle_completions({**request, **wanted}, said.append)
    rows = said[0]["choices"][0]["logprobs"]["content"][0]["top_probs"]  # type: ignore[index]
    return {row["id"]: row["prob"] for row in rows if row["prob"] > 0}
