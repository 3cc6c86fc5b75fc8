"""Keeps what a run reports: metrics in the index and as JSON lines in its folder, samples as files."""

import json
import time
from pathlib import Path

import numpy as np

from fmstudio.data.picture_files import grid, save_png
from fmstudio.jobs import Event, Metrics, Progress, Sample
from fmstudio.training.checkpoint import SAVING
from fmstudio.workspace import Workspace, sweep, write_atomically

FLUSH_EVERY = 1.0
"""Seconds between writes: often enough to lose little, seldom enough to cost nothing."""


class RunRecorder:
    """Sees every event of one run and stores what should outlive it."""

    def __init__(self, workspace: Workspace, run: str) -> None:
        self._workspace, self.run = workspace, run
        self._folder = workspace.run_folder(run)
        self._rows: list[Metrics] = []
        self._flushed = time.monotonic()
        self.step = 0
        self.seconds = 0.0

    def see(self, event: Event) -> None:
        """Take one event."""
        match event:
            case Metrics():
                self._rows.append(event)
                self.step, self.seconds = event.step, event.seconds
            case Sample(kind="text", data=str(text)):
                write_atomically(self._sample(event, "txt"), text)
            case Sample(kind="table", data=list(rows)):
                write_atomically(self._sample(event, "json"), json.dumps(rows, ensure_ascii=False))
            case Sample(kind="images", data=np.ndarray() as pictures):
                height, width = pictures.shape[1:3]
                save_png(self._sample(event, "png"), grid(pictures, gap=0), tile=f"{width}x{height}",
                         count=str(len(pictures)))  # fmt: skip
            case Progress(message=message) if message == SAVING:
                self.flush()  # before it is there: the history must reach as far as what a resumed run begins from
            case Progress() if time.monotonic() - self._flushed > FLUSH_EVERY:
                self.flush()

    def _sample(self, event: Sample, ending: str) -> Path:
        """Samples are named by their step; those that are not the family's main one by their name as well."""
        prefix = "" if event.name == "sample" else f"{event.name}-"
        return self._folder / "samples" / f"{prefix}step-{event.step:06d}.{ending}"

    def flush(self) -> None:
        """Write what has come since the last time."""
        rows, self._rows = self._rows, []
        self._flushed = time.monotonic()
        if not rows:
            return
        self._workspace.add_metrics(self.run, [(row.step, row.seconds, row.values) for row in rows])
        with (self._folder / "metrics.jsonl").open("a", encoding="utf-8") as file:
            for row in rows:
                file.write(json.dumps({"step": row.step, "seconds": row.seconds, "values": dict(row.values)}) + "\n")
        self._workspace.update_run(self.run, step=self.step, seconds=self.seconds)

    def rewind(self, step: int) -> None:
        """Forget what lies beyond a step, which the resumed run measures again, and what a kill left half-written."""
        for folder in (self._folder, *(self._folder / name for name in ("checkpoints", "best", "samples"))):
            sweep(folder)
        self._workspace.remove_metrics(self.run, step)
        for path in (self._folder / "samples").glob("*step-*.*"):
            if int(path.stem.rpartition("step-")[2]) > step:
                path.unlink()
        _keep_lines(self._folder / "metrics.jsonl", step)


def _keep_lines(path: Path, step: int) -> None:
    """Drop the lines beyond a step, and a last one that a killed process left half-written."""
    if not path.exists():
        return
    kept = []
    for line in path.read_text("utf-8").split("\n"):  # which every system's line end is read as
        try:
            if json.loads(line)["step"] <= step:
                kept.append(line + "\n")
        except ValueError:
            continue
    write_atomically(path, "".join(kept))
