"""Ctrl+K: finds any panel, dataset, model, run or command by a few letters of its name."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QLineEdit, QListWidget, QListWidgetItem, QWidget

from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.boxes import hbox, vbox
from fmstudio.gui.widgets.labels import label
from fmstudio.gui.window.findings import Finding

_WIDTH, _ROWS, _ROW_HEIGHT = 560, 9, 36
_MOVES = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1, Qt.Key.Key_PageUp: -_ROWS, Qt.Key.Key_PageDown: _ROWS}


class Palette(QFrame):
    """A field over a list. Arrows choose, Enter goes, Esc closes."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("palette")
        self.setAccessibleName("Find anything")
        self.setFixedWidth(_WIDTH)
        self._theme, self._owner = theme, parent
        self._findings: Sequence[Finding] = ()
        self.field = QLineEdit()
        self.field.setObjectName("palette-field")
        self.field.setAccessibleName("Find a panel, dataset, model, run or command")
        self.field.setPlaceholderText("Find a panel, dataset, model, run or command")
        self.field.textChanged.connect(self._filter)
        self.field.installEventFilter(self)
        self.list = QListWidget()
        self.list.setObjectName("palette-list")
        self.list.setAccessibleName("Found")
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.itemClicked.connect(self._go)
        self._nothing = label("Nothing of that name.", "secondary", "palette-nothing")
        self.setLayout(vbox(self.field, self.list, self._nothing, margins=12))

    def pop_up(self, findings: Sequence[Finding]) -> None:
        """Show what can be found, over the upper middle of the window."""
        self._findings = findings
        self.field.clear()
        self._filter()
        frame = self._owner.window().frameGeometry()
        self.move(frame.center().x() - _WIDTH // 2, frame.top() + max(80, frame.height() // 8))
        self.show()
        self.field.setFocus()

    def _filter(self) -> None:
        words = self.field.text()
        found = [(score(words, finding), number) for number, finding in enumerate(self._findings)]
        best = sorted((points, number) for points, number in found if points is not None)
        self.list.clear()
        for _, number in best[:60]:
            self._add(self._findings[number])
        self.list.setCurrentRow(0)
        self.list.setVisible(bool(best))
        self._nothing.setVisible(not best)
        self.list.setFixedHeight(min(_ROWS, max(1, len(best))) * _ROW_HEIGHT + 4)
        self.adjustSize()

    def _add(self, finding: Finding) -> None:
        item = QListWidgetItem(self._theme.icon(finding.icon, "secondary"), finding.title, self.list)
        item.setData(Qt.ItemDataRole.UserRole, finding)
        item.setSizeHint(QSize(0, _ROW_HEIGHT))
        holder = QWidget()
        holder.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        holder.setLayout(hbox(..., label(finding.hint or finding.kind, "caption"), gap=6, margins=(0, 0, 10, 0)))
        self.list.setItemWidget(item, holder)

    def _go(self, item: QListWidgetItem | None) -> None:
        if item is not None:
            self.hide()
            item.data(Qt.ItemDataRole.UserRole).run()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if step := _MOVES.get(Qt.Key(event.key())):
                row = min(self.list.count() - 1, max(0, self.list.currentRow() + step))
                self.list.setCurrentRow(row)
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._go(self.list.currentItem())
                return True
        return super().eventFilter(watched, event)


def score(words: str, finding: Finding) -> tuple[int, int] | None:
    """How well an entry fits, lower is better: every word must be in its title or kind, best at a word's beginning."""
    title, text = _spaced(finding.title), _spaced(f"{finding.title} {finding.kind}")
    points = 0
    for word in _spaced(words).split():
        if word not in text:
            return None
        points += 0 if title.startswith(word) else 1 if f" {word}" in text else 2
    return points, len(title) if words else 0


def _spaced(text: str) -> str:
    """Letters and digits in small letters, all else as spaces: "plays-tiny" is two words."""
    return "".join(letter if letter.isalnum() else " " for letter in text.casefold())
