"""A model trained here opens in `transformers` and computes the same there."""

from pathlib import Path
from typing import Any

import pytest
import torch

from fmstudio.deployment.exporting import export
from fmstudio.errors import StudioError
from fmstudio.jobs import JobContext
from fmstudio.nn.lora import LoraShape
from fmstudio.runtimes.chat_template import ChatTemplate
from fmstudio.runtimes.facts import facts_of
from fmstudio.runtimes.opened import open_language_model
from fmstudio.runtimes.text import load_language_model
from fmstudio.runtimes.tokens import TextReader
from fmstudio.training.pretraining import pretrain
from fmstudio.workspace import LinkedModel, Workspace
from tests.adapter_folders import SHAPES, add_adapter
from tests.driving import run_job
from tests.gguf_files import CHAT, tiny_language_model, write_gguf
from tests.rounding import assert_same


@pytest.mark.parametrize("tokenizer", [{"kind": "byte"}, {"kind": "bpe", "vocabulary_size": 400}])
def test_an_exported_model_is_the_same_in_transformers(
    stocked: Workspace,
    tables: dict[str, Any],
    tmp_path: Path,
    tokenizer: dict[str, Any],
) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    run_job(pretrain(JobContext(), stocked, tables | {"tokenizer": tokenizer}))
    _, result = run_job(export(JobContext(), stocked, "small", str(tmp_path / "exported"), "huggingface"))
    assert result["largest_difference"] <= 1e-4
    assert "transformers" in result["runtime"]
    assert stocked.exports()[0].details["largest_difference"] == result["largest_difference"]

    theirs = AutoModelForCausalLM.from_pretrained(
        tmp_path / "exported", local_files_only=True, dtype=torch.float64
    ).eval()
    tokens_of = AutoTokenizer.from_pretrained(tmp_path / "exported", local_files_only=True)
    ours = load_language_model(stocked.model_folder("small"))
    text = "The try statement — naïve “quotes”"
    ids = tokens_of(text)["input_ids"]
    assert ids == ours.tokenizer.encode(text).ids
    assert tokens_of.decode(ids) == text
    tokens = torch.tensor([ids[:32]])
    with torch.no_grad():
        # transformers rounds to float32 in its norms, two in each of the two layers and the last one.
        assert_same(ours.decoder.double().eval()(tokens), theirs(tokens).logits, roundings=5)


def test_a_gguf_file_is_no_folder_to_export(workspace: Workspace, tmp_path: Path) -> None:
    file = write_gguf(tmp_path / "tiny.gguf", tiny_language_model())
    with pytest.raises(StudioError, match=r"tiny.gguf' is a GGUF file, and only model folders are exported; copy"):
        run_job(export(JobContext(), workspace, str(file), str(tmp_path / "out"), "huggingface"))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
def test_an_adapter_becomes_a_whole_model_with_the_template_of_its_base(
    talking: Workspace, tmp_path: Path, shape: LoraShape
) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = add_adapter(talking, shape=shape)
    _, result = run_job(export(JobContext(), talking, "taught", str(tmp_path / "merged"), "huggingface"))
    assert result["largest_difference"] <= 1e-3
    model = AutoModelForCausalLM.from_pretrained(tmp_path / "merged", local_files_only=True).eval()
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "merged", local_files_only=True)
    talk = [{"role": "user", "content": "How long does a mat last?"}]
    ids = list(tokenizer.apply_chat_template(talk, add_generation_prompt=True, tokenize=True)["input_ids"])
    ours = open_language_model(folder)
    facts = facts_of(folder)
    exact = ChatTemplate(facts.template, facts.special, marks=facts.marks).render(talk)
    assert ids == TextReader(facts, ours.tokenizer).read(exact, facts.context)
    with torch.no_grad():
        tokens = torch.tensor([ids])
        assert (model(tokens).logits - ours.decoder(tokens)).abs().max() < 1e-3
    assert set(model.generation_config.eos_token_id) == facts.ends
    assert facts_of(tmp_path / "merged").template == facts.template


def test_the_token_that_begins_every_text_travels(workspace: Workspace, tmp_path: Path) -> None:
    begins = {"tokenizer.ggml.bos_token_id": 0, "tokenizer.ggml.add_bos_token": True}
    base = write_gguf(tmp_path / "begins.gguf", tiny_language_model(), template=CHAT, fields=begins)
    workspace.put_linked_model(LinkedModel("begins", str(base)))
    folder = add_adapter(workspace, base="begins")
    assert facts_of(folder).first_token == 0
    run_job(export(JobContext(), workspace, "taught", str(tmp_path / "merged"), "huggingface"))
    assert facts_of(tmp_path / "merged").first_token == 0
