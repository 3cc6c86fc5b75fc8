"""Tab walks through every panel where one reads it, and shows where it is."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from fmstudio.gui.panel import find_panels
from fmstudio.gui.window.main_window import MainWindow
from tests.gui.train.runs import description

MOST = 150


@pytest.fixture
def window(with_runs, studio, show):
    made = MainWindow(studio)
    made.unattended = True
    show(made)
    made.activateWindow()
    studio.know_families(description())
    return made


def walk(window):
    """Each widget that Tab stops at, from where a panel begins until it comes round, with what is wrong there."""
    stops = []
    while len(stops) < MOST:
        QTest.keyClick(QApplication.focusWidget() or window, Qt.Key.Key_Tab)
        focused = QApplication.focusWidget()
        if any(focused is each for each, _ in stops):
            return stops
        QApplication.processEvents()
        out_of_sight = not focused.isVisible() or focused.visibleRegion().isEmpty()
        seen = _look(window, focused)
        focused.clearFocus()
        shows_it = seen != _look(window, focused)
        tiny = min(focused.width(), focused.height()) <= 8
        faults = {"is out of sight": out_of_sight, "has no size": tiny, "shows no focus": not shows_it}
        stops.append((focused, [words for words, is_so in faults.items() if is_so]))
        focused.setFocus(Qt.FocusReason.TabFocusReason)
    raise AssertionError(f"Tab does not come round: {[each.objectName() for each, _ in stops]}")


def _look(window, widget) -> QImage:
    """The widget as it is seen with what is close around it."""
    QApplication.processEvents()
    place = widget.rect().translated(widget.mapTo(window, widget.rect().topLeft())).adjusted(-4, -4, 4, 4)
    return window.grab(place).toImage()


@pytest.mark.parametrize("panel", [info.name for info in find_panels()])
def test_every_stop_of_tab_is_in_sight_and_shows_that_it_has_the_keys(window, panel):
    window.show_panel(panel)
    window.panel(panel).setFocus()
    assert [(stop.objectName(), *faults) for stop, faults in walk(window) if faults] == []


def test_the_form_of_train_comes_first_and_its_fields_in_their_order(window):
    window.show_panel("train")
    names = [stop.objectName() for stop, _ in walk(window)]
    fields = [name for name in names if name.startswith("field-")]
    assert names.index("run-name") == 1
    assert names.index(fields[0]) < names.index("probe") < names.index("train-view-objective")
    assert fields[0].startswith("field-data.datasets-1"), "the datasets stand on top"
    assert names.index(fields[0]) <= 8
    assert names.index("preset") < names.index("start-button")
