"""What is out of sight is restyled when it comes into sight, so that a change of look costs only what a person sees.

Qt polishes each widget that it has polished before and tells each that the style is another one: thousands, while the
window stands still. One that is not marked as polished, and has a style of its own as far as Qt knows, is left out. It
takes on the new look by the two events by which Qt gives it to the others.
"""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QApplication, QWidget
from shiboken6 import isValid

_POLISHED = Qt.WidgetAttribute.WA_WState_Polished
_LEFT_OUT = Qt.WidgetAttribute.WA_SetStyle


def leave_what_is_hidden() -> None:
    """The look is about to change: from now on every widget out of sight waits until it is shown."""
    _sleepers.intersection_update([each for each in _sleepers if isValid(each)])
    for window in QApplication.topLevelWidgets():
        _visit(window)


def _visit(widget: QWidget) -> None:
    if widget.isHidden():
        _leave(widget)
        return
    for child in widget.children():
        if isinstance(child, QWidget) and not child.isWindow():
            _visit(child)


def _leave(root: QWidget) -> None:
    within = [each for each in (root, *root.findChildren(QWidget)) if _may_wait(each)]
    if within:
        for each in within:
            each.setAttribute(_POLISHED, False)
            each.setAttribute(_LEFT_OUT)
        _sleepers.add(_Sleeper(root, within))


def _may_wait(widget: QWidget) -> bool:
    return widget.testAttribute(_POLISHED) and not widget.testAttribute(_LEFT_OUT) and not widget.isVisible()


class _Sleeper(QObject):
    """Waits for a widget to be shown, and gives it and what is within it the present look."""

    def __init__(self, root: QWidget, within: Sequence[QWidget]) -> None:
        super().__init__(root)
        self._within = within
        root.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Show:
            watched.removeEventFilter(self)
            self._wake()
        return False

    def _wake(self) -> None:
        for widget in filter(isValid, self._within):
            widget.setAttribute(_LEFT_OUT, False)
            QApplication.sendEvent(widget, QEvent(QEvent.Type.Polish))
            QApplication.sendEvent(widget, QEvent(QEvent.Type.StyleChange))
        _sleepers.discard(self)
        self.deleteLater()


_sleepers: set[_Sleeper] = set()
"""Those that wait: of an object that only Qt holds, Python forgets what it knows."""
