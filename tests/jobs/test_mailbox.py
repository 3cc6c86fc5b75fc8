"""The mailbox: what is kept, what is replaced, and in which order it comes out."""

import threading

import numpy as np

from fmstudio.jobs import Failed, Finished, Mailbox, Metrics, Note, Progress, Queued, Sample, Started, TextDelta


def test_metrics_and_text_are_lossless_and_in_order() -> None:
    mailbox = Mailbox()
    for step in range(1000):
        mailbox.post("a", Metrics(step, {"loss": 1.0 / (step + 1)}))
        mailbox.post("a", TextDelta(str(step)))
    events = [event for _, event in mailbox.drain()]
    assert [event.step for event in events if isinstance(event, Metrics)] == list(range(1000))
    assert [event.text for event in events if isinstance(event, TextDelta)] == [str(step) for step in range(1000)]


def test_of_pictures_and_progress_only_the_latest_of_each_name_is_delivered() -> None:
    mailbox = Mailbox()
    for step in range(50):
        picture = np.full((1, 2, 2, 3), step, np.uint8)
        mailbox.post("a", Sample("grid", "images", picture, step))
        mailbox.post("a", Sample("other", "images", picture, step))
        mailbox.post("b", Sample("grid", "images", picture, step))
        mailbox.post("a", Progress(step))
    letters = mailbox.drain()
    assert len(letters) == 4
    assert all((event.step if isinstance(event, Sample) else event.done) == 49 for _, event in letters)


def test_draining_empties_it() -> None:
    mailbox = Mailbox()
    mailbox.post("a", Note("hello"))
    assert mailbox.drain() == [("a", Note("hello"))]
    assert mailbox.drain() == []


def test_lifecycle_keeps_its_order_and_the_end_comes_last() -> None:
    mailbox = Mailbox()
    mailbox.post("a", Queued())
    mailbox.post("a", Started())
    mailbox.post("a", Sample("grid", "text", "early"))
    mailbox.post("a", Metrics(1, {}))
    mailbox.post("a", Sample("grid", "text", "late"))
    mailbox.post("a", Failed("it broke"))
    events = [event for _, event in mailbox.drain()]
    assert events[:2] == [Queued(), Started()]
    assert events[-1] == Failed("it broke")
    assert events[-2] == Sample("grid", "text", "late"), "a newer picture must not take the older one's place in time"


def test_nothing_is_lost_between_threads() -> None:
    mailbox, got = Mailbox(), []
    done = threading.Event()

    def post() -> None:
        for step in range(20_000):
            mailbox.post("a", Metrics(step, {}))
        mailbox.post("a", Finished())
        done.set()

    thread = threading.Thread(target=post)
    thread.start()
    while not done.is_set():
        got += mailbox.drain()
    thread.join()
    got += mailbox.drain()
    assert [event.step for _, event in got if isinstance(event, Metrics)] == list(range(20_000))
    assert got[-1] == ("a", Finished())
