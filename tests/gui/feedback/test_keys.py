"""Keys in the Feedback panel: what is written is saved by them, and what is read is what they delete."""

import datetime

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from fmstudio.gui import formatting
from fmstudio.gui.panel import find_panels
from fmstudio.gui.window.main_window import MainWindow
from fmstudio.workspace import FeedbackRecord, now

CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def window(real_studio, workspace, show, qtbot, monkeypatch):
    """The Feedback panel in the window, with five entries, the newest of which is read."""
    monkeypatch.setattr("fmstudio.gui.window.main_window.ask_to_stop", lambda *_: True)
    for day, name in enumerate("abcde", 1):
        created = f"2026-01-0{day}T10:00:00+00:00"
        workspace.feedback.add(FeedbackRecord("text", "small", "Why?", f"Because {name}.", id=name, created=created))
    made = show(MainWindow(real_studio, tuple(info for info in find_panels() if info.name == "feedback")))
    made.show_panel("feedback")
    made.activateWindow()
    entries = made.panel("feedback").entries
    qtbot.waitUntil(lambda: entries.detail.heading.isVisible() and entries.detail.entry == "e")
    return made


@pytest.fixture
def entries(window):
    return window.panel("feedback").entries


def test_ctrl_enter_saves_what_is_written_and_exports_nothing(window, entries, workspace, qtbot):
    panel = window.panel("feedback")
    qtbot.waitUntil(lambda: entries.detail.bar.comment_button.isEnabled())
    entries.detail.bar.comment_button.click()
    editor = entries.detail.bar.comment.editor
    QTest.keyClicks(editor, "Fine")
    QTest.keyClick(editor, Qt.Key.Key_Return, CONTROL)
    assert not hasattr(panel, "dialog")
    assert not editor.isVisible()
    qtbot.waitUntil(lambda: workspace.feedback.get("e").comment == "Fine")


def test_esc_closes_what_is_written_and_stops_nothing(window, entries, workspace, qtbot, monkeypatch):
    stopped = []
    monkeypatch.setattr(type(window.panel("feedback")), "stop", lambda panel: stopped.append(panel))
    qtbot.waitUntil(lambda: entries.detail.bar.correct_button.isEnabled())
    entries.detail.bar.correct_button.click()
    editor = entries.detail.bar.correction.editor
    QTest.keyClicks(editor, "No")
    QTest.keyClick(editor, Qt.Key.Key_Escape)
    assert (editor.isVisible(), stopped) == (False, [])
    assert workspace.feedback.get("e").correction == ""
    QTest.keyClick(entries.table, Qt.Key.Key_Escape)
    assert stopped  # elsewhere it does what it does in the whole window


@pytest.mark.parametrize(("key", "read"), [(Qt.Key.Key_Home, "e"), (Qt.Key.Key_End, "a"), (Qt.Key.Key_Down, "b")])
def test_delete_takes_away_what_is_read_however_one_came_there(entries, workspace, qtbot, key, read):
    entries.table.selectRow(2)
    entries.table.setFocus()
    QTest.keyClick(entries.table, key, CONTROL)
    assert entries.detail.entry == read
    assert entries.table.selected_ids() == [read]
    QTest.keyClick(entries.table, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: workspace.feedback.count() == 4)
    assert {record.id for record in workspace.feedback.records()} == set("abcde") - {read}


def test_what_is_taken_out_of_the_selection_is_read_no_more(entries, workspace, qtbot):
    def click(row, modifiers):
        place = QPoint(20, entries.table.rowViewportPosition(row) + 10)
        QTest.mouseClick(entries.table.viewport(), Qt.MouseButton.LeftButton, modifiers, place)

    click(1, Qt.KeyboardModifier.NoModifier)
    click(2, CONTROL)
    click(3, CONTROL)
    assert entries.detail.entry == "b"
    click(3, CONTROL)  # the one that is read
    assert entries.detail.entry == "c"
    click(1, CONTROL)  # one that is not
    assert (entries.detail.entry, entries.table.selected_ids()) == ("c", ["c"])
    click(4, CONTROL)
    QTest.keyClick(entries.table, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: workspace.feedback.count() == 3)
    assert {record.id for record in workspace.feedback.records()} == {"b", "d", "e"}


def test_detail_and_table_agree_on_how_old_an_entry_is(entries, workspace, qtbot, monkeypatch):
    workspace.feedback.add(FeedbackRecord("text", "small", "Why?", "So.", id="new", created=now()))
    entries.rows.refresh()
    qtbot.waitUntil(lambda: entries.rows.row_of("new") == 0)
    entries.show_entry("new")
    qtbot.waitUntil(lambda: entries.detail.about.text().startswith("just now"))
    later = datetime.datetime.now() + datetime.timedelta(minutes=11, seconds=5)
    when = formatting.when
    monkeypatch.setattr(formatting, "when", lambda timestamp: when(timestamp, later))
    entries.clock.timeout.emit()
    assert entries.detail.about.text().startswith("11 min ago")
    assert entries.rows.index(0, 0).data() == "11 min ago"
    assert entries.clock.isActive()
