"""The job bar and its list, as events come in."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPushButton, QToolButton, QWidget

from fmstudio.gui.window.job_bar import JobBar
from fmstudio.gui.window.job_list import JobList
from fmstudio.jobs import (
    Artefact,
    Failed,
    Finished,
    JobRequest,
    Meter,
    Note,
    Paused,
    Priority,
    Progress,
    Queued,
    Started,
)

TRAIN = JobRequest("Train plays", "a:b")


@pytest.fixture
def bar(studio, show):
    return show(JobBar(studio), 1200, 44)


def begin(studio, request=TRAIN) -> str:
    """A job under way whose clock stands at ten seconds a step of progress."""
    job = studio.submit(request)
    ticks = iter(range(0, 1000, 10))
    studio.jobs[job].meter = Meter(window=100, clock=lambda: next(ticks))
    studio.jobs.deliver([(job, Queued()), (job, Started())])
    return job


def texts(bar, number: int = 1) -> dict[str, str]:
    parts = ("title", "fraction", "rate", "left")
    return {part: bar.findChild(QLabel, f"job-strip-{number}-{part}").text() for part in parts}


def test_it_is_there_when_nothing_runs(bar):
    assert bar.findChild(QLabel, "job-bar-idle").isVisible()
    assert not bar.findChild(QWidget, "job-strip-1").isVisible()


def test_a_running_job_shows_how_far_how_fast_and_how_long(bar, studio):
    job = begin(studio)
    for done in (300, 400, 500):
        studio.jobs.deliver([(job, Progress(done, 2000, "steps", "", 1240.0, "tokens/s"))])
    assert texts(bar)["left"] == "", "nothing is said before there are three measurements"
    studio.jobs.deliver([(job, Progress(600, 2000, "steps", "validating", 1240.0, "tokens/s"))])
    assert texts(bar) == {
        "title": "Train plays · validating",
        "fraction": "30 %",
        "rate": "1,240 tok/s",
        "left": "2:20 left",
    }


def test_without_a_reported_pace_the_bar_measures_one(bar, studio):
    job = begin(studio)
    for done in (0, 1e8, 2e8, 3e8):
        studio.jobs.deliver([(job, Progress(done, 5e8, "bytes"))])
    assert texts(bar)["rate"] == "10.0 MB/s"


def test_its_buttons_hold_resume_stop_and_cancel(bar, studio, engine, qtbot):
    job = begin(studio)
    studio.jobs.deliver([(job, Progress(1, 10))])
    pause, stop, cancel = (bar.findChild(QToolButton, f"job-strip-1-{name}") for name in ("pause", "stop", "cancel"))
    qtbot.mouseClick(pause, Qt.MouseButton.LeftButton)
    studio.jobs.deliver([(job, Paused())])
    assert pause.toolTip() == "Resume"
    assert texts(bar)["left"] == "Paused"
    qtbot.mouseClick(pause, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(stop, Qt.MouseButton.LeftButton)
    assert texts(bar)["left"] == "Stopping…"
    qtbot.mouseClick(cancel, Qt.MouseButton.LeftButton)
    assert engine.calls == [("pause", job), ("resume", job), ("stop", job), ("cancel", job)]


def test_the_number_of_waiting_jobs(bar, studio):
    begin(studio)
    for _ in range(2):
        studio.submit(JobRequest("Import", "a:i"))
    assert bar.findChild(QPushButton, "job-bar-list").text() == "2 waiting"
    assert not bar.findChild(QWidget, "job-strip-2").isVisible()


def test_an_interactive_job_stands_beside_the_one_that_it_overtakes(bar, studio):
    begin(studio)
    begin(studio, JobRequest("Write", "a:s", priority=Priority.INTERACTIVE))
    assert (texts(bar, 1)["title"], texts(bar, 2)["title"]) == ("Write", "Train plays")


def test_a_narrow_bar_shows_one_job_and_how_many_more(bar, studio):
    begin(studio)
    begin(studio, JobRequest("Write", "a:s", priority=Priority.INTERACTIVE))
    bar.resize(900, bar.height())
    assert texts(bar, 1)["title"] == "Write"
    assert not bar.findChild(QWidget, "job-strip-2").isVisible()
    assert bar.findChild(QPushButton, "job-bar-list").text() == "1 more"


def test_what_runs_is_shown_before_what_is_held(bar, studio):
    held = begin(studio)
    studio.jobs.deliver([(held, Paused())])
    begin(studio, JobRequest("Train robots", "a:b"))
    assert (texts(bar, 1)["title"], texts(bar, 2)["title"]) == ("Train robots", "Train plays")
    assert texts(bar, 2)["left"] == "Paused"
    bar.resize(900, bar.height())
    assert texts(bar, 1)["title"] == "Train robots"


def test_small_queries_are_not_shown(bar, studio):
    studio.query("a:q", lambda event: None)
    assert bar.findChild(QLabel, "job-bar-idle").isVisible()


def test_a_failure_stays_until_the_next_job(bar, studio):
    job = begin(studio)
    studio.jobs.deliver([(job, Failed("The disk is full; free some space.", "Traceback"))])
    assert texts(bar)["title"] == "Train plays: The disk is full; free some space."
    assert texts(bar)["left"] == "Failed"
    bar._forget_last()
    assert bar.findChild(QLabel, "job-bar-idle").isVisible()


def test_what_was_done_is_shown_for_a_moment(bar, studio):
    job = begin(studio)
    studio.jobs.deliver([(job, Finished())])
    assert texts(bar)["left"] == "Done"
    assert bar._forget.isActive()


def test_numbers_that_change_keep_their_places(bar, studio):
    job = begin(studio)
    places = set()
    for done in (1, 99, 1000, 1999):
        studio.jobs.deliver([(job, Progress(done, 2000, "steps", "", done * 7.0, "tokens/s"))])
        bar.layout().activate()
        parts = ("fraction", "rate", "left")
        places.add(tuple(bar.findChild(QLabel, f"job-strip-1-{part}").geometry().right() for part in parts))
    assert len(places) == 1


# The list.


@pytest.fixture
def job_list(studio, show):
    owner = show(QWidget())
    made = JobList(studio, owner)
    yield made
    made.hide()


def test_the_list_has_every_job_with_its_log(job_list, studio):
    train, other = begin(studio), begin(studio, JobRequest("Import", "a:i"))
    studio.jobs.deliver([(train, Note("Read 42 documents.")), (train, Note("Short.", "warning"))])
    studio.jobs.deliver(
        [(train, Artefact("run", "r-1", "/r-1")), (other, Failed("It broke; try again.", "Trace\n  back"))]
    )
    job_list.pop_up(job_list.pos())
    assert [entry.lines[0].text for entry in job_list.list.entries] == ["Import", "Train plays"]
    assert job_list.error.isVisible()
    assert job_list.log.toPlainText() == "\nTrace\n  back"
    QTest.keyClick(job_list.list, Qt.Key.Key_Down)
    assert job_list.log.toPlainText() == "Read 42 documents.\nWarning: Short.\nMade run “r-1”: /r-1"
    assert not job_list.error.isVisible()


def test_a_failure_s_details_are_copied(job_list, studio, qtbot):
    job = begin(studio)
    studio.jobs.deliver([(job, Failed("It broke; try again.", "Traceback"))])
    job_list.pop_up(job_list.pos())
    qtbot.mouseClick(job_list.error.copy_button, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == "It broke; try again.\n\nTraceback"


def test_the_list_follows_while_it_is_open(job_list, studio):
    job = begin(studio)
    job_list.pop_up(job_list.pos())
    studio.jobs.deliver([(job, Note("One more."))])
    assert job_list.log.toPlainText() == "One more."
    begin(studio, JobRequest("Import", "a:i"))
    assert len(job_list.list.entries) == 2


def test_ended_jobs_are_cleared(job_list, studio):
    job = begin(studio)
    studio.jobs.deliver([(job, Finished())])
    job_list.pop_up(job_list.pos())
    job_list.findChild(QPushButton, "job-clear").click()
    assert len(job_list.list.entries) == 0
    assert job_list.findChild(QLabel, "job-title").text() == "No job yet"
