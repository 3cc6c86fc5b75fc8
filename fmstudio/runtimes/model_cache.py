"""The models in memory, of every kind and for whoever opened them: each is kept until others need its memory."""

import gc
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

import psutil  # type: ignore[import-untyped]

from fmstudio.runtimes.memory import available_memory

SHARE = 0.5
"""Part of the machine's memory that models may fill together while nobody uses them."""


def _nothing() -> None:
    """What most models need to be closed."""


@dataclass(frozen=True, slots=True)
class _Kept:
    model: Any
    bytes: int
    stamp: Hashable
    close: Callable[[], None]
    stands_on: Hashable


class ModelCache:
    """Models by a key, the least recently used first. For one thread."""

    def __init__(self, total: Callable[[], int], available: Callable[[], int]) -> None:
        """total, available: bytes of the machine's memory, and of it those that can be taken now."""
        self._total, self._available = total, available
        self._kept: OrderedDict[Hashable, _Kept] = OrderedDict()

    def get(self, key: Hashable, stamp: Hashable = None) -> Any:
        """The model of a key, which is then the latest used, or None. One whose files had another stamp is dropped."""
        found = self._kept.get(key)
        if found is None:
            return None
        if found.stamp != stamp:
            self.forget(key)
            return None
        self._kept.move_to_end(key)
        return found.model

    def keep(
        self,
        key: Hashable,
        model: Any,
        size: int,
        stamp: Hashable = None,
        close: Callable[[], None] = _nothing,
        stands_on: Hashable = None,
    ) -> None:
        """Keep a model of about so many bytes in place of what had its key. close: called when it is dropped.

        stands_on: the key of a model whose memory this one uses as well. That one is counted once, goes after all that
        stand on it, and takes them with it.
        """
        self.forget(key)
        self._kept[key] = _Kept(model, size, stamp, close, stands_on)

    def models(self) -> dict[Hashable, Any]:
        """All of them by key, the least recently used first."""
        return {key: kept.model for key, kept in self._kept.items()}

    def make_room(self, needed: int, stands_on: Hashable = None) -> None:
        """Drop the least recently used until `needed` bytes can be taken, or there is nothing left to drop.

        stands_on: the key of a model that stays, as the room is for one that stands on it.
        """
        while not self._fits(needed):
            in_use = {kept.stands_on for kept in self._kept.values()} | {stands_on}
            oldest = next((key for key in self._kept if key not in in_use), None)
            if oldest is None:
                return
            self.forget(oldest)

    def _fits(self, needed: int) -> bool:
        together = sum(kept.bytes for kept in self._kept.values()) + needed
        return needed <= self._available() and together <= SHARE * self._total()

    def forget(self, key: Hashable) -> int:
        """Drop a model, and those that stand on it; returns about how many bytes that gives back."""
        kept = self._kept.pop(key, None)
        if kept is None:
            return 0
        size = kept.bytes + sum(map(self.forget, [each for each, one in self._kept.items() if one.stands_on == key]))
        kept.close()
        del kept
        # Where a window's thread has taken this on (see fmstudio/gui/garbage.py), another one must leave it alone.
        if gc.isenabled():
            gc.collect()
        return size


MODELS = ModelCache(lambda: int(psutil.virtual_memory().total), available_memory)
