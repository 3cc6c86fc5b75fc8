"""One job from Started to its last event, as the console, another process or a server runs it."""

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fmstudio import jobs
from fmstudio.jobs import Driver, JobRequest, RequestError, array_to_plain
from fmstudio.jobs.driver import Cancelled
from fmstudio.jobs.events import Event
from tests.jobs.jobs_for_tests import shared

HERE = "tests.jobs.jobs_for_tests"


def driver(target: str, workspace: Any = None, /, **arguments: Any) -> Driver:
    return Driver(JobRequest("A job", f"{HERE}:{target}", arguments), workspace)


def kinds(events: list[Event]) -> list[type]:
    return [type(event) for event in events]


def test_a_life_from_started_to_finished() -> None:
    events = list(driver("count", to=2))
    assert kinds(events) == [jobs.Started, jobs.Metrics, jobs.Metrics, jobs.Finished]
    assert events[-1] == jobs.Finished("completed", {"counted": 2})


def test_a_life_that_fails() -> None:
    events = list(driver("raises", error="RuntimeError"))
    assert kinds(events) == [jobs.Started, jobs.Note, jobs.Failed]
    assert isinstance(events[-1], jobs.Failed)
    assert events[-1].reason == "Unexpected RuntimeError: wrong"
    assert "Traceback" in events[-1].details


def test_stop_keeps_what_there_is() -> None:
    running = driver("count", to=100)
    for event in running:
        if isinstance(event, jobs.Metrics) and event.step == 3:
            running.context.stop()
    assert event == jobs.Finished("stopped", {"counted": 3})


def test_cancel_cleans_up_and_is_the_end(request: pytest.FixtureRequest) -> None:
    running = driver("count", to=100, test=request.node.name, name="it")
    next(running), next(running)
    assert running.cancel() == jobs.Finished("cancelled")
    assert running.ended
    assert shared(request.node.name).log[-1] == "it cleaned up"
    assert list(running) == []


def test_cancelling_in_the_midst_of_a_step(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    mine = shared(request.node.name)
    running = driver("waits", test=request.node.name)
    next(running), next(running)
    monkeypatch.setattr(running.context, "wait", lambda: (_ for _ in ()).throw(Cancelled))
    assert next(running) == jobs.Finished("cancelled")
    assert mine.cleaned.is_set()


def test_who_drives_one_job_alone_waits_with_it(request: pytest.FixtureRequest) -> None:
    mine = shared(request.node.name)
    running = driver("waits", test=request.node.name)
    assert kinds([next(running), next(running)]) == [jobs.Started, jobs.Waiting]
    assert running.waits
    assert mine.context is not None

    def bring() -> None:
        mine.go.set()
        assert mine.context is not None
        mine.context.wake()

    bringing = threading.Timer(0.05, bring)
    bringing.start()
    assert list(running) == [jobs.Finished("completed", {"came": True})]
    bringing.join()
    assert mine.log == ["waits"], "it was advanced though nothing had come"


def test_the_workspace_is_given_where_it_is_wanted() -> None:
    assert list(driver("where", "my workspace", name="x"))[-1] == jobs.Finished(
        "completed", {"workspace": "my workspace"}
    )
    assert list(driver("given", "my workspace", a=1))[-1] == jobs.Finished("completed", {"a": 1})


def test_a_job_is_given_plain_data_of_its_own() -> None:
    mine = {"rows": (1, 2.5, None, True), "by": {"name": ["a", {"b": "c"}]}}
    running = driver("given", data=mine)
    mine["by"]["name"].append("too late")  # type: ignore[index,call-overload]
    end = list(running)[-1]
    assert isinstance(end, jobs.Finished)
    assert end.result == {"data": {"rows": [1, 2.5, None, True], "by": {"name": ["a", {"b": "c"}]}}}


def test_an_array_goes_as_plain_data_and_comes_as_an_array() -> None:
    picture = np.arange(24, dtype=np.float32).reshape(2, 3, 4)[:, ::-1]
    end = list(driver("given", pictures=[array_to_plain(picture)]))[-1]
    assert isinstance(end, jobs.Finished)
    np.testing.assert_array_equal(end.result["pictures"][0], picture)
    assert end.result["pictures"][0].dtype == np.float32


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"path": Path("a")}, "path is of the type"),
        ({"a": {"b": [1, {2, 3}]}}, r"a\.b\[1\] is of the type set"),
        ({"array": np.zeros(3)}, "array is of the type ndarray"),
        ({"a": np.int64(3)}, "a is of the type int64"),
        ({"a": {1: 2}}, "the key 1 of a is of the type int"),
        ({"a": threading.Event()}, "a is of the type Event"),
        ({"workspace": None}, "names a workspace"),
    ],
)
def test_what_is_no_plain_data_is_refused_by_name(arguments: dict[str, Any], named: str) -> None:
    with pytest.raises(RequestError, match=f"“A job” cannot be asked for: .*{named}"):
        driver("given", **arguments)


def test_numbers_and_texts_of_other_kinds_become_plain() -> None:
    end = list(driver("given", a=np.float64(0.5), b=jobs.Priority.BACKGROUND, c=np.str_("x")))[-1]
    assert isinstance(end, jobs.Finished)
    assert {name: type(value) for name, value in end.result.items()} == {"a": float, "b": int, "c": str}
