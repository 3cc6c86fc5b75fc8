"""Whatever is wrong in a stranger's model costs one sentence, before any memory is taken for it."""

import contextlib
import json
import math
import re
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer, models, processors

from fmstudio.errors import StudioError
from fmstudio.runtimes import gguf_weights, opened
from fmstudio.runtimes.errors import ModelError
from fmstudio.runtimes.facts import facts_of
from fmstudio.runtimes.text import LanguageModel, save_language_model
from fmstudio.runtimes.torch_runtime import load_gguf
from tests.gguf_files import CHAT, tiny_language_model, write_gguf

MISSING = object()
WRONG = (MISSING, None, "text", -1, 0, 1e30, math.nan, [], [1], [[]], {}, True)
SENTENCE = re.compile(r"[^\n]{20,500}[.]")

SIZES = ("vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size")
IN_CONFIG = (*SIZES, "architectures", "num_key_value_heads", "head_dim", "max_position_embeddings", "rms_norm_eps",
             "hidden_act", "tie_word_embeddings", "rope_theta", "rope_parameters", "rope_scaling", "layer_types",
             "sliding_window", "use_sliding_window", "attention_bias", "quantization_config", "eos_token_id",
             "license")  # fmt: skip
BESIDE = {
    "tokenizer_config.json": ("bos_token", "eos_token", "chat_template", "added_tokens_decoder"),
    "generation_config.json": ("eos_token_id",),
    "model.safetensors.index.json": ("weight_map",),
}
NUMBERS = ("context_length", "embedding_length", "block_count", "feed_forward_length", "attention.head_count",
           "attention.head_count_kv", "attention.key_length", "attention.layer_norm_rms_epsilon", "rope.freq_base",
           "rope.dimension_count", "expert_count", "attention.sliding_window")  # fmt: skip
IN_GGUF = (
    *(f"llama.{key}" for key in NUMBERS), "general.alignment", "general.name", "general.license", "split.count",
    *(f"tokenizer.ggml.{key}" for key in ("model", "pre", "tokens", "token_type", "scores", "merges", "eos_token_id",
                                          "bos_token_id", "add_bos_token")), "tokenizer.chat_template",
)  # fmt: skip


@pytest.fixture(scope="module")
def model() -> LanguageModel:
    return tiny_language_model()


@pytest.fixture
def folder(model: LanguageModel, tmp_path: Path) -> Path:
    save_language_model(model, tmp_path / "folder")
    return tmp_path / "folder"


def damaged(file: Path, key: str) -> Iterator[Any]:
    """Writes the JSON file with each of the wrong values in turn, and yields what it has written."""
    whole = json.loads(file.read_text()) if file.is_file() else {}
    for value in WRONG:
        content = {name: each for name, each in whole.items() if name != key}
        file.write_text(json.dumps(content if value is MISSING else content | {key: value}))
        yield value


def told(path: Path) -> str:
    """What is wrong with a model; empty where its facts can be told."""
    said = ""
    try:
        facts_of(path)
    except StudioError as error:
        said = str(error)
    assert not said or SENTENCE.fullmatch(said)
    return said


@pytest.mark.parametrize("key", IN_CONFIG)
def test_every_damage_to_a_config_is_one_sentence_or_none(folder: Path, key: str) -> None:
    for value in damaged(folder / "config.json", key):
        if key in SIZES:
            said = told(folder)
            assert key in said or "do not fit its config.json" in said, value
        assert "of a kind not known here" not in told(folder), value


@pytest.mark.parametrize(("file", "key"), [(file, key) for file, keys in BESIDE.items() for key in keys])
def test_so_is_every_damage_to_the_files_beside_it(folder: Path, file: str, key: str) -> None:
    for value in damaged(folder / file, key):
        assert "of a kind not known here" not in told(folder), value


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [({"vocab_size": None}, r"The model's config.json does not say its vocab_size; copy the model folder again\."),
     ({"hidden_size": "64"}, r"config.json has '64' as its hidden_size, where a whole number from 1 to 1,000,000,000"),
     ({"tie_word_embeddings": "no"}, r"has 'no' as its tie_word_embeddings, where true or false is needed"),
     ({"rope_parameters": [1]}, r"has \[1\] as its rope_parameters, where a table is needed"),
     ({"intermediate_size": 10**9}, r"do not fit its config.json: \S+gate_proj.weight has the shape \(96, 64\) where"),
     ({"num_hidden_layers": 10**7}, r"do not fit its config.json: model.layers.9999999\S+ is missing where \(64,\)")],
)  # fmt: skip
def test_the_field_of_a_config_is_named(folder: Path, changes: dict[str, Any], sentence: str) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | changes))
    assert re.search(sentence, told(folder))


def test_a_head_of_weights_that_names_more_than_there_is_is_refused(folder: Path) -> None:
    head = json.dumps({"a": {"dtype": "F32", "shape": [10**9, 10**9], "data_offsets": [0, 4]}}).encode()
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(head)) + head + b"1234")
    assert "model.safetensors is damaged: its head names more numbers than it can hold" in told(folder)


def test_lists_within_lists_without_end_are_refused(folder: Path) -> None:
    (folder / "config.json").write_text("[" * 100_000)
    assert "config.json cannot be read" in told(folder)


def test_what_no_check_foresees_is_one_sentence_too(folder: Path) -> None:
    """A tokenizer that reads no word but "b", whose library raises a plain Exception for all others."""
    tokenizer = Tokenizer(models.WordLevel({"b": 0, "<s>": 1}, unk_token="[UNK]"))
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text('{"bos_token": "<s>"}')
    assert re.search(r"folder is damaged or of a kind not known here \(Exception: .+\); copy or download", told(folder))


@pytest.mark.parametrize("key", IN_GGUF)
def test_every_damage_to_a_header_is_one_sentence_or_none(model: LanguageModel, tmp_path: Path, key: str) -> None:
    for number, value in enumerate((None, math.nan, math.inf, -1.0, 1e30, 10**9, True, "text", [1, 2], ["text"])):
        path = write_gguf(tmp_path / f"{number}.gguf", model, template=CHAT, fields={key: value})
        said = told(path)
        assert "of a kind not known here" not in said, value
        if not said:
            with contextlib.suppress(StudioError):
                load_gguf(path)
        path.unlink()


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [({"llama.context_length": math.nan}, r"odd.gguf has nan as its llama.context_length, where a number from 0 on"),
     ({"llama.attention.head_count_kv": "two"}, r"odd.gguf has 'two' as its llama.attention.head_count_kv, where"),
     ({"llama.attention.head_count_kv": ["two"]}, r"has \['two'\] as its llama.attention.head_count_kv, where a list"),
     ({"llama.attention.head_count_kv": 10**9}, r"has 1000000000 as its llama.attention.head_count_kv, where a number"),
     ({"llama.attention.key_length": math.inf}, r"odd.gguf has inf as its llama.attention.key_length, where"),
     ({"tokenizer.ggml.tokens": 3}, r"odd.gguf has 3 as its tokenizer.ggml.tokens, where a list of texts"),
     ({"tokenizer.ggml.token_type": 3}, r"odd.gguf has 3 as its tokenizer.ggml.token_type, where a list of numbers"),
     ({"tokenizer.ggml.eos_token_id": "end"}, r"odd.gguf has 'end' as its tokenizer.ggml.eos_token_id, where a token"),
     ({"tokenizer.chat_template": 3}, r"odd.gguf has 3 as its tokenizer.chat_template, where a text"),
     ({"general.alignment": math.nan}, r"odd.gguf is damaged: it has nan as its general.alignment, where"),
     ({"general.alignment": [1, 2]}, r"odd.gguf is damaged: it has \[1, 2\] as its general.alignment, where"),
     ({"llama.block_count": 10**7}, r"damaged: its llama.block_count is 10,000,000, but it has only 20 tensors"),
     ({"llama.feed_forward_length": 10**9}, r"does not fit its own header: blk.1.ffn_gate.weight has the shape \(96,"),
     ({"llama.feed_forward_length": 2**31}, r"has 2147483648 as its llama.feed_forward_length, where a whole number")],
)  # fmt: skip
def test_the_field_of_a_header_is_named(
    model: LanguageModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fields: dict[str, Any], sentence: str
) -> None:
    monkeypatch.setattr(gguf_weights, "Decoder", None)  # nothing may be allocated
    path = write_gguf(tmp_path / "odd.gguf", model, fields=fields)
    assert re.search(sentence, told(path))
    with pytest.raises(ModelError, match=sentence):
        opened.open_runtime(path, "torch")


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [({"tokenizer.ggml.token_type": [1, 3]}, r"tokenizer.ggml.token_type are 2 for 300 tokens"),
     ({"tokenizer.ggml.merges": ["ab"]}, r"has \['ab'\] as its tokenizer.ggml.merges, where a list of pairs"),
     ({"tokenizer.ggml.merges": ["no such"]}, r"has a vocabulary that does not fit together"),
     ({"llama.attention.head_count_kv": [2, 2]}, r"gives its llama.attention.head_count_kv layer by layer"),
     ({"split.count": 3}, r"is one part of 3, but is not named so")],
)  # fmt: skip
def test_what_torch_cannot_rebuild_is_one_sentence(
    model: LanguageModel, tmp_path: Path, fields: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ModelError, match=sentence):
        opened.open_runtime(write_gguf(tmp_path / "odd.gguf", model, fields=fields), "torch")


def test_a_list_of_impossible_length_is_not_read(tmp_path: Path) -> None:
    """As long as its file, so that comparing it with the file's size is not enough."""
    count, path = 17 * 1024 * 1024, tmp_path / "long.gguf"
    with path.open("wb") as file:
        file.write(struct.pack("<4sIQQ", b"GGUF", 3, 0, 1) + struct.pack("<Q4sIIQ", 4, b"list", 9, 0, count))
        file.truncate(2 * count)  # a hole, which takes no room on the disk
    assert "long.gguf is damaged: it names a list of impossible length" in told(path)
