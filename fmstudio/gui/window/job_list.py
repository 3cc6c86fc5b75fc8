"""The list of all jobs of this session, with the log of the chosen one and its error to copy."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QSize, Qt
from PySide6.QtGui import QGuiApplication, QPainter
from PySide6.QtWidgets import (
    QFrame,
    QListWidget,
    QListWidgetItem,
    QPlainTextEdit,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from fmstudio.gui import formatting
from fmstudio.gui.job_board import JobState
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import hbox, vbox
from fmstudio.gui.widgets.error_box import ErrorBox
from fmstudio.gui.widgets.jobs.job_strip import TOKENS, WORDS
from fmstudio.gui.widgets.labels import button, icon_button, label

_SIZE = (720, 380)
_STATE = Qt.ItemDataRole.UserRole + 1


class JobList(QFrame):
    """A pop-up above the job bar: jobs at the left, newest first, the chosen one at the right."""

    def __init__(self, studio: Studio, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("popup")
        self.setAccessibleName("Jobs of this session")
        self.resize(*_SIZE)
        self._studio = studio
        self.list = QListWidget()
        self.list.setObjectName("job-list")
        self.list.setAccessibleName("Jobs")
        self.list.setFixedWidth(280)
        self.list.setItemDelegate(_JobItem(studio, self.list))
        self.list.currentItemChanged.connect(self._show_chosen)
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
        studio.jobs.added.connect(self._rebuild_if_shown)
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
        self._rebuild()
        self.move(corner - QPoint(self.width(), self.height()))
        self.show()
        self.list.setFocus()

    def _rebuild_if_shown(self) -> None:
        if self.isVisible():
            self._rebuild()

    def _rebuild(self) -> None:
        chosen = self._chosen_id()
        self.list.clear()
        for state in reversed(self._studio.jobs.all()):
            item = QListWidgetItem(self.list)
            item.setData(Qt.ItemDataRole.UserRole, state.id)
            self._fill(item, state)
            if state.id == chosen:
                self.list.setCurrentItem(item)
        if self.list.currentItem() is None and self.list.count():
            self.list.setCurrentRow(0)
        self._show_chosen()

    def _fill(self, item: QListWidgetItem, state: JobState) -> None:
        item.setText(state.title)
        item.setData(_STATE, state)
        item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{state.title}, {line(state)}")

    def _refresh(self, job: str) -> None:
        if not self.isVisible():
            return
        for row in range(self.list.count()):
            item = self.list.item(row)
            if item.data(Qt.ItemDataRole.UserRole) == job:
                state = self._studio.jobs.get(job)
                if state:
                    self._fill(item, state)
                    if item is self.list.currentItem():
                        self._show_chosen()
                return

    def _chosen_id(self) -> str:
        item = self.list.currentItem()
        return item.data(Qt.ItemDataRole.UserRole) if item else ""

    def _show_chosen(self) -> None:
        state = self._studio.jobs.get(self._chosen_id())
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
        self._rebuild()


class _JobItem(QStyledItemDelegate):
    """Two lines beside an icon: the title, and quieter, how it stands."""

    def __init__(self, studio: Studio, parent: QListWidget) -> None:
        super().__init__(parent)
        self._theme = studio.theme

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(0, self._theme.size("body") + self._theme.size("caption") + 22)

    def initStyleOption(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        super().initStyleOption(option, index)
        option.text = ""  # the frame and the hover are the style's, the text is painted here

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        super().paint(painter, option, index)
        state, theme = index.data(_STATE), self._theme
        area = option.rect.adjusted(10, 6, -10, -6)
        icon = area.adjusted(0, 0, 0, 0)
        icon.setSize(QSize(18, 18))
        theme.icon(_ICONS[state.status], TOKENS[state.status]).paint(painter, icon)
        text = area.adjusted(28, 0, 0, 0)
        for content, role, token, side in (
            (state.title, "body", "text", Qt.AlignmentFlag.AlignTop),
            (line(state), "caption", "secondary", Qt.AlignmentFlag.AlignBottom),
        ):
            painter.setFont(theme.font(role))
            painter.setPen(theme.color(token))
            elided = painter.fontMetrics().elidedText(content, Qt.TextElideMode.ElideRight, text.width())
            painter.drawText(text, side, elided)


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
