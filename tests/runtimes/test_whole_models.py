"""A model is computed as all of its files say, or refused with the sentence why: nothing is left out in silence."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from fmstudio.runtimes import opened
from fmstudio.runtimes.errors import ModelError
from fmstudio.runtimes.facts import facts_of
from fmstudio.runtimes.text import LanguageModel, load_language_model, save_language_model
from tests.gguf_files import tiny_language_model, write_gguf


@pytest.fixture(scope="module")
def model() -> LanguageModel:
    return tiny_language_model()


@pytest.mark.parametrize(
    ("tensors", "sentence"),
    [
        ({"blk.0.attn_q.bias": 64}, "has the weights blk.0.attn_q.bias"),
        ({"blk.1.attn_output.bias": 64}, "has the weights blk.1.attn_output.bias"),
        ({"blk.0.attn_q_norm.weight": 16}, "has the weights blk.0.attn_q_norm.weight"),
        ({"blk.0.attn_sub_norm.weight": 64}, "has the weights blk.0.attn_sub_norm.weight"),
        ({"blk.7.ffn_up.weight": 64}, "has the weights blk.7.ffn_up.weight"),
        ({"output.bias": 300}, "has the weights output.bias"),
        ({"rope_factors_long.weight": 8}, "rescales its rotary positions"),
    ],
)
def test_weights_that_torch_would_leave_out_are_refused(
    model: LanguageModel, tmp_path: Path, tensors: dict[str, int], sentence: str
) -> None:
    more = {name: np.ones(size, np.float32) for name, size in tensors.items()}
    path = write_gguf(tmp_path / "odd.gguf", model, tensors=more)
    assert facts_of(path).backends == ("llama.cpp",)
    with pytest.raises(ModelError, match=sentence):
        opened.open_runtime(path, "torch")


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"llama.rope.scaling.factor": 4.0}, "rescales its rotary positions"),
        ({"llama.rope.scale_linear": 4.0}, "rescales its rotary positions"),
        ({"llama.attention.causal": False}, "reads its text both ways"),
        ({"llama.attention.value_length": 8}, "values of another width"),
        ({"llama.logit_scale": 0.5}, "sets llama.logit_scale, which the torch decoder does not know"),
        ({"llama.final_logit_softcapping": 30.0}, "sets llama.final_logit_softcapping"),
        ({"llama.unheard_of": [1, 2]}, "sets llama.unheard_of"),
    ],
)
def test_settings_that_torch_would_leave_out_are_refused(
    model: LanguageModel, tmp_path: Path, fields: dict[str, Any], sentence: str
) -> None:
    path = write_gguf(tmp_path / "odd.gguf", model, fields=fields)
    with pytest.raises(ModelError, match=sentence):
        opened.open_runtime(path, "torch")


def test_settings_and_tables_that_change_nothing_are_taken(model: LanguageModel, tmp_path: Path) -> None:
    fields = {
        "llama.rope.scaling.type": "none", "llama.rope.scaling.factor": 4.0, "llama.rope.scale_linear": 1.0,
        "llama.vocab_size": 300, "llama.expert_count": 0, "llama.attention.causal": True, "llama.logit_scale": 0.0,
    }  # fmt: skip
    table = {"blk.0.attn_rot_embd.weight": np.ones(8, np.float32)}
    path = write_gguf(tmp_path / "plain.gguf", model, fields=fields, tensors=table)
    tokens = torch.arange(20)[None]
    with torch.no_grad():
        logits = opened.open_language_model(path).decoder(tokens)
        torch.testing.assert_close(logits, model.decoder(tokens), rtol=1e-4, atol=1e-4)


def folder_of(model: LanguageModel, folder: Path) -> dict[str, torch.Tensor]:
    save_language_model(model, folder)
    return load_file(folder / "model.safetensors")


def test_rotary_tables_of_old_folders_are_left_out(model: LanguageModel, tmp_path: Path) -> None:
    weights = folder_of(model, tmp_path)
    plain = facts_of(tmp_path)
    tables = {f"model.layers.{layer}.self_attn.rotary_emb.inv_freq": torch.ones(8) for layer in range(2)}
    save_file(weights | tables, tmp_path / "model.safetensors", metadata={"format": "pt"})
    assert facts_of(tmp_path).parameters == plain.parameters == sum(each.numel() for each in weights.values())
    tokens = torch.arange(20)[None]
    with torch.no_grad():
        torch.testing.assert_close(load_language_model(tmp_path).decoder(tokens), model.decoder(tokens))


def test_further_weights_in_a_folder_are_refused_before_it_is_opened(model: LanguageModel, tmp_path: Path) -> None:
    weights = folder_of(model, tmp_path)
    bias = {"model.layers.0.self_attn.o_proj.bias": torch.ones(64)}
    save_file(weights | bias, tmp_path / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match=r"hold model.layers.0.self_attn.o_proj.bias, which this decoder lacks"):
        facts_of(tmp_path)


def test_only_the_files_that_are_read_count(model: LanguageModel, tmp_path: Path) -> None:
    weights = folder_of(model, tmp_path)
    whole = facts_of(tmp_path)
    save_file(weights, tmp_path / "consolidated.safetensors")
    assert (facts_of(tmp_path).parameters, facts_of(tmp_path).bytes) == (whole.parameters, whole.bytes)
    names = sorted(weights)
    parts = {"model-00001-of-00002.safetensors": names[:9], "model-00002-of-00002.safetensors": names[9:]}
    for file, part in parts.items():
        save_file({name: weights[name] for name in part}, tmp_path / file)
    (tmp_path / "model.safetensors").unlink()
    places = {name: file for file, part in parts.items() for name in part}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps({"weight_map": places}), "utf-8")
    found = facts_of(tmp_path)
    assert found.parameters == whole.parameters
    assert found.bytes == sum((tmp_path / file).stat().st_size for file in parts)


def test_a_model_in_several_gguf_files_is_as_large_as_all_of_them(model: LanguageModel, tmp_path: Path) -> None:
    whole = facts_of(write_gguf(tmp_path / "whole.gguf", model))
    write_gguf(tmp_path / "parted.gguf", model, in_parts_of=8)
    parts = sorted(tmp_path.glob("parted-*.gguf"))
    assert len(parts) == 3
    found = facts_of(parts[0])
    assert (found.parameters, found.torch_bytes) == (whole.parameters, whole.torch_bytes)
    assert found.bytes == sum(part.stat().st_size for part in parts)
    with pytest.raises(ModelError, match=r"parted-00002-of-00003.gguf is part 2 of 3 of a model; open its first part"):
        facts_of(parts[1])
    parts[1].unlink()
    with pytest.raises(ModelError, match=r"is one part of 3, but parted-00002-of-00003.gguf is missing"):
        facts_of(parts[0])
