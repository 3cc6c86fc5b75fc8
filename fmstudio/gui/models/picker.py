"""Choosing a model: a button with its name, and the list that it opens."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QPoint, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QPaintEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QPushButton,
    QStyle,
    QStyleOptionButton,
    QStylePainter,
    QWidget,
)

from fmstudio.gui.models.model_jobs import ModelJobs
from fmstudio.gui.models.picker_row import ModelRow, RunnableRow, facts_of
from fmstudio.gui.models.shelf import ModelShelf, Record
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.boxes import boxed, hbox, vbox
from fmstudio.gui.widgets.error_box import ErrorBox
from fmstudio.gui.widgets.flow_layout import flow
from fmstudio.gui.widgets.labels import IconLabel, button, label, rule, scroll_area

_WIDTH, _HEIGHT = 560, 560
_LEAST, _FEET, _MARGINS, _AWAY = 64, 72, 24, 6
_FRAME = 62  # of a button: its icon, its padding and the arrow


class ModelPicker(QPushButton):
    """Shows one model; `chosen` tells the reference of another that a person wants."""

    chosen = Signal(str)

    def __init__(
        self, theme: Theme, shelf: ModelShelf, name: str, title: str = "Model", jobs: ModelJobs | None = None
    ) -> None:
        """title: what the model is chosen for. jobs: what can be done to the models of the list beside choosing one."""
        super().__init__()
        self.setObjectName(name)
        self._theme, self._shelf, self._what_for, self._jobs = theme, shelf, title, jobs
        self.reference = ""
        self.list: ModelList | None = None
        self.setProperty("role", "picker")
        self.setIconSize(QSize(22, 18))
        self.setLayout(
            hbox(
                (IconLabel(theme, "mdi6.chevron-down", "secondary", 16), 0, Qt.AlignmentFlag.AlignRight),
                margins=(0, 0, 8, 0),
            )
        )
        self.clicked.connect(self.open)
        shelf.models_changed.connect(self.refresh)
        if jobs is not None:
            jobs.changed.connect(self.refresh)
        self.refresh()

    def show_model(self, reference: str) -> None:
        """Show this model as the chosen one; one that is not listed is named by its reference."""
        self.reference = reference
        self.refresh()
        if self.list:
            self.list.mark(reference)

    @property
    def title(self) -> str:
        """What the chosen model is called."""
        return str(self._shelf.record(self.reference).get("title") or self.reference)

    def refresh(self, *_: object) -> None:
        """Show the present state of the model."""
        self.setEnabled(bool(self._shelf.models) or self._jobs is not None)
        record = self._shelf.record(self.reference)
        job = self._jobs.running(self.reference) if self._jobs else None
        none = "Choose a model" if self.isEnabled() else "No model yet"
        title = self.title or none
        doing = f"{job.title.split(' ', 1)[0]}ing… " if job else ""
        self.setText(f"{doing}{title}".replace("&", "&&"))
        self.setAccessibleName(f"{self._what_for}: {title}")
        self.setToolTip(f"{title} · {self._state_of(record)}" if record else "")
        token = "success" if record.get("loaded") else "secondary"
        self.setIcon(self._theme.icon("mdi6.cube-outline", token))

    def _state_of(self, record: Record) -> str:
        if self._jobs is None:
            return str(record.get("about") or facts_of(record))
        return "loaded" if record.get("loaded") else "loads with the first question"

    def paintEvent(self, event: QPaintEvent) -> None:
        option = QStyleOptionButton()
        self.initStyleOption(option)
        option.text = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width() - _FRAME)
        QStylePainter(self).drawControl(QStyle.ControlElement.CE_PushButton, option)

    def minimumSizeHint(self) -> QSize:
        return QSize(120, super().minimumSizeHint().height())

    def open(self) -> None:
        """Open the list under the button."""
        if self.list is None:
            self.list = ModelList(self._theme, self._shelf, self._jobs, self)
            self.list.chosen.connect(self._chose)
        self.list.pop_up(self.reference)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up) and not event.modifiers():
            self.open()
        else:
            super().keyPressEvent(event)

    def _chose(self, reference: str) -> None:
        self.show_model(reference)
        self.chosen.emit(reference)


class ModelList(QFrame):
    """A pop-up with all models in groups, under the button that opened it."""

    chosen = Signal(str)

    def __init__(self, theme: Theme, shelf: ModelShelf, jobs: ModelJobs | None, opener: QWidget) -> None:
        super().__init__(opener, Qt.WindowType.Popup)
        self.setObjectName("popup")
        self.setAccessibleName("Models")
        self.setFixedWidth(_WIDTH)
        self._theme, self._shelf, self._jobs, self._opener = theme, shelf, jobs, opener
        self._marked = ""
        self.rows: dict[str, ModelRow] = {}
        self.error = ErrorBox(theme, "models-error")
        self._groups = [_Group(title, sources, hint) for title, sources, hint in shelf.groups]
        self._elsewhere = Elsewhere(theme, jobs, opener) if jobs else None
        self._lay_out()
        shelf.models_changed.connect(self.refresh)
        shelf.failed.connect(self.error.show_error)
        if jobs is not None:
            jobs.changed.connect(self._refresh_row)
        if self._elsewhere is not None:
            self._elsewhere.asked.connect(self.hide)
            self._elsewhere.linked.connect(self._choose_linked)
            self._elsewhere.failed.connect(self._show_failed)

    def _lay_out(self) -> None:
        self._column = vbox(*self._groups, ..., margins=(8, 4, 12, 8))
        content = boxed(self._column)
        content.installEventFilter(self)
        feet = (rule(), self._elsewhere) if self._elsewhere else ()
        self.setLayout(vbox(self.error, (scroll_area(content, "models-scroll"), 1), *feet, margins=8))

    def pop_up(self, marked: str) -> None:
        """Show it under its button, its right edge where the button's is."""
        self.error.clear()
        self._shelf.refresh()
        self.mark(marked)
        self.refresh()
        self._fit()
        self.move(self._place())
        self.show()
        if row := self.rows.get(marked):
            row.setFocus()

    def _place(self) -> QPoint:
        """Under its button, or above it where there is no room beneath."""
        corner = self._opener.mapToGlobal(self._opener.rect().bottomRight())
        left = max(self._opener.window().frameGeometry().left(), corner.x() - self.width())
        below, above = corner.y() + _AWAY, corner.y() - self._opener.height() - _AWAY - self.height()
        fits = below + self.height() <= self.screen().availableGeometry().bottom()
        return QPoint(left, below if fits or above < 0 else above)

    def _fit(self) -> None:
        """As high as its rows need, up to a height that fits under its button."""
        self._column.activate()
        feet = _FEET if self._elsewhere else _MARGINS
        self.setFixedHeight(min(_HEIGHT, max(_LEAST, self._column.totalHeightForWidth(_WIDTH - 16)) + feet))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            QTimer.singleShot(0, self, self._fit)  # rows came, or one has an error now
        return super().eventFilter(watched, event)

    def mark(self, reference: str) -> None:
        """Mark the chosen model."""
        self._marked = reference
        for row in self.rows:
            self._refresh_row(row)

    # Its rows.

    def refresh(self) -> None:
        """Show the models that there are now."""
        listed = self._shelf.references
        for gone in [reference for reference in self.rows if reference not in listed]:
            row = self.rows.pop(gone)
            row.hide()
            row.deleteLater()
        for group in self._groups:
            group.arrange([self._row(each["reference"]) for each in self._shelf.models if group.takes(each)])
        for reference in listed:
            self._refresh_row(reference)

    def _row(self, reference: str) -> ModelRow:
        if reference not in self.rows:
            jobs, theme = self._jobs, self._theme
            row = RunnableRow(theme, reference, jobs) if jobs else ModelRow(theme, reference)
            self.rows[reference] = row
            row.clicked.connect(lambda: self._choose(reference))
        return self.rows[reference]

    def _refresh_row(self, reference: str) -> None:
        record = self._shelf.record(reference)
        if record and reference in self.rows:
            self.rows[reference].show_record(record, reference == self._marked)

    def _choose(self, reference: str) -> None:
        """Choose it, and bring it into memory in the meantime; what is not here yet is fetched first."""
        record = self._shelf.record(reference)
        if record.get("problem"):
            return
        self.mark(reference)
        self.chosen.emit(reference)
        if self._jobs is None or self._jobs.prepare(record):
            self.hide()  # where it does not fit, the refusal with its figures appears here

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The arrows go from model to model."""
        by = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()))
        rows = [row for group in self._groups for row in group.rows]
        if by is None or not rows:
            super().keyPressEvent(event)
            return
        at = next((place for place, row in enumerate(rows) if row.hasFocus()), -1 if by > 0 else len(rows))
        rows[max(0, min(len(rows) - 1, at + by))].setFocus(Qt.FocusReason.TabFocusReason)

    # Models from elsewhere.

    def _choose_linked(self, reference: str) -> None:
        self.mark(reference)
        self.chosen.emit(reference)

    def _show_failed(self, reason: str, details: str) -> None:
        self.pop_up(self._marked)
        self.error.show_error(reason, details)


class Elsewhere(QWidget):
    """Models of a person's own: they stay where they are. asked: a dialog takes the list's place.

    linked(reference): what was chosen is listed now. failed(reason, details): it is no model that can be used here.
    """

    asked = Signal()
    linked = Signal(str)
    failed = Signal(str, str)

    def __init__(self, theme: Theme, jobs: ModelJobs, opener: QWidget) -> None:
        super().__init__()
        self._jobs, self._opener, self._waits = jobs, opener, False
        self.file = button("Add a GGUF file…", "models-add-file", theme, "mdi6.file-plus-outline", "quiet")
        self.folder = button("Add a folder…", "models-add-folder", theme, "mdi6.folder-plus-outline", "quiet")
        self.file.clicked.connect(self.ask_for_file)
        self.folder.clicked.connect(self._ask_for_folder)
        self.setLayout(flow(self.file, self.folder))
        jobs.linked.connect(self._linked)
        jobs.link_failed.connect(self._failed)

    def ask_for_file(self) -> None:
        """Ask which GGUF file to list."""
        self.asked.emit()
        chosen, _ = QFileDialog.getOpenFileName(self._opener, "Add a GGUF file", str(Path.home()), "GGUF (*.gguf)")
        self._link_chosen(chosen)

    def _ask_for_folder(self) -> None:
        self.asked.emit()
        self._link_chosen(QFileDialog.getExistingDirectory(self._opener, "Add a model folder", str(Path.home())))

    def _link_chosen(self, path: str) -> None:
        if path:
            self.link(Path(path))

    def link(self, path: Path) -> None:
        """List this file or folder."""
        self._waits = True
        self._jobs.link(path)

    def _linked(self, reference: str) -> None:
        if self._waits:
            self._waits = False
            self.linked.emit(reference)

    def _failed(self, reason: str, details: str) -> None:
        if self._waits:
            self._waits = False
            self.failed.emit(reason, details)


class _Group(QWidget):
    """A heading and the rows under it."""

    def __init__(self, title: str, sources: Sequence[str], hint: str) -> None:
        super().__init__()
        self.setObjectName(f"models-{title.lower().replace(' ', '-')}")
        self._sources = sources
        self.rows: list[ModelRow] = []
        self._heading, self._hint = label(title, "caption"), label(hint, "caption", wrap=True)
        for each in (self._heading, self._hint):
            each.setContentsMargins(8, 0, 0, 0)
        self._layout = vbox(self._heading, self._hint, gap=2)
        self.setLayout(self._layout)

    def takes(self, record: Record) -> bool:
        """Whether a model belongs under this heading."""
        return record["source"] in self._sources

    def arrange(self, rows: list[ModelRow]) -> None:
        """Show these, and where there is none the words that say so."""
        self.rows = rows
        for row in rows:
            self._layout.addWidget(row)
            row.show()
        self._heading.setVisible(bool(self._heading.text()))
        self._hint.setVisible(not rows and bool(self._hint.text()))
        self.setVisible(bool(rows or self._hint.text()))
