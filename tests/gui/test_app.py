"""The whole program: the real engine, workspace and window, joined as a person gets them."""

import signal
import sys
from functools import partial
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox, QPushButton

from fmstudio import app
from fmstudio.app import Session, open_window
from fmstudio.gui.preferences import Preferences, preferences_path
from fmstudio.gui.theme import Theme
from fmstudio.jobs import Engine, JobRequest, Started
from fmstudio.places import log_path
from fmstudio.workspace import Workspace, WorkspaceError
from tests.jobs.jobs_for_tests import shared


@pytest.fixture
def session(tmp_path, theme, preferences):
    made = Session(tmp_path / "new", theme, preferences)
    yield made
    made.end()


def test_a_new_workspace_comes_up_with_sample_data_and_knows_its_machine(session, qtbot):
    session.show()
    assert session.window.current == "home"
    qtbot.waitUntil(lambda: bool(session.studio.machine), timeout=60_000)
    qtbot.waitUntil(lambda: bool(session.studio.description), timeout=60_000)
    assert "cpu" in [device["name"] for device in session.studio.machine["devices"]]
    qtbot.waitUntil(
        lambda: [record.name for record in session.workspace.datasets()] == ["python-reference"], timeout=60_000
    )
    assert "language" in [family["name"] for family in session.studio.description["families"]]


def test_a_workspace_that_is_not_new_gets_no_sample_data(tmp_path, theme, preferences, qtbot):
    Workspace(tmp_path / "old").close()
    session = Session(tmp_path / "old", theme, preferences)
    session.show()
    qtbot.waitUntil(lambda: bool(session.studio.machine), timeout=60_000)
    assert session.workspace.datasets() == []
    session.end()


def test_a_choice_in_settings_reaches_the_whole_window(session, theme):
    session.studio.preferences.set("theme", "dark")
    session.studio.preferences.set("text_size", 16)
    assert theme.dark
    assert theme.text_size == 16


def test_ending_stops_jobs_and_gives_the_workspace_back(tmp_path, theme, preferences, qtbot):
    session = Session(tmp_path / "w", theme, preferences)
    session.show()
    session.studio.submit(JobRequest("Sample data", "fmstudio.data.samples:ensure"))
    assert session.end() is None
    assert not session.engine.busy
    again = Workspace(tmp_path / "w")
    again.claim_window()
    again.close()


def test_a_job_that_does_not_stop_in_time_keeps_its_workspace(tmp_path, theme, preferences, qtbot, monkeypatch, caplog):
    session = Session(tmp_path / "w", theme, preferences)
    mine = shared("kept workspace")
    session.studio.submit(JobRequest("A long step", "tests.jobs.jobs_for_tests:stuck", {"test": "kept workspace"}))
    qtbot.waitUntil(mine.begun.is_set)
    monkeypatch.setattr(session.engine, "close", partial(session.engine.close, 0.01))
    session.end()
    assert "A long step did not stop in time; the workspace" in caplog.text
    again = Workspace(tmp_path / "w")
    with pytest.raises(WorkspaceError, match="already open in another window"):
        again.claim_window()
    again.close()
    mine.go.set()
    assert Engine.close(session.engine)
    session.workspace.close()


def test_another_workspace_is_opened_in_the_place_of_this_one(tmp_path, monkeypatch, qapp):
    opened = []

    def watch(session):
        opened.append(session.workspace.path.name)
        other = tmp_path / "second"
        act = (lambda: session.studio.workspace_wanted.emit(other)) if len(opened) == 1 else session.window.close
        QTimer.singleShot(0, session.window, act)

    monkeypatch.setattr(Session, "_after_first_paint", watch)
    assert open_window(tmp_path / "first") == 0
    assert opened == ["first", "second"]
    assert Preferences(preferences_path()).get("last_workspace") == str(tmp_path / "second")


def test_without_a_name_the_last_workspace_is_opened_and_else_the_usual_one(tmp_path, monkeypatch, qapp):
    opened = []

    def watch(session):
        opened.append(session.workspace.path)
        QTimer.singleShot(0, session.window, session.window.close)

    monkeypatch.setattr(Session, "_after_first_paint", watch)
    monkeypatch.delenv("FMSTUDIO_WORKSPACE")
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "home")
    open_window()
    open_window(tmp_path / "mine")
    open_window()
    assert opened == [tmp_path / "home" / "FM Studio", tmp_path / "mine", tmp_path / "mine"]
    # What the environment names counts before what was open last, but after what the command names.
    monkeypatch.setenv("FMSTUDIO_WORKSPACE", str(tmp_path / "named"))
    open_window()
    open_window(tmp_path / "mine")
    assert opened[3:] == [tmp_path / "named", tmp_path / "mine"]


def test_ctrl_c_in_the_terminal_ends_it_as_closing_does(tmp_path, monkeypatch, qapp):
    monkeypatch.setattr(Session, "_after_first_paint", lambda session: signal.raise_signal(signal.SIGINT))
    before = signal.getsignal(signal.SIGINT)
    assert open_window(tmp_path / "w") == 0
    assert signal.getsignal(signal.SIGINT) is before
    again = Workspace(tmp_path / "w")
    again.claim_window()
    again.close()


def test_a_slot_that_fails_is_told_below_the_page_and_in_the_log(tmp_path, monkeypatch, qapp, capsys):
    told = []

    def break_a_slot(session):
        session.studio.went_wrong.connect(lambda reason, _: told.append((reason, session.window.trouble.isVisible())))
        session.studio.went_wrong.connect(session.window.close)
        QTimer.singleShot(0, session.window, lambda: {}["missing"])

    monkeypatch.setattr(sys, "excepthook", sys.__excepthook__)
    monkeypatch.setattr(Session, "_after_first_paint", break_a_slot)
    assert open_window(tmp_path / "w") == 0
    assert told == [("KeyError: 'missing'", True)]
    assert "KeyError: 'missing'" in log_path().read_text("utf-8")
    assert sys.excepthook is sys.__excepthook__


def test_a_listener_of_a_job_that_fails_is_told_too(session, qtbot):
    def listen(event):
        raise ValueError("no such row")

    with qtbot.waitSignal(session.studio.went_wrong) as told:
        session.studio.jobs.add("job-x", JobRequest("Ask", "a:b"))
        session.studio.jobs.watch("job-x", listen)
        session.studio.jobs.deliver([("job-x", Started())])
    assert "no such row" in told.args[0]


def answer(button: str, said: list[str]) -> None:
    """Press a button of the question that comes up."""

    def press():
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        said.append(box.informativeText())
        box.findChild(QPushButton, button).click()

    QTimer.singleShot(0, press)


def test_a_folder_that_cannot_be_used_is_explained_and_another_asked_for(tmp_path, monkeypatch, qapp):
    blocked, said, opened = tmp_path / "a file", [], []
    blocked.touch()
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path / "good"))

    def watch(session):
        opened.append(session.workspace.path.name)
        QTimer.singleShot(0, session.window, session.window.close)

    monkeypatch.setattr(Session, "_after_first_paint", watch)
    answer("workspace-another", said)
    assert open_window(blocked) == 0
    assert opened == ["good"]
    assert str(blocked) in said[0]


def test_a_second_window_on_a_workspace_says_so_and_leaves(tmp_path, qapp):
    first, said = Workspace(tmp_path / "w"), []
    first.claim_window()
    answer("workspace-quit", said)
    assert open_window(tmp_path / "w") == 1
    assert "already open in another window" in said[0]
    first.close()


def test_the_theme_is_the_preferred_one_from_the_start(tmp_path, monkeypatch, qapp):
    chosen = Preferences(preferences_path())
    chosen.set("theme", "dark")
    chosen.save()
    seen = []
    monkeypatch.setattr(app, "_begin", lambda path, theme, preferences: seen.append(theme))
    open_window(tmp_path / "w")
    assert isinstance(seen[0], Theme)
    assert seen[0].dark
