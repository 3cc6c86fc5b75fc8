"""For text fields in which no files are dropped: these are for the panel that the field is on."""

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QDragEnterEvent
from PySide6.QtWidgets import QAbstractScrollArea

from fmstudio.gui.panel import dropped_paths


def let_files_pass(field: QAbstractScrollArea) -> None:
    """Let whoever is around the field be asked for files that are dragged over it; text can still be dropped."""
    field.viewport().installEventFilter(_Passing(field))


class _Passing(QObject):
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QDragEnterEvent) and dropped_paths(event.mimeData()):
            event.ignore()
            return True
        return False
