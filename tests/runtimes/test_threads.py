"""Threads that stand ready: a server that is idle gives way to torch, and is opened anew when it is asked again."""

from pathlib import Path
from typing import Any

import pytest
import torch

from fmstudio.nn import threads
from fmstudio.runtimes import llama_cpp, llama_requests, opened
from fmstudio.runtimes.text import TextSampling
from tests.gguf_files import tiny_language_model, write_gguf

SAMPLING = TextSampling(temperature=0.0, maximum_tokens=12)


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that llama.cpp has opened so far."""
    made, open_server = [], llama_cpp.open_server

    def counted(path: Path, *rest: Any) -> Any:
        made.append(path)
        return open_server(path, *rest)

    monkeypatch.setattr(llama_cpp, "open_server", counted)
    return made


@pytest.mark.parametrize("idle", [0.0, 1000.0])
def test_only_an_idle_server_gives_way(
    tmp_path: Path, servers: list[Path], monkeypatch: pytest.MonkeyPatch, idle: float
) -> None:
    monkeypatch.setattr(llama_requests, "IDLE", idle)
    runtime = opened.open_runtime(write_gguf(tmp_path / "tiny.gguf", tiny_language_model()))
    before = "".join(runtime.generate("The ship", SAMPLING))
    threads.make_way_for_torch()
    assert "".join(runtime.generate("The ship", SAMPLING)) == before
    assert len(servers) == (2 if idle == 0 else 1)


def test_a_server_that_writes_keeps_its_threads(
    tmp_path: Path, servers: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(llama_requests, "IDLE", 0.0)
    runtime = opened.open_runtime(write_gguf(tmp_path / "tiny.gguf", tiny_language_model()))
    whole = "".join(runtime.generate("The ship", SAMPLING))
    pieces = []
    for piece in runtime.generate("The ship", SAMPLING):
        threads.make_way_for_torch()
        pieces.append(piece)
    assert "".join(pieces) == whole
    assert len(servers) == 1


@pytest.mark.usefixtures("two_threads")
def test_torch_goes_on_after_it_has_let_its_threads_go() -> None:
    x = torch.rand(300, 300)
    before = x @ x
    threads.make_way_for_others()
    assert torch.equal(x @ x, before)
