"""Exporting: what is offered for which model, and what is refused before or kept from staying."""

import errno
import json
from pathlib import Path
from typing import Any

import pytest

from fmstudio.cli import main
from fmstudio.deployment.exporting import export, offered
from fmstudio.deployment.formats import format_names, formats
from fmstudio.errors import StudioError
from fmstudio.jobs import JobContext
from fmstudio.runtimes.text import save_language_model
from fmstudio.workspace import LinkedModel, Workspace, files
from tests.adapter_folders import DORA, add_adapter
from tests.driving import run_job
from tests.gguf_files import CHAT, tiny_language_model, write_gguf

OF_ADAPTERS = {"gguf-lora": "out.gguf", "huggingface": "out", "peft": "out"}


@pytest.fixture
def adapted(talking: Workspace) -> Workspace:
    add_adapter(talking)
    return talking


def offers(workspace: Workspace, model: str) -> list[str]:
    (shown,), _ = run_job(offered(JobContext(), workspace, model))
    return [each["name"] for each in shown.data["formats"]]


def left_in(folder: Path) -> list[str]:
    return [file.name for file in folder.iterdir() if file.name.startswith((".partial-", "out"))]


def test_a_model_is_offered_in_the_formats_that_it_can_have(adapted: Workspace, tmp_path: Path) -> None:
    assert [each.name for each in formats()] == format_names()
    assert offers(adapted, "taught") == sorted(OF_ADAPTERS)
    add_adapter(adapted, "lengths", shape=DORA)
    assert offers(adapted, "lengths") == ["huggingface", "peft"]
    save_language_model(tiny_language_model(), tmp_path / "whole")
    assert offers(adapted, str(tmp_path / "whole")) == ["huggingface"]
    assert offers(adapted, "tiny") == [], "a GGUF file is what other programs open"


@pytest.mark.parametrize("format", OF_ADAPTERS)
def test_a_command_exports_an_adapter_and_states_the_difference(
    adapted: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str], format: str
) -> None:
    to = str(tmp_path / OF_ADAPTERS[format])
    assert main(["--workspace", str(adapted.path), "export", "taught", "--format", format, "--to", to, "--json"]) == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert told["event"] == "finished"
    assert f"the largest difference of a logit is {told['largest_difference']:.2g}" in told["proof"]
    (kept,) = adapted.exports()
    assert (kept.model, kept.format, kept.path) == ("taught", format, to)


@pytest.mark.parametrize("format", OF_ADAPTERS)
def test_an_export_never_writes_over_what_is_there(adapted: Workspace, tmp_path: Path, format: str) -> None:
    target = tmp_path / OF_ADAPTERS[format]
    if not target.suffix:
        target.mkdir()
    precious = target if target.suffix else target / "file"
    precious.write_text("precious")
    with pytest.raises(StudioError, match="exists already; choose a new"):
        run_job(export(JobContext(), adapted, "taught", str(target), format))
    assert precious.read_text() == "precious"


def test_what_cannot_be_is_named(adapted: Workspace, tmp_path: Path) -> None:
    refused = {
        ("absent", "peft", "out"): "no model named 'absent'",
        ("taught", "onnx", "out"): "The format is 'onnx', but it must be one of gguf-lora, huggingface, peft",
        ("taught", "gguf-lora", "out"): r"does not end in \.gguf",
    }
    for (model, name, to), sentence in refused.items():
        with pytest.raises(StudioError, match=sentence):
            run_job(export(JobContext(), adapted, model, str(tmp_path / to), name))
    assert left_in(tmp_path) == []


@pytest.mark.parametrize("format", OF_ADAPTERS)
def test_a_full_disk_at_the_end_leaves_nothing(
    adapted: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, format: str
) -> None:
    def full(_: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    target = tmp_path / OF_ADAPTERS[format]
    monkeypatch.setattr(files, "_sync", full)
    with pytest.raises(StudioError, match=f"{target.name} cannot be used: the disk is full; free some space"):
        run_job(export(JobContext(), adapted, "taught", str(target), format))
    assert left_in(tmp_path) == []
    assert adapted.exports() == []


def gone(base: Path, folder: Path) -> None:
    base.unlink()


def changed(base: Path, folder: Path) -> None:
    write_gguf(base, tiny_language_model(seed=5), template=CHAT)


def truncated(base: Path, folder: Path) -> None:
    weights = folder / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-64])


DAMAGES = {
    "the base is gone": (gone, "The adapter taught needs its base tiny, which is not at"),
    "the base is another": (changed, "was made for tiny of version [0-9a-f]{16}, but the one at .* is [0-9a-f]{16};"),
    "the adapter is cut short": (truncated, "is cut short|cannot be read"),
}  # fmt: skip


@pytest.mark.parametrize("format", OF_ADAPTERS)
@pytest.mark.parametrize(("damage", "sentence"), DAMAGES.values(), ids=DAMAGES.keys())
def test_an_adapter_without_its_base_or_a_part_of_it_is_not_exported(
    adapted: Workspace, tmp_path: Path, format: str, damage: Any, sentence: str
) -> None:
    damage(tmp_path / "tiny.gguf", adapted.model_folder("taught"))
    with pytest.raises(StudioError, match=sentence):
        run_job(export(JobContext(), adapted, "taught", str(tmp_path / OF_ADAPTERS[format]), format))
    assert left_in(tmp_path) == []


def test_an_adapter_of_another_architecture_is_refused_by_what_does_not_fit(adapted: Workspace, tmp_path: Path) -> None:
    other = write_gguf(tmp_path / "other.gguf", tiny_language_model(width=96, layers=3), template=CHAT)
    adapted.put_linked_model(LinkedModel("other", str(other)))
    folder = adapted.model_folder("taught")
    told = json.loads((folder / "adapter_base.json").read_text())
    (folder / "adapter_base.json").write_text(json.dumps(told | {"path": str(other), "version": ""}))
    with pytest.raises(StudioError, match=r"is for a matrix of .* but this model's has .*; open it on its own base"):
        run_job(export(JobContext(), adapted, "taught", str(tmp_path / "out"), "peft"))
