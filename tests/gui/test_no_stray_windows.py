"""While the window and its panels are built, nothing else is shown as a window: it would flash and take the focus."""

import pytest
from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication, QWidget

from fmstudio.gui.panel import find_panels
from fmstudio.gui.window.main_window import MainWindow


class Windows(QObject):
    """The names of the widgets that were shown as windows of their own."""

    def __init__(self):
        super().__init__()
        self.shown = []

    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Show and isinstance(watched, QWidget) and watched.isWindow():
            self.shown.append(f"{type(watched).__name__} {watched.objectName()!r}")
        return False


@pytest.fixture
def windows(qapp):
    watch = Windows()
    QApplication.instance().installEventFilter(watch)
    yield watch.shown
    QApplication.instance().removeEventFilter(watch)


def test_only_the_window_itself_is_shown_while_it_and_its_panels_are_built(studio, show, windows):
    window = MainWindow(studio)
    window.unattended = True
    show(window)
    for info in find_panels():
        window.show_panel(info.name)
    assert windows == ["MainWindow 'main-window'"]
