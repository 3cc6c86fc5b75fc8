"""Where the keys go when what had them cannot have them any more."""

import pytest
from PySide6.QtWidgets import QApplication, QPushButton, QWidget

from fmstudio.gui.widgets.boxes import boxed, discard, hbox, vbox
from fmstudio.gui.window.kept_focus import KeptFocus


@pytest.fixture
def parts(show):
    """A window with a navigation, and a page of which the last row has two buttons."""
    parts = {name: QPushButton(name) for name in ("navigation", "first", "go", "stop")}
    row = boxed(hbox(parts["go"], parts["stop"]))
    page = boxed(vbox(parts["first"], row))
    window = QWidget()
    window.setLayout(hbox(page, parts["navigation"]))
    parts["kept"] = KeptFocus(window)
    window.activateWindow()
    show(window)
    return parts


def focused(qtbot, widget) -> bool:
    qtbot.waitUntil(lambda: QApplication.focusWidget() is widget)
    return True


def test_a_button_that_disables_itself_leaves_the_focus_beside_it_and_has_it_back(parts, qtbot):
    parts["stop"].setFocus()
    parts["stop"].setEnabled(False)
    assert focused(qtbot, parts["go"])
    parts["stop"].setEnabled(True)
    assert focused(qtbot, parts["stop"])


def test_once_a_person_has_gone_on_the_focus_stays_there(parts, qtbot):
    parts["stop"].setFocus()
    parts["stop"].setEnabled(False)
    assert focused(qtbot, parts["go"])
    parts["first"].setFocus()
    parts["stop"].setEnabled(True)
    assert QApplication.focusWidget() is parts["first"]


def test_what_is_deleted_under_the_hand_leaves_the_focus_in_its_place(parts, qtbot):
    parts["stop"].setFocus()
    discard(parts["stop"])
    assert focused(qtbot, parts["go"])


def test_whoever_puts_the_focus_somewhere_is_right(parts, qtbot):
    parts["stop"].setFocus()
    parts["stop"].setEnabled(False)
    parts["first"].setFocus()
    qtbot.wait(20)
    assert QApplication.focusWidget() is parts["first"]
