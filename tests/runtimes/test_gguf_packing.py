"""Quantised weights that stay packed: the numbers are those of `gguf`, and the decoder computes what it did."""

from copy import deepcopy
from itertools import islice
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest
import torch
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType

from fmstudio.nn.decoding_plan import DecodingPlan
from fmstudio.nn.decoding_weights import can_plan
from fmstudio.nn.generation import generate_tokens, reader_of
from fmstudio.nn.packed_layers import PackedLinear
from fmstudio.runtimes import gguf_weights
from fmstudio.runtimes.errors import ModelError
from fmstudio.runtimes.facts import facts_of
from fmstudio.runtimes.gguf_header import read_header
from fmstudio.runtimes.gguf_packing import pack
from fmstudio.runtimes.text import LanguageModel, load_language_model, save_language_model
from fmstudio.runtimes.torch_runtime import load_gguf
from tests.gguf_files import tiny_language_model, write_gguf
from tests.rounding import assert_rounded_alike

KINDS = [GGMLQuantizationType[name] for name in ("Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q4_K", "Q5_K", "Q6_K")]
HALVES = {"Q4_1": (0, 2), "Q5_1": (0, 2), "Q4_K": (0, 2), "Q5_K": (0, 2), "Q6_K": (208,)}
"""Where the numbers of 16 bits stand in a stored block."""
NORMS = ("attn_norm", "ffn_norm", "output_norm")
SHAPES: dict[str, dict[str, Any]] = {
    "llama": {},
    "llama, untied": {"tied_embeddings": False},
    "qwen2": {"query_key_value_bias": True},
    "qwen3": {"query_key_norm": True, "head_width": 32},
}


def stored(kind: GGMLQuantizationType, rows: int = 70, columns: int = 512) -> np.ndarray:
    """Any bytes but for the scales, which are small numbers; the first block's are zero."""
    draw, (numbers, size) = np.random.default_rng(0), GGML_QUANT_SIZES[kind]
    raw = draw.integers(0, 256, (rows * columns // numbers, size), np.uint8)
    for place in HALVES.get(kind.name, (0,)):
        scales = draw.normal(0, 0.01, (len(raw), 1)).astype(np.float16)
        scales[0] = 0
        raw[:, place : place + 2] = scales.view(np.uint8)
    return raw.reshape(rows, -1)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_packed_numbers_are_those_of_the_file(kind: GGMLQuantizationType) -> None:
    raw = stored(kind)
    torch.testing.assert_close(
        pack(raw, kind).unpacked(), torch.from_numpy(gguf.dequantize(raw, kind)), atol=1e-7, rtol=1e-6
    )


@pytest.mark.parametrize("kind", [GGMLQuantizationType.Q4_1, GGMLQuantizationType.Q8_0], ids=lambda kind: kind.name)
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
def test_a_packed_decoder_computes_what_its_numbers_do(
    tmp_path: Path, shape: dict[str, Any], kind: GGMLQuantizationType
) -> None:
    packed = load_gguf(write_gguf(tmp_path / "tiny.gguf", tiny_language_model(**shape), kind=kind))
    assert sum(isinstance(part, PackedLinear) for part in packed.decoder.modules()) >= 15
    save_language_model(packed, tmp_path / "plain")
    plain = load_language_model(tmp_path / "plain").decoder.requires_grad_(False)
    text = torch.randint(300, (2, 40), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        in_single, exact = plain(text), deepcopy(plain).double()(text)
        assert_rounded_alike(packed.decoder(text), in_single, exact)
    frozen, begin = packed.decoder.requires_grad_(False), text[0].tolist()
    assert can_plan(frozen)
    reader = reader_of(frozen)
    for stop, start in ((30, 0), (31, 30), (40, 31)):
        assert_rounded_alike(reader.read(begin[start:stop]), in_single[0], exact[0], place=stop - 1)
    written = [list(islice(generate_tokens(each, begin, temperature=0), 30)) for each in (frozen, plain)]
    assert written[0] == written[1]


@pytest.mark.parametrize("kind", [GGMLQuantizationType.Q8_0, GGMLQuantizationType.F32], ids=lambda kind: kind.name)
def test_the_memory_told_is_what_the_weights_take(tmp_path: Path, kind: GGMLQuantizationType) -> None:
    path = write_gguf(tmp_path / "tiny.gguf", tiny_language_model(vocabulary=288), kind=kind)
    decoder, facts = load_gguf(path).decoder, facts_of(path)
    packed = [part.matrix for part in decoder.modules() if isinstance(part, PackedLinear)]
    arrays = sum(each.nbytes for matrix in packed for each in (matrix._codes, matrix._scales, matrix._minimums))
    assert facts.torch_bytes == arrays + sum(weight.nbytes for weight in decoder.parameters())
    assert (facts.torch_bytes < 1.3 * facts.parameters) == bool(packed)


@pytest.mark.parametrize("dense", ["attn_q", "attn_v", "ffn_up"])
def test_kinds_may_differ_within_what_reads_the_same(
    tmp_path: Path, dense: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_gguf(tmp_path / "tiny.gguf", tiny_language_model(), kind=GGMLQuantizationType.Q8_0)
    monkeypatch.setattr(gguf_weights, "stays_packed", lambda place: place.name.split(".")[-2] not in (dense, *NORMS))
    decoder = load_gguf(path).decoder.requires_grad_(False)
    assert type(decoder.model.layers[0].get_submodule("self_attn.o_proj")) is PackedLinear
    text = torch.randint(300, (40,), generator=torch.Generator().manual_seed(0)).tolist()
    save_language_model(LanguageModel(decoder, tiny_language_model().tokenizer), tmp_path / "plain")
    plain = load_language_model(tmp_path / "plain").decoder
    with torch.no_grad():
        in_single, exact = plain(torch.tensor([text]))[0], plain.double()(torch.tensor([text]))[0]
    reader = DecodingPlan(decoder)
    assert_rounded_alike(reader.read(text[:39]), in_single, exact, place=38)
    assert_rounded_alike(reader.read(text[39:]), in_single, exact, place=39)


def test_scales_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "tiny.gguf", tiny_language_model(), kind=GGMLQuantizationType.Q8_0)
    place = read_header(path).tensors["blk.0.ffn_up.weight"]
    content = bytearray(path.read_bytes())
    content[place.start : place.start + 2] = np.float16("nan").tobytes()
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"tiny.gguf is damaged: blk.0.ffn_up.weight has scales that are not finite"):
        load_gguf(path)
