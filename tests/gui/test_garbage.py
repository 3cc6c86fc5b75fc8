"""Objects that hold each other are collected in the window's thread and in no other."""

import gc
import threading
import weakref
from typing import ClassVar

import pytest

from fmstudio.gui.garbage import GarbageCollector


class Ring:
    """Holds itself; knows in which thread it ended."""

    ended_in: ClassVar[list[str]] = []

    def __init__(self):
        self.itself = self
        weakref.finalize(self, lambda: Ring.ended_in.append(threading.current_thread().name))


@pytest.fixture
def collector(qapp):
    made = GarbageCollector()
    gc.collect()
    Ring.ended_in.clear()
    yield made
    made.stop()
    gc.disable()  # as all tests of the window have it


def allocate_elsewhere():
    """In another thread, more than Python lets gather; returned, for what is gone again is not counted."""
    made = []
    other = threading.Thread(target=lambda: made.extend([] for _ in range(20 * gc.get_threshold()[0])), name="another")
    other.start()
    other.join()
    return made


def test_what_holds_itself_is_collected_by_the_window_whoever_allocates(collector, qtbot):
    gc.enable()
    collector.start()
    Ring()
    kept = allocate_elsewhere()
    assert (Ring.ended_in, len(kept) > 0) == ([], True)
    qtbot.waitUntil(lambda: bool(Ring.ended_in), timeout=60_000)
    assert Ring.ended_in == ["MainThread"]


def test_the_same_allocations_collect_in_the_other_thread_where_nobody_has_taken_it_on(collector):
    gc.enable()
    Ring()
    allocate_elsewhere()
    assert Ring.ended_in == ["another"]


def test_what_is_here_to_stay_is_left_out_and_what_comes_later_is_not(collector, qtbot):
    collector.start()
    collector.settle()
    assert gc.get_freeze_count() > 0
    Ring()
    kept = allocate_elsewhere()
    qtbot.waitUntil(lambda: bool(Ring.ended_in), timeout=60_000)
    collector.stop()
    assert (gc.get_freeze_count(), gc.isenabled(), len(kept) > 0) == (0, True, True)
