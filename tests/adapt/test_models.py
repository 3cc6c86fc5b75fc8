"""The models there are to talk to: listed, linked, loaded, unloaded and forgotten."""

import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from fmstudio.adapt import models
from fmstudio.errors import StudioError
from fmstudio.jobs import Artefact, JobContext
from fmstudio.runtimes import opened
from fmstudio.runtimes.text import save_language_model
from fmstudio.workspace import LinkedModel, ModelRecord, RunRecord, Workspace
from tests.driving import of_kind, run_job
from tests.gguf_files import CHAT, tiny_language_model, truncated, write_gguf

STARTER = "smollm2-135m-instruct"


@pytest.fixture(autouse=True)
def nothing_stays_loaded() -> Iterator[None]:
    yield
    for entry in opened.loaded():
        opened.unload(entry.path)


@pytest.fixture
def chat(tmp_path: Path) -> Path:
    return write_gguf(tmp_path / "chat.gguf", tiny_language_model(), template=CHAT)


def listed(workspace: Workspace) -> dict[str, dict[str, Any]]:
    events, _ = run_job(models.listing(JobContext(), workspace))
    return {row["reference"]: row for row in events[0].data}


def link(workspace: Workspace, path: Path) -> str:
    return str(run_job(models.link(JobContext(), workspace, str(path)))[1]["reference"])


def test_a_newcomer_sees_the_starter_model_to_fetch(workspace: Workspace) -> None:
    rows = listed(workspace)
    assert list(rows) == [STARTER]
    assert (rows[STARTER]["here"], rows[STARTER]["source"]) == (False, "catalogue")
    assert rows[STARTER]["size"] > 90_000_000


def test_a_linked_file_is_listed_with_what_it_needs(workspace: Workspace, chat: Path) -> None:
    events, result = run_job(models.link(JobContext(), workspace, str(chat)))
    assert result == {"reference": "chat"}
    assert of_kind(events, Artefact) == [Artefact("linked", "chat", str(chat))]
    row = listed(workspace)["chat"]
    assert (row["source"], row["format"], row["licence"], row["context"]) == ("linked", "gguf", "mit", 512)
    assert (row["chat"], row["here"], row["fits"], row["problem"]) == (True, True, True, "")
    assert row["backends"] == ["llama.cpp", "torch"]
    assert row["size"] == chat.stat().st_size
    assert row["memory"] > row["size"]
    assert link(workspace, chat) == "chat"  # once is enough


def test_a_second_file_of_the_same_name_gets_a_number(workspace: Workspace, chat: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    again = write_gguf(tmp_path / "other" / "chat.gguf", tiny_language_model(seed=1))
    assert [link(workspace, chat), link(workspace, again)] == ["chat", "chat-2"]


def test_models_trained_here_are_listed(workspace: Workspace) -> None:
    save_language_model(tiny_language_model(), workspace.model_folder("mine"))
    details = {"datasets": ["notes"], "licences": {"notes": "CC0-1.0"}}
    workspace.put_model(ModelRecord("mine", "language", 80_000, 320_000, details=details))
    workspace.put_model(ModelRecord("pictures", "gan", 80_000, 320_000))
    row = listed(workspace)["mine"]
    assert (row["source"], row["format"], row["backends"], row["chat"]) == ("workspace", "folder", ["torch"], False)
    assert (row["licence"], row["about"]) == ("CC0-1.0", "Trained here on notes")
    assert "pictures" not in listed(workspace)


def test_a_broken_entry_says_what_is_wrong_and_hides_no_other(workspace: Workspace, chat: Path, tmp_path: Path) -> None:
    link(workspace, chat)
    short = truncated(chat, tmp_path / "short.gguf")
    workspace.put_linked_model(LinkedModel("short", str(short)))
    workspace.put_linked_model(LinkedModel("gone", str(tmp_path / "gone.gguf")))
    rows = listed(workspace)
    assert rows["chat"]["problem"] == ""
    assert "short.gguf is cut short" in rows["short"]["problem"]
    assert "gone.gguf cannot be read" in rows["gone"]["problem"]


@pytest.mark.parametrize("key", ["vocab_size", "architectures", "num_attention_heads", "intermediate_size"])
@pytest.mark.parametrize("value", [None, "text", -1, 1e30, {"a": []}])
def test_a_damaged_config_hides_no_other_model(
    workspace: Workspace, chat: Path, tmp_path: Path, key: str, value: Any
) -> None:
    save_language_model(tiny_language_model(), tmp_path / "folder")
    names, config = [link(workspace, tmp_path / "folder"), link(workspace, chat)], tmp_path / "folder" / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {key: value}))
    rows = listed(workspace)
    assert list(rows) == [STARTER, *names]
    assert rows["chat"]["problem"] == ""
    assert re.search(rf"config.json (has .+ as|does not say|names no) .*{key.rstrip('s')}", rows["folder"]["problem"])


@pytest.mark.parametrize(
    "fields",
    [{"llama.context_length": math.nan}, {"llama.attention.head_count_kv": "text"}, {"tokenizer.ggml.tokens": 3},
     {"llama.attention.key_length": math.inf}, {"tokenizer.ggml.token_type": 3}, {"general.alignment": [1]}],
)  # fmt: skip
def test_a_damaged_header_hides_no_other_model(
    workspace: Workspace, chat: Path, tmp_path: Path, fields: dict[str, Any]
) -> None:
    odd = write_gguf(tmp_path / "odd.gguf", tiny_language_model(), fields=fields)
    workspace.put_linked_model(LinkedModel("odd", str(odd)))
    link(workspace, chat)
    rows = listed(workspace)
    assert (rows["chat"]["problem"], rows["odd"]["fits"]) == ("", False)
    assert next(iter(fields)) in rows["odd"]["problem"]


def test_a_damaged_recipe_or_record_hides_no_other_model(workspace: Workspace, chat: Path) -> None:
    link(workspace, chat)
    save_language_model(tiny_language_model(), workspace.model_folder("mine"))
    details = {"datasets": "notes", "licences": ["CC0-1.0", 3]}
    workspace.put_model(ModelRecord("mine", "language", 80_000, 320_000, details=details))
    workspace.put_run(RunRecord("run", "Run", "language", ""))
    checkpoint = workspace.run_folder("run") / "checkpoints" / "step-000001"
    save_language_model(tiny_language_model(), checkpoint)
    (workspace.run_folder("run") / "recipe.toml").write_text('[model]\nwidth = "wide"\n')
    rows = listed(workspace)
    assert (rows["mine"]["licence"], rows["mine"]["problem"], rows["chat"]["problem"]) == ("CC0-1.0", "", "")
    assert "recipe.toml has 'wide' as its model.width" in rows["run:run"]["problem"]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [("notes.txt", "is no model: choose a file that ends in .gguf"), ("gone.gguf", "cannot be read"),
     ("folder", "config.json cannot be read")],
)  # fmt: skip
def test_what_is_no_model_is_not_linked(workspace: Workspace, tmp_path: Path, name: str, sentence: str) -> None:
    (tmp_path / "notes.txt").write_text("Notes")
    (tmp_path / "folder").mkdir()
    with pytest.raises(StudioError, match=sentence):
        link(workspace, tmp_path / name)
    assert not workspace.linked_models()


def test_loading_and_unloading(workspace: Workspace, chat: Path) -> None:
    link(workspace, chat)
    _, result = run_job(models.load(JobContext(), workspace, "chat"))
    assert (result["reference"], result["backend"]) == ("chat", "llama.cpp")
    assert result["memory"] > 0
    assert listed(workspace)["chat"]["loaded"]
    _, result = run_job(models.unload(JobContext(), workspace, "chat"))
    assert result["memory"] > 0
    assert not listed(workspace)["chat"]["loaded"]


def test_what_will_not_fit_is_refused_with_the_figures(
    workspace: Workspace, chat: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link(workspace, chat)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=30_000_000))
    assert not listed(workspace)["chat"]["fits"]
    with pytest.raises(StudioError, match=r"chat.gguf needs \d+ MB of memory in llama.cpp, but only 30 MB are free"):
        run_job(models.load(JobContext(), workspace, "chat"))


def test_forgetting_leaves_the_file(workspace: Workspace, chat: Path) -> None:
    link(workspace, chat)
    run_job(models.forget(JobContext(), workspace, "chat"))
    assert "chat" not in listed(workspace)
    assert chat.is_file()
    with pytest.raises(StudioError, match=r"'chat' is no linked model"):
        run_job(models.forget(JobContext(), workspace, "chat"))


def test_each_runtime_tells_the_memory_that_it_needs(workspace: Workspace, tmp_path: Path) -> None:
    run_job(models.link(JobContext(), workspace, str(write_gguf(tmp_path / "tiny.gguf", tiny_language_model()))))
    before = listed(workspace)["tiny"]
    assert before["memory_in"].keys() == {"llama.cpp", "torch"}
    assert before["memory_in"]["torch"] > before["memory_in"]["llama.cpp"] == before["memory"]
    run_job(models.load(JobContext(), workspace, "tiny", backend="torch"))
    assert listed(workspace)["tiny"]["loaded_in"] == ["torch"]
