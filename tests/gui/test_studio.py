"""The board keeps the state of jobs from their events; the studio passes work on and tells what was made."""

import pytest

from fmstudio.gui.job_board import JobBoard
from fmstudio.gui.pump import CALM, INTERVAL, Pump
from fmstudio.gui.widgets.jobs.job_strip import headline
from fmstudio.jobs import (
    Artefact,
    Failed,
    Finished,
    JobRequest,
    Mailbox,
    Note,
    Paused,
    Priority,
    Progress,
    Queued,
    Resumed,
    Sample,
    Started,
    Waiting,
)

TRAIN = JobRequest("Train plays", "a:b")
ASK = JobRequest("Ask", "a:c", priority=Priority.INTERACTIVE, visible=False)


@pytest.fixture
def board(qapp):
    return JobBoard()


def test_a_job_s_life_as_the_board_sees_it(board):
    board.add("job-1", TRAIN)
    seen = []
    for events, status in [
        ([Queued()], "queued"),
        ([Started(), Progress(1, 10)], "running"),
        ([Paused()], "paused"),
        ([Resumed()], "running"),
        ([Note("half way"), Finished("completed", {"run": "r"})], "completed"),
    ]:
        board.deliver([("job-1", event) for event in events])
        seen.append((board["job-1"].status, status))
    assert all(real == expected for real, expected in seen), seen
    state = board["job-1"]
    assert state.result == {"run": "r"}
    assert [note.text for note in state.notes] == ["half way"]
    assert state.fraction == 1.0
    assert not state.active


def test_a_paused_job_that_had_not_begun_waits_again(board):
    board.add("job-1", TRAIN)
    board.deliver([("job-1", Queued()), ("job-1", Paused()), ("job-1", Resumed())])
    assert board["job-1"].status == "queued"
    assert [state.id for state in board.waiting()] == ["job-1"]


def test_a_failure_keeps_its_reason_and_details(board):
    board.add("job-1", TRAIN)
    board.deliver([("job-1", Failed("The disk is full; free some space.", "Traceback"))])
    assert (board["job-1"].reason, board["job-1"].details) == ("The disk is full; free some space.", "Traceback")


def test_a_watcher_hears_its_own_job_until_it_leaves(board):
    board.add("job-1", TRAIN)
    board.add("job-2", TRAIN)
    heard = []
    leave = board.watch("job-1", heard.append)
    board.deliver([("job-1", Note("one")), ("job-2", Note("other"))])
    leave()
    board.deliver([("job-1", Note("two"))])
    assert heard == [Note("one")]


def breaks(heard):
    def listener(event):
        heard.append(event)
        raise ValueError("cannot draw this")

    return listener


def test_a_listener_that_raises_keeps_nobody_from_hearing(board):
    board.add("job-1", TRAIN)
    board.add("job-2", TRAIN)
    broken, heard, other, told, ended = [], [], [], [], []
    board.listener_failed.connect(lambda *words: told.append(words))
    board.ended.connect(ended.append)
    board.watch("job-1", breaks(broken))
    board.watch("job-1", heard.append)
    board.watch("job-2", other.append)
    events = [Progress(1), Note("one"), Finished()]
    board.deliver([(job, event) for event in events for job in ("job-1", "job-2")])
    assert broken == heard == other == events
    assert board["job-1"].status == board["job-2"].status == "completed"
    assert sorted(ended) == ["job-1", "job-2"]
    [(reason, details)] = told
    assert reason == "The window could not show what a job told (ValueError: cannot draw this)."
    assert "in listener" in details


def test_where_nobody_asks_for_it_a_broken_listener_is_told_as_any_error(board, monkeypatch):
    told = []
    monkeypatch.setattr("sys.excepthook", lambda kind, error, trace: told.append(str(error)))
    board.add("job-1", TRAIN)
    board.watch("job-1", breaks([]))
    board.deliver([("job-1", Note("one")), ("job-1", Note("two"))])
    assert told == ["cannot draw this"]


def test_what_a_job_waits_for_is_known_until_it_goes_on(board):
    board.add("job-1", TRAIN)
    board.deliver([("job-1", Started()), ("job-1", Waiting("Tales is being fetched."))])
    assert (board["job-1"].status, board["job-1"].waiting) == ("running", "Tales is being fetched.")
    assert headline(board["job-1"]) == "Train plays · Tales is being fetched."
    board.deliver([("job-1", Progress(1))])
    assert board["job-1"].waiting == ""


def test_signals_come_once_a_delivery_and_the_end_is_last(board, qtbot):
    order = []
    board.changed.connect(lambda job: order.append("changed"))
    board.ended.connect(lambda job: order.append("ended"))
    board.event.connect(lambda job, event: order.append(type(event).__name__))
    board.add("job-1", TRAIN)
    board.deliver([("job-1", Progress(1, 2)), ("job-1", Note("x")), ("job-1", Finished())])
    assert order == ["Progress", "Note", "Finished", "changed", "ended"]


def test_small_queries_are_forgotten_when_they_end(board):
    board.add("job-1", ASK)
    answers = []
    board.watch("job-1", answers.append)
    board.deliver([("job-1", Sample("s", "text", "yes")), ("job-1", Finished())])
    assert "job-1" not in board
    assert answers[0] == Sample("s", "text", "yes")


def test_the_interactive_job_that_esc_would_stop(board):
    board.add("job-1", TRAIN)
    board.add("job-2", JobRequest("Write", "a:d", priority=Priority.INTERACTIVE))
    board.deliver([("job-1", Started()), ("job-2", Started())])
    assert board.interactive().id == "job-2"
    assert [state.id for state in board.active()] == ["job-2", "job-1"]
    board.deliver([("job-2", Finished("stopped"))])
    assert board.interactive() is None


def test_ended_jobs_can_be_cleared(board):
    board.add("job-1", TRAIN)
    board.add("job-2", TRAIN)
    board.deliver([("job-1", Finished())])
    board.clear_ended()
    assert [state.id for state in board.all()] == ["job-2"]


def test_the_pump_carries_events_over(board, qtbot):
    mailbox = Mailbox()
    pump = Pump(mailbox, board)
    board.add("job-1", TRAIN)
    pump.start()
    with qtbot.waitSignal(board.ended):
        mailbox.post("job-1", Finished())
    mailbox.post("job-1", Note("the very last"))
    pump.stop()
    assert board["job-1"].notes == [Note("the very last")]


def test_the_pump_looks_often_while_somebody_waits(board):
    pump = Pump(Mailbox(), board)
    board.add("job-1", TRAIN)
    assert pump.interval == CALM
    board.add("job-2", ASK)
    assert pump.interval == INTERVAL
    board.deliver([("job-2", Finished())])
    assert pump.interval == CALM


def test_a_request_reaches_the_engine_and_its_events_the_listener(studio, engine):
    heard = []
    job = studio.submit(TRAIN, heard.append)
    assert engine.requests == {job: TRAIN}
    studio.jobs.deliver([(job, Started())])
    assert heard == [Started()]


@pytest.mark.parametrize("act", ["pause", "resume", "stop", "cancel"])
def test_what_a_person_does_to_a_job_reaches_the_engine(studio, engine, act):
    job = studio.submit(TRAIN)
    getattr(studio, act)(job)
    assert engine.calls == [(act, job)]


def test_stopping_is_shown_at_once(studio):
    job = studio.submit(TRAIN)
    studio.jobs.deliver([(job, Started())])
    studio.stop(job)
    assert studio.jobs[job].status == "stopping"


def test_what_was_made_is_told_when_it_is_there_and_when_its_job_ends(studio):
    told = []
    studio.workspace_changed.connect(lambda kind, name: told.append((kind, name)))
    job = studio.submit(TRAIN)
    studio.jobs.deliver([(job, Artefact("run", "r-1", "/runs/r-1"))])
    assert told == [("run", "r-1")]
    studio.jobs.deliver([(job, Finished())])
    assert told == [("run", "r-1"), ("run", "r-1")]


@pytest.mark.parametrize(
    ("preferred", "asked", "given"), [("auto", "auto", "auto"), ("cpu", "auto", "cpu"), ("cpu", "cuda", "cuda")]
)
def test_new_runs_take_the_preferred_device_where_their_recipe_leaves_it_open(studio, engine, preferred, asked, given):
    studio.preferences.set("device", preferred)
    recipe = {"training": {"device": asked, "steps": 5}}
    job = studio.submit(JobRequest("Train", "a:b", {"recipe": recipe}))
    assert engine.requests[job].arguments["recipe"] == {"training": {"device": given, "steps": 5}}
    assert recipe["training"]["device"] == asked


def test_a_calm_board_tells_numbers_seldom_and_a_new_status_at_once(qtbot, studio):
    board = JobBoard(calm=100)
    heard = []
    board.changed.connect(heard.append)
    board.add("job-1", JobRequest("Train", "x:y"))
    board.deliver([("job-1", Started())])
    assert heard == ["job-1"]
    for step in range(20):
        board.deliver([("job-1", Progress(step, 100))])
    assert heard == ["job-1"], "numbers can wait"
    qtbot.waitUntil(lambda: heard == ["job-1"] * 2)
    assert board["job-1"].fraction == 0.19
    board.deliver([("job-1", Finished())])
    assert heard == ["job-1"] * 3
