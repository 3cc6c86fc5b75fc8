"""Lets threads sleep while they wait, for as long as other programs want the cores.

A thread of GNU's OpenMP that waits for its next piece of work spins, to go on at once. On two idle cores that is worth
a fifth of a training's speed, and twice the tokens a second. But beside a program that computes, whoever spins takes
the time that the thread it waits for would need: beside one busy loop, a training made 2.6 steps a second in place of
5.2, and 1,001 tokens of a prompt were read in 6.5 s in place of 3.7.

The variable OMP_WAIT_POLICY would choose one of both for as long as the process lives. Yet threads spin for the three
hundredth part of the time as soon as more of them stand ready than there are cores (`gomp_throttled_spin_count_var` in
libgomp). So while others compute, some more stand ready here, which never do anything; what is computed is the same.
"""

import os
import threading
import time
from dataclasses import dataclass

import psutil  # type: ignore[import-untyped]
import torch

_EVERY = 0.5  # seconds from one look to the next
_WANTED, _LEFT = 0.5, 0.25  # cores more than are free that others use: from which on, and below which no longer


@dataclass(frozen=True, slots=True)
class _Used:
    """Seconds of all cores that this process may run on, by all processes and by this one, until a moment. Those who
    take only what is left over (`nice`) are in nobody's way."""

    moment: float
    by_all: float
    by_this: float


class Crowd:
    """Threads of ours that stand ready and do nothing while others compute."""

    def __init__(self) -> None:
        self._cores = _cores()
        self._last = _used(self._cores)
        self._looking = threading.Lock()
        self._over = threading.Event()
        self._standing: list[threading.Thread] = []

    @property
    def is_here(self) -> bool:
        """Whether they stand."""
        return bool(self._standing)

    def look(self) -> None:
        """Call them where others want the cores, and let them go where they do not; looks at most twice a second."""
        soon = time.monotonic() - self._last.moment < _EVERY
        if soon or not self._cores or not self._looking.acquire(blocking=False):
            return
        try:
            before, self._last = self._last, _used(self._cores)
            others = _others(before, self._last)
            threads = torch.get_num_threads()
            if is_crowded(others, threads, len(self._cores), self.is_here):
                self.call(max(1, len(self._cores) // threads))
            else:
                self.dismiss()
        finally:
            self._looking.release()

    def call(self, pools: int) -> None:
        """Let so many times torch's threads stand ready, if none do."""
        if self._standing:
            return
        self._over.clear()
        ready = threading.Barrier(pools + 1)
        self._standing = [
            threading.Thread(target=self._stand, args=(ready,), name="crowd", daemon=True) for _ in range(pools)
        ]
        for thread in self._standing:
            thread.start()
        ready.wait()

    def dismiss(self) -> None:
        """Let them go."""
        self._over.set()
        for thread in self._standing:
            thread.join()
        self._standing = []

    def _stand(self, ready: threading.Barrier) -> None:
        torch.zeros(1 << 18).add_(1)  # whatever has enough numbers for all threads; these stay until this one ends
        ready.wait()
        self._over.wait()


def is_crowded(others: float, threads: int, cores: int, already: bool) -> bool:
    """Whether threads that spin take time from others: these use more cores than ours leave.

    others: cores that other processes used lately. already: whether it was so, as what is near the border should stay.
    """
    free = cores - threads
    return threads > 1 and others > free + (_LEFT if already else _WANTED)


def _cores() -> list[int]:
    """The numbers of the cores that this process may run on; none where there is no such OpenMP."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []


def _used(cores: list[int]) -> _Used:
    times = psutil.cpu_times(percpu=True) if cores else []
    unused = ("idle", "iowait", "nice")
    busy = sum(sum(each) - sum(getattr(each, name) for name in unused) for each in (times[core] for core in cores))
    return _Used(time.monotonic(), busy, time.process_time())


def _others(before: _Used, after: _Used) -> float:
    """How many cores other processes used on average between two moments."""
    both = (after.by_all - before.by_all) - (after.by_this - before.by_this)
    return max(0.0, both / (after.moment - before.moment))


CROWD = Crowd()
"""That of this process."""
