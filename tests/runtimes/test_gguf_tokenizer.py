"""Tokenizers rebuilt from GGUF files give llama.cpp's own ids."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import xllamacpp

from fmstudio.runtimes.errors import ModelError
from fmstudio.runtimes.gguf_header import read_header
from fmstudio.runtimes.gguf_tokenizer import gguf_tokenizer
from fmstudio.runtimes.server_tokens import ServerReader
from tests.gguf_files import tiny_language_model, write_gguf

PARTS = ["a", "The cat", " ", "  ", "\n", "\r\n", "\t", "1", "2042", "'s", "'LL", "don't", "é", "你好", "🙂", "²", "٣",
         "<|im_start|>", "<|im_end|>", "<|endoftext|>", "<s>", "{", "};", "--", "...", "\u00a0", "\u200b",
         "한국어", "_", "▁", "mat,", " and"]  # fmt: skip


def varied_texts() -> list[str]:
    chance = random.Random(0)
    made = ["".join(chance.choices(PARTS, k=chance.randint(1, 25))) for _ in range(150)]
    return ["", " ", "\n\n\n", "The cat sat on the mat.", "<|im_start|>user\nHi<|im_end|>\n", *made]


@contextmanager
def llama_cpp_reading(path: Path) -> Iterator[ServerReader]:
    """llama.cpp with the file, asked for tokens only."""
    parameters = xllamacpp.CommonParams()
    parameters.model.path, parameters.n_ctx, parameters.n_parallel = str(path), 64, 1
    parameters.warmup, parameters.verbosity, parameters.api_keys = False, -1, ["a key"]
    server = xllamacpp.Server(parameters)
    server.handle_completions({"prompt": [0], "n_predict": 0}, lambda _: False)  # only then can it be dropped
    yield ServerReader(server.listening_address, "a key")
    del server


@pytest.mark.parametrize("split", ["gpt-2", "smollm", "llama-bpe", "qwen2"])
def test_byte_level_ids_are_llama_cpps(tmp_path: Path, split: str) -> None:
    path = write_gguf(tmp_path / "tiny.gguf", tiny_language_model(), fields={"tokenizer.ggml.pre": split})
    ours = gguf_tokenizer(read_header(path))
    with llama_cpp_reading(path) as theirs:
        for text in varied_texts():
            ids = ours.encode(text, add_special_tokens=False).ids
            assert ids == theirs.ids(text), text
            assert ours.decode(ids, skip_special_tokens=False) == text


def sentence_pieces() -> dict[str, Any]:
    """A vocabulary as SentencePiece makes it: unknown, begin, end, the bytes, then pieces from best to worst."""
    letters = ["▁", *"abcdefghijklmnopqrstuvwxyz", "T", ",", ".", "é", "你"]
    pieces = ["▁t", "he", "▁th", "at", "▁the", "an", "▁c", "▁cat", "▁a", "▁and", "nd", "on", "▁on", "▁m", "▁mat", "▁▁"]
    tokens = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), *pieces, *letters]
    tokens += [f"spare{number}" for number in range(320 - len(tokens))]
    types = [2, 3, 3, *[6] * 256, *[1] * (len(tokens) - 259)]
    scores = [0.0] * 259 + [-float(rank) for rank in range(len(tokens) - 259)]
    return {
        "tokenizer.ggml.model": "llama", "tokenizer.ggml.pre": "default", "tokenizer.ggml.merges": None,
        "tokenizer.ggml.tokens": tokens, "tokenizer.ggml.token_type": types, "tokenizer.ggml.scores": scores,
        "tokenizer.ggml.bos_token_id": 1, "tokenizer.ggml.eos_token_id": 2, "tokenizer.ggml.unknown_token_id": 0,
    }  # fmt: skip


@pytest.mark.parametrize("prefix", [True, False])
def test_sentence_piece_ids_are_llama_cpps(tmp_path: Path, prefix: bool) -> None:
    fields = {**sentence_pieces(), "tokenizer.ggml.add_space_prefix": prefix}
    path = write_gguf(tmp_path / "tiny.gguf", tiny_language_model(vocabulary=320), fields=fields)
    ours = gguf_tokenizer(read_header(path))
    texts = [text for text in varied_texts() if text]
    with llama_cpp_reading(path) as theirs:
        for text in [*texts, "the cat and the mat", "  and  the", "The\ncat"]:
            assert ours.encode(text, add_special_tokens=False).ids == theirs.ids(text), text
    assert ours.decode(ours.encode("the cat, 你好 🙂").ids) == "the cat, 你好 🙂"


def test_an_unknown_way_of_splitting_is_refused(tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "odd.gguf", tiny_language_model(), fields={"tokenizer.ggml.pre": "unheard-of"})
    with pytest.raises(ModelError, match=r"odd.gguf splits text in a way named 'unheard-of'.*use llama.cpp"):
        gguf_tokenizer(read_header(path))
