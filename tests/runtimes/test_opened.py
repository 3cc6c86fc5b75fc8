"""What is loaded, what must go for another, and what is refused before it is loaded."""

import json
import os
import threading
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from fmstudio.errors import StudioError
from fmstudio.runtimes import opened
from fmstudio.runtimes.errors import ModelError
from fmstudio.runtimes.facts import _facts, facts_of
from fmstudio.runtimes.memory import context_to_use, needed_memory
from fmstudio.runtimes.model_cache import MODELS
from fmstudio.runtimes.model_facts import ModelFacts
from fmstudio.runtimes.runtime import Runtime
from fmstudio.runtimes.text import save_language_model
from tests.gguf_files import tiny_language_model, write_gguf


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write_gguf(tmp_path / "tiny.gguf", tiny_language_model())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save_language_model(tiny_language_model(), tmp_path / "folder")
    return tmp_path / "folder"


def free(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=count, total=1 << 50))


def test_a_loaded_model_is_given_again_until_it_is_unloaded(path: Path) -> None:
    runtime = opened.open_runtime(path)
    assert runtime.backend == "llama.cpp"
    assert opened.open_runtime(path) is runtime
    assert [entry.path for entry in opened.loaded()] == [path]
    assert opened.unload(path) > 0
    assert not opened.loaded()
    assert opened.open_runtime(path) is not runtime


def test_several_who_want_a_model_at_once_have_it_loaded_once(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loads, gate = held_back(monkeypatch)
    first, second = opened.opening(path), opened.opening(path)
    next(first)
    next(second)
    gate.set()
    runtime = opened.open_runtime(path)  # which does not wait for the other two to go on
    assert finished(first) is finished(second)
    assert finished(opened.opening(path)).runtime is runtime
    assert len(loads) == 1


def test_what_is_given_up_while_it_is_loaded_is_not_kept(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loads, gate = held_back(monkeypatch)
    steps = opened.opening(path)
    next(steps)
    steps.close()
    gate.set()
    assert not opened.loaded()
    opened.open_runtime(path)
    assert len(loads) == 2


def held_back(monkeypatch: pytest.MonkeyPatch) -> tuple[list[Path], threading.Event]:
    """What is begun to be loaded, and what must be set before any of it is done."""
    load, loads, gate = opened._load, [], threading.Event()

    def held(facts: ModelFacts, *rest: Any) -> Runtime:
        loads.append(facts.path)
        gate.wait(30)
        return load(facts, *rest)

    monkeypatch.setattr(opened, "_load", held)
    return loads, gate


def finished(steps: Generator[None, None, opened.Loaded]) -> opened.Loaded:
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def test_a_file_that_changed_is_loaded_anew(path: Path) -> None:
    runtime = opened.open_runtime(path)
    write_gguf(path, tiny_language_model(seed=1), fields={"general.name": "Another"})
    assert opened.open_runtime(path) is not runtime


@pytest.mark.parametrize("backend", ["llama.cpp", "torch"])
def test_facts_that_are_forgotten_leave_it_loaded(path: Path, backend: str) -> None:
    runtime = opened.open_runtime(path, backend)
    _facts.cache_clear()  # as a long list of other models does
    assert opened.open_runtime(path, backend) is runtime


def test_weights_that_changed_alone_are_loaded_anew(path: Path) -> None:
    """All that the header tells is the same, so only the file's own date says it."""
    runtime, before = opened.open_runtime(path, "torch"), facts_of(path)
    write_gguf(path, tiny_language_model(seed=1))
    os.utime(path, ns=(0, 0))
    assert replace(facts_of(path), stamp=before.stamp) == before
    assert opened.open_runtime(path, "torch") is not runtime


def test_a_folder_runs_in_torch_only(folder: Path) -> None:
    assert opened.open_runtime(folder).backend == "torch"
    assert opened.open_language_model(folder).decoder.shape.context == 512
    with pytest.raises(ModelError, match=r"folder cannot be run by 'llama.cpp'; it can be run by torch"):
        opened.open_runtime(folder, "llama.cpp")


def test_a_model_that_will_not_fit_is_refused_with_both_figures(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    free(monkeypatch, 20_000_000)
    monkeypatch.setattr(opened, "_load", None)  # it must not come to that
    with pytest.raises(ModelError, match=r"tiny.gguf needs \d+ MB of memory in llama.cpp, but only 20 MB are free"):
        opened.open_runtime(path)


def test_the_least_recently_used_goes_for_another(path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened.open_runtime(folder)
    room = iter([10_000_000, 10_000_000])
    monkeypatch.setattr(MODELS, "_available", lambda: next(room, 10**9))
    opened.open_runtime(path)
    assert [entry.path for entry in opened.loaded()] == [path]


def test_memory_grows_with_weights_precision_and_context(path: Path) -> None:
    facts = facts_of(path)
    weights = facts.torch_bytes
    assert weights == 4 * facts.parameters  # a file in float32
    assert needed_memory(facts, "torch", 512) - needed_memory(facts, "torch", 256) == 256 * 4 * facts.key_value_numbers
    assert needed_memory(facts, "torch", 0) >= weights
    assert context_to_use(facts, "llama.cpp", 10**12) == 512


def edit(file: Path, **changes: Any) -> None:
    file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))


def test_a_folder_without_tokenizer_is_refused(folder: Path) -> None:
    (folder / "tokenizer.json").unlink()
    with pytest.raises(ModelError, match=r"folder has no tokenizer.json, so no text can be given to it; copy"):
        facts_of(folder)


def test_a_folder_of_another_architecture_is_refused(folder: Path) -> None:
    edit(folder / "config.json", architectures=["MambaForCausalLM"])
    with pytest.raises(StudioError, match=r"architecture is MambaForCausalLM; this decoder opens Llama"):
        facts_of(folder)


def test_quantised_weights_are_refused(folder: Path) -> None:
    edit(folder / "config.json", quantization_config={"quant_method": "gptq"})
    with pytest.raises(StudioError, match=r"weights are quantised; open its unquantised folder or its GGUF"):
        facts_of(folder)


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5])
def test_truncated_weights_of_a_folder_are_refused(folder: Path, share: float) -> None:
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[: int(weights.stat().st_size * share)])
    with pytest.raises(ModelError, match=r"model.safetensors is (cut short|not a whole safetensors file)"):
        facts_of(folder)


def test_a_folder_tells_its_licence_template_and_ends(folder: Path) -> None:
    (folder / "README.md").write_text("---\nlanguage: en\nlicense: apache-2.0\n---\n# A model\n")
    (folder / "chat_template.jinja").write_text("{{ messages }}")
    (folder / "generation_config.json").write_text('{"eos_token_id": [3, 7]}')
    facts = facts_of(folder)
    assert (facts.licence, facts.template, facts.chat) == ("apache-2.0", "{{ messages }}", True)
    assert {3, 7} <= facts.ends
