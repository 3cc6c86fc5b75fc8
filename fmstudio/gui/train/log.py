"""What happened in a run, line by line."""

from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QPlainTextEdit

from fmstudio.gui.runs.state import LogLine, RunState


class RunLog(QPlainTextEdit):
    """A log to read, select and copy. It follows the newest line until one scrolls back."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("run-log")
        self.setAccessibleName("Log of the run")
        self.setProperty("role", "log")
        self.setReadOnly(True)
        self.setMaximumBlockCount(5000)
        self.setPlaceholderText("Nothing has been noted yet.")
        self._run: RunState | None = None
        self._shown = 0

    def set_run(self, run: RunState | None) -> None:
        """Show a run's log from now on."""
        if self._run is not None:
            self._run.changed.disconnect(self._hear)
        self._run, self._shown = run, 0
        self.clear()
        if run is not None:
            run.changed.connect(self._hear)
            if run.reason and not run.log:
                self.appendPlainText(run.reason)
            self._hear("log")

    def _hear(self, what: str) -> None:
        if what != "log" or self._run is None:
            return
        bar = self.verticalScrollBar()
        following = bar.value() >= bar.maximum() - 2
        new = self._run.log[self._shown :]
        if new:
            self.appendPlainText("\n".join(_written(line) for line in new))
        self._shown = len(self._run.log)
        if following:
            self.moveCursor(QTextCursor.MoveOperation.End)


def _written(line: LogLine) -> str:
    mark = {"warning": "Warning: ", "error": "Error: "}.get(line.level, "")
    return f"{line.clock}  {mark}{line.text}"
