"""Reading JSON lines into the feedback log, and a report of what was kept and which lines were not."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QPlainTextEdit

from fmstudio.gui import formatting
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.card import Card
from fmstudio.gui.widgets.feedback.jobs import IMPORT
from fmstudio.gui.widgets.jobs.follower import JobFollower
from fmstudio.gui.widgets.labels import button, icon_button, label
from fmstudio.jobs import Finished, Priority

ENDINGS = {".jsonl", ".ndjson", ".json"}


class ImportReport(Card):
    """Takes no room until something was imported. failed(reason, details)."""

    failed = Signal(str, str)

    def __init__(self, studio: Studio) -> None:
        super().__init__("", "feedback-import")
        self.set_padding(16, 10, 12, 10)
        self._importing = JobFollower(self, studio, IMPORT, "joins", priority=Priority.BACKGROUND)
        self._importing.finished.connect(self._finished)
        self._importing.failed.connect(self.failed)
        self.sentence = label("", "body", "feedback-imported", wrap=True)
        self.lines = QPlainTextEdit()
        self.lines.setObjectName("feedback-bad-lines")
        self.lines.setAccessibleName("Lines that could not be read")
        self.lines.setReadOnly(True)
        self.lines.setProperty("role", "log")
        self.lines.setFixedHeight(96)
        self._header.insertWidget(0, self.sentence, 1)
        self.copy = button("Copy list", "feedback-copy-bad", studio.theme, "mdi6.content-copy", "quiet", self._copy)
        self.add_control(self.copy)
        self.add_control(icon_button("mdi6.close", "Dismiss", "feedback-import-close", studio.theme, self.hide))
        self.body.addWidget(self.lines)
        self.hide()

    def choose_file(self) -> None:
        """Ask which file, then import it."""
        chosen, _ = QFileDialog.getOpenFileName(
            self.window(), "Import feedback", "", "JSON lines (*.jsonl *.ndjson *.json)"
        )
        if chosen:
            self.load(Path(chosen))

    def load(self, path: Path) -> None:
        """Import a file."""
        self._importing.ask(f"Import “{path.name}”", path=str(path))

    def _finished(self, event: Finished) -> None:
        if event.result:
            self.show_result(event.result)

    def show_result(self, result: Mapping[str, Any]) -> None:
        """Tell how many entries came, how many were there already, and list the lines that could not be read."""
        imported, duplicates, bad = result["imported"], result["duplicates"], result["bad_lines"]
        parts = [f"{formatting.plural(imported, 'entry', 'entries')} imported from {Path(result['path']).name}"]
        if duplicates:
            parts.append(f"{duplicates:,} {'was' if duplicates == 1 else 'were'} here already")
        if bad:
            parts.append(f"{formatting.plural(bad, 'line')} could not be read")
        self.sentence.setText("; ".join(parts) + ".")
        listed = [f"Line {each['line']}: {each['reason']}" for each in result["bad"]]
        if bad > len(listed):
            listed.append(f"… and {bad - len(listed):,} more")
        self.lines.setPlainText("\n".join(listed))
        for each in (self.lines, self.copy):
            each.setVisible(bool(bad))
        self.show()

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.lines.toPlainText())
