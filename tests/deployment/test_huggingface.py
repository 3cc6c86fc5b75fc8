"""A model trained here opens in `transformers` and computes the same there."""

from pathlib import Path
from typing import Any

import pytest
import torch

from fmstudio.deployment.huggingface import export
from fmstudio.errors import StudioError
from fmstudio.jobs import JobContext
from fmstudio.runtimes.text import load_language_model
from fmstudio.training.pretraining import pretrain
from fmstudio.workspace import Workspace
from tests.driving import run_job
from tests.gguf_files import tiny_language_model, write_gguf
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
    _, result = run_job(export(JobContext(), stocked, "small", str(tmp_path / "exported")))
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


def test_an_export_never_writes_over_what_is_there(
    stocked: Workspace,
    tables: dict[str, Any],
    tmp_path: Path,
) -> None:
    run_job(pretrain(JobContext(), stocked, tables))
    target = tmp_path / "mine"
    target.mkdir()
    (target / "file").write_text("precious")
    with pytest.raises(StudioError, match="exists already; choose a new folder"):
        run_job(export(JobContext(), stocked, "small", str(target)))
    assert (target / "file").read_text() == "precious"


def test_an_unknown_model_is_named(workspace: Workspace, tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="no model named 'absent'"):
        run_job(export(JobContext(), workspace, "absent", str(tmp_path / "x")))


def test_a_gguf_file_is_no_folder_to_export(workspace: Workspace, tmp_path: Path) -> None:
    file = write_gguf(tmp_path / "tiny.gguf", tiny_language_model())
    with pytest.raises(StudioError, match=r"tiny.gguf' is a GGUF file, and only model folders are exported; copy"):
        run_job(export(JobContext(), workspace, str(file), str(tmp_path / "out")))
    assert not (tmp_path / "out").exists()
