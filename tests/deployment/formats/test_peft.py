"""An adapter that was exported for PEFT computes there what it computes here."""

import warnings
from pathlib import Path

import pytest
import torch

from fmstudio.deployment.exporting import export
from fmstudio.errors import StudioError
from fmstudio.jobs import JobContext
from fmstudio.nn.lora import LoraShape
from fmstudio.runtimes.facts import facts_of
from fmstudio.runtimes.opened import open_language_model
from fmstudio.runtimes.text import save_language_model
from fmstudio.workspace import LinkedModel, Workspace
from tests.adapter_folders import SHAPES, add_adapter
from tests.driving import run_job
from tests.gguf_files import tiny_language_model


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
def test_peft_finds_the_base_and_computes_the_same(workspace: Workspace, tmp_path: Path, shape: LoraShape) -> None:
    save_language_model(tiny_language_model(), tmp_path / "base")
    workspace.put_linked_model(LinkedModel("base", str(tmp_path / "base")))
    folder = add_adapter(workspace, base="base", shape=shape)
    _, result = run_job(export(JobContext(), workspace, "taught", str(tmp_path / "out"), "peft"))
    assert result["largest_difference"] <= 1e-4
    tokens = torch.arange(40, 90)[None]
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        from peft import AutoPeftModelForCausalLM

        theirs = AutoPeftModelForCausalLM.from_pretrained(tmp_path / "out").eval()(tokens).logits
        ours = open_language_model(folder).decoder(tokens)
        base = open_language_model(tmp_path / "base").decoder(tokens)
    assert (theirs - ours).abs().max() <= 1e-4
    assert (theirs - base).abs().max() > 0.1


def test_template_and_tokenizer_travel(talking: Workspace, tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    folder = add_adapter(talking)
    run_job(export(JobContext(), talking, "taught", str(tmp_path / "out"), "peft"))
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "out", local_files_only=True)
    talk = [{"role": "user", "content": "How long?"}]
    assert tokenizer.apply_chat_template(talk, add_generation_prompt=True, tokenize=False) == (
        "<|im_start|>user\nHow long?<|im_end|>\n<|im_start|>assistant\n"
    )
    assert facts_of(tmp_path / "out").template == facts_of(folder).template


def test_a_whole_model_is_no_adapter(talking: Workspace, tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="'tiny' is no adapter; export it as a whole model"):
        run_job(export(JobContext(), talking, "tiny", str(tmp_path / "out"), "peft"))
