"""Choosing a model to talk to: a button with its name, and the list that it opens."""

from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QPoint, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QPushButton,
    QStyle,
    QStyleOptionButton,
    QStylePainter,
    QWidget,
)

from fmstudio.gui.models.model_choice import PlayState
from fmstudio.gui.models.model_jobs import ModelJobs
from fmstudio.gui.models.picker_row import ModelRow
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import boxed, hbox, vbox
from fmstudio.gui.widgets.error_box import ErrorBox
from fmstudio.gui.widgets.labels import IconLabel, button, label, rule, scroll_area

_WIDTH, _HEIGHT = 560, 560
_FRAME = 62  # of a button: its icon, its padding and the arrow
GROUPS = (
    ("Starter", ("catalogue",), ""),
    ("On this disk", ("linked",), "Any GGUF file, and any Llama- or Qwen-style folder. It stays where it is."),
    ("Trained here", ("workspace", "run"), "What you train appears here."),
)


class ModelPicker(QPushButton):
    """Shows one model; `chosen` tells the reference of another that a person wants."""

    chosen = Signal(str)

    def __init__(self, studio: Studio, state: PlayState, jobs: ModelJobs, name: str = "model-picker") -> None:
        super().__init__()
        self.setObjectName(name)
        self._studio, self._state, self._jobs = studio, state, jobs
        self.reference = ""
        self.list: ModelList | None = None
        self.setProperty("role", "picker")
        self.setIconSize(QSize(22, 18))
        self.setLayout(
            hbox(
                (IconLabel(studio.theme, "mdi6.chevron-down", "secondary", 16), 0, Qt.AlignmentFlag.AlignRight),
                margins=(0, 0, 8, 0),
            )
        )
        self.clicked.connect(self.open)
        state.models_changed.connect(self.refresh)
        jobs.changed.connect(self.refresh)
        self.refresh()

    def show_model(self, reference: str) -> None:
        """Show this model as the one that is talked to."""
        self.reference = reference
        self.refresh()
        if self.list:
            self.list.mark(reference)

    def refresh(self, *_: object) -> None:
        """Show the present state of the model."""
        record, job = self._state.record(self.reference), self._jobs.running(self.reference)
        title = record.get("title") or self.reference or "Choose a model"
        doing = f"{job.title.split(' ', 1)[0]}ing… " if job else ""
        self.setText(f"{doing}{title}".replace("&", "&&"))
        self.setAccessibleName(f"Model: {title}")
        state = "loaded" if record.get("loaded") else "loads with the first question"
        self.setToolTip(f"{title} · {state}" if record else "The model to talk to")
        token = "success" if record.get("loaded") else "secondary"
        self.setIcon(self._studio.theme.icon("mdi6.cube-outline", token))

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
            self.list = ModelList(self._studio, self._state, self._jobs, self)
            self.list.chosen.connect(self._chose)
        self.list.pop_up(self.reference)

    def _chose(self, reference: str) -> None:
        self.show_model(reference)
        self.chosen.emit(reference)


class ModelList(QFrame):
    """A pop-up with all models in groups, under the button that opened it."""

    chosen = Signal(str)

    def __init__(self, studio: Studio, state: PlayState, jobs: ModelJobs, opener: QWidget) -> None:
        super().__init__(opener, Qt.WindowType.Popup)
        self.setObjectName("popup")
        self.setAccessibleName("Models")
        self.setFixedWidth(_WIDTH)
        self._studio, self._state, self._jobs, self._opener = studio, state, jobs, opener
        self._marked = ""
        self._own_link = False
        self.rows: dict[str, ModelRow] = {}
        self.error = ErrorBox(studio.theme, "models-error")
        self._groups = {title: _Group(title, hint) for title, _, hint in GROUPS}
        self._lay_out()
        state.models_changed.connect(self.refresh)
        state.failed.connect(self.error.show_error)
        jobs.changed.connect(self._refresh_row)
        jobs.linked.connect(self._linked)
        jobs.link_failed.connect(self._link_failed)

    def _lay_out(self) -> None:
        theme = self._studio.theme
        self.add_file = button("Add a GGUF file…", "models-add-file", theme, "mdi6.file-plus-outline", "quiet")
        self.add_folder = button("Add a folder…", "models-add-folder", theme, "mdi6.folder-plus-outline", "quiet")
        self.add_file.clicked.connect(self._ask_for_file)
        self.add_folder.clicked.connect(self._ask_for_folder)
        self._column = vbox(*self._groups.values(), ..., margins=(8, 4, 12, 8))
        content = boxed(self._column)
        scroll = scroll_area(content, "models-scroll")
        content.installEventFilter(self)
        self.setLayout(vbox(self.error, (scroll, 1), rule(), hbox(self.add_file, self.add_folder, ...), margins=8))

    def pop_up(self, marked: str) -> None:
        """Show it under its button, its right edge where the button's is."""
        self.error.clear()
        self._state.refresh()
        self.mark(marked)
        self.refresh()
        self._fit()
        corner = self._opener.mapToGlobal(self._opener.rect().bottomRight())
        left = max(self._opener.window().frameGeometry().left(), corner.x() - self.width())
        self.move(QPoint(left, corner.y() + 6))
        self.show()
        if row := self.rows.get(marked):
            row.setFocus()

    def _fit(self) -> None:
        """As high as its rows need, up to a height that fits under its button."""
        self._column.activate()
        self.setFixedHeight(min(_HEIGHT, max(160, self._column.totalHeightForWidth(_WIDTH - 16)) + 72))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            QTimer.singleShot(0, self, self._fit)  # rows came, or one has an error now
        return super().eventFilter(watched, event)

    def mark(self, reference: str) -> None:
        """Mark the model that is talked to."""
        self._marked = reference
        for row in self.rows:
            self._refresh_row(row)

    # Its rows.

    def refresh(self) -> None:
        """Show the models that there are now."""
        listed = [record["reference"] for record in self._state.models]
        for gone in [reference for reference in self.rows if reference not in listed]:
            row = self.rows.pop(gone)
            row.hide()
            row.deleteLater()
        for title, sources, _ in GROUPS:
            group = self._groups[title]
            records = [each for each in self._state.models if each["source"] in sources]
            group.arrange([self._row(each["reference"]) for each in records])
        for reference in listed:
            self._refresh_row(reference)

    def _row(self, reference: str) -> ModelRow:
        if reference not in self.rows:
            row = self.rows[reference] = ModelRow(self._studio, self._state, self._jobs, reference)
            row.clicked.connect(lambda: self._choose(reference))
        return self.rows[reference]

    def _refresh_row(self, reference: str) -> None:
        record = self._state.record(reference)
        if record and reference in self.rows:
            self.rows[reference].show_record(record, reference == self._marked)

    def _choose(self, reference: str) -> None:
        """Talk to it, and bring it into memory in the meantime; what is not here yet is fetched first."""
        record = self._state.record(reference)
        if record.get("problem"):
            return
        self.mark(reference)
        self.chosen.emit(reference)
        if not record.get("here"):
            self._jobs.fetch(reference)
            return
        if not record.get("loaded"):
            self._jobs.load(reference)
        if record.get("fits", True) or record.get("loaded"):
            self.hide()  # where it does not fit, the refusal with its figures appears here

    # Models from elsewhere.

    def _ask_for_file(self) -> None:
        self.hide()
        chosen, _ = QFileDialog.getOpenFileName(self._opener, "Add a GGUF file", str(Path.home()), "GGUF (*.gguf)")
        self._link(chosen)

    def _ask_for_folder(self) -> None:
        self.hide()
        self._link(QFileDialog.getExistingDirectory(self._opener, "Add a model folder", str(Path.home())))

    def _link(self, path: str) -> None:
        if path:
            self._own_link = True
            self._jobs.link(Path(path))

    def _linked(self, reference: str) -> None:
        if self._own_link:
            self._own_link = False
            self.mark(reference)
            self.chosen.emit(reference)

    def _link_failed(self, reason: str, details: str) -> None:
        if self._own_link:
            self._own_link = False
            self.pop_up(self._marked)
            self.error.show_error(reason, details)


class _Group(QWidget):
    """A heading and the rows under it."""

    def __init__(self, title: str, hint: str) -> None:
        super().__init__()
        self.setObjectName(f"models-{title.lower().replace(' ', '-')}")
        self._hint = label(hint, "caption", wrap=True)
        heading = label(title, "caption")
        heading.setContentsMargins(8, 0, 0, 0)
        self._hint.setContentsMargins(8, 0, 0, 0)
        self._layout = vbox(heading, self._hint, gap=2)
        self.setLayout(self._layout)

    def arrange(self, rows: list[ModelRow]) -> None:
        for row in rows:
            self._layout.addWidget(row)
            row.show()
        self._hint.setVisible(not rows and bool(self._hint.text()))
