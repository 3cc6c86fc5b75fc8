"""The table: rows by pages, columns that sort and colour, and rows on the clipboard."""

from operator import itemgetter

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest

from fmstudio.gui.widgets.lists.row_pages import PAGE
from fmstudio.gui.widgets.lists.table import Column, GivenRows, PagedRows, TableView
from fmstudio.jobs import Finished, Sample, Started

TARGET = "tests.rows:told"  # a target of no module of the program stands for any job
COLUMNS = [
    Column("Name", itemgetter("name"), 80, token=lambda row: "error" if row["bad"] else "", key="name"),
    Column("Text", itemgetter("text")),
]


def row(number):
    return {"name": f"n{number}", "text": "two\nlines  and blanks" if number else "one  line", "bad": number == 1}


@pytest.fixture
def paged(studio, engine):
    """900 rows, of which each page comes when it is asked for."""
    made = PagedRows(studio, TARGET, COLUMNS)
    made.ask({"of": "things"})

    def reply(total=900):
        job = engine.latest(TARGET)
        start = engine.requests[job].arguments["start"]
        rows = [row(number) for number in range(start, min(total, start + PAGE))]
        answer = Sample("rows", "rows", {"start": start, "total": total, "rows": rows})
        studio.jobs.deliver([(job, Started()), (job, answer), (job, Finished())])

    made.reply = reply
    reply()
    return made


def test_rows_are_fetched_where_one_looks(paged, engine, qtbot):
    assert (paged.rowCount(), paged.index(0, 0).data()) == (900, "n0")
    assert paged.index(600, 1).data() == "Loading…"
    qtbot.waitUntil(lambda: engine.targets().count(TARGET) == 2)
    paged.reply()
    assert paged.index(600, 0).data() == "n600"
    assert engine.requests[engine.latest(TARGET)].arguments["of"] == "things"


def test_sorting_asks_anew_and_shows_what_there_is_until_it_comes(paged, engine):
    paged.sort(0, Qt.SortOrder.DescendingOrder)
    wanted = engine.requests[engine.latest(TARGET)].arguments
    assert (wanted["sort"], wanted["descending"], wanted["start"]) == ("name", True, 0)
    assert paged.index(0, 0).data() == "n0"
    asked = engine.targets().count(TARGET)
    paged.sort(1)
    assert engine.targets().count(TARGET) == asked, "a column without a key cannot be sorted by"


def test_fewer_rows_after_a_change_are_fewer_rows(paged, engine, qtbot):
    asked = engine.targets().count(TARGET)
    paged.refresh()
    qtbot.waitUntil(lambda: engine.targets().count(TARGET) > asked)
    paged.reply(total=3)
    assert paged.rowCount() == 3


def test_a_cell_is_one_line_and_its_tip_the_whole_text(theme):
    model = GivenRows(COLUMNS, theme)
    model.show([row(0), row(1)])
    assert [model.index(number, 1).data() for number in range(2)] == ["one  line", "two lines and blanks"]
    assert model.index(1, 1).data(Qt.ItemDataRole.ToolTipRole) == "two\nlines  and blanks"
    assert model.index(1, 0).data(Qt.ItemDataRole.ForegroundRole) == theme.color("error")
    assert model.index(0, 0).data(Qt.ItemDataRole.ForegroundRole) is None


def test_chosen_rows_are_copied_as_a_spreadsheet_takes_them(theme, show):
    model = GivenRows(COLUMNS, theme)
    model.show([row(0), row(1), row(2)])
    table = show(TableView(model, "rows", "Rows"), 400, 200)
    table.selectRow(1)
    QTest.keyClick(table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == "n1\ttwo lines and blanks"
