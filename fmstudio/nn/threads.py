"""Threads that stand ready: torch and llama.cpp share this process, and where they share GNU's OpenMP, its threads too.

GNU's OpenMP lets a thread that waits for its next piece of work spin for a moment, but only while all threads that
stand ready, of whoever they are, are no more than there are cores. Beyond that they sleep, and to wake one takes longer
than most pieces of work. With torch's threads and llama.cpp's both standing ready on two cores, a training made half
its steps, and llama.cpp wrote 37 tokens a second in place of 95, though the other one did nothing at all.

So whoever begins to compute lets the other's idle threads go; making them anew takes a fraction of a millisecond.
"""

import ctypes
from collections.abc import Callable
from functools import cache
from typing import Any, Protocol
from weakref import WeakSet

from fmstudio.nn.crowd import CROWD

_SOFT = 1  # omp_pause_soft (OpenMP 5.0, section 3.2.44): threads go, settings stay


class Holder(Protocol):
    """Something other than torch that has threads of its own."""

    def let_go(self) -> None:
        """Give the threads back, if they have been idle for a while."""


_HOLDERS: "WeakSet[Any]" = WeakSet()


def hold(holder: Holder) -> None:
    """Make a holder known for as long as it lives."""
    _HOLDERS.add(holder)


def make_way_for_torch() -> None:
    """Ask the holders to let go; called where torch is about to compute for long, at every step of it."""
    CROWD.look()
    if _HOLDERS:
        for holder in list(_HOLDERS):
            holder.let_go()


def make_way_for_others() -> None:
    """Let torch's idle threads go; called on the thread that computes with torch, as only that one can."""
    CROWD.look()
    _pause()(_SOFT)


@cache
def _pause() -> Callable[[int], Any]:
    """OpenMP's function, found through torch, which has loaded it; nothing where there is none to be found."""
    try:
        function = ctypes.CDLL(None).omp_pause_resource_all
    except (AttributeError, OSError, TypeError):
        return lambda _: None
    function.argtypes, function.restype = [ctypes.c_int], ctypes.c_int
    return function
