"""The list of all jobs of this session, with the log of the chosen one and its error to copy."""

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QWidget

from fmstudio.gui import formatting
from fmstudio.gui.job_board import JobState
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import hbox, vbox
from fmstudio.gui.widgets.error_box import ErrorBox
from fmstudio.gui.widgets.jobs.job_strip import TOKENS, WORDS
from fmstudio.gui.widgets.labels import button, icon_button, label
from fmstudio.gui.widgets.lists.entries import Entry, EntryList, Line

_SIZE = (720, 380)


class JobList(QFrame):
    """A pop-up above the job bar: jobs at the left, newest first, the chosen one at the right."""

    def __init__(self, studio: Studio, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("popup")
        self.setAccessibleName("Jobs of this session")
        self.resize(*_SIZE)
        self._studio = studio
        self.list = EntryList(studio.theme, "job-list", "Jobs", follows=True)
        self.list.setFixedWidth(280)
        self.list.opened.connect(self._show_chosen)
        self._title = label("", "section", "job-title", wrap=True)
        self._state = label("", "caption", "job-state", wrap=True)
        self.log = QPlainTextEdit()
        self.log.setObjectName("job-log")
        self.log.setAccessibleName("Log")
        self.log.setReadOnly(True)
        self.log.setProperty("role", "log")
        self.error = ErrorBox(studio.theme, "job-error", dismissable=False)
        self._copy = button("Copy log", "job-copy-log", studio.theme, "mdi6.content-copy", "quiet", self._copy_log)
        self._clear = button("Clear ended", "job-clear", studio.theme, "mdi6.broom", "quiet", self._clear_ended)
        self._lay_out()
        studio.jobs.added.connect(self._refresh)
        studio.jobs.changed.connect(self._refresh)

    def _lay_out(self) -> None:
        head = hbox(
            label("Jobs of this session", "section", "job-list-title"),
            ...,
            self._clear,
            icon_button("mdi6.close", "Close", "job-list-close", self._studio.theme, self.hide),
            gap=12,
        )
        detail = vbox(
            self._title, self._state, self.error, (self.log, 1), (self._copy, 0, Qt.AlignmentFlag.AlignRight), gap=6
        )
        self.setLayout(vbox(head, (hbox(self.list, (detail, 1), gap=16), 1), gap=12, margins=(16, 12, 16, 12)))

    def pop_up(self, corner: QPoint) -> None:
        """Show it with its lower right corner at a point of the screen."""
        self._fill()
        self.move(corner - QPoint(self.width(), self.height()))
        self.show()
        self.list.setFocus()

    def _refresh(self, _job: str) -> None:
        if self.isVisible():
            self._fill()

    def _fill(self) -> None:
        """Show the jobs; the chosen one stays chosen, else it is the newest."""
        chosen = self.list.chosen
        self.list.show_entries([entry_of(state) for state in reversed(self._studio.jobs.all())])
        if not self.list.mark(chosen) and self.list.keys:
            self.list.mark(self.list.keys[0])
        self._show_chosen()

    def _show_chosen(self, *_key: str) -> None:
        state = self._studio.jobs.get(self.list.chosen)
        self._copy.setVisible(state is not None)
        if state is None:
            self._title.setText("No job yet")
            self._state.setText("What you start appears here with its log.")
            self.error.clear()
            self.log.hide()
            return
        self._title.setText(state.title)
        self._state.setText(line(state))
        self.error.show_error(state.reason, state.details) if state.reason else self.error.clear()
        text = log_text(state)
        self.log.setVisible(True)
        if text != self.log.toPlainText():
            self.log.setPlainText(text)
            self.log.verticalScrollBar().setValue(self.log.verticalScrollBar().maximum())

    def _copy_log(self) -> None:
        QGuiApplication.clipboard().setText(self.log.toPlainText())

    def _clear_ended(self) -> None:
        self._studio.jobs.clear_ended()
        self._fill()


_ICONS = {
    "queued": "mdi6.clock-outline",
    "running": "mdi6.play-circle-outline",
    "paused": "mdi6.pause-circle-outline",
    "stopping": "mdi6.stop-circle-outline",
    "completed": "mdi6.check-circle-outline",
    "stopped": "mdi6.stop-circle-outline",
    "cancelled": "mdi6.cancel",
    "failed": "mdi6.alert-circle-outline",
}


def entry_of(state: JobState) -> Entry:
    """A job as the list shows it: its title and, quieter, how it stands."""
    how = line(state)
    icon = (_ICONS[state.status], TOKENS[state.status])
    return Entry(state.id, (Line(state.title, "body", "text"), Line(how)), f"{state.title}, {how}", icon=icon)


def line(state: JobState) -> str:
    """A job's state in a line: "Running · 64 % · 1 min 05 s"."""
    parts = [WORDS[state.status]]
    if state.active and state.fraction is not None:
        parts.append(formatting.percent(state.fraction))
    if state.started is not None:
        parts.append(formatting.duration(state.seconds))
    return " · ".join(parts)


def log_text(state: JobState) -> str:
    """Everything a job noted and made, one a line, and at the end the details of its failure."""
    lines = [f"Warning: {note.text}" if note.level == "warning" else note.text for note in state.notes]
    lines += [f"Made {made.kind} “{made.name}”: {made.path}" for made in state.artefacts]
    if state.details:
        lines += ["", state.details.rstrip()]
    return "\n".join(lines) or "Nothing was noted."
