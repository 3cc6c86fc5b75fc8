"""GGUF files: what their header tells, what is refused, and that their weights do here what they do elsewhere."""

import contextlib
from pathlib import Path

import gguf
import pytest
import torch

from fmstudio.runtimes.errors import ModelError
from fmstudio.runtimes.facts import facts_of
from fmstudio.runtimes.gguf_header import read_header
from fmstudio.runtimes.torch_runtime import load_gguf
from tests.gguf_files import CHAT, tiny_language_model, truncated, write_gguf
from tests.rounding import assert_same

SHAPES = {
    "llama": {},
    "llama, untied": {"tied_embeddings": False},
    "qwen2": {"query_key_value_bias": True},
    "qwen3": {"query_key_norm": True, "head_width": 32},
}


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    return write_gguf(tmp_path / "tiny.gguf", tiny_language_model(), template=CHAT)


def test_the_facts_are_told_without_the_weights(tiny: Path) -> None:
    facts = facts_of(tiny)
    assert (facts.format, facts.architecture, facts.context, facts.licence) == ("gguf", "llama", 512, "mit")
    assert facts.parameters == tiny_language_model().decoder.shape.parameters
    assert facts.chat
    assert facts.backends == ("llama.cpp", "torch")
    assert facts.key_value_numbers == 2 * 2 * 2 * 16
    assert facts_of(tiny) is facts  # remembered while the file is as it was


def test_a_truncated_file_is_told_with_its_sizes(tiny: Path, tmp_path: Path) -> None:
    short = truncated(tiny, tmp_path / "short.gguf")
    with pytest.raises(
        ModelError, match=rf"short.gguf is cut short: it has {short.stat().st_size:,} of the [\d,]+ bytes"
    ):
        facts_of(short)


@pytest.mark.parametrize("share", [0.0, 0.0001, 0.001, 0.01, 0.02])
def test_a_file_cut_within_its_header_is_one_sentence(tiny: Path, tmp_path: Path, share: float) -> None:
    with pytest.raises(ModelError, match=r"short.gguf (is not a GGUF file|is cut short|is damaged)[^\n]*\.$"):
        read_header(truncated(tiny, tmp_path / "short.gguf", share))


def test_every_flipped_byte_of_the_header_is_read_or_refused(tiny: Path, tmp_path: Path) -> None:
    content, damaged = bytearray(tiny.read_bytes()), tmp_path / "damaged.gguf"
    for place in range(0, 1200, 7):
        damaged.write_bytes(content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :])
        with contextlib.suppress(ModelError):
            facts_of(damaged)


def test_another_file_is_no_gguf(tmp_path: Path) -> None:
    (tmp_path / "notes.gguf").write_text("Some notes that have nothing to do with models.")
    with pytest.raises(ModelError, match=r"notes.gguf is not a GGUF file; choose"):
        facts_of(tmp_path / "notes.gguf")


@pytest.mark.parametrize("architecture", ["unheard-of", "bert"])
def test_an_unsupported_architecture_is_named(tmp_path: Path, architecture: str) -> None:
    path = write_gguf(tmp_path / "odd.gguf", tiny_language_model(), fields={"general.architecture": architecture})
    with pytest.raises(ModelError, match=rf"odd.gguf holds a network of the architecture '{architecture}'"):
        facts_of(path)


def test_an_architecture_of_llama_cpp_alone_says_so_for_torch(tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "other.gguf", tiny_language_model(), fields={"general.architecture": "gemma"})
    facts = facts_of(path)
    assert facts.backends == ("llama.cpp",)
    assert "the torch decoder opens llama, qwen2 and qwen3" in facts.torch_problem
    with pytest.raises(ModelError, match="gemma"):
        load_gguf(path)


def test_a_file_without_tokenizer_is_refused(tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "mute.gguf", tiny_language_model(), fields={"tokenizer.ggml.tokens": None})
    with pytest.raises(ModelError, match=r"mute.gguf has no tokenizer"):
        facts_of(path)


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
def test_weights_come_back_as_they_were(tmp_path: Path, shape: dict[str, object]) -> None:
    model = tiny_language_model(**shape)
    again = load_gguf(write_gguf(tmp_path / "tiny.gguf", model))
    assert again.decoder.shape == model.decoder.shape
    for name, weight in model.decoder.state_dict().items():
        assert torch.equal(again.decoder.state_dict()[name], weight), name


def test_quantised_weights_are_close(tmp_path: Path) -> None:
    model = tiny_language_model(width=64, hidden_width=128)
    again = load_gguf(write_gguf(tmp_path / "q8.gguf", model, kind=gguf.GGMLQuantizationType.Q8_0))
    for name, weight in model.decoder.state_dict().items():
        torch.testing.assert_close(again.decoder.state_dict()[name], weight, atol=0.01, rtol=0.0, msg=name)


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
def test_logits_are_those_of_transformers(tmp_path: Path, shape: dict[str, object]) -> None:
    transformers = pytest.importorskip("transformers")
    from fmstudio.runtimes.text import save_language_model

    model = load_gguf(write_gguf(tmp_path / "tiny.gguf", tiny_language_model(**shape)))
    save_language_model(model, tmp_path / "folder")
    reference = transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "folder", dtype=torch.float64).eval()
    tokens = torch.randint(300, (2, 40), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        # transformers rounds to float32 in its norms, two in each of the two layers and the last one.
        assert_same(model.decoder.double()(tokens), reference(tokens).logits, roundings=5)
