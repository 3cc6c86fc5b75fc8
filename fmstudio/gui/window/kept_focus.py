"""Keeps the keys near where they were, where a button disables itself or a row is deleted under the hand.

Qt then passes them to the next widget of the whole window, which may be the navigation or something out of sight.
"""

from collections.abc import Iterator

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication, QWidget
from shiboken6 import isValid

_LOSSES = (QEvent.Type.EnabledChange, QEvent.Type.Hide)


class KeptFocus(QObject):
    """The nearest place that can have the focus gets it, and a button has it back when it can be pressed again."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._before: QWidget | None = None
        self._now: QWidget | None = None
        self._hidden: QWidget | None = None
        self._nearest: QWidget | None = None
        self._waiting: QWidget | None = None
        self._given: QWidget | None = None
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.focusChanged.connect(self._moved)

    def _moved(self, old: QWidget | None, new: QWidget | None) -> None:
        if not isValid(self._window):
            return  # a window that is being taken down still moves the focus
        known = (self._before, self._now)
        self._before, self._now = old, new
        if old is not None and old is self._hidden:
            self._repair(old, self._nearest, new)
        self._hidden = None
        if new not in (self._given, self._waiting):
            self._waiting = None  # a person has gone on
        for each in known:
            if each is not None and isValid(each) and each not in (old, new, self._waiting):
                each.removeEventFilter(self)
        for each in (old, new):
            if each is not None and self._window.isAncestorOf(each):
                each.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in _LOSSES and isinstance(watched, QWidget):
            if watched is self._now and not watched.isVisible():  # Qt moves the focus after it has told of the hiding,
                self._hidden, self._nearest = watched, watched.parentWidget()
            elif watched is self._before and not _usable(watched):  # and before it tells of the disabling
                self._repair(watched, watched.parentWidget(), self._now)
            elif watched is self._waiting and _usable(watched) and QApplication.focusWidget() is self._given:
                watched.setFocus()
        return False

    def _repair(self, lost: QWidget, nearest: QWidget | None, stranger: QWidget | None) -> None:
        """Once whoever disables or hides something has had the time to put the focus elsewhere."""
        QTimer.singleShot(0, self, lambda: self._give(lost, nearest, stranger))

    def _give(self, lost: QWidget, nearest: QWidget | None, stranger: QWidget | None) -> None:
        """Put the focus as near to where it was as it can be, unless somebody has put it where it belongs by now."""
        if QApplication.focusWidget() is not stranger or (isValid(lost) and _usable(lost)):
            return
        while nearest is not None and isValid(nearest) and nearest is not self._window:
            start = lost if isValid(lost) and nearest.isAncestorOf(lost) else nearest
            if found := next(_stops(start, nearest), None):
                self._given, self._waiting = found, lost if isValid(lost) else None
                found.setFocus(Qt.FocusReason.OtherFocusReason)
                return
            nearest = nearest.parentWidget()


def _usable(widget: QWidget) -> bool:
    return widget.isEnabled() and widget.isVisible()


def _stops(start: QWidget, within: QWidget) -> Iterator[QWidget]:
    """Where Tab would stop within a widget, from one of it on."""
    each = start.nextInFocusChain()
    while each is not None and each is not start:
        if each.focusPolicy() & Qt.FocusPolicy.TabFocus and _usable(each) and within.isAncestorOf(each):
            yield each
        each = each.nextInFocusChain()
