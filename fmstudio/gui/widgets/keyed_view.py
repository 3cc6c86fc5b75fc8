"""Keys that mean something in a part of a panel: Ctrl+Enter does what this part is there to do, Esc leaves it."""

from PySide6.QtCore import QEvent, Qt, Signal, SignalInstance
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget


class KeyedView(QWidget):
    """Takes its keys from anywhere within, before the window's own shortcuts get them.

    acted: Ctrl+Enter, where `acts`. closed: Esc, where `leaves`; a subclass's Close button emits it as well.
    """

    acted = Signal()
    closed = Signal()
    acts = False
    leaves = False

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride and self._meant(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if signal := self._meant(event):
            signal.emit()
        else:
            super().keyPressEvent(event)

    def _meant(self, event: QKeyEvent) -> SignalInstance | None:
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if self.acts and enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            return self.acted
        return self.closed if self.leaves and event.key() == Qt.Key.Key_Escape else None
