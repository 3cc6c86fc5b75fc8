"""An entry's tags as chips, and a field that adds one and knows those in use."""

from collections.abc import Sequence

from PySide6.QtCore import QStringListModel, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QCompleter, QLineEdit, QPushButton, QWidget

from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.flow_layout import FlowLayout
from fmstudio.gui.widgets.labels import ICON

_LONGEST = 40


class TagChips(QWidget):
    """`changed` tells all tags after a person added one or took one away."""

    changed = Signal(list)

    def __init__(self, theme: Theme, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName("Tags")
        self._theme, self._name = theme, name
        self.tags: list[str] = []
        self._known = QStringListModel(self)
        completer = QCompleter(self._known, self)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        self.field = _TagField(f"{name}-field")
        self.field.setCompleter(completer)
        self.field.returnPressed.connect(self._add_typed)
        completer.activated.connect(self.add, Qt.ConnectionType.QueuedConnection)
        self._flow = FlowLayout(self)
        self._flow.addWidget(self.field)

    def show_tags(self, tags: Sequence[str], known: Sequence[str] = ()) -> None:
        """Show an entry's tags; `known` are offered while typing."""
        self.tags = list(tags)
        self._known.setStringList(list(known))
        self._rebuild()

    def add(self, tag: str) -> None:
        """Add a tag as a person would."""
        self.field.clear()
        tag = " ".join(tag.split())[:_LONGEST]
        if tag and tag not in self.tags:
            self.tags.append(tag)
            self._rebuild()
            self.changed.emit(list(self.tags))

    def remove(self, tag: str) -> None:
        """Take a tag away as a person would."""
        self.tags.remove(tag)
        self._rebuild()
        self.field.setFocus()
        self.changed.emit(list(self.tags))

    def _add_typed(self) -> None:
        for tag in self.field.text().split(","):
            self.add(tag)

    def _rebuild(self) -> None:
        while self._flow.count() > 0:
            item = self._flow.takeAt(0)
            widget = item.widget() if item else None
            if widget and widget is not self.field:
                widget.deleteLater()
        for tag in self.tags:
            self._flow.addWidget(self._chip(tag))
        self._flow.addWidget(self.field)
        self.updateGeometry()

    def _chip(self, tag: str) -> QPushButton:
        chip = QPushButton(tag, self)
        chip.setObjectName(f"{self._name}-chip-{tag}")
        chip.setAccessibleName(f"Tag {tag}: take it away")
        chip.setToolTip("Take this tag away")
        chip.setProperty("role", "chip")
        chip.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
        chip.setIcon(self._theme.icon("mdi6.close", "secondary"))
        chip.setIconSize(ICON * 0.7)
        chip.clicked.connect(lambda: self.remove(tag))
        return chip


class _TagField(QLineEdit):
    """Enter adds what is typed and goes no further, where it might press a window's default button."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName("Add a tag")
        self.setPlaceholderText("Add a tag")
        self.setMaxLength(_LONGEST)
        self.setProperty("role", "tag")
        self.setFixedWidth(112)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        super().keyPressEvent(event)
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            event.accept()
