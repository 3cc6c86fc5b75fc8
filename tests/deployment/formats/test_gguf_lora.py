"""An adapter that was exported for llama.cpp computes there what it computes here."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import gguf
import pytest
from gguf import GGMLQuantizationType as Kind

from fmstudio.deployment.exporting import export
from fmstudio.deployment.formats import gguf_lora
from fmstudio.errors import StudioError
from fmstudio.jobs import JobContext
from fmstudio.nn.lora import Adapter
from fmstudio.runtimes.gguf_writing import write_adapter
from fmstudio.runtimes.text import save_language_model
from fmstudio.workspace import LinkedModel, Workspace
from tests.adapter_folders import DORA, SHAPES, add_adapter
from tests.driving import run_job
from tests.gguf_files import CHAT, tiny_language_model, write_gguf

LAYOUTS = {"llama": {}, "qwen2": {"query_key_value_bias": True}, "qwen3": {"query_key_norm": True}}


def exported(workspace: Workspace, to: Path, name: str = "taught") -> dict[str, Any]:
    return run_job(export(JobContext(), workspace, name, str(to), "gguf-lora"))[1]


@pytest.mark.parametrize("shape", ["lora", "rslora", "attention"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_llama_cpp_expects_with_it_what_our_decoder_expects(
    workspace: Workspace, tmp_path: Path, layout: str, shape: str
) -> None:
    base = write_gguf(tmp_path / "tiny.gguf", tiny_language_model(**LAYOUTS[layout]), template=CHAT)
    workspace.put_linked_model(LinkedModel("tiny", str(base)))
    add_adapter(workspace, shape=SHAPES[shape])
    result = exported(workspace, tmp_path / "out.gguf")
    assert result["largest_difference"] <= 1e-3
    assert "With tiny.gguf as llama.cpp computes it" in result["proof"]
    told = gguf.GGUFReader(tmp_path / "out.gguf")
    fields = {name: told.fields[name].contents() for name in told.fields}
    assert (fields["general.type"], fields["adapter.type"]) == ("adapter", "lora")
    assert fields["general.architecture"] == layout
    assert fields["adapter.lora.alpha"] == pytest.approx(SHAPES[shape].scale * SHAPES[shape].rank)
    assert fields["tokenizer.chat_template"] == CHAT
    assert list(tmp_path.glob(".partial-*")) == []


def test_it_fits_a_base_in_quantised_numbers(workspace: Workspace, tmp_path: Path) -> None:
    base = write_gguf(tmp_path / "tiny.gguf", tiny_language_model(hidden_width=128), kind=Kind.Q8_0)
    workspace.put_linked_model(LinkedModel("tiny", str(base)))
    add_adapter(workspace)
    assert exported(workspace, tmp_path / "out.gguf")["largest_difference"] <= 1e-3


def test_it_fits_a_base_that_is_a_folder(workspace: Workspace, tmp_path: Path) -> None:
    save_language_model(tiny_language_model(), tmp_path / "base")
    workspace.put_linked_model(LinkedModel("base", str(tmp_path / "base")))
    add_adapter(workspace, base="base")
    assert exported(workspace, tmp_path / "out.gguf")["largest_difference"] <= 1e-3


def test_a_file_that_llama_cpp_computes_otherwise_does_not_stay(
    talking: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def in_another_order(adapter: Adapter, *rest: Any, **more: Any) -> None:
        other = deepcopy(adapter)
        for _, part in other.parts():
            part.lora_B.data = part.lora_B.flip(0)
        write_adapter(other, *rest, **more)

    add_adapter(talking)
    monkeypatch.setattr(gguf_lora, "write_adapter", in_another_order)
    with pytest.raises(StudioError, match=r"does not do in llama\.cpp what the model does here \(logits differ by"):
        exported(talking, tmp_path / "out.gguf")
    assert [file.name for file in tmp_path.iterdir() if "out.gguf" in file.name] == []


def test_lengths_of_rows_are_refused(talking: Workspace, tmp_path: Path) -> None:
    add_adapter(talking, shape=DORA)
    with pytest.raises(StudioError, match=r"\(DoRA\), which llama.cpp cannot apply; merge it into a model"):
        exported(talking, tmp_path / "out.gguf")
