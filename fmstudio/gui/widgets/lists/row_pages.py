"""The rows of a long list in pages: those that are looked at are fetched, the newest wish first, and no others."""

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.jobs.follower import JobFollower

PAGE = 50
_WISHES = 4  # what was scrolled past is not looked at any more


class RowPages(QObject):
    """What a job tells page by page, asked with `start` and `count`; its answers hold "start", "total" and the rows.

    taken(answer): another page is here. failed(reason, details).
    """

    taken = Signal(object)
    failed = Signal(str, str)

    def __init__(self, studio: Studio, target: str, key: str = "rows", kept: int = 20) -> None:
        """key: what an answer calls its rows. kept: pages that stay in memory."""
        super().__init__()
        self.arguments: dict[str, Any] = {}
        self._key, self._kept = key, kept
        self._pages: OrderedDict[int, list[Any]] = OrderedDict()
        self._stale: set[int] = set()
        self._wanted: list[int] = []
        self._asked = -1
        self._question = JobFollower(self, studio, target)
        self._question.answered.connect(self._take)
        self._question.ended.connect(self._ended)
        self._question.failed.connect(self.failed)
        # Rows are asked for while the view paints; a moment later it is known which page is really in sight.
        self._soon = QTimer(self, singleShot=True, interval=30)
        self._soon.timeout.connect(self._ask_next)

    def begin(self, arguments: Mapping[str, Any], *, empty: bool = True) -> None:
        """Turn to other rows and ask for the first of them. empty: show none until they come, else those there are."""
        self.arguments = dict(arguments)
        self._stale = set() if empty else set(self._pages)
        if empty:
            self._pages.clear()
        self._question.forget()
        self._wanted, self._asked = [0], -1
        self._ask_next()

    def forget(self) -> None:
        """Turn to no rows at all."""
        self._pages.clear()
        self._wanted, self._asked = [], -1
        self._question.forget()

    def refresh(self) -> None:
        """The rows have changed: ask again for the page that was looked at last and for the first."""
        self._stale = set(self._pages)
        self._question.forget()
        self._asked = -1
        self.want(next(reversed(self._pages), 0))
        self.want(0)

    def row(self, number: int) -> Any | None:
        """A row if it is here; else it is asked for."""
        place = number // PAGE
        page = self._pages.get(place)
        missing = page is None or place in self._stale or number % PAGE >= len(page)
        if missing and place != self._asked:
            self.want(place)
        if page is None or number % PAGE >= len(page):
            return None
        self._pages.move_to_end(place)
        return page[number % PAGE]

    def here(self) -> Iterator[tuple[int, Any]]:
        """The rows that are here and still hold, with their numbers."""
        for place, page in self._pages.items():
            if place not in self._stale:
                yield from enumerate(page, place * PAGE)

    def want_row(self, number: int) -> None:
        """Ask for the page of a row."""
        self.want(number // PAGE)

    def want(self, place: int) -> None:
        """Ask for a page, before those that were wanted earlier; anew where it is being asked for already."""
        if place in self._wanted:
            self._wanted.remove(place)
        self._wanted = [*self._wanted, place][-_WISHES:]
        if self._asked < 0 and not self._soon.isActive():
            self._soon.start()

    def _ask_next(self) -> None:
        if self._asked >= 0 or not self._wanted:
            return
        self._asked = self._wanted.pop()
        self._question.ask(**self.arguments, start=self._asked * PAGE, count=PAGE)

    def _take(self, answer: Mapping[str, Any]) -> None:
        place = answer["start"] // PAGE
        self._pages[place] = answer[self._key]
        self._stale.discard(place)
        while len(self._pages) > self._kept:
            self._pages.popitem(last=False)
        self.taken.emit(answer)

    def _ended(self) -> None:
        self._asked = -1
        if self._wanted:
            self._soon.start()
