"""An exception in a slot is told with its traceback, and kept in the log."""

import sys

import pytest
from PySide6.QtCore import QTimer, qWarning

from fmstudio.gui.uncaught import Uncaught


@pytest.fixture
def uncaught(monkeypatch):
    before = []
    monkeypatch.setattr(sys, "excepthook", lambda *error: before.append(error[0]))
    made = Uncaught()
    made.open()
    made.before = before
    yield made
    made.close()


def fail() -> None:
    raise ValueError("this slot is broken")


def test_a_slot_that_fails_is_heard_of(uncaught, qtbot, caplog):
    with qtbot.waitSignal(uncaught.happened) as told:
        QTimer.singleShot(0, fail)
    reason, details = told.args
    assert reason == "ValueError: this slot is broken"
    assert "in fail" in details
    assert "this slot is broken" in caplog.text
    assert uncaught.before == [ValueError], "whoever listened before still hears of it"


def test_ctrl_c_is_no_fault(uncaught):
    told = []
    uncaught.happened.connect(lambda *what: told.append(what))
    sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert told == []


def test_a_listener_that_fails_itself_is_not_told_of_without_end(uncaught):
    told = []

    def listen(reason: str, details: str) -> None:
        told.append(reason)
        raise RuntimeError("and this one too")

    uncaught.happened.connect(listen)
    sys.excepthook(ValueError, ValueError("one"), None)
    assert told == ["ValueError: one"]
    assert uncaught.before == [ValueError, RuntimeError]


def test_what_qt_warns_of_is_kept(uncaught, caplog, capsys):
    qWarning("This plugin does not support flying")
    qWarning("the tap drips")
    assert [(record.name, record.message) for record in caplog.records] == [("qt", "the tap drips")]
    assert capsys.readouterr().err == "the tap drips\n"


def test_a_quiet_one_prints_nothing(monkeypatch, capsys):
    before = []
    monkeypatch.setattr(sys, "excepthook", lambda *error: before.append(error[0]))
    quiet = Uncaught(aloud=False)
    quiet.open()
    try:
        sys.excepthook(ValueError, ValueError("one"), None)
        sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)
        qWarning("the tap drips")
    finally:
        quiet.close()
    assert before == [KeyboardInterrupt]
    assert capsys.readouterr().err == ""
