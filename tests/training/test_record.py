"""What a run reports outlives it, on every system, and goes on where a resumed run begins."""

import json
from typing import Any

import pytest

from fmstudio.jobs import Metrics
from fmstudio.training.record import RunRecorder
from fmstudio.workspace import RunRecord, Workspace


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_resuming_keeps_the_metrics_before_it(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, line_end: str
) -> None:
    folder = workspace.run_folder("r")
    folder.mkdir()
    workspace.put_run(RunRecord("r", "r", "language", ""))
    monkeypatch.setattr("os.linesep", line_end)
    recorder = RunRecorder(workspace, "r")
    for step in range(1, 5):
        recorder.see(Metrics(step, {"loss/training": 1.0 / step}, float(step)))
    recorder.flush()
    path = folder / "metrics.jsonl"
    path.write_bytes(path.read_bytes().replace(b"\n", line_end.encode()) + b'{"step": 5, "sec')  # as that system writes
    recorder.rewind(3)

    def steps() -> list[Any]:
        return [json.loads(line)["step"] for line in path.read_text("utf-8").split("\n") if line]

    assert steps() == [1, 2, 3]
    recorder.see(Metrics(4, {"loss/training": 0.2}, 4.0))
    recorder.flush()
    assert steps() == [1, 2, 3, 4]
