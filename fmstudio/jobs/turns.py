"""Whose turn it is: interactive jobs before background ones, equals by time, and nobody is starved.

- Among equals the one that has had the least time goes next, as in fair queuing (Demers, Keshav and Shenker 1989) and
  Linux's fair scheduler: a job whose steps take a second and one whose steps take a millisecond get the same time.
- A newcomer, and one that comes back from a pause or a wait, begins where the others are: it is neither made to wait
  for what they did before, nor may it catch up with it.
- A lower priority waits for a higher one, but not for ever: a job of it makes a step whenever it has waited PATIENCE
  times as long as its last step took. So it keeps about one part in PATIENCE + 1 of the time, and a person who chats
  loses no more than that to a training.
"""

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass

PATIENCE = 20.0
FIRST_STEP = 0.1
"""Seconds that the first step of a job is taken to last; nobody knows better."""
SHORTEST_STEP = 0.001
"""Seconds that a step counts for at least, so that one too short for the clock does not push in at every turn."""


@dataclass(eq=False, slots=True)
class Turn:
    """One job's place in the order. `used` is its time so far, in seconds, on the clock of its priority."""

    priority: int
    used: float = 0.0
    last_step: float = FIRST_STEP
    stepped: int = 0  # when it made its last step, counted in steps of all: who is as far in time goes by that


class Turns:
    """Chooses among the jobs that can make a step. `clock` gives seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._steps = 0
        self._present: set[Turn] = set()
        self._level: dict[int, float] = {}
        """By priority: the least time that any of its jobs has had, which never goes back."""
        self._since: dict[int, float] = {}
        """By priority: when one of its jobs last made a step, or the first of them came."""

    def choose(self, runnable: Collection[Turn]) -> Turn:
        """Whose turn it is among all that can make a step now, in order of arrival."""
        classes: dict[int, list[Turn]] = {}
        for turn in runnable:
            classes.setdefault(turn.priority, []).append(turn)
        for priority, turns in classes.items():
            self._welcome(priority, turns)
        self._present = set(runnable)
        first = {
            priority: min(turns, key=lambda turn: (turn.used, turn.stepped)) for priority, turns in classes.items()
        }
        top = min(first)
        starved = [turn for priority, turn in first.items() if priority != top and self._is_starved(turn)]
        return min(starved, key=lambda turn: self._since[turn.priority]) if starved else first[top]

    def _welcome(self, priority: int, turns: list[Turn]) -> None:
        """Let those that were not there the last time begin where the others are."""
        others = [turn for turn in turns if turn in self._present]
        if not others:
            self._since[priority] = self._clock()
        level = max(self._level.get(priority, 0.0), min((turn.used for turn in others), default=0.0))
        self._level[priority] = level
        for turn in turns:
            if turn not in self._present:
                turn.used = max(turn.used, level)

    def _is_starved(self, turn: Turn) -> bool:
        return self._clock() - self._since[turn.priority] >= PATIENCE * max(turn.last_step, SHORTEST_STEP)

    def took(self, turn: Turn, seconds: float) -> None:
        """Note how long a step was that has just been made."""
        self._steps += 1
        turn.used += seconds
        turn.last_step, turn.stepped = seconds, self._steps
        self._since[turn.priority] = self._clock()
