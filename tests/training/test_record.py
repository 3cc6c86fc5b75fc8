"""What a run reports outlives it, on every system, and goes on where a resumed run begins."""

import json
from typing import Any

import pytest

from fmstudio.jobs import JobContext, Metrics
from fmstudio.training import loop
from fmstudio.training.pretraining import pretrain
from fmstudio.training.record import RunRecorder
from fmstudio.workspace import RunRecord, Workspace
from tests.driving import run_job


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


def test_no_checkpoint_is_there_before_the_history_reaches_it(
    stocked: Workspace, tables: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    reached = {}
    save = loop.save_checkpoint

    def save_and_look(folder: Any, position: Any, *parts: Any) -> Any:
        if folder.name == "checkpoints":
            reached[position.step] = int(stocked.metrics("small")["loss/training"].steps[-1])
        return save(folder, position, *parts)

    monkeypatch.setattr(loop, "save_checkpoint", save_and_look)
    run_job(pretrain(JobContext(), stocked, tables))
    assert reached == {5: 5, 10: 10, 12: 12}
