"""The copy of a file in Q4_1 that llama.cpp reads prompts faster with: the same numbers, never another file's."""

import json
import os
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest
from gguf import GGMLQuantizationType as Kind

from fmstudio.adapt.model_rows import row_of
from fmstudio.runtimes import llama_cpp, opened, rearranged
from fmstudio.runtimes.facts import facts_of
from fmstudio.runtimes.gguf_header import read_header
from fmstudio.runtimes.llama_cpp import LlamaCppRuntime
from fmstudio.runtimes.model_facts import ModelFacts
from fmstudio.runtimes.rearranged import ADAPTER, MODEL, SOURCE
from fmstudio.runtimes.text import TextSampling
from tests.gguf_files import tiny_language_model, write_gguf

PROMPT = "The cat sat on the mat, and the dog sat on the cat. " * 6


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of the test's own, in which matrices are worth it that are as small as those of a tiny model."""
    monkeypatch.setattr(rearranged, "_folder", lambda: tmp_path / "cache")
    monkeypatch.setattr(rearranged, "_SMALLEST", 1)
    monkeypatch.setattr(rearranged, "plain_processor", lambda: True)
    return tmp_path / "cache"


def tiny(path: Path, seed: int = 0, kind: Kind = Kind.Q4_1) -> Path:
    return write_gguf(path, tiny_language_model(seed, hidden_width=128), kind=kind)


def copies(cache: Path) -> list[Path]:
    return sorted(each for each in cache.iterdir() if not each.name.startswith("."))


def test_the_numbers_are_those_of_the_file(tmp_path: Path) -> None:
    path = tiny(tmp_path / "tiny.gguf")
    copy = rearranged.rearranged(facts_of(path))
    assert copy is not None
    old, new, added = (gguf.GGUFReader(each) for each in (path, copy.model, copy.adapter))
    parts = {tensor.name: gguf.dequantize(tensor.data, tensor.tensor_type) for tensor in added.tensors}
    assert [tensor.name for tensor in new.tensors] == [tensor.name for tensor in old.tensors]
    for before, after in zip(old.tensors, new.tensors, strict=True):
        numbers = gguf.dequantize(after.data, after.tensor_type)
        if f"{after.name}.lora_a" in parts:
            assert (before.tensor_type, after.tensor_type) == (Kind.Q4_1, Kind.Q4_0)
            more = parts[f"{after.name}.lora_b"].astype(np.float32) @ parts[f"{after.name}.lora_a"]
            step = np.abs(numbers).max() / 8
            np.testing.assert_allclose(
                numbers + more, gguf.dequantize(before.data, before.tensor_type), atol=step / 256
            )
        else:
            assert np.array_equal(before.data, after.data)
    assert len(parts) == 2 * 4
    assert read_header(copy.model).metadata == read_header(path).metadata


def likeliest(facts: ModelFacts) -> dict[int, float]:
    """The logarithms of the probabilities of the ten likeliest tokens after a prompt."""
    runtime = LlamaCppRuntime(facts, 512)
    request = {"prompt": list(range(40, 240)), "n_predict": 1, "temperature": 0.0, "stream": True, "n_probs": 10}
    said = [message for some in runtime._requests.messages(request) for message in some or ()]
    runtime.close()
    chosen = next(choice for message in said for choice in message.get("choices", ()) if choice.get("logprobs"))
    return {each["id"]: each["logprob"] for each in chosen["logprobs"]["content"][0]["top_logprobs"]}


def test_it_expects_what_the_file_expects(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    facts = facts_of(tiny(tmp_path / "tiny.gguf"))
    of_copy = likeliest(facts)
    copy = rearranged.rearranged(facts)
    assert copy is not None
    monkeypatch.setattr(llama_cpp, "rearranged", lambda facts: None)
    of_file, uncorrected = likeliest(facts), likeliest(facts_of(copy.model))
    assert difference(of_file, of_copy) < 0.1 < difference(of_file, uncorrected)


def difference(expected: dict[int, float], found: dict[int, float]) -> float:
    """The greatest; of a token that is not among the likeliest any more, endless."""
    return max(abs(value - found.get(token, float("inf"))) for token, value in list(expected.items())[:4])


def test_what_is_run_in_place_of_the_file_is_told(tmp_path: Path) -> None:
    path = tiny(tmp_path / "tiny.gguf")
    notes = []
    for backend in ("torch", "llama.cpp"):
        opened.open_runtime(path, backend)
        notes.append(row_of("tiny", "linked", "tiny", facts_of(path))["note"])
    assert notes[0] == ""
    assert notes[1].startswith("llama.cpp runs a copy in the cache with its large Q4_1 matrices as Q4_0")


def test_a_file_that_changes_has_a_copy_of_its_own_and_the_old_one_goes(tmp_path: Path, cache: Path) -> None:
    path = tiny(tmp_path / "tiny.gguf")
    rearranged.rearranged(facts_of(path))
    (first,) = copies(cache)
    before = path.stat()
    tiny(path, seed=1)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    rearranged.rearranged(facts_of(path))
    (second,) = copies(cache)
    assert first != second
    path.unlink()
    rearranged.sweep()
    assert copies(cache) == []


def test_two_files_of_one_content_share_it(tmp_path: Path, cache: Path) -> None:
    path = tiny(tmp_path / "tiny.gguf")
    other = tmp_path / "other.gguf"
    other.write_bytes(path.read_bytes())
    assert rearranged.rearranged(facts_of(path)) == rearranged.rearranged(facts_of(other))
    path.unlink()
    rearranged.sweep()
    assert len(copies(cache)) == 1


@pytest.mark.parametrize("name", [MODEL, ADAPTER, SOURCE])
def test_a_damaged_copy_is_made_anew(tmp_path: Path, cache: Path, name: str) -> None:
    facts = facts_of(tiny(tmp_path / "tiny.gguf"))
    rearranged.rearranged(facts)
    (folder,) = copies(cache)
    whole = {each: (folder / each).read_bytes() for each in (MODEL, ADAPTER)}
    (folder / name).write_bytes((folder / name).read_bytes()[:-9])
    rearranged.rearranged(facts)
    assert {each: (folder / each).read_bytes() for each in (MODEL, ADAPTER)} == whole
    assert json.loads((folder / SOURCE).read_text())["sources"]
    assert not list(cache.glob(".making-*"))


def test_a_copy_that_cannot_be_opened_gives_way_to_the_file(tmp_path: Path, cache: Path) -> None:
    facts = facts_of(tiny(tmp_path / "tiny.gguf"))
    rearranged.rearranged(facts)
    (folder,) = copies(cache)
    (folder / MODEL).write_bytes(b"GGUF" + bytes((folder / MODEL).stat().st_size - 4))
    runtime = LlamaCppRuntime(facts, 512)
    assert runtime.rearranged is None
    assert "".join(runtime.generate(PROMPT, TextSampling(temperature=0.0, maximum_tokens=4)))
    assert copies(cache) == []
    runtime.close()


def test_without_room_in_the_cache_the_file_is_opened(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(rearranged, "_write_adapter", full)
    assert rearranged.rearranged(facts_of(tiny(tmp_path / "tiny.gguf"))) is None
    assert list(cache.iterdir()) == []


@pytest.mark.parametrize("kind", [Kind.Q8_0, Kind.Q4_0, Kind.F32])
def test_other_files_are_opened_as_they_are(tmp_path: Path, cache: Path, kind: Kind) -> None:
    assert rearranged.rearranged(facts_of(tiny(tmp_path / "tiny.gguf", kind=kind))) is None
    assert not cache.exists()
