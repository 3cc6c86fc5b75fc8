"""The list of entries: what a person can do with it by mouse and keys, and that it keeps its place."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit

from fmstudio.gui.widgets.lists.entries import Entry, EntryList, Line


def entry(key, **changes):
    return Entry(key, (Line(key, "strong", "text"), Line("below")), f"{key}, below", **changes)


@pytest.fixture
def listed(theme, show):
    """A list of three, and what it has told."""
    made = show(EntryList(theme, "things", "Things", offered=lambda key: [("Open", lambda: None)] if key else []), 300)
    made.told = []
    for name in ("opened", "deleted", "checked", "renamed"):
        getattr(made, name).connect(lambda *values, name=name: made.told.append((name, *values)))
    made.show_entries([entry("a", checked=False), entry("b", name="b"), entry("c")])
    return made


def click(made, row, at_end=False):
    area = made.visualRect(made.model().index(row, 0))
    box = made.itemDelegate().box(area.toRectF()).center().toPoint()
    QTest.mouseClick(made.viewport(), Qt.MouseButton.LeftButton, pos=box if at_end else area.center())


def test_a_click_and_enter_open(listed):
    click(listed, 2)
    listed.mark("b")
    QTest.keyClick(listed, Qt.Key.Key_Return)
    assert listed.told == [("opened", "c"), ("opened", "b")]


def test_a_click_on_a_box_and_space_check_and_open_nothing(listed):
    click(listed, 0, at_end=True)
    listed.mark("a")
    QTest.keyClick(listed, Qt.Key.Key_Space)
    assert listed.told == [("checked", "a", True)] * 2, "whoever is told shows it as checked"


def test_a_name_is_changed_in_place_and_delete_deletes(listed, qtbot):
    listed.mark("b")
    QTest.keyClick(listed, Qt.Key.Key_F2)
    field = listed.findChild(QLineEdit)
    field.setText("better")
    QTest.keyClick(field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: listed.told == [("renamed", "b", "better")])
    QTest.keyClick(listed, Qt.Key.Key_Delete)
    assert listed.told[-1] == ("deleted", "b")


def test_what_is_chosen_stays_chosen_when_others_come_and_go(listed):
    listed.mark("b")
    listed.show_entries([entry("new"), entry("a"), entry("b")])
    assert (listed.chosen, listed.told) == ("b", [])
    listed.show_entries([entry("new")])
    assert listed.chosen == ""
    assert not listed.mark("gone")


def test_a_list_that_follows_opens_what_the_arrows_reach_and_nothing_that_is_marked(theme, show):
    made = show(EntryList(theme, "things", "Things", follows=True), 300)
    told = []
    made.opened.connect(told.append)
    made.show_entries([entry("a"), entry("b")])
    made.mark("a")
    QTest.keyClick(made, Qt.Key.Key_Down)
    assert told == ["b"]


def test_a_menu_is_offered_for_an_entry_only(listed):
    assert [action.text() for action in listed.menu("a").actions()] == ["Open"]
    assert listed.menu("") is None


def test_facts_that_are_too_long_go_on_in_a_second_line(listed, qtbot):
    before = listed.sizeHintForRow(0)
    facts = "Variational autoencoder · 28.4 k parameters · licence unknown"
    long = Entry("long", (Line("long", "strong", "text"), Line(facts)))
    listed.show_entries([long, entry("b")])
    assert listed.sizeHintForRow(0) > before
    assert listed.itemDelegate().broken(long.lines[1], 210) == [
        "Variational autoencoder · 28.4 k",
        "parameters · licence unknown",
    ]
    listed.resize(600, 300)
    qtbot.waitUntil(lambda: listed.sizeHintForRow(0) == before)
