"""The warm-up loads torch, and the window gets along without it until then."""

import json
import subprocess
import sys
from typing import Any

import pytest

from fmstudio import warmup
from fmstudio.jobs import JobContext, Progress, Sample
from fmstudio.warmup import PATIENCE, load_torch, torch_libraries, use_threads


def in_a_fresh_python(code: str) -> Any:
    """What a program prints as JSON when it is run by itself."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_what_the_window_needs_loads_neither_torch_nor_plots():
    code = "import sys, json, fmstudio.app; print(json.dumps(list(sys.modules)))"
    assert {"torch", "pyqtgraph", "tokenizers", "pyarrow"}.isdisjoint(in_a_fresh_python(code))


def test_libraries_are_in_memory_before_torch_is_imported():
    code = """
import json, sys
from pathlib import Path
from fmstudio.jobs import JobContext
from fmstudio.warmup import PATIENCE, load_torch, torch_libraries
wanted = [library.name for library in torch_libraries()]
job = load_torch(JobContext())
for event in job:
    if getattr(event, "message", "") == "Starting torch":
        break
maps = Path("/proc/self/maps")
mapped = [name for name in wanted if not maps.exists() or name in maps.read_text()]
before = "torch" in sys.modules
machine = list(job)[-1].data
print(json.dumps({"wanted": wanted, "mapped": mapped, "before": before, "machine": machine}))
"""
    told = in_a_fresh_python(code)
    assert told["mapped"] == told["wanted"]
    assert not told["before"]
    assert "cpu" in [device["name"] for device in told["machine"]["devices"]]


@pytest.mark.usefixtures("two_threads")
def test_the_machine_is_told_with_the_threads_that_were_asked_for():
    import torch

    events = list(use_threads(JobContext(), threads=1))
    assert isinstance(events[-1], Sample)
    assert events[-1].data["threads"] == torch.get_num_threads() == 1
    assert events[-1].data["cores"] >= 1


def test_where_torch_is_loaded_there_is_nothing_left_to_load():
    import torch  # noqa: F401

    assert torch_libraries() == []
    assert [type(event) for event in load_torch(JobContext())] == [Progress, Sample]


def test_the_import_lets_the_window_go_first_but_not_for_ever(monkeypatch):
    waited = []

    class Window:
        def wait(self, seconds: float) -> bool:
            waited.append(seconds)
            return False

    monkeypatch.setattr(warmup, "panels_built", Window())
    assert isinstance(list(load_torch(JobContext()))[-1], Sample)
    assert waited == []
    assert isinstance(list(load_torch(JobContext(), after_panels=True))[-1], Sample)
    assert waited == [PATIENCE]
