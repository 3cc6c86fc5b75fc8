"""What no part of the window foresaw is said below the page, and never twice in two lines."""

import pytest
from PySide6.QtGui import QGuiApplication

from fmstudio.gui.window.main_window import MainWindow
from fmstudio.gui.window.trouble_bar import TroubleBar

REASON, DETAILS = "ValueError: no such thing", "Traceback\n  line 3\nValueError: no such thing"


@pytest.fixture
def bar(theme, show):
    return show(TroubleBar(theme), 800, 40)


def test_it_takes_no_room_before_something_goes_wrong(studio, show):
    window = show(MainWindow(studio))
    assert not window.trouble.isVisible()
    studio.went_wrong.emit(REASON, DETAILS)
    assert window.trouble.isVisible()
    assert (
        window.trouble.mapToGlobal(window.trouble.rect().bottomLeft()).y()
        < window.job_bar.mapToGlobal(window.job_bar.rect().topLeft()).y()
    )
    window.trouble.close_button.click()
    assert not window.trouble.isVisible()


def test_what_comes_again_is_counted(bar):
    bar.tell(REASON, DETAILS)
    assert bar.sentence.text() == f"Something went wrong: {REASON}"
    bar.tell(REASON, DETAILS)
    bar.tell("KeyError: 'x'", "Traceback of another")
    assert bar.sentence.text() == "Something went wrong (3 times): KeyError: 'x'"
    assert bar.text().count("Traceback") == 2
    bar.clear()
    bar.tell(REASON, DETAILS)
    assert bar.sentence.text() == f"Something went wrong: {REASON}"


def test_the_details_are_shown_in_place_and_copied(bar):
    bar.tell(REASON, DETAILS)
    assert not bar.details.isVisible()
    bar.details_button.click()
    assert bar.details.isVisible()
    assert bar.details.toPlainText() == f"{REASON}\n\n{DETAILS}"
    bar.tell(REASON, DETAILS)
    assert bar.details.toPlainText().startswith(f"{REASON} (2 times)")
    bar.copy_button.click()
    copied = QGuiApplication.clipboard().text()
    assert copied.startswith("FM Studio ")
    assert DETAILS in copied
    assert bar.copy_button.text() == "Copied"
    bar.details_button.click()
    assert not bar.details.isVisible()
