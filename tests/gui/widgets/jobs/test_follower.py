"""Following jobs: what becomes of the present one when another is asked for, and what is heard of each."""

import pytest
from PySide6.QtWidgets import QWidget
from shiboken6 import isValid

from fmstudio.gui.widgets.jobs.follower import JobFollower
from fmstudio.jobs import (
    Artefact,
    Failed,
    Finished,
    JobRequest,
    Note,
    Priority,
    Progress,
    Sample,
    Started,
    TextDelta,
)
from tests.gui.conftest import collect_deleted

TARGET = "somewhere:ask"


class Heard:
    """What an owner hears of its follower, in order."""

    def __init__(self, follower: JobFollower):
        self.follower, self.news = follower, []
        follower.answered.connect(lambda data: self.news.append(("answered", data)))
        follower.failed.connect(lambda reason, details: self.news.append(("failed", reason)))
        follower.finished.connect(lambda event: self.news.append(("finished", event.outcome)))
        follower.ended.connect(lambda: self.news.append("ended"))
        follower.busy_changed.connect(lambda busy: self.news.append("busy" if busy else "idle"))

    def of(self, kind: str) -> list:
        return [each[1] for each in self.news if each[0] == kind]


@pytest.fixture
def make(studio, qapp):
    owners = []

    def make(*args, **options):
        owners.append(QWidget())
        follower = JobFollower(owners[-1], studio, TARGET, *args, **options)
        return follower, Heard(follower)

    yield make
    for owner in owners:
        if isValid(owner):
            owner.deleteLater()
    collect_deleted()


def asked(engine):
    return [request.arguments["n"] for request in engine.requests.values()]


def answer(studio, job, text):
    studio.jobs.deliver([(job, Started()), (job, Sample("a", "text", text)), (job, Finished())])


def test_it_asks_for_the_work_and_tells_each_kind_of_event(make, studio, engine):
    follower, heard = make()
    told = {"heard": [], "progressed": [], "wrote": [], "noted": [], "made": [], "sampled": []}
    for name, events in told.items():
        getattr(follower, name).connect(events.append)
    follower.ask(n=1)
    assert engine.requests["job-1"].arguments == {"n": 1}
    events = [
        Progress(1, 2), TextDelta("It", "answer"), Note("Slow."), Artefact("model", "m", "/m"),
        Sample("a", "text", "one"), Finished(result={"n": 1}),
    ]  # fmt: skip
    studio.jobs.deliver([("job-1", event) for event in events])
    assert told == {
        "heard": events, "progressed": events[:1], "wrote": events[1:2], "noted": events[2:3], "made": events[3:4],
        "sampled": events[4:5],
    }  # fmt: skip
    assert heard.news == ["busy", ("answered", "one"), ("finished", "completed"), "ended", "idle"]


def test_without_a_title_the_job_bar_does_not_show_it(make, engine):
    make()[0].ask(n=1)
    assert not engine.requests["job-1"].visible
    named, _ = make(title="Measure", priority=Priority.BACKGROUND)
    named.ask(n=2)
    named.ask("Measure again", n=3)
    shown = [engine.requests[job] for job in ("job-2", "job-3")]
    assert [(each.title, each.priority, each.visible) for each in shown] == [
        ("Measure", Priority.BACKGROUND, True),
        ("Measure again", Priority.BACKGROUND, True),
    ]


def test_any_job_can_be_asked_for(make, engine):
    make()[0].request(JobRequest("Walk", "elsewhere:walk", {"n": 1}, subject="model:m"))
    request = engine.requests["job-1"]
    assert (request.title, request.target, request.subject, request.visible) == (
        "Walk", "elsewhere:walk", "model:m", True,
    )  # fmt: skip


# The newest cancels.


def test_the_newest_cancels_and_late_words_are_not_heard(make, studio, engine):
    follower, heard = make("cancels")
    follower.ask(n=1)
    follower.ask(n=2)
    assert engine.calls == [("cancel", "job-1")]
    studio.jobs.deliver([("job-1", Sample("a", "text", "late")), ("job-1", Failed("Late.", ""))])
    answer(studio, "job-2", "two")
    assert heard.news == ["busy", ("answered", "two"), ("finished", "completed"), "ended", "idle"]


def test_what_is_forgotten_is_not_heard(make, studio, engine):
    follower, heard = make()
    follower.ask(n=1)
    follower.forget()
    answer(studio, "job-1", "late")
    assert (heard.news, engine.calls, follower.busy) == (["busy", "idle"], [("cancel", "job-1")], False)


def test_what_is_stopped_is_heard_to_its_end(make, studio, engine):
    follower, heard = make()
    follower.ask(n=1)
    follower.stop()
    studio.jobs.deliver([("job-1", Finished("stopped"))])
    assert (engine.calls, heard.of("finished")) == ([("stop", "job-1")], ["stopped"])


# The newest waits.


def test_the_newest_waits_and_those_between_are_dropped(make, studio, engine):
    follower, heard = make("waits")
    for n in (1, 2, 3):
        follower.ask(n=n)
    assert asked(engine) == [1]
    answer(studio, "job-1", "one")
    assert (asked(engine), follower.asked, follower.busy) == ([1, 3], {"n": 3}, True)
    answer(studio, "job-2", "three")
    assert heard.of("answered") == ["one", "three"]
    assert [each for each in heard.news if each in ("busy", "idle")] == ["busy", "idle"]
    assert engine.calls == []


def test_one_that_fails_lets_the_waiting_one_go_on(make, studio, engine):
    follower, heard = make("waits")
    for n in (1, 2, 3):
        follower.ask(n=n)
    studio.jobs.deliver([("job-1", Failed("One is broken; take another.", ""))])
    assert heard.of("failed") == ["One is broken; take another."]
    answer(studio, "job-2", "three")
    assert (asked(engine), heard.of("answered"), follower.busy) == ([1, 3], ["three"], False)


def test_another_can_be_asked_instead(make, studio, engine):
    follower, heard = make("waits")
    follower.ask(n=1)
    follower.ask(n=2)
    follower.ask_instead(n=3)
    assert (engine.calls, asked(engine)) == ([("cancel", "job-1")], [1, 3])
    answer(studio, "job-1", "late")
    assert heard.of("answered") == []
    answer(studio, "job-2", "three")
    assert (asked(engine), heard.of("answered")) == ([1, 3], ["three"])


def test_what_waits_is_dropped_when_all_is_stopped(make, studio, engine):
    follower, _ = make("waits")
    follower.ask(n=1)
    follower.ask(n=2)
    follower.stop()
    studio.jobs.deliver([("job-1", Finished("stopped"))])
    assert (asked(engine), follower.busy) == ([1], False)


# All go on.


def test_all_go_on_and_each_event_says_what_it_belongs_to(make, studio, engine):
    follower, heard = make("joins")
    follower.answered.connect(lambda data: heard.news.append(("of", follower.asked["n"])))
    follower.ask(n=1)
    follower.ask(n=2)
    answer(studio, "job-2", "two")
    assert follower.busy
    answer(studio, "job-1", "one")
    assert (heard.of("answered"), heard.of("of"), follower.busy) == (["two", "one"], [2, 1], False)
    assert engine.calls == []


# Someone types.


def test_it_asks_when_the_hand_rests(make, engine, qtbot):
    follower, _ = make(patience=30)
    follower.ask(n=1)
    follower.ask(n=2)
    assert (asked(engine), follower.busy) == ([], True)
    qtbot.waitUntil(lambda: asked(engine) == [2])
    follower.ask_instead(n=3)
    assert asked(engine) == [2, 3]


def test_what_was_typed_can_be_forgotten_before_it_is_asked(make, engine, qtbot):
    follower, _ = make(patience=10)
    follower.ask(n=1)
    follower.forget()
    assert not follower.busy
    qtbot.wait(30)
    assert asked(engine) == []


def test_another_model_is_asked_at_once(make, engine, qtbot):
    follower, _ = make("waits", patience=10_000, at_once="model")
    follower.ask(n=1, model="a")
    follower.ask(n=2, model="a")
    assert asked(engine) == [1]
    follower.ask(n=3, model="b")
    assert (asked(engine), engine.calls) == ([1, 3], [("cancel", "job-1")])


def test_the_same_question_is_no_question(make, studio, engine):
    follower, _ = make("waits", once=True)
    follower.ask(n=1, settings={"top_k": 3})
    follower.ask(n=1, settings={"top_k": 3})
    answer(studio, "job-1", "one")
    follower.ask(n=1, settings={"top_k": 3})
    assert asked(engine) == [1]
    follower.ask(n=1, settings={"top_k": 4})
    assert asked(engine) == [1, 1]


@pytest.mark.parametrize("how", ["failed", "forgotten"])
def test_the_same_may_be_asked_again_after_it_has_failed_or_is_forgotten(make, studio, engine, how):
    follower, _ = make("waits", once=True)
    follower.ask(n=1)
    if how == "failed":
        studio.jobs.deliver([("job-1", Failed("No room.", ""))])
    else:
        follower.forget()
    follower.ask(n=1)
    assert asked(engine) == [1, 1]


# The owner.


def test_nothing_is_heard_after_the_owner(make, studio, engine):
    follower, heard = make("waits", patience=0)
    follower.ask(n=1)
    follower.ask(n=2)
    follower.parent().deleteLater()
    collect_deleted()
    answer(studio, "job-1", "late")
    assert (heard.news, asked(engine)) == (["busy"], [1])


def test_another_can_be_asked_from_what_is_heard(make, studio, engine):
    follower, heard = make()
    follower.ended.connect(lambda: follower.ask(n=2) if follower.asked["n"] == 1 else None)
    follower.ask(n=1)
    answer(studio, "job-1", "one")
    assert (asked(engine), follower.busy) == ([1, 2], True)
    assert [each for each in heard.news if each in ("busy", "idle")] == ["busy"]
