"""A batch while it runs and afterwards: how far it is, its rows, one row in detail, and the way out as a file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QFileDialog, QProgressBar, QWidget

from fmstudio.gui import formatting
from fmstudio.gui.models.model_choice import PlayState
from fmstudio.gui.playground.batch.detail import RowDetail
from fmstudio.gui.playground.batch.jobs import BatchJobs
from fmstudio.gui.playground.batch.making import BatchMakingDialog
from fmstudio.gui.playground.batch.table import ResultsModel, ResultsTable
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import hbox, splitter, vbox
from fmstudio.gui.widgets.error_box import ErrorBox
from fmstudio.gui.widgets.labels import button, label
from fmstudio.gui.widgets.segments import Segments

_CALM = 250  # milliseconds between two looks at the rows of a batch that runs


class BatchResults(QWidget):
    """Shows one batch."""

    def __init__(self, studio: Studio, state: PlayState, jobs: BatchJobs) -> None:
        super().__init__()
        self.setObjectName("batch-results")
        self._studio, self._jobs, self._state = studio, jobs, state
        self.batch: Mapping[str, Any] = {}
        self._totals = {"all": 0, "failed": 0, "wrong": 0}
        self.model = ResultsModel(studio)
        self.table = ResultsTable(self.model)
        self.detail = RowDetail(studio)
        self.error = ErrorBox(studio.theme, "batch-error")
        self._make_controls(studio)
        self._lay_out()
        self._calm = QTimer(self, singleShot=True, interval=_CALM)
        self._calm.timeout.connect(self.model.look_for_more)
        self._connect()

    # Building.

    def _make_controls(self, studio: Studio) -> None:
        theme = studio.theme
        self.title = label("", "section", "batch-title")
        self.about = label("", "caption", "batch-about", wrap=True)
        self.bar = QProgressBar()
        self.bar.setObjectName("batch-bar")
        self.bar.setAccessibleName("Rows done")
        self.bar.setTextVisible(False)
        self.bar.setRange(0, 1000)
        self.pace = label("", "caption", "batch-pace")
        self.only = Segments([("all", "All"), ("failed", "Failures"), ("wrong", "Wrong")], "batch-only", "Which rows")
        self.score = label("", "caption", "batch-score")
        self.hold = button("Pause", "batch-hold", theme, "mdi6.pause", clicked=self._jobs.hold)
        self.stop = button("Stop", "batch-stop", theme, "mdi6.stop", clicked=self._jobs.stop)
        self.resume = button("Resume", "batch-resume", theme, "mdi6.play", clicked=self._resume)
        self.delete = button("Delete", "batch-delete", theme, "mdi6.trash-can-outline", "quiet", self._delete)
        self.make = button(
            "Make training data…", "batch-make", theme, "mdi6.database-plus-outline", clicked=self.make_data
        )
        self.export = button("Export…", "batch-export", theme, "mdi6.export-variant", clicked=self.ask_export)

    def _lay_out(self) -> None:
        head = hbox((self.title, 1), self.delete, self.hold, self.stop, self.resume, self.make, self.export)
        self.splitter = splitter("batch-splitter", self.table, self.detail, sizes=(220, 340), vertical=True)
        self.setLayout(
            vbox(
                head,
                self.about,
                self.bar,
                self.error,
                hbox(self.only, self.score, ..., self.pace, gap=12),
                (self.splitter, 1),
            )
        )

    def _connect(self) -> None:
        self.only.changed.connect(self._filter)
        self.table.picked.connect(self._look_at_row)
        self.model.counted.connect(self._count)
        self.model.failed.connect(self.error.show_error)
        self._jobs.moved.connect(self._moved)
        self._jobs.ended.connect(self._ended)
        self._jobs.changed.connect(self._show_state)
        self._jobs.listed.connect(self._listed)

    # Which batch.

    def show_batch(self, batch: Mapping[str, Any]) -> None:
        """Show a batch from its beginning."""
        self.batch = batch
        self.error.clear()
        self.detail.clear()
        self.only.set_value("all")
        self._show_facts()
        self._filter()

    def _show_facts(self) -> None:
        batch = self.batch
        self.title.setText(str(batch.get("title") or batch.get("id", "")))
        if batch.get("problem"):
            self.error.show_error(str(batch["problem"]))
        version = batch.get("version")
        prompt = f"“{batch.get('prompt')}”" + (f", version {version}" if version else "")
        model = self._state.record(str(batch.get("model", ""))).get("title", batch.get("model"))
        self.about.setText(f"{prompt} · {model} · {formatting.when(str(batch.get('created', '')))}")
        self.only.button("wrong").setVisible(bool(batch.get("expected")))
        self._show_state()

    def _listed(self) -> None:
        if found := self._jobs.batch(str(self.batch.get("id", ""))):
            self.batch = found
            self._show_facts()

    def _filter(self, *_: object) -> None:
        mapping = self.batch.get("mapping") or {}
        self.model.show(
            str(self.batch.get("id", "")) if not self.batch.get("problem") else "", list(mapping),
            bool(self.batch.get("expected")), str(self.only.value()),
        )  # fmt: skip

    # How far it is.

    @property
    def running(self) -> bool:
        """Whether a job of this window works on this batch."""
        return bool(self._jobs.running) and self._jobs.running == self.batch.get("id")

    def _moved(self, id: str) -> None:
        if id == self.batch.get("id"):
            if not self._calm.isActive():
                self._calm.start()
            self._show_state()

    def _ended(self, id: str) -> None:
        if id == self.batch.get("id"):
            self.model.look_for_more()

    def _count(self, page: Mapping[str, Any]) -> None:
        self._totals = {name: page[name] for name in self._totals}
        self._show_state()

    def _show_state(self) -> None:
        total, (done, _, _) = self.batch.get("total", 0), self._so_far()
        self.bar.setValue(round(1000 * done / total) if total else 0)
        state = self._jobs.state if self.running else None
        for each in (self.hold, self.stop):
            each.setVisible(state is not None)
        self.hold.setText("Continue" if state is not None and state.status == "paused" else "Pause")
        self.resume.setVisible(not self.running and done < total)
        self.resume.setEnabled(self._jobs.state is None)
        self.delete.setVisible(not self.running)
        for each in (self.export, self.make):
            each.setEnabled(done > 0)
        self.pace.setText(self._pace(done, total))
        self.score.setText(self._score())

    def _so_far(self) -> tuple[int, int, int]:
        """Rows, those that failed and those that are right, all of one moment: the job's own while it runs."""
        if self.running and self._jobs.counts:
            counts = self._jobs.counts
            failed = counts["failed"] + counts["bad"]
            return counts["done"] + failed, failed, counts["exact"]
        done, failed, wrong = (self._totals[name] for name in ("all", "failed", "wrong"))
        return done, failed, done - failed - wrong

    def _pace(self, done: int, total: int) -> str:
        parts = [f"{formatting.count(done)} of {formatting.count(total)} rows"]
        state = self._jobs.state if self.running else None
        if state is not None and state.status == "paused":
            parts.append("paused")
        elif state is not None and state.meter.rate:
            parts.append(formatting.rate(state.meter.rate, "rows/s"))
            parts.append(f"{formatting.clock(state.meter.seconds_left)} left")
        elif not self.running and done < total:
            parts.append("not finished")
        return " · ".join(parts)

    def _score(self) -> str:
        done, failed, right = self._so_far()
        parts = [f"{formatting.plural(failed, 'failure')}"] if failed else []
        if self.batch.get("expected") and done > failed:
            parts.append(f"{formatting.count(right)} exactly as expected ({formatting.share(right / (done - failed))})")
        return " · ".join(parts)

    # What can be done.

    def _look_at_row(self, row: int) -> None:
        self.detail.look_at(str(self.batch["id"]), row)

    def _resume(self) -> None:
        self.error.clear()
        self._jobs.resume(str(self.batch["id"]))

    def _delete(self) -> None:
        self._jobs.delete(str(self.batch["id"]))

    def make_data(self) -> None:
        """Ask which answers are to be learnt, and make a dataset of them."""
        self.making = BatchMakingDialog(self._studio, self.batch, self.window())
        self.making.open()

    def ask_export(self) -> None:
        """Ask where the rows that are shown go."""
        kinds = "Spreadsheet (*.csv);;JSON lines, all that was kept (*.jsonl)"
        proposed = f"{Path(str(self.batch.get('title', 'batch'))).stem}-results.csv"
        chosen, kind = QFileDialog.getSaveFileName(self, "Export results", proposed, kinds)
        if chosen:
            path = Path(chosen)
            wanted = ".jsonl" if "jsonl" in kind else ".csv"
            path = path if path.suffix.lower() in (".csv", ".jsonl") else path.with_name(path.name + wanted)
            self._jobs.export(str(self.batch["id"]), path, str(self.only.value()))
